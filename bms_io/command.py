"""The way of a setpoint to the plant: verify, record, write, read back, record."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from bms_io.daemon.audit import AuditLog
from bms_io.daemon.order import safe_order
from bms_io.driver import Driver, WriteResult
from bms_io.points import PointMap, WriteRule
from bms_io.verifier import Verifier
from twin.errors import CommunicationError
from twin.interfaces import Quality, Reading
from twin.signals import Setpoints

_POLL_S = 0.05  # between read-backs, on the wall clock
MOST_STRIKES = 2  # mismatches in a row before a point is given up


class Sent(NamedTuple):
    """What became of the writes of one cycle."""

    active: Setpoints  # in force afterwards, read back
    written: int
    refusals: tuple[str, ...]  # by the verifier: a fault of the guard
    mismatches: tuple[str, ...]  # not in force in time, or refused by the plant
    released: tuple[str, ...] = ()  # setpoints given up after the second mismatch

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
    audit
        Gets an intent before and a result after each write.
    verifier
        May refuse.
    """

    def __init__(
        self,
        driver: Driver,
        point_map: PointMap,
        audit: AuditLog,
        verifier: Verifier,
    ) -> None:
        self._driver = driver
        self._map = point_map
        self._audit = audit
        self._verifier = verifier
        self._written_s: dict[str, float] = {}
        self._strikes: Counter[str] = Counter()
        self._pending: dict[str, float] = {}  # sent, but the answer was lost
        self.written: dict[str, float] = {}  # what stands in our slots, as on the wire
        self.confirmed: set[str] = set()  # setpoints that were in force as written
        self.locked: set[str] = set()  # released after two mismatches
        self.yielded: frozenset[str] = frozenset()  # held by the operator

    async def adopt(self, active: Setpoints, now_s: float) -> list[str]:
        """Ask for what is in force anyway, so that taking over moves nothing.

        Returns
        -------
        list[str]
            What the plant refused.

        Raises
        ------
        CommunicationError
            If the connection broke.
        """
        values = {n: float(v) for n, v in active._asdict().items()}
        intent = self._audit.record(
            "intent", now_s, values=values, point_map=self._map.digest
        )
        results = await self._write(values)
        refused = [f"{r.name}: {r.detail}" for r in results if not r.accepted]
        self.confirmed |= values.keys() if not refused else set()
        self._audit.record("result", now_s, intent=intent, mismatches=refused)
        return refused

    async def send(
        self,
        wanted: Setpoints,
        active: Setpoints,
        now_s: float,
        emergency: bool = False,
    ) -> Sent:
        """Bring the plant to the wanted setpoints.

        Parameters
        ----------
        wanted
            After the guard.
        active
            In force now, read back.
        now_s
            Plant clock.
        emergency
            Only toward more cooling, and then without waiting for intervals and rates.

        Returns
        -------
        Sent
            Only setpoints that differ by the point's deadband, and were not written
            within its minimum interval, are written; none that is released or that the
            operator holds.

        Raises
        ------
        CommunicationError
            If the connection broke; the audit log then has an intent with the result
            ``unknown``, and the next look tells.
        """
        values = safe_order(self._changed(wanted, active, now_s, emergency), active)
        refusals = self._verifier.refusals(values, active, now_s, emergency)
        if refusals:
            self._audit.record("refused", now_s, values=values, why=refusals)
            return Sent(active, 0, tuple(refusals), ())
        if not values:
            return Sent(active, 0, (), ())
        intent = self._audit.record(
            "intent", now_s, values=values, point_map=self._map.digest
        )
        in_force, wrong = await self._carry_out(values, now_s, intent)
        self._written_s.update(dict.fromkeys(values, now_s))
        self.confirmed -= wrong.keys()
        self.confirmed |= values.keys() - wrong.keys()
        for name in values:
            self._strikes[name] = self._strikes[name] + 1 if name in wrong else 0
        released = await self._release(now_s)
        after = active._replace(**in_force)
        return Sent(after, len(values), (), tuple(wrong.values()), released)

    async def restore(
        self, values: Mapping[str, float], now_s: float, intent: int
    ) -> bool:
        """Write values and say whether all of them came into force.

        Raises
        ------
        CommunicationError
            If the connection broke.
        """
        _, wrong = await self._carry_out(values, now_s, intent)
        return not wrong

    def skip(self, active: Setpoints, now_s: float) -> None:
        """Let a write cycle pass without a write."""
        self._verifier.refusals({}, active, now_s)

    def settle(self, slots: Mapping[str, Reading]) -> None:
        """Find out what became of writes whose answer was lost."""
        for name, value in list(self._pending.items()):
            slot = slots[name]
            if slot.quality is Quality.BAD:
                continue
            del self._pending[name]
            tolerance = self._rule(f"setpoints.{name}").readback_tolerance
            if abs(slot.value - value) <= tolerance:
                self.written[name] = value

    async def _carry_out(
        self, values: Mapping[str, float], now_s: float, intent: int
    ) -> tuple[dict[str, float], dict[str, str]]:
        """Write, read back, record; values in force and what is wrong, by setpoint."""
        try:
            results = await self._write(values)
            readings, wrong = await self._confirm(results, now_s)
        except CommunicationError as error:
            self._audit.record("unknown", now_s, intent=intent, why=str(error))
            raise
        in_force = {n.removeprefix("active."): r.value for n, r in readings.items()}
        self._audit.record(
            "result",
            now_s,
            intent=intent,
            active=in_force,
            mismatches=list(wrong.values()),
        )
        return in_force, wrong

    async def _write(self, values: Mapping[str, float]) -> list[WriteResult]:
        """Send each value once, and remember what stands in our slots."""
        self._pending.update(values)
        results = await self._driver.write(
            {f"setpoints.{name}": value for name, value in values.items()}
        )
        for result in results:
            name = result.name.removeprefix("setpoints.")
            self._pending.pop(name, None)
            if result.accepted:
                self.written[name] = result.value
        return results

    async def _release(self, now_s: float) -> tuple[str, ...]:
        """Give up setpoints with two mismatches in a row."""
        lost = tuple(n for n, k in self._strikes.items() if k >= MOST_STRIKES)
        for name in lost:
            rule = self._rule(f"setpoints.{name}")
            self._audit.record("releases_point", now_s, point=name, value=rule.default)
            await self._driver.write({f"setpoints.{name}": rule.default})
            self.locked.add(name)
            self.written.pop(name, None)
            self.confirmed.discard(name)
            del self._strikes[name]
        return lost

    def _changed(
        self, wanted: Setpoints, active: Setpoints, now_s: float, emergency: bool
    ) -> dict[str, float]:
        """Setpoints worth a write."""
        values: dict[str, float] = {}
        for name, value in wanted._asdict().items():
            rule = self._rule(f"setpoints.{name}")
            step = abs(value - getattr(active, name))
            since_s = now_s - self._written_s.get(name, float("-inf"))
            # of what may have arrived the slot must be seen first, see settle
            open_ = name in self._pending
            free = name not in self.locked and name not in self.yielded and not open_
            rested = emergency or since_s >= rule.min_interval_s
            large = step >= max(rule.deadband, rule.readback_tolerance)
            if free and rested and large:
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
    ) -> tuple[dict[str, Reading], dict[str, str]]:
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
                return _good(readings), {
                    r.name.removeprefix("setpoints."): _mismatch(r, found)
                    for r, _, found in late
                }
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
