"""What the loop sees of the plant, and the one connection through which it sees it.

Outside auto the connection is a reader, which has no write method at all. Auto swaps it
for a driver, because some gateways allow one connection only; leaving auto swaps it back.
"""

import contextlib
from collections.abc import Mapping
from typing import NamedTuple

from bms_io.point_names import (
    CLOCK_TARGET_POINT,
    HEARTBEAT_POINT,
    MODE_POINT,
    OWNER_POINT,
    REMOTE_ENABLE_POINT,
)
from bms_io.points import PointMap
from bms_io.site_driver import SiteDriver, SiteReader
from bms_io.snapshot import ProcessImage
from twin.errors import CommunicationError
from twin.interfaces import Quality, Reading, Snapshot
from twin.signals import Setpoints

_UNSEEN = (HEARTBEAT_POINT, CLOCK_TARGET_POINT)
_LONGEST_BACKOFF = 8  # looks between attempts to connect
_NO_READING = Reading(float("nan"), Quality.BAD, 0.0, 0.0, "no such point in the map")


class Look(NamedTuple):
    """Everything seen in one turn."""

    snapshot: Snapshot
    slots: Mapping[str, Reading]  # what stands in the plant's requests, by setpoint
    remote_enable: Reading
    remote: Reading  # the plant's mode
    owner: Reading  # of the lease


class Eyes:
    """Reads the plant, and connects again when it came back.

    Parameters
    ----------
    point_map
        Where the plant answers.
    """

    def __init__(self, point_map: PointMap) -> None:
        self._map = point_map
        self._reader = SiteReader(point_map)
        self._image = ProcessImage(point_map)
        self._wait = 0  # looks until the next attempt to connect
        self._backoff = 1

    async def look(self, now_s: float, before: Snapshot | None) -> Look:
        """Read everything once; trouble is a quality, not an exception."""
        await self._keep_connected()
        due = self._image.due(before)
        readings = await self._reader.read([n for n in due if n not in _UNSEEN], now_s)
        seen = {n: r for n, r in readings.items() if self._is_input(n)}
        return Look(
            self._image.freeze(seen, now_s, before, due),
            {n: readings[f"setpoints.{n}"] for n in Setpoints._fields},
            readings.get(REMOTE_ENABLE_POINT, _NO_READING),
            readings.get(MODE_POINT, _NO_READING),
            readings.get(OWNER_POINT, _NO_READING),
        )

    def _is_input(self, name: str) -> bool:
        return not name.startswith("setpoints.") and name != OWNER_POINT

    async def _keep_connected(self) -> None:
        """Connect what is not connected, less and less often while nobody answers."""
        if self._wait > 0:
            self._wait -= 1
            return
        try:
            await self._reader.connect()
        except CommunicationError:
            self._wait = self._backoff - 1
            self._backoff = min(2 * self._backoff, _LONGEST_BACKOFF)
            return
        self._backoff = 1

    async def standing(self) -> dict[str, float]:
        """What stands at our priority, in SI, by setpoint; empty without priorities.

        Raises
        ------
        CommunicationError
            If a device is lost.
        """
        found = await self._reader.standing()
        return {n.removeprefix("setpoints."): value for n, value in found.items()}

    async def outranked(self, name: str) -> int:
        """Priority above ours at a setpoint; 0 if none, or without priorities.

        Raises
        ------
        CommunicationError
            If the device is lost.
        """
        return await self._reader.outranked(f"setpoints.{name}")

    async def with_hands(self) -> SiteDriver:
        """Swap the reader for a driver.

        Raises
        ------
        CommunicationError
            If the plant does not answer; the eyes stay as they are.
        """
        driver = SiteDriver(self._map)
        await self._reader.close()
        await driver.connect()
        self._reader = driver
        return driver

    async def without_hands(self) -> None:
        """Go back to a connection that cannot write."""
        await self.close()
        self._reader = SiteReader(self._map)

    async def close(self) -> None:
        """Disconnect."""
        with contextlib.suppress(OSError):
            await self._reader.close()
