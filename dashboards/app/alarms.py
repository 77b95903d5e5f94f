"""What was not normal in a record, with the states of ISA-18.2 that a record can have.

A record has nobody who acknowledged, so an alarm is unacknowledged while it lasts and
returned unacknowledged afterwards.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from dashboards.app.texts import say
from dashboards.app.view import View
from twin.signals import Inputs, Outputs

S_PER_H = 3600.0
UNACKNOWLEDGED, RETURNED = "alarm.unacknowledged", "alarm.returned"


class Alarm(NamedTuple):
    """One stretch of time in which something was not normal."""

    what: str
    priority: int  # 1 is the highest
    begin_s: float
    end_s: float
    state: str  # key of the texts
    response: str


def found(view: View) -> list[Alarm]:
    """Alarms up to now, the active and important first."""
    every = [*_limits(view), *_missing(view), *_holds(view)]
    return sorted(every, key=lambda a: (a.state == RETURNED, a.priority, -a.begin_s))


def active(view: View) -> list[Alarm]:
    """Alarms that last."""
    return [alarm for alarm in found(view) if alarm.state == UNACKNOWLEDGED]


def alarm_table(view: View) -> pd.DataFrame:
    """Alarms as a table."""
    tongue = view.language
    columns = [
        f"alarms.{name}"
        for name in ("state", "priority", "what", "begin", "end", "response")
    ]
    rows = [
        (
            ("▲ " if a.state == UNACKNOWLEDGED else "△ ") + say(a.state, tongue),
            a.priority,
            a.what,
            round(a.begin_s / S_PER_H, 2),
            round(a.end_s / S_PER_H, 2) if a.state == RETURNED else None,
            a.response,
        )
        for a in found(view)
    ]
    return pd.DataFrame(rows, columns=[say(column, tongue) for column in columns])


def _limits(view: View) -> list[Alarm]:
    """Temperatures above their limits."""
    text, cool = say("alarm.limit", view.language), say("alarm.cool", view.language)
    alarms = []
    for name, limit_c in view.site.limits._asdict().items():
        above = view.run.telemetry[name].to_numpy(dtype=float) > limit_c
        alarms += _stretches(view, above, f"{name} {text}", 1, cool)
    return alarms


def _missing(view: View) -> list[Alarm]:
    """Readings that did not come."""
    text, look = say("alarm.missing", view.language), say("alarm.look", view.language)
    alarms = []
    table = view.run.telemetry
    for name in (*Inputs._fields, *Outputs._fields):
        if name in table and not table[name].isna().all():
            gone = table[name].isna().to_numpy()
            alarms += _stretches(view, gone, f"{name}: {text}", 3, look)
    return alarms


def _holds(view: View) -> list[Alarm]:
    """Cycles in which the loop left the plant as it was."""
    text, look = say("alarm.hold", view.language), say("alarm.look", view.language)
    scan_s = view.site.control.scan_interval_s
    held = [event.time_s for event in view.run.events if event.kind == "hold"]
    time_s = view.run.telemetry["time_s"].to_numpy(dtype=float)
    near = np.array([any(abs(t - h) < scan_s / 2 for h in held) for t in time_s], bool)
    return _stretches(view, near, text, 2, look) if held else []


def _stretches(
    view: View, wrong: np.ndarray, what: str, priority: int, response: str
) -> list[Alarm]:
    """Times from when something began to be wrong until it was right again."""
    time_s = view.run.telemetry["time_s"].to_numpy(dtype=float)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wrong, [False]])))
    alarms = []
    for begin, end in edges.reshape(-1, 2):
        lasts = end == len(time_s)
        end_s = float(time_s[-1] if lasts else time_s[end])
        state = UNACKNOWLEDGED if lasts else RETURNED
        alarms.append(
            Alarm(what, priority, float(time_s[begin]), end_s, state, response)
        )
    return alarms
