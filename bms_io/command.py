"""The way of a setpoint to the plant: verify, journal, write, read back, journal."""

import asyncio
import time
from typing import NamedTuple

from bms_io.journal import Journal
from bms_io.modbus import ModbusDriver, WriteResult
from bms_io.points import PointMap, WriteRule
from bms_io.verifier import Verifier
from twin.errors import CommunicationError
from twin.interfaces import Quality, Reading
from twin.signals import Setpoints

_POLL_S = 0.05  # between read-backs, on the wall clock


class Sent(NamedTuple):
    """What became of the writes of one cycle."""

    active: Setpoints  # in force afterwards, read back
    written: int
    refusals: tuple[str, ...]  # by the verifier: a fault of the guard
    mismatches: tuple[str, ...]  # not in force in time, or refused by the plant

    @property
    def sound(self) -> bool:
        """Whether everything that should be in force is."""
        return not self.refusals and not self.mismatches


class CommandPath:
    """Writes setpoints to a plant.

    Parameters
    ----------
    driver, point_map
        The plant.
    journal
        Gets an intent before and a result after each write.
    verifier
        May refuse.
    """

    def __init__(
        self,
        driver: ModbusDriver,
        point_map: PointMap,
        journal: Journal,
        verifier: Verifier,
    ) -> None:
        self._driver = driver
        self._map = point_map
        self._journal = journal
        self._verifier = verifier
        self._written_s: dict[str, float] = {}

    async def send(self, wanted: Setpoints, active: Setpoints, now_s: float) -> Sent:
        """Bring the plant to the wanted setpoints.

        Parameters
        ----------
        wanted
            After the guard.
        active
            In force now, read back.
        now_s
            Plant clock.

        Returns
        -------
        Sent
            Only setpoints that differ by the point's deadband, and were not written
            within its minimum interval, are written.

        Raises
        ------
        CommunicationError
            If the connection broke; the journal then has an intent with the result
            ``unknown``, and the next read-back tells.
        """
        values = self._changed(wanted, active, now_s)
        refusals = self._verifier.refusals(values, active, now_s)
        if refusals:
            self._journal.record("refused", now_s, values=values, why=refusals)
            return Sent(active, 0, tuple(refusals), ())
        if not values:
            return Sent(active, 0, (), ())
        points = {f"setpoints.{name}": value for name, value in values.items()}
        intent = self._journal.record(
            "intent", now_s, values=values, point_map=self._map.digest
        )
        try:
            results = await self._driver.write(points)
            readings, mismatches = await self._confirm(results, now_s)
        except CommunicationError as error:
            self._journal.record("unknown", now_s, intent=intent, why=str(error))
            raise
        self._written_s.update(dict.fromkeys(values, now_s))
        in_force = {name: reading.value for name, reading in readings.items()}
        self._journal.record(
            "result", now_s, intent=intent, active=in_force, mismatches=mismatches
        )
        after = {name.removeprefix("active."): v for name, v in in_force.items()}
        return Sent(active._replace(**after), len(values), (), tuple(mismatches))

    def skip(self, active: Setpoints, now_s: float) -> None:
        """Let a write cycle pass without a write."""
        self._verifier.refusals({}, active, now_s)

    def _changed(
        self, wanted: Setpoints, active: Setpoints, now_s: float
    ) -> dict[str, float]:
        """Setpoints worth a write."""
        values: dict[str, float] = {}
        for name, value in wanted._asdict().items():
            rule = self._rule(f"setpoints.{name}")
            step = abs(value - getattr(active, name))
            since_s = now_s - self._written_s.get(name, float("-inf"))
            if step >= max(rule.deadband, rule.readback_tolerance) and (
                since_s >= rule.min_interval_s
            ):
                values[name] = float(value)
        return values

    def _rule(self, point: str) -> WriteRule:
        """Write rule of a setpoint; the map was checked, so it is there."""
        rule = self._map.points[point].write
        if rule is None:
            message = f"{point}: has no write rule in {self._map.path}"
            raise KeyError(message)
        return rule

    async def _confirm(
        self, results: list[WriteResult], now_s: float
    ) -> tuple[dict[str, Reading], list[str]]:
        """Read back until every accepted value is in force or its time is over."""
        begin_s = time.monotonic()
        rules = {result.name: self._rule(result.name) for result in results}
        while True:
            names = [rule.readback for rule in rules.values()]
            readings = await self._driver.read(names, now_s)
            if all(r.detail.startswith("comm") for r in readings.values()):
                raise CommunicationError(next(iter(readings.values())).detail)
            late = [
                (result, rule, readings[rule.readback])
                for result, rule in zip(results, rules.values(), strict=True)
                if not _in_force(result, rule, readings[rule.readback])
            ]
            elapsed_s = time.monotonic() - begin_s
            if not any(
                r.accepted and elapsed_s < u.readback_within_s for r, u, _ in late
            ):
                return _good(readings), [_mismatch(r, found) for r, _, found in late]
            await asyncio.sleep(_POLL_S)


def _in_force(result: WriteResult, rule: WriteRule, reading: Reading) -> bool:
    """Whether the value read back is the one written."""
    near = abs(reading.value - result.value) <= rule.readback_tolerance
    return result.accepted and reading.quality is not Quality.BAD and near


def _mismatch(result: WriteResult, reading: Reading) -> str:
    """Say what was written and what was found."""
    found = f"{reading.value:g} ({reading.quality} {reading.detail})".replace(" )", ")")
    return f"{result.name}: wrote {result.value:g} ({result.detail}), found {found}"


def _good(readings: dict[str, Reading]) -> dict[str, Reading]:
    """Readings that may replace what was believed before."""
    return {n: r for n, r in readings.items() if r.quality is not Quality.BAD}
