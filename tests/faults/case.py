"""What a case of the fault matrix is."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.faults.rig import Course, Rig, Trick

BEGIN, END = 4, 7  # turns with the fault


class Case(NamedTuple):
    """One row of the matrix."""

    number: int
    fault: str
    where: str  # injected
    expected: str
    steps: dict[int, Callable[[Rig], Any]]
    check: Callable[[Course], str]  # asserts, and says what was seen
    others: Callable[[], dict[str, Any]] = dict  # arguments of the run
    moved_by_others: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """For the test."""
        return f"{self.number:02d} {self.fault}"


def within(trick: Trick | None) -> Callable[[Rig], None]:
    """From now on this happens on the wire."""

    def apply(rig: Rig) -> None:
        rig.wire.trick = trick

    return apply


def trick(one: Trick) -> dict[int, Callable[[Rig], None]]:
    """Tamper with the wire for a while."""
    return {BEGIN: within(one), END: within(None)}
