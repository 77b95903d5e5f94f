"""What a turn does, as far as its mode allows."""

import math
import re

from bms_io.command import Sent
from bms_io.daemon.audit import AuditLog
from bms_io.daemon.emergency import Emergency
from bms_io.daemon.eyes import Look
from bms_io.daemon.gates import brief
from bms_io.daemon.handover import Handover
from bms_io.daemon.hands import Hands
from bms_io.daemon.ladder import Rung
from bms_io.daemon.modes import Mode
from bms_io.daemon.order import most_cooling
from bms_io.daemon.pace import Pace
from bms_io.daemon.setup import Tally
from bms_io.daemon.steering import Plan, Steering
from bms_io.recorder import NoTables, Recorder
from twin.config import Site
from twin.errors import AuditError
from twin.interfaces import Estimate

WARM_MARGIN_K = 0.5  # above sensor noise, assumption
TOLD_AGAIN_S = 900.0  # a plant that is away must not fill the disk with its absence


class Helm:
    """Carries out one turn after the other.

    Parameters
    ----------
    site, pace
        Limits and time.
    steering, handover, emergency
        What is wanted, who holds the plant, and when it is too hot.
    audit, record, tally
        Where everything goes.
    """

    def __init__(
        self,
        site: Site,
        pace: Pace,
        steering: Steering,
        handover: Handover,
        emergency: Emergency,
        audit: AuditLog,
        record: Recorder | NoTables,
        tally: Tally,
    ) -> None:
        self._site = site
        self._pace = pace
        self._steering = steering
        self._handover = handover
        self._emergency = emergency
        self._audit = audit
        self._record = record
        self._tally = tally
        self._due_s = -math.inf
        self._told = ("", -math.inf)  # last reason to hold that was recorded, and when
        self.held = ""  # why the plant was left alone in this turn
        self.plan: Plan | None = None
        self.sent: Sent | None = None

    def fresh(self) -> None:
        """Begin a turn."""
        self.held, self.plan, self.sent = "", None, None

    def enter(self, now_s: float) -> None:
        """Auto begins: a control cycle is due at once."""
        self._steering.enter(now_s)
        self._due_s = now_s

    def lost_touch(self, now_s: float, why: str) -> None:
        """Whatever was on its way, its outcome is unknown until the next look."""
        self.hold(now_s, why)
        self._steering.skip(now_s)

    async def act(self, look: Look, seen: Estimate) -> bool:
        """Carry out the mode; returns whether the turn was complete."""
        hands, now_s = self._handover.hands, seen.time_s
        hot = self._emergency.look(look.snapshot)
        if self._handover.keeper.mode is Mode.OFF:
            return not seen.problems
        if self._pace.paused:
            await self._steering.desk.drop()
            self.hold(now_s, "after a pause the first turn only looks")
            return False
        complete = await self._steer(seen, hands, hot)
        if hands is not None and complete and hands is self._handover.hands:
            await hands.beat()
        return complete

    async def _steer(self, seen: Estimate, hands: Hands | None, hot: str) -> bool:
        """Find out what is wanted and, in auto, bring the plant there."""
        now_s = seen.time_s
        if hands is not None and hot:
            return await self._cool(seen, hands, hot)
        if self._handover.leaving or self._too_warm(seen):
            plan: Plan | None = self._steering.home(seen)
        else:
            plan = await self._steering.plan(
                seen, self._is_due(now_s), self._pace.patience_s
            )
        self.plan = plan
        if seen.problems:
            self.hold(now_s, brief(seen.problems))
        if plan is None:
            return not seen.problems
        return await self._follow(seen, plan, hands)

    def _too_warm(self, seen: Estimate) -> bool:
        """Whether a limit of the site is exceeded: then the design is the way to go."""
        limits, measured = self._site.limits, seen.measured
        inlet_k = measured.get("rack_inlet_c", -math.inf) - limits.rack_inlet_c
        chip_k = measured.get("chip_c", -math.inf) - limits.chip_c
        return max(inlet_k, chip_k) > WARM_MARGIN_K

    def _is_due(self, now_s: float) -> bool:
        """Whether a control cycle begins; missed ones are left out."""
        if now_s < self._due_s:
            return False
        interval_s = self._site.control.control_interval_s
        self._due_s = max(self._due_s, now_s - interval_s)
        while self._due_s <= now_s:
            self._due_s += interval_s
        return True

    async def _follow(self, seen: Estimate, plan: Plan, hands: Hands | None) -> bool:
        """Carry out a plan as far as the mode allows."""
        now_s = seen.time_s
        holds = plan.rung in (Rung.HOLD, Rung.RELEASE) and bool(plan.failure)
        if holds and not seen.problems:
            self.hold(now_s, plan.failure)
        if hands is None or holds:
            self._steering.skip(now_s)
            self._record.decision(now_s, plan.guarded, seen.setpoints)
            self._note_plan("advice" if hands is None else "held", seen, plan)
        if hands is not None and plan.rung is Rung.RELEASE:
            why = f"kept failing: {plan.failure}"
            await self._handover.drop(seen, why, theirs=False)
            return False
        if hands is None:
            return not seen.problems
        if holds:
            hands.path.skip(seen.setpoints, now_s)
            return not seen.problems
        return await self._write(seen, plan, hands)

    async def _write(self, seen: Estimate, plan: Plan, hands: Hands) -> bool:
        """Send a plan and count what came of it."""
        now_s = seen.time_s
        self._steering.commit(plan)
        self._note_plan("decision", seen, plan)
        sent = await hands.path.send(plan.guarded.setpoints, seen.setpoints, now_s)
        self.sent = sent
        self._record.decision(now_s, plan.guarded, sent.active)
        self._tally.add(plan, sent)
        if not sent.sound:
            self.hold(now_s, "; ".join((*sent.refusals, *sent.mismatches)))
        return not sent.refusals

    async def _cool(self, seen: Estimate, hands: Hands, why: str) -> bool:
        """Maximum cooling, at once and until a person resets it."""
        await self._steering.desk.drop()
        wanted = most_cooling(self._site.guard, self._site.design, seen.setpoints)
        self._steering.skip(seen.time_s)
        self.hold(seen.time_s, f"emergency, maximum cooling: {why}")
        sent = await hands.path.send(
            wanted, seen.setpoints, seen.time_s, emergency=True
        )
        self.sent = sent
        self._tally.guard_violations += sent.refusals
        self._tally.writes += sent.written
        return not sent.refusals

    def hold(self, now_s: float, why: str) -> None:
        """Leave everything as it is, and say why."""
        self.held = why
        if self._handover.keeper.wanted is Mode.AUTO:
            self._tally.held += 1
            if self._is_news(now_s, why):
                self.note("hold", now_s, why=why)

    def _is_news(self, now_s: float, why: str) -> bool:
        """Whether a reason is another than a while ago, whatever numbers are in it."""
        kind, since_s = re.sub(r"[0-9.]+", "#", why), now_s - self._told[1]
        if kind == self._told[0] and since_s < TOLD_AGAIN_S:
            return False
        self._told = (kind, now_s)
        return True

    def _note_plan(self, event: str, seen: Estimate, plan: Plan) -> None:
        self.note(
            event,
            seen.time_s,
            decision=plan.decision,
            guarded=plan.guarded.setpoints,
            guard_events=plan.events,
            rung=plan.rung,
        )

    def note(self, event: str, now_s: float, **details: object) -> None:
        """Record; in auto a failure ends it, elsewhere it is only told."""
        try:
            self._audit.record(event, now_s, **details)
        except AuditError as error:
            if self._handover.hands is not None:
                raise
            self.held = str(error)
