"""What a loop is made of, and what it tells."""

import math
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bms_io.command import Sent
from bms_io.daemon.desk import Decider
from bms_io.daemon.eyes import Look
from bms_io.daemon.modes import Change, Mode
from bms_io.daemon.pace import Pace, SteppedPace
from bms_io.daemon.steering import Forecaster, Plan
from bms_io.limits import Limits, limits_of
from bms_io.points import PointMap
from twin.config import Site
from twin.guard import GuardEvent
from twin.interfaces import Controller, Estimate

Progress = Callable[[int, int], None]  # turns done, turns in all


class TurnReport(NamedTuple):
    """What happened in one turn, for everybody who watches."""

    time_s: float
    look: Look
    seen: Estimate
    mode: Mode
    wanted: Mode
    armed_by: str
    missing: tuple[str, ...]  # what auto still needs
    change: Change | None
    complete: bool
    plan: Plan | None
    sent: Sent | None
    overridden: frozenset[str]
    locked: frozenset[str]
    unknown: tuple[str, ...]  # at our priority, not ours, not confirmed
    emergency: str
    held: str  # why the plant was left as it was, or empty
    spent_s: float  # on the wall clock


class Setup(NamedTuple):
    """Everything that a loop needs."""

    site: Site
    point_map: PointMap
    pace: Pace
    decider: Decider
    forecaster: Forecaster
    directory: Path  # for audit log and tables; made if it is not there
    limits: Limits  # of the verifier
    fallback: Controller | None = None
    wanted: Mode = Mode.SHADOW
    armed_by: str = ""
    good_cycles: int = 3  # before auto
    tables: bool = True  # CSV of everything; a daemon has its historian instead
    deadline_s: float = 300.0  # of a decision, on the wall clock
    progress: Progress = lambda done, total: None
    watchers: tuple[Callable[[TurnReport], None], ...] = ()


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
    held: int  # times that the plant was left as it was, with a reason in the audit log


class Tally:
    """What is counted during a run.

    Parameters
    ----------
    most
        Entries kept of each kind; all if None.
    """

    def __init__(self, most: int | None = None) -> None:
        self.guard_events: deque[GuardEvent] = deque(maxlen=most)
        self.guard_violations: deque[str] = deque(maxlen=most)
        self.readback_mismatches: deque[str] = deque(maxlen=most)
        self.writes = 0
        self.held = 0

    def add(self, plan: Plan, sent: Sent) -> None:
        """Count one control cycle."""
        self.guard_events += plan.events
        self.guard_violations += sent.refusals
        self.readback_mismatches += sent.mismatches
        self.writes += sent.written


def unattended(
    site: Site,
    point_map: PointMap,
    decider: Decider,
    forecaster: Forecaster,
    directory: Path,
    armed_by: str,
) -> Setup:
    """Setup of a run in auto against a virtual plant whose clock the loop moves."""
    return Setup(
        site,
        point_map,
        SteppedPace(point_map),
        decider,
        forecaster,
        directory,
        limits_of(site),
        wanted=Mode.AUTO,
        armed_by=armed_by,
        good_cycles=1,
        deadline_s=math.inf,
    )
