"""What a page gets to draw: one run up to one moment, and nothing else."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dashboards.app.recording import Event, Recording, RunInfo
from dashboards.app.units import show
from twin.config import Site
from twin.kpis import Kpis, kpis
from twin.scenario import Scenario
from twin.signals import Inputs, Outputs

STALE_SCANS = 3.0  # without a scan for so many intervals, readings are old
LEAST_ROWS = 2  # for figures over a period


class Health(NamedTuple):
    """What the banner says."""

    mode: str  # auto, hold, local; record for a finished run
    heartbeat: str  # beating, stopped, none
    age_s: float  # since the last reading
    good_share: float  # of the readings of the last scan
    is_live: bool


class Margin(NamedTuple):
    """How far a limited temperature is from its limit now."""

    signal: str
    value_c: float
    limit_c: float

    @property
    def margin_k(self) -> float:
        """Negative beyond the limit."""
        return self.limit_c - self.value_c


class View(NamedTuple):
    """One run up to now; all tables end there."""

    info: RunInfo
    site: Site
    scenario: Scenario
    run: Recording  # cut at now
    whole: Recording  # as recorded, for what the future held in a replay
    now_s: float
    health: Health
    fahrenheit: bool
    language: str
    daemon: dict[str, Any] | None = None  # what it says of itself, if one answers

    @property
    def last(self) -> pd.Series:
        """Last row of the telemetry."""
        return self.run.telemetry.iloc[-1]

    def value(self, signal: str) -> float:
        """Last reading of a signal, not-a-number if it is missing."""
        return float(self.last.get(signal, float("nan")))

    def shown(self, signal: str, si: str) -> str:
        """Last reading as text with its unit."""
        return show(self.value(signal), si, self.fahrenheit)

    def text(self, value: float, si: str) -> str:
        """Any value as text with its unit."""
        return show(value, si, self.fahrenheit)


def cut(run: Recording, now_s: float) -> Recording:
    """Run as it was known at a moment."""

    def until(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["time_s"] <= now_s]

    events: tuple[Event, ...] = tuple(e for e in run.events if e.time_s <= now_s)
    telemetry = until(run.telemetry)
    if telemetry.empty:
        telemetry = run.telemetry.iloc[:1]
    setpoints = until(run.setpoints)
    decisions = until(run.decisions)
    return Recording(run.name, telemetry, setpoints, decisions, events)


def health(site: Site, run: Recording, now_s: float, age_s: float | None) -> Health:
    """State of the loop.

    Parameters
    ----------
    site
        Gives the pace.
    run
        Cut at now.
    now_s
        Plant clock.
    age_s
        Since the data changed, on the wall clock; None for a record.
    """
    table = run.telemetry
    names = [  # what the plant never reports is not missing
        name
        for name in (*Inputs._fields, *Outputs._fields)
        if name in table and table[name].notna().any()
    ]
    last = table.iloc[-1]
    good = float(np.isfinite(last[names].to_numpy(dtype=float)).mean())
    behind_s = now_s - float(last["time_s"])
    is_old = behind_s > STALE_SCANS * site.control.scan_interval_s
    mode, heartbeat = _control(run.events)
    if age_s is None:
        return Health(mode, heartbeat, max(behind_s, 0.0), good, is_live=False)
    stopped = is_old or age_s > site.control.scan_interval_s
    return Health(mode, "stopped" if stopped else heartbeat, age_s, good, is_live=True)


def told(found: Health, said: dict[str, Any] | None) -> Health:
    """Health as a daemon tells it; one that does not answer has stopped.

    Parameters
    ----------
    found
        From what is recorded.
    said
        Status of the daemon; None if it does not answer.
    """
    if said is None:
        return found._replace(heartbeat="stopped")
    mode = str(said["mode"])
    beats = "beating" if mode == "auto" and not said.get("held") else "none"
    late = found.heartbeat == "stopped" and beats == "beating"
    return found._replace(mode=mode, heartbeat="stopped" if late else beats)


def _control(events: tuple[Event, ...]) -> tuple[str, str]:
    """Mode and heartbeat that the last events of the journal amount to."""
    if not events:
        return "record", "none"
    for event in reversed(events):
        if event.kind == "mode":
            mode = str(event.details.get("new", "record"))
            return mode, "beating" if mode == "auto" else "none"
        if event.kind == "hold":
            return "hold", "stopped"
        if event.kind == "release":
            return "local", "stopped"
        if event.kind in ("decision", "result", "intent"):
            return "auto", "beating"
    return "record", "none"


def margins(view: View) -> list[Margin]:
    """Limited temperatures that were read, the nearest to its limit first."""
    found = [
        Margin(name, view.value(name), limit_c)
        for name, limit_c in view.site.limits._asdict().items()
    ]
    known = [margin for margin in found if np.isfinite(margin.value_c)]
    return sorted(known, key=lambda margin: margin.margin_k)


def figures(view: View) -> Kpis | None:
    """Figures from the start to now, None while there is too little."""
    run = view.run
    if len(run.telemetry) < LEAST_ROWS or run.setpoints.empty:
        return None
    return kpis(view.site, view.scenario, run.telemetry, run.setpoints)
