"""What the face shows: finished runs, side by side."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from twin.config import Site
from twin.guard import GuardEvent
from twin.kpis import Kpis
from twin.scenario import Scenario


class Run(NamedTuple):
    """One controller's run."""

    name: str
    telemetry: pd.DataFrame  # time_s at the end of each scan, inputs, outputs
    setpoints: pd.DataFrame  # time_s, setpoints in force from then on
    kpis: Kpis
    guard_events: list[GuardEvent]
    guard_violations: int  # counted independently of the guard; must be 0
    writes: int  # write requests that crossed the wire
    readback_mismatches: int
    fallbacks: int  # decisions whose status is not "ok"
    held: int  # scans without a complete cycle


class Settings(NamedTuple):
    """What was asked for."""

    site: str
    date: str
    hours: float
    seed: int
    spread: float


class Study(NamedTuple):
    """Runs of the same hours under the same conditions; the last is the candidate."""

    settings: Settings
    site: Site
    scenario: Scenario
    runs: tuple[Run, ...]
    directory: Path
    wall_s: float

    @property
    def candidate(self) -> Run:
        """The run under judgement."""
        return self.runs[-1]

    @property
    def baselines(self) -> tuple[Run, ...]:
        """What it is judged against."""
        return self.runs[:-1]
