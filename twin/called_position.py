"""Where a run with a controller in Python stands, as its folder can hold it.

The controller tells its memory as JSON (``state``) and takes it back (``restore``); one that
cannot begins anew. What the forecaster knows is not kept: it sees the past again.
"""

import json
from typing import Any, NamedTuple

from twin.guard import GuardEvent, GuardMemory
from twin.interfaces import Decision
from twin.rows import Row
from twin.signals import Setpoints


class CalledPosition(NamedTuple):
    """Everything that a walk needs to go on."""

    scan: int
    state: Row
    active: Row
    told: str  # of ``Told``, as JSON


class Told(NamedTuple):
    """What is no row of numbers."""

    measured: dict[str, float]
    memory: GuardMemory
    decisions: list[Decision]
    guard_events: list[GuardEvent]
    guard_violations: list[str]
    controller: dict[str, Any]


def as_text(told: Told) -> str:
    """JSON; numbers come back to the bit. Plans of jobs are not kept."""
    decisions = [one._replace(jobs=None) for one in told.decisions]
    return json.dumps(told._replace(decisions=decisions))


def from_text(text: str) -> Told:
    """What was told."""
    measured, memory, decisions, events, violations, controller = json.loads(text)
    moved_s, checked_s, started_s = memory
    started = {name: tuple(times) for name, times in started_s.items()}
    made = [Decision(Setpoints(*setpoints), *rest) for setpoints, *rest in decisions]
    return Told(
        measured,
        GuardMemory(moved_s, checked_s, started),
        made,
        [GuardEvent(*one) for one in events],
        violations,
        controller,
    )
