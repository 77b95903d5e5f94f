"""Modes of the closed loop, and what it takes to get into the one that writes.

off -> shadow -> advise -> auto. A start is always in shadow. Auto needs five things at the
same time: the plant's remote enable, the lease, enough good cycles, limits that are in
force or approved, and a person who armed it. If one of the first three goes, auto ends and
the arming with it, so that a person looks before it begins again.
"""

from enum import StrEnum
from typing import NamedTuple

ARMED_FOR_S = 900.0  # plant time that an arming waits for the other conditions


class Mode(StrEnum):
    """What the loop may do."""

    OFF = "off"  # reads only
    SHADOW = "shadow"  # decides and records
    ADVISE = "advise"  # and shows what it would do
    AUTO = "auto"  # and writes


class Grant(NamedTuple):
    """What the world says about auto; each entry is empty if it agrees, or the reason."""

    remote: str
    lease: str
    cycles: str
    limits: str = ""  # two persons have approved what was changed

    @property
    def reasons(self) -> tuple[str, ...]:
        """Everything that stands against auto."""
        return tuple(reason for reason in self if reason)


class Change(NamedTuple):
    """A change of mode."""

    old: Mode
    new: Mode
    why: str


class ModeKeeper:
    """Knows the mode, what is wanted, and who armed it.

    Parameters
    ----------
    wanted
        Mode to reach; auto only after arming.
    """

    def __init__(self, wanted: Mode) -> None:
        self.mode = Mode.SHADOW
        self.wanted = wanted
        self.armed_by = ""
        self._armed_s = 0.0

    def request(self, mode: Mode) -> None:
        """Ask for a mode; the next ``settle`` goes there as far as it is allowed."""
        self.wanted = mode
        if mode is not Mode.AUTO:
            self.armed_by = ""

    def arm(self, who: str, now_s: float) -> None:
        """A person allows auto; the arming is used up or lapses."""
        self.armed_by, self._armed_s = who, now_s

    def disarm(self) -> None:
        """A person takes the permission back; the plant is then ramped home."""
        self.armed_by = ""
        if self.mode is Mode.AUTO:
            self.wanted = Mode.SHADOW

    def missing(self, grant: Grant) -> tuple[str, ...]:
        """Everything that auto still needs."""
        armed = () if self.armed_by else ("nobody armed it: wetbulb control arm",)
        return (*grant.reasons, *armed)

    def settle(self, grant: Grant, now_s: float) -> Change | None:
        """Go to the wanted mode, or the nearest below it that is allowed.

        Parameters
        ----------
        grant
            As the plant sees it now.
        now_s
            Plant clock.

        Returns
        -------
        Change or None
            If the mode changed.
        """
        if self.mode is not Mode.AUTO and now_s - self._armed_s > ARMED_FOR_S:
            self.armed_by = ""
        missing = self.missing(grant)
        if self.wanted is not Mode.AUTO:
            return self._go(self.wanted, "asked for")
        if not missing:
            return self._go(Mode.AUTO, f"armed by {self.armed_by}")
        if self.mode is Mode.AUTO:
            return self.step_down("; ".join(missing))
        return None if self.mode is Mode.ADVISE else self._go(Mode.SHADOW, "not armed")

    def step_down(self, why: str) -> Change | None:
        """Leave auto; a person must arm it and ask for it again."""
        self.wanted = Mode.SHADOW
        return self.refuse(why)

    def refuse(self, why: str) -> Change | None:
        """Do not enter auto after all; it is still asked for, a person must arm it."""
        self.armed_by = ""
        return self._go(Mode.SHADOW, why)

    def _go(self, mode: Mode, why: str) -> Change | None:
        """Change the mode if it is another."""
        if mode is self.mode:
            return None
        change = Change(self.mode, mode, why)
        self.mode = mode
        return change
