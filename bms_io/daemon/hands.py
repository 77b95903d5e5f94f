"""Everything that may write to the plant; exists in auto only."""

from collections.abc import Mapping

from bms_io.command import CommandPath
from bms_io.daemon.audit import AuditLog
from bms_io.daemon.lease import REMOTE
from bms_io.daemon.order import defaults, safe_order
from bms_io.point_names import HEARTBEAT_POINT, MODE_POINT, OWNER_POINT
from bms_io.points import PointMap
from bms_io.site_driver import SiteDriver
from bms_io.verifier import Verifier
from twin.errors import CommunicationError
from twin.interfaces import Estimate, Quality

_BEATS = 0x10000  # the heartbeat is a 16-bit counter


class Hands:
    """The standing relation of auto to a plant.

    Parameters
    ----------
    driver, point_map
        The plant.
    audit
        Gets an intent before and a result after each write.
    verifier
        May refuse.
    owner
        Our lease number.
    """

    def __init__(
        self,
        driver: SiteDriver,
        point_map: PointMap,
        audit: AuditLog,
        verifier: Verifier,
        owner: int,
    ) -> None:
        self._driver = driver
        self._map = point_map
        self._audit = audit
        self._owner = owner
        self._beat = 0
        self.path = CommandPath(driver, point_map, audit, verifier)

    async def enter(self, seen: Estimate) -> str:
        """Take the lease, then take over without a bump.

        The plant first gets its own active setpoints as requests, then the heartbeat that
        makes it remote.

        Parameters
        ----------
        seen
            Gives the setpoints in force.

        Returns
        -------
        str
            Empty, or why the plant does not let us.

        Raises
        ------
        CommunicationError
            If the connection breaks.
        """
        now_s = seen.time_s
        self._beat = int(await self._one(HEARTBEAT_POINT, now_s))
        self._audit.record(
            "takes_over", now_s, owner=self._owner, active=seen.setpoints
        )
        await self._driver.write_service(OWNER_POINT, self._owner)
        if await self._one(OWNER_POINT, now_s) != self._owner:
            return "another controller was faster to take the lease"
        refused = await self.path.adopt(seen.setpoints, now_s)
        if refused:
            self._audit.record("refused_by_plant", now_s, results=refused)
            return f"the plant refuses its own setpoints: {refused[0]}"
        await self.beat()
        if await self._one(MODE_POINT, now_s) != REMOTE:
            return "the plant does not leave local control"
        return ""

    async def beat(self) -> None:
        """Show the plant that a complete turn was made.

        Raises
        ------
        CommunicationError
            If it does not get there.
        """
        self._beat = (self._beat + 1) % _BEATS
        await self._driver.write_service(HEARTBEAT_POINT, self._beat)

    async def leave(self, last: Estimate) -> bool:
        """Give the plant back: defaults in safe order, read back, then the lease.

        Returns
        -------
        bool
            Whether everything was confirmed. The plant's own watch on the heartbeat does
            the rest, and does it alone if we cannot.
        """
        wanted = safe_order(self._mine(defaults(self._map)), last.setpoints)
        try:
            intent = self._audit.record("release", last.time_s, values=wanted)
            await self._driver.connect()  # a request that was cut off closed it
            sound = await self.path.restore(wanted, last.time_s, intent)
            await self._driver.relinquish()
            await self._driver.write_service(OWNER_POINT, 0)
        except CommunicationError as error:
            self._audit.record("not_released", last.time_s, why=str(error))
            return False
        return sound

    async def let_go(self, now_s: float, why: str) -> None:
        """Stop without another setpoint: what stands there now belongs to others."""
        self._audit.record("lets_go", now_s, why=why)
        try:
            if await self._one(OWNER_POINT, now_s) == self._owner:
                await self._driver.write_service(OWNER_POINT, 0)
        except CommunicationError as error:
            self._audit.record("not_released", now_s, why=str(error))

    def _mine(self, values: Mapping[str, float]) -> dict[str, float]:
        """Without the setpoints that the operator holds by hand."""
        return {n: v for n, v in values.items() if n not in self.path.yielded}

    async def _one(self, name: str, now_s: float) -> float:
        """One reading that must be good."""
        reading = (await self._driver.read([name], now_s))[name]
        if reading.quality is Quality.BAD:
            message = f"{name}: {reading.detail}"
            raise CommunicationError(message)
        return reading.value
