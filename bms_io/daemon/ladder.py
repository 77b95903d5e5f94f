"""What to do when the optimizer cannot be trusted: hold, then rules, then let go."""

from enum import StrEnum

HOLD_CYCLES = 2  # assumption: half an hour at 15 min a cycle
RELEASE_CYCLES = 4  # held this often in a row without anything better


class Rung(StrEnum):
    """What a control cycle follows."""

    OPTIMIZE = "optimize"
    HOLD = "hold"  # the last setpoints stay
    RULES = "rules"
    RELEASE = "release"  # back to local control


class Ladder:
    """Counts failures in a row."""

    def __init__(self) -> None:
        self.failures = 0
        self.rung = Rung.OPTIMIZE

    def step(self, failed: bool, rules_possible: bool) -> Rung:
        """Choose for this control cycle.

        Parameters
        ----------
        failed
            Whether any gate is closed.
        rules_possible
            Whether there is a fallback, and data good enough for it.
        """
        self.failures = self.failures + 1 if failed else 0
        if not failed:
            self.rung = Rung.OPTIMIZE
        elif self.failures <= HOLD_CYCLES:
            self.rung = Rung.HOLD
        elif rules_possible:
            self.rung = Rung.RULES
        else:
            gone = self.failures > RELEASE_CYCLES
            self.rung = Rung.RELEASE if gone else Rung.HOLD
        return self.rung
