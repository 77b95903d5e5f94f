"""The closed loop: read, freeze, estimate, decide, guard, verify, write, read back, beat.

Time is the plant's. Each turn looks at the plant, acts if a decision is due, and moves
the plant's clock by one scan interval. The heartbeat is written only after a complete
turn, so whatever stops the loop also stops the heartbeat, and the plant goes back to
local control by itself.

Readings that are bad, a controller that fails and a write that is not confirmed have the
same consequence: hold, say so in the journal, no heartbeat.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import pandas as pd

from bms_io.command import CommandPath
from bms_io.journal import Journal
from bms_io.modbus import ModbusDriver
from bms_io.plant_link import PlantLink
from bms_io.points import PointMap
from bms_io.recorder import Recorder
from bms_io.snapshot import freeze
from bms_io.verifier import Verifier
from twin.config import Site
from twin.errors import CommunicationError
from twin.estimate import estimate
from twin.forecast import Forecast
from twin.guard import GuardEvent, fresh_memory, guard
from twin.interfaces import Controller, Decision, Estimate, Snapshot
from twin.signals import Inputs

Progress = Callable[[int, int], None]  # turns done, turns in all
_FAILED = "controller failed"


class Forecaster(Protocol):
    """Learns from what was measured and says what to expect."""

    def observe(self, time_s: float, inputs: Inputs) -> None:
        """Remember what was measured."""

    def forecast(self, now_s: float) -> Forecast:
        """Expected inputs from now on."""


class LoopResult(NamedTuple):
    """What a run left behind; signals in SI under the names of ``twin.signals``."""

    name: str
    directory: Path
    telemetry: pd.DataFrame  # time_s at the end of each scan, inputs, outputs
    setpoints: pd.DataFrame  # time_s of each decision, setpoints in force from then on
    decisions: pd.DataFrame  # time_s, status, reason, solve_s, predicted_site_power_w
    guard_events: list[GuardEvent]
    guard_violations: list[str]  # refused by the second verifier: must be empty
    readback_mismatches: list[str]
    writes: int
    held: int  # times that the plant was left as it was, with a reason in the journal


class _Tally:
    """What is counted during a run."""

    def __init__(self) -> None:
        self.guard_events: list[GuardEvent] = []
        self.guard_violations: list[str] = []
        self.readback_mismatches: list[str] = []
        self.writes = 0
        self.held = 0


class ClosedLoop:
    """One controller at one plant for one run.

    Parameters
    ----------
    site
        Limits and pace.
    point_map
        Where the plant answers.
    controller, forecaster
        Who decides, and on what expectation.
    directory
        For journal and tables; made if it is not there.
    progress
        Called after each turn.
    """

    def __init__(
        self,
        site: Site,
        point_map: PointMap,
        controller: Controller,
        forecaster: Forecaster,
        directory: Path,
        progress: Progress = lambda done, total: None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._site = site
        self._map = point_map
        self._controller = controller
        self._forecaster = forecaster
        self._directory = directory
        self._progress = progress
        self._driver = ModbusDriver(point_map)
        self._journal = Journal(directory / "journal.jsonl")
        self._record = Recorder(directory)
        self._link = PlantLink(self._driver, point_map, self._journal, directory)
        self._memory = fresh_memory(-site.control.control_interval_s)
        self._tally = _Tally()
        self._sound = False  # whether the last control cycle was complete
        self._snapshot: Snapshot | None = None
        self._estimate: Estimate | None = None

    async def run(self, duration_s: float) -> LoopResult:
        """Run for a time of the plant clock, which starts at zero.

        Parameters
        ----------
        duration_s
            Whole number of scan intervals. [s]

        Returns
        -------
        LoopResult
            Everything in it is also on disk.

        Raises
        ------
        PlantLostError
            If the plant is gone for good; what was recorded until then is on disk.
        """
        try:
            await self._link.connect()
            await self._turns(duration_s)
        finally:
            await self._end()
        tally = self._tally
        return LoopResult(
            self._controller.name,
            self._directory,
            *self._record.frames(),
            guard_events=tally.guard_events,
            guard_violations=tally.guard_violations,
            readback_mismatches=tally.readback_mismatches,
            writes=tally.writes,
            held=tally.held,
        )

    async def _turns(self, duration_s: float) -> None:
        """Look, act, beat, move the clock; over and over."""
        control = self._site.control
        scan_s = control.scan_interval_s
        every = max(round(control.control_interval_s / scan_s), 1)
        turns = round(duration_s / scan_s)
        seen = await self._look(0.0)
        verifier = Verifier(
            self._site.guard, self._map, seen.setpoints, -control.control_interval_s
        )
        path = CommandPath(self._driver, self._map, self._journal, verifier)
        for turn in range(turns):
            now_s = turn * scan_s
            try:
                complete = await self._act(seen, path, due=turn % every == 0)
                if complete:
                    await self._link.beat()
            except CommunicationError as error:
                self._sound = False  # whatever was on its way, its outcome is unknown
                self._hold(now_s, str(error))
                await self._link.reconnect(now_s, error)
            await self._link.advance(now_s, now_s + scan_s)
            seen = await self._look(now_s + scan_s)
            self._progress(turn + 1, turns)

    async def _look(self, now_s: float) -> Estimate:
        """Read everything once and make up one's mind about the plant."""
        names = [n for n, p in self._map.points.items() if p.table == "input"]
        readings = await self._driver.read(names, now_s)
        snapshot = freeze(self._map, readings, now_s, self._snapshot)
        if now_s > 0:  # the first look has no interval behind it
            self._record.telemetry(snapshot)
        self._snapshot = snapshot
        self._estimate = estimate(self._site, snapshot, self._estimate)
        if not self._estimate.problems:
            self._forecaster.observe(now_s, self._estimate.inputs)
        return self._estimate

    async def _act(self, seen: Estimate, path: CommandPath, due: bool) -> bool:
        """Do what the turn asks for; returns whether the heart may beat."""
        if seen.problems:
            self._hold(seen.time_s, "; ".join(seen.problems))
            return self._skip(seen, path) if due else False
        if due:
            self._sound = await self._control(seen, path)
            return self._sound
        # a beat would make a plant remote that went local meanwhile, at old requests
        return self._sound and await self._link.is_remote(seen.time_s)

    def _skip(self, seen: Estimate, path: CommandPath) -> bool:
        """Let a control cycle pass; the time in it must not count as room to move."""
        self._memory = self._memory._replace(checked_s=seen.time_s)
        path.skip(seen.setpoints, seen.time_s)
        return False

    async def _control(self, seen: Estimate, path: CommandPath) -> bool:
        """Decide, guard, write and read back."""
        now_s, active = seen.time_s, seen.setpoints
        decision = await self._decide(seen)
        failed = decision.status.startswith(_FAILED)
        if failed or not await self._link.take_over(seen):
            why = (
                decision.status if failed else "the plant does not leave local control"
            )
            self._hold(now_s, why)
            self._record.decision(now_s, decision, active)
            return self._skip(seen, path)
        result = guard(
            self._site.guard, decision.setpoints, active, now_s, self._memory
        )
        self._memory = result.memory
        self._journal.record(
            "decision", now_s, decision=decision, guard_events=result.events
        )
        sent = await path.send(result.setpoints, active, now_s)
        self._record.decision(now_s, decision, sent.active)
        tally = self._tally
        tally.guard_events += result.events
        tally.guard_violations += sent.refusals
        tally.readback_mismatches += sent.mismatches
        tally.writes += sent.written
        if not sent.sound:
            self._hold(now_s, "; ".join((*sent.refusals, *sent.mismatches)))
        return sent.sound

    async def _decide(self, seen: Estimate) -> Decision:
        """Ask the controller; whatever goes wrong inside it, the plant is held."""
        now_s, begin_s = seen.time_s, time.monotonic()
        try:
            forecast = self._forecaster.forecast(now_s)
            decision = await asyncio.to_thread(
                self._controller.decide, seen, forecast, now_s
            )
        except Exception as error:
            # a solver may fail in any way, and none of them may reach the plant
            why = f"{_FAILED}: {type(error).__name__}: {error}"
            return Decision(seen.setpoints, "hold", status=why)
        solve_s = decision.solve_s or time.monotonic() - begin_s
        return decision._replace(solve_s=solve_s)

    def _hold(self, now_s: float, why: str) -> None:
        """Leave everything as it is, and say why."""
        self._tally.held += 1
        self._journal.record("hold", now_s, why=why)

    async def _end(self) -> None:
        """Give the plant back if it is there, and close everything."""
        try:
            await self._link.release(self._estimate)
        finally:
            with contextlib.suppress(OSError):
                await self._driver.close()
            self._journal.close()
            self._record.close()
