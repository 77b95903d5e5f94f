"""Where the time of the loop comes from: a plant that we move, or one that runs by itself.

Everything counts on the plant clock. A plant that runs by itself has it tied to this
machine's monotonic clock once, at the start, so that a jump of the wall clock moves
nothing.
"""

import asyncio
import contextlib
import math
import time
from typing import Protocol

from bms_io.point_names import CLOCK_POINT, CLOCK_TARGET_POINT
from bms_io.points import PointMap
from bms_io.site_driver import SiteDriver
from twin.errors import CommunicationError, PlantLostError
from twin.interfaces import Quality

_PAUSE_INTERVALS = 3.0  # a gap longer than this many intervals is a pause, assumption


class Pace(Protocol):
    """Gives the time of each turn."""

    patience_s: float  # how long a turn may wait for a decision, on the wall clock
    paused: bool  # the last interval was far longer than asked for

    async def begin(self) -> float:
        """Plant time of the first turn."""

    async def next(self, now_s: float, interval_s: float) -> float:
        """Let the interval pass; returns the plant time of the next turn."""

    async def close(self) -> None:
        """Let go of the plant."""


class SteppedPace:
    """Moves the clock of a virtual plant, as fast as it can compute.

    Parameters
    ----------
    point_map
        Where the plant answers; the pace has a connection of its own.
    """

    patience_s = math.inf
    paused = False

    def __init__(self, point_map: PointMap) -> None:
        self._driver = SiteDriver(point_map)

    async def begin(self) -> float:
        """Connect and make sure that nobody moved the clock before.

        Raises
        ------
        PlantLostError
            If the plant does not answer.
        CommunicationError
            If its clock has been moved already.
        """
        try:
            await self._driver.connect()
            clock_s = await self._clock(0.0)
        except CommunicationError as error:
            raise PlantLostError(_lost(0.0, error)) from error
        if clock_s != 0.0:
            message = (
                f"The plant's clock stands at {clock_s:g} s, but a run starts at 0 s. "
                "Somebody used this plant before; start a new one."
            )
            raise CommunicationError(message)
        return 0.0

    async def next(self, now_s: float, interval_s: float) -> float:
        """Move the clock; a lost answer is looked up, never sent again blindly.

        Raises
        ------
        PlantLostError
            If the plant is gone or its clock does not follow.
        """
        target_s = now_s + interval_s
        try:
            await self._driver.write_service(CLOCK_TARGET_POINT, round(target_s))
        except CommunicationError:
            await self._again(now_s, target_s)
        return target_s

    async def _again(self, now_s: float, target_s: float) -> None:
        """Move the clock unless it had arrived and only the answer was lost."""
        try:
            await self._driver.connect()
            if await self._clock(now_s) != target_s:
                await self._driver.write_service(CLOCK_TARGET_POINT, round(target_s))
        except CommunicationError as error:
            # a plant that hangs still accepts connections: only its silence shows
            raise PlantLostError(_lost(now_s, error)) from error

    async def _clock(self, now_s: float) -> float:
        """Plant clock, which must be good."""
        reading = (await self._driver.read([CLOCK_POINT], now_s))[CLOCK_POINT]
        if reading.quality is Quality.BAD:
            message = f"{CLOCK_POINT}: {reading.detail}"
            raise CommunicationError(message)
        return reading.value

    async def close(self) -> None:
        """Disconnect."""
        await self._driver.close()


class FreePace:
    """Waits for a plant that runs by itself.

    Parameters
    ----------
    start_s
        Plant time now. [s]
    speed
        Plant seconds per second of this machine; 1 for a real plant.
    patience_s
        Longest wait of a turn for a decision; it goes on in the background. [s]
    """

    def __init__(self, start_s: float, speed: float, patience_s: float) -> None:
        self.patience_s = patience_s
        self._start_s, self._speed = start_s, speed
        self._begun_s = time.monotonic()
        self._due_s = start_s
        self.paused = False
        self.wake = asyncio.Event()  # ends a wait early

    def tie(self, plant_s: float) -> None:
        """Set to the plant's clock, once it is known; the next turn counts as a pause."""
        self._start_s += plant_s - self._now_s()
        self._due_s = plant_s

    async def begin(self) -> float:
        """Plant time now."""
        self._due_s = self._now_s()
        return self._due_s

    async def next(self, now_s: float, interval_s: float) -> float:
        """Sleep until the next turn; missed turns are left out, never caught up."""
        self._due_s = max(self._due_s + interval_s, self._now_s())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout((self._due_s - self._now_s()) / self._speed):
                await self.wake.wait()
        after_s = self._now_s()
        self.paused = abs(after_s - now_s) > _PAUSE_INTERVALS * interval_s
        return after_s

    def _now_s(self) -> float:
        return self._start_s + (time.monotonic() - self._begun_s) * self._speed

    async def close(self) -> None:
        """Nothing to let go of."""


def _lost(now_s: float, error: Exception) -> str:
    """Say what was lost and what to do."""
    cause = str(error).removesuffix(" Connect again.")  # that was tried
    return (
        f"The plant is lost at plant time {now_s:g} s: {cause} The plant holds its last "
        "setpoints and goes to local control when the heartbeat is overdue. Start the "
        "plant again (end it first if it hangs), then the run, into a new folder."
    )
