"""The closed loop: look, decide, guard, verify, record, write, read back, beat.

Time is the plant's. Each turn looks at the plant, does what its mode allows, and lets one
scan interval pass. The heartbeat is written only after a complete turn in auto, so
whatever stops the loop also stops the heartbeat, and the plant goes back to local control
by itself. Outside auto nothing is written at all: the loop then has no connection that
could.
"""

import asyncio
import contextlib
import math
import time

from bms_io.daemon.audit import AUDIT_FILE, AuditLog, unresolved
from bms_io.daemon.desk import Desk
from bms_io.daemon.emergency import Emergency
from bms_io.daemon.eyes import Eyes, Look
from bms_io.daemon.handover import Handover
from bms_io.daemon.helm import Helm
from bms_io.daemon.modes import Change, Mode, ModeKeeper
from bms_io.daemon.plausible import Plausible
from bms_io.daemon.setup import LoopResult, Setup, Tally, TurnReport
from bms_io.daemon.steering import Steering
from bms_io.point_names import CLOCK_POINT
from bms_io.recorder import NoTables, Recorder
from twin.errors import AuditError, CommunicationError, PlantLostError
from twin.estimate import estimate
from twin.interfaces import Estimate, Quality, Snapshot

CLOCK_STILL_S = 120.0  # longer than a plant takes between two readings, assumption
CLOCK_JUMP_S = 3600.0  # more than a plant may be ahead of our own clock, assumption
MOST_KEPT = 1000  # events of a daemon in memory; all are in its audit log


class ClosedLoop:
    """One controller at one plant.

    Parameters
    ----------
    setup
        Everything that it needs.
    """

    def __init__(self, setup: Setup) -> None:
        setup.directory.mkdir(parents=True, exist_ok=True)
        self._setup = setup
        self._site = setup.site
        self._audit = AuditLog(setup.directory / AUDIT_FILE)
        self._record = Recorder(setup.directory) if setup.tables else NoTables()
        self._eyes = Eyes(setup.point_map)
        self._plausible = Plausible()
        self._steering = Steering(
            setup.site,
            Desk(setup.decider, setup.deadline_s),
            setup.forecaster,
            setup.fallback,
        )
        self._tally = Tally(None if setup.tables else MOST_KEPT)
        self._snapshot: Snapshot | None = None
        self._seen: Estimate | None = None
        self._clock_s = self._moved_s = -math.inf  # plant clock, and when it last moved
        self.keeper = ModeKeeper(setup.wanted)
        self.emergency = Emergency(setup.limits)
        self.stopping = asyncio.Event()
        self.why_ends = "time is over"  # or the signal that came
        self._handover = Handover(
            setup.site,
            setup.point_map,
            setup.limits,
            self._eyes,
            self.keeper,
            self._audit,
            setup.good_cycles,
        )
        self._helm = Helm(
            setup.site,
            setup.pace,
            self._steering,
            self._handover,
            self.emergency,
            self._audit,
            self._record,
            self._tally,
        )
        if setup.armed_by:
            self.keeper.arm(setup.armed_by, 0.0)

    @property
    def audit(self) -> AuditLog:
        """The log of this run, for whoever has something to add."""
        return self._audit

    def command(self, name: str, who: str, mode: Mode = Mode.SHADOW) -> None:
        """Do what a person asks for; it takes effect at the next turn.

        Parameters
        ----------
        name
            arm, disarm, mode, exit-to-local or reset.
        who
            For the audit log.
        mode
            For ``mode``.
        """
        now_s = self._seen.time_s if self._seen else 0.0
        self._helm.note("command", now_s, command=name, who=who, mode=mode)
        if name == "arm":
            self.keeper.arm(who, now_s)
        elif name == "disarm":
            self.keeper.disarm()
        elif name == "reset":
            self.emergency.reset()
        else:
            self.keeper.request(mode if name == "mode" else Mode.SHADOW)

    def approve(self, who: str, role: str) -> str:
        """Take one person's approval of changed limits; returns what stands now.

        Raises
        ------
        ConfigError
            If there is nothing to approve, or it is the same person twice.
        AuditError
            If it cannot be recorded.
        """
        now_s = self._seen.time_s if self._seen else 0.0
        return self._handover.approvals.approve(who, role, now_s)

    async def run(self, duration_s: float = math.inf) -> LoopResult:
        """Run until the time is over or ``stopping`` is set.

        Parameters
        ----------
        duration_s
            Whole number of scan intervals on the plant clock. [s]

        Returns
        -------
        LoopResult
            Everything in it is also on disk.

        Raises
        ------
        PlantLostError
            If a plant whose clock we move is gone; what was recorded is on disk.
        """
        try:
            await self._turns(duration_s)
        except PlantLostError as error:
            where = f"{error} Everything recorded so far is in {self._setup.directory}."
            self._helm.note(
                "plant_lost", self._seen.time_s if self._seen else 0.0, why=where
            )
            raise PlantLostError(where) from error
        finally:
            await self._end()
        return self._result()

    def _result(self) -> LoopResult:
        tally = self._tally
        return LoopResult(
            self._setup.decider.name,
            self._setup.directory,
            *self._record.frames(),
            guard_events=list(tally.guard_events),
            guard_violations=list(tally.guard_violations),
            readback_mismatches=list(tally.readback_mismatches),
            writes=tally.writes,
            held=tally.held,
        )

    async def _turns(self, duration_s: float) -> None:
        """Look, act, let time pass; over and over."""
        pace, scan_s = self._setup.pace, self._site.control.scan_interval_s
        now_s = begin_s = await pace.begin()
        total = round(duration_s / scan_s) if math.isfinite(duration_s) else 0
        self._audit.record(
            "starts",
            now_s,
            controller=self._setup.decider.name,
            wanted=self.keeper.wanted,
        )
        look, seen = await self._see(now_s, first=True)
        left = unresolved(self._audit.path)
        if left:  # whatever an earlier run did not finish, this is how it stands
            slots = {
                name: look.slots[name].value for name in left if name in look.slots
            }
            self._audit.record("reconciles", now_s, intended=left, found=slots)
        with contextlib.suppress(CommunicationError):  # seen again before any write
            await self._handover.look_back(now_s)
        done = 0
        while now_s < begin_s + duration_s and not self.stopping.is_set():
            await self._turn(look, seen)
            now_s = await pace.next(now_s, scan_s)
            look, seen = await self._see(now_s)
            done += 1
            self._setup.progress(done, total)

    async def _see(self, now_s: float, first: bool = False) -> tuple[Look, Estimate]:
        """Look once and make up one's mind about the plant."""
        look = await self._eyes.look(now_s, self._snapshot)
        if not first:  # the first look has no interval behind it
            self._record.telemetry(look.snapshot)
        self._snapshot = look.snapshot
        seen = estimate(self._site, look.snapshot, self._seen)
        contradictions = self._plausible.look(look.snapshot)
        seen = seen._replace(problems=(*seen.problems, *contradictions))
        self._seen = self._alive(seen, look.snapshot)
        self._steering.observe(self._seen)
        return look, self._seen

    def _alive(self, seen: Estimate, snapshot: Snapshot) -> Estimate:
        """Find a gateway that serves old values: the plant's clock stands still."""
        clock = snapshot.readings.get(CLOCK_POINT)
        if clock is None or clock.quality is Quality.BAD:
            return seen
        if clock.value != self._clock_s:
            step_s, passed_s = clock.value - self._clock_s, seen.time_s - self._moved_s
            self._clock_s, self._moved_s = clock.value, seen.time_s
            if not 0.0 < step_s <= passed_s + CLOCK_JUMP_S:
                problem = f"{CLOCK_POINT}: jumps by {step_s:g} s in {passed_s:g} s"
                return seen._replace(problems=(*seen.problems, problem))
        still_s = seen.time_s - self._moved_s
        if still_s < max(1.5 * self._site.control.scan_interval_s, CLOCK_STILL_S):
            return seen
        problem = f"{CLOCK_POINT}: stands still for {still_s:g} s, values are old"
        return seen._replace(problems=(*seen.problems, problem))

    async def _turn(self, look: Look, seen: Estimate) -> None:
        """Do what the mode allows, and tell everybody."""
        begin_s = time.monotonic()
        self._helm.fresh()
        change, complete = None, False
        try:
            change = await self._handover.settle(look, seen)
            if change is not None and change.new is Mode.AUTO:
                self._helm.enter(seen.time_s)
            complete = await self._helm.act(look, seen)
        except CommunicationError as error:
            self._helm.lost_touch(seen.time_s, str(error))
        except AuditError as error:
            change = await self._unrecorded(seen, error) or change
        self._tell(look, seen, change, complete, time.monotonic() - begin_s)

    async def _unrecorded(self, seen: Estimate, error: AuditError) -> Change | None:
        """Without a record nothing may be written: step down without a word."""
        self._helm.held = str(error)
        change = self.keeper.step_down(str(error))
        await self._handover.abandon()
        return change

    def _tell(
        self,
        look: Look,
        seen: Estimate,
        change: Change | None,
        complete: bool,
        spent_s: float,
    ) -> None:
        """Report the turn to everybody who watches."""
        hands = self._handover.hands
        report = TurnReport(
            seen.time_s,
            look,
            seen,
            self.keeper.mode,
            self.keeper.wanted,
            self.keeper.armed_by,
            self._handover.missing,
            change,
            complete,
            self._helm.plan,
            self._helm.sent,
            hands.path.yielded if hands else frozenset(),
            frozenset(hands.path.locked) if hands else frozenset(),
            self._handover.unknown,
            self.emergency.reason,
            self._helm.held,
            spent_s,
        )
        for watcher in self._setup.watchers:
            watcher(report)

    async def _end(self) -> None:
        """Give the plant back if it is there, and close everything."""
        now_s = self._seen.time_s if self._seen else 0.0
        try:
            self._audit.record("ends", now_s, why=self.why_ends, mode=self.keeper.mode)
            await self._handover.close(self._seen)
        except AuditError:
            await self._handover.abandon()
        finally:
            await self._steering.desk.close()
            await self._eyes.close()
            await self._setup.pace.close()
            self._audit.close()
            self._record.close()
