"""Into auto and out of it: who holds the plant at any moment."""

import os
import time

from bms_io.daemon.approval import Approvals, rules_of
from bms_io.daemon.audit import AuditLog
from bms_io.daemon.eyes import Eyes, Look
from bms_io.daemon.hands import Hands
from bms_io.daemon.lease import grant, trespass
from bms_io.daemon.leftovers import Leftovers
from bms_io.daemon.modes import Change, Mode, ModeKeeper
from bms_io.limits import Limits
from bms_io.points import PointMap
from bms_io.verifier import Verifier
from twin.config import Site
from twin.errors import AuditError, CommunicationError
from twin.interfaces import Estimate

HOME_WITHIN_S = 3600.0  # plant time to ramp home before the plant is given back


class Handover:
    """Takes the plant over and gives it back.

    Parameters
    ----------
    site, point_map, limits
        What is controlled, and the verifier's limits.
    eyes
        Whose connection is swapped for one that can write.
    keeper
        Knows the mode.
    audit
        Gets every change.
    good_cycles
        Needed before auto.
    """

    def __init__(
        self,
        site: Site,
        point_map: PointMap,
        limits: Limits,
        eyes: Eyes,
        keeper: ModeKeeper,
        audit: AuditLog,
        good_cycles: int,
    ) -> None:
        self._site = site
        self._map = point_map
        self._limits = limits
        self._eyes = eyes
        self._audit = audit
        self._needed = good_cycles
        self._good = 0
        self._owner = (os.getpid() << 16 ^ time.time_ns()) % 0xFFFFFFFF + 1
        self._leaving_s: float | None = None
        self._leftovers = Leftovers(point_map, audit)
        self.approvals = Approvals(rules_of(site, limits, point_map), audit)
        self.missing: tuple[str, ...] = ()
        self.keeper = keeper
        self.hands: Hands | None = None

    @property
    def unknown(self) -> tuple[str, ...]:
        """What stands at our priority, is not ours, and is not confirmed."""
        return self._leftovers.unknown

    async def look_back(self, now_s: float) -> None:
        """At the start: find and tell what stands at our priority.

        Raises
        ------
        CommunicationError
            If a device is lost; it is looked up again before anything is written.
        """
        self._leftovers.tell(await self._eyes.standing(), now_s)

    @property
    def leaving(self) -> bool:
        """Whether the plant is on its way back to its own setpoints."""
        return self.hands is not None and self.keeper.wanted is not Mode.AUTO

    async def settle(self, look: Look, seen: Estimate) -> Change | None:
        """Bring the mode in line with the plant and with what was asked for.

        Parameters
        ----------
        look, seen
            The plant now.

        Returns
        -------
        Change or None
            If the mode changed; it is in the audit log already.
        """
        self._good = 0 if seen.problems else self._good + 1
        if self.hands is not None:
            why = await self._disturbed(look, seen.time_s)
            if why:
                return await self.drop(seen, why, theirs=True)
            if not self.leaving or not self._is_home(seen):
                return None
        if self.hands is None and self.unknown:  # perhaps it was cleared meanwhile
            await self.look_back(seen.time_s)
        standing = grant(look, self._owner, self._good, self._needed)._replace(
            limits=self.approvals.missing
        )
        change = self.keeper.settle(standing, seen.time_s)
        self.missing = self.keeper.missing(standing)
        if change is not None and change.new is Mode.AUTO:
            change = await self._enter(seen, change)
        if change is not None and change.old is Mode.AUTO:
            await self._give_back(seen)
        return self._told(change, seen.time_s)

    async def _disturbed(self, look: Look, now_s: float) -> str:
        """Whether somebody else is at the plant; remembers what the operator holds."""
        if self.hands is None:
            return ""
        path = self.hands.path
        path.settle(look.slots)
        found = trespass(look, self._owner, path.written, path.confirmed, self._map)
        held = set(found.overridden)
        for name, why in found.foreign.items():
            # an operator above our priority takes this point only
            if not await self._eyes.outranked(name):
                return f"somebody else writes: {why}"
            held.add(name)
        if held != path.yielded:
            event = "yields" if held - path.yielded else "resumes"
            self._audit.record(event, now_s, points=sorted(held))
            path.yielded = frozenset(held)
        return found.step_down

    def _is_home(self, seen: Estimate) -> bool:
        """Whether the plant stands at its design, or has had the time to."""
        if self._leaving_s is None:
            self._leaving_s = seen.time_s
            self._audit.record("goes_home", seen.time_s, wanted=self.keeper.wanted)
        far = [
            name
            for name, value in seen.setpoints._asdict().items()
            if abs(value - getattr(self._site.design, name))
            > getattr(self._site.guard, name).deadband
        ]
        return not far or seen.time_s - self._leaving_s >= HOME_WITHIN_S

    async def _enter(self, seen: Estimate, change: Change) -> Change | None:
        """Get hands and take over; back to shadow if the plant does not let us."""
        interval_s = self._site.control.control_interval_s
        verifier = Verifier(
            self._limits,
            self._map,
            seen.setpoints,
            seen.time_s - interval_s,
            interval_s,
        )
        try:
            why = self._leftovers.ask(await self._eyes.standing(), seen.time_s)
            if why:
                return self._refused(change, why)
            driver = await self._eyes.with_hands()
            hands = Hands(driver, self._map, self._audit, verifier, self._owner)
            self.approvals.enters_auto(self.keeper.armed_by, seen.time_s)
            why = await hands.enter(seen)
        except (CommunicationError, AuditError) as error:
            why = str(error)
        if not why:
            self.hands, self._leaving_s = hands, None
            return change
        await self._eyes.without_hands()
        return self._refused(change, why)

    def _refused(self, change: Change, why: str) -> Change:
        """Stay in shadow; a person must arm again."""
        self.keeper.refuse(why)
        refused = change._replace(new=self.keeper.mode, why=f"auto refused: {why}")
        return refused._replace(old=Mode.SHADOW)

    async def drop(self, seen: Estimate, why: str, theirs: bool) -> Change | None:
        """Leave auto at once.

        Parameters
        ----------
        seen
            The plant as last seen.
        why
            For the audit log.
        theirs
            Whether somebody else has the plant, so that nothing may be written any more.
        """
        change = self.keeper.step_down(why)
        if theirs and self.hands is not None:
            await self.hands.let_go(seen.time_s, why)
            await self._without_hands()
        else:
            await self._give_back(seen)
        return self._told(change, seen.time_s)

    async def _give_back(self, seen: Estimate) -> None:
        """Write the defaults, read back, free the lease."""
        if self.hands is not None:
            await self.hands.leave(seen)
            await self._without_hands()

    async def _without_hands(self) -> None:
        self.hands = None
        await self._eyes.without_hands()

    async def abandon(self) -> None:
        """Drop the connection without another write; the heartbeat watch does the rest."""
        if self.hands is not None:
            await self._without_hands()

    def _told(self, change: Change | None, now_s: float) -> Change | None:
        """Record a change."""
        if change is not None:
            self._audit.record("mode", now_s, **change._asdict())
        return change

    async def close(self, seen: Estimate | None) -> None:
        """Give the plant back, if we have it."""
        if seen is not None:
            await self._give_back(seen)
