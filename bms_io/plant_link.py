"""Connection, clock, heartbeat and remote mode of a plant.

A write whose answer was lost is never simply sent again: first the plant is asked what
it knows, then it is decided.
"""

from pathlib import Path

from bms_io.journal import Journal
from bms_io.modbus import ModbusDriver
from bms_io.point_names import (
    CLOCK_POINT,
    CLOCK_TARGET_POINT,
    HEARTBEAT_POINT,
    MODE_POINT,
)
from bms_io.points import PointMap
from twin.errors import CommunicationError, PlantLostError
from twin.interfaces import Estimate, Quality, Reading

_BEATS = 0x10000  # the heartbeat is a 16-bit counter


class PlantLink:
    """The standing relation to a plant.

    Parameters
    ----------
    driver, point_map
        The plant.
    journal
        Gets what happens to the connection and the mode.
    directory
        Where the run is recorded, for the message when the plant is lost.
    """

    def __init__(
        self,
        driver: ModbusDriver,
        point_map: PointMap,
        journal: Journal,
        directory: Path,
    ) -> None:
        self._driver = driver
        self._map = point_map
        self._journal = journal
        self._directory = directory
        self._beat = 0
        self._was_remote = False

    async def connect(self) -> None:
        """Connect, and take up the heartbeat where somebody left it.

        Raises
        ------
        PlantLostError
            If the plant does not answer.
        CommunicationError
            If its clock has been moved already.
        """
        try:
            await self._driver.connect()
            self._beat = int((await self._one(HEARTBEAT_POINT, 0.0)).value)
            clock_s = (await self._one(CLOCK_POINT, 0.0)).value
        except CommunicationError as error:
            raise PlantLostError(self._lost(0.0, error)) from error
        if clock_s != 0.0:
            message = (
                f"The plant's clock stands at {clock_s:g} s, but a run starts at 0 s. "
                "Somebody used this plant before; start a new one."
            )
            raise CommunicationError(message)

    async def reconnect(self, now_s: float, cause: Exception) -> None:
        """Connect again after a failure.

        Raises
        ------
        PlantLostError
            If the plant does not answer any more.
        """
        try:
            await self._driver.connect()
        except CommunicationError as error:
            message = self._lost(now_s, error)
            self._journal.record("plant_lost", now_s, why=message)
            raise PlantLostError(message) from cause
        self._journal.record("reconnected", now_s, cause=str(cause))

    async def advance(self, now_s: float, target_s: float) -> None:
        """Move the plant's clock.

        Parameters
        ----------
        now_s, target_s
            From and to, on the plant clock.

        Raises
        ------
        PlantLostError
            If the plant is gone or its clock does not follow.
        """
        try:
            await self._driver.write_service(CLOCK_TARGET_POINT, round(target_s))
        except CommunicationError as error:
            await self.reconnect(now_s, error)
            try:
                await self._advance_again(now_s, target_s)
            except CommunicationError as again:
                # a plant that hangs still accepts connections: only its silence shows
                message = self._lost(now_s, again)
                self._journal.record("plant_lost", now_s, why=message)
                raise PlantLostError(message) from again

    async def _advance_again(self, now_s: float, target_s: float) -> None:
        """Move the clock unless it had arrived and only the answer was lost."""
        if (await self._one(CLOCK_POINT, now_s)).value != target_s:
            await self._driver.write_service(CLOCK_TARGET_POINT, round(target_s))

    async def beat(self) -> None:
        """Show the plant that a complete turn was made.

        Raises
        ------
        CommunicationError
            If it does not get there.
        """
        self._beat = (self._beat + 1) % _BEATS
        await self._driver.write_service(HEARTBEAT_POINT, self._beat)

    async def is_remote(self, now_s: float) -> bool:
        """Whether the plant follows our setpoints."""
        return (await self._one(MODE_POINT, now_s)).value == 1.0

    async def take_over(self, seen: Estimate) -> bool:
        """Make sure that the plant is in remote mode, without a bump.

        A plant in local mode first gets its own active setpoints as requests, then the
        heartbeat that makes it remote.

        Parameters
        ----------
        seen
            Gives the setpoints in force.

        Returns
        -------
        bool
            Whether the plant is in remote mode now.

        Raises
        ------
        CommunicationError
            If the connection breaks.
        """
        if await self.is_remote(seen.time_s):
            self._was_remote = True
            return True
        active = {
            f"setpoints.{n}": float(v) for n, v in seen.setpoints._asdict().items()
        }
        event = "takes_over_again" if self._was_remote else "takes_over"
        self._journal.record(event, seen.time_s, active=seen.setpoints)
        refused = [r for r in await self._driver.write(active) if not r.accepted]
        if refused:
            self._journal.record("refused_by_plant", seen.time_s, results=refused)
            return False
        await self.beat()
        remote = await self.is_remote(seen.time_s)
        self._was_remote = self._was_remote or remote
        return remote

    async def release(self, last: Estimate | None) -> None:
        """Give the plant back to its local control, as far as it can be reached.

        Each point does what its ``on_exit`` says. The plant's own watch on the heartbeat
        does the rest, and does it alone if we cannot.
        """
        if last is None or not self._was_remote:
            return
        try:
            intent = self._journal.record("release", last.time_s)
            results = await self._driver.release()
            self._journal.record("result", last.time_s, intent=intent, results=results)
        except CommunicationError as error:
            self._journal.record("not_released", last.time_s, why=str(error))

    async def _one(self, name: str, now_s: float) -> Reading:
        """One reading that must be good."""
        reading = (await self._driver.read([name], now_s))[name]
        if reading.quality is Quality.BAD:
            message = f"{name}: {reading.detail}"
            raise CommunicationError(message)
        return reading

    def _lost(self, now_s: float, error: Exception) -> str:
        """Say what was lost, where the record is and what to do."""
        cause = str(error).removesuffix(" Connect again.")  # that was tried
        return (
            f"The plant is lost at plant time {now_s:g} s: {cause} Everything recorded "
            f"so far is in {self._directory}. The plant holds its last setpoints and "
            "goes to local control when the heartbeat is overdue. Start the plant "
            "again (end it first if it hangs), then the run, into a new folder."
        )
