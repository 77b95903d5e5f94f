"""The plant as every protocol shows it: what can be read, what is taken, what it does.

The Modbus and the BACnet server of a virtual plant share one of these, so that a value
is refused or in force whichever way it came.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping

from bms_io.plant_faults import PlantFaults
from bms_io.point_names import (
    CLOCK_POINT,
    CLOCK_TARGET_POINT,
    HEARTBEAT_POINT,
    MODE_POINT,
    OWNER_POINT,
    REMOTE_ENABLE_POINT,
)
from bms_io.points import Point
from bms_io.simulated_plant import STEP_S, SimulatedPlant

_LOOK_AGAIN_S = 10.0  # wall clock; whether a device that is off is still off
_ROUNDING = 1e-6  # float32 may carry a limit slightly beyond itself


class PlantFront:
    """A simulated plant behind any number of servers.

    Parameters
    ----------
    plant
        What answers.
    faults
        What goes wrong between plant and servers; nothing if None.
    """

    def __init__(
        self, plant: SimulatedPlant, faults: PlantFaults | None = None
    ) -> None:
        self._plant = plant
        self._faults = faults
        self._shown: dict[str, float] | None = None
        self._ticking: asyncio.Task[None] | None = None
        self.listeners: list[Callable[[], Awaitable[None]]] = []

    async def publish(self) -> None:
        """Tell every server that the plant has changed."""
        self._shown = None
        for listener in self.listeners:
            await listener()

    async def apply(self, requests: Mapping[str, float]) -> None:
        """Let accepted numbers take effect, by point name, in SI."""
        # setpoints of the same request must be in force before the clock moves
        for name, value in sorted(
            requests.items(), key=lambda r: r[0] == CLOCK_TARGET_POINT
        ):
            self._apply(name, value)
        await self.publish()

    def stop(self) -> None:
        """Stop the clock, if it runs by itself."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None

    def run_clock(self, speed: float) -> None:
        """Let the plant's clock run by itself, so that nobody needs to write it.

        Parameters
        ----------
        speed
            Plant seconds per second of this machine.
        """
        self._ticking = asyncio.create_task(self._tick(speed))

    async def _tick(self, speed: float) -> None:
        """Step at the pace of the monotonic clock until the scenario ends."""
        loop = asyncio.get_running_loop()
        begin_s, begun_s = loop.time(), self._plant.time_s
        while self._plant.time_s + STEP_S <= self._plant.duration_s:
            target_s = self._plant.time_s + STEP_S
            await asyncio.sleep(begin_s + (target_s - begun_s) / speed - loop.time())
            self._plant.advance(target_s)
            await self.publish()

    async def attend(self, device: str) -> None:
        """Wait as long as a device takes for an answer; for ever if it is off."""
        while self._faults is not None:
            wait_s = self._faults.answers_after_s(device, self._plant.time_s)
            await asyncio.sleep(min(wait_s, _LOOK_AGAIN_S))
            if wait_s <= _LOOK_AGAIN_S:
                return

    def answers_within(self, device: str, patience_s: float) -> bool:
        """Whether a device answers in this time, wall clock."""
        faults, now_s = self._faults, self._plant.time_s
        return faults is None or faults.answers_after_s(device, now_s) <= patience_s

    def values(self) -> dict[str, float]:
        """Everything that can be read, in SI, as it stands now; nan is no value."""
        if self._faults is None:
            return self._truth()
        if self._shown is None:  # once, so that all servers show the same
            self._shown = self._faults.shown(self._truth(), self._plant.time_s)
        return self._shown

    def value(self, point: Point) -> float:
        """What one sensor shows, in SI; a second sensor of a signal may be wrong alone."""
        values = self.values()
        return values.get(point.name, values[point.signal])

    def _truth(self) -> dict[str, float]:
        plant = self._plant
        active = plant.active._asdict()
        return {
            **plant.measured,
            **{f"active.{field}": value for field, value in active.items()},
            **{f"setpoints.{field}": value for field, value in active.items()},
            CLOCK_POINT: plant.time_s,
            CLOCK_TARGET_POINT: plant.time_s,
            MODE_POINT: plant.mode,
            REMOTE_ENABLE_POINT: float(plant.remote_enabled),
            OWNER_POINT: plant.owner,
            HEARTBEAT_POINT: 0.0,
        }

    def allows(self, point: Point, value: float) -> bool:
        """Whether the plant takes this value."""
        if not math.isfinite(value):
            return False
        if self._faults and self._faults.refuses(point.name, self._plant.time_s):
            return False
        if point.name == OWNER_POINT:  # held until it is given back or lost
            return self._plant.owner == 0.0 or value in (0.0, self._plant.owner)
        if point.name == CLOCK_TARGET_POINT and self._ticking is not None:
            return False  # it runs by itself
        if point.name == CLOCK_TARGET_POINT:
            ahead = value - self._plant.time_s
            return (
                ahead >= 0 and ahead % STEP_S == 0 and value <= self._plant.duration_s
            )
        if point.write is None:
            return True
        slack = _ROUNDING * (point.write.maximum - point.write.minimum)
        return point.write.minimum - slack <= value <= point.write.maximum + slack

    def _apply(self, name: str, value: float) -> None:
        """Let an accepted number take effect."""
        if name == CLOCK_TARGET_POINT:
            self._plant.advance(value)
        elif name == HEARTBEAT_POINT:
            self._plant.beat(value)
        elif name == OWNER_POINT:
            self._plant.owner = value
        else:
            self._plant.request(name.removeprefix("setpoints."), value)
