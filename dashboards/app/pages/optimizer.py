"""Optimizer: what it wanted, what the guard let through, plan against actual, savings."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboards import tables
from dashboards.app import live, recommendation, recording, state
from dashboards.app.charts import GREY, Line, courses, line
from dashboards.app.parts import chart, table
from dashboards.app.recording import Event
from dashboards.app.texts import say
from dashboards.app.units import show
from dashboards.app.view import View, cut, figures
from twin.errors import WetbulbError
from twin.kpis import Kpis
from twin.signal_table import catalogue
from twin.signals import Setpoints


class Judged:
    """A run of this folder with its figures."""

    def __init__(self, name: str, kpis: Kpis) -> None:
        self.name = name
        self.kpis = kpis


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue = view.language
    if view.daemon is not None:
        live.modes(view, view.daemon)
        recommendation.draw(view, view.daemon)
        table(live.advice(view, view.daemon), "advice", tongue)
    st.markdown(f"**{say('optimizer.recommendations', tongue)}**")
    event = last_decision(view)
    if event is None:
        st.caption(say("optimizer.none", tongue))
    else:
        said = event.details["decision"]
        st.markdown(
            f"{say('optimizer.why', tongue)}: {said['reason']} · "
            f"{said['status']} · {event.time_s / 3600.0:.2f} h"
        )
    table(recommendations(view, event), "decision", tongue)
    st.markdown(f"**{say('optimizer.savings', tongue)}**")
    _savings(view)
    if not view.run.decisions.empty:
        chart(plan(view), "plan", say("chart.plan", tongue))
    name = st.selectbox(say("optimizer.setpoint", tongue), Setpoints._fields, key="sp")
    chart(in_force(view, str(name)), "setpoint", say("chart.setpoint", tongue))


def last_decision(view: View) -> Event | None:
    """Last decision in the journal."""
    found = (e for e in reversed(view.run.events) if "decision" in e.details)
    return next(found, None)


def recommendations(view: View, event: Event | None) -> pd.DataFrame:
    """Each setpoint: in force, wanted, what the guard allows and its limits."""
    tongue = view.language
    wanted: dict[str, Any] = event.details["decision"]["setpoints"] if event else {}
    vetoes = event.details.get("guard_events", []) if event else []
    rules = {veto["setpoint"]: veto["rule"] for veto in vetoes}
    table_ = view.run.setpoints
    rows = []
    for name in Setpoints._fields:
        limits = getattr(view.site.guard, name)
        si = "count" if limits.whole_number else catalogue()["setpoints", name].unit
        column = table_[name].to_numpy(dtype=float)
        before = column[-2] if len(column) > 1 else np.nan
        now = column[-1] if len(column) else np.nan

        def text(value: Any, si: str = si) -> str:
            return show(float(value), si, view.fahrenheit)

        rows.append(
            {
                say("optimizer.setpoint", tongue): name,
                say("optimizer.from", tongue): text(before),
                say("optimizer.wanted", tongue): text(wanted.get(name, np.nan)),
                say("optimizer.to", tongue): text(now),
                say("optimizer.allowed", tongue): rules.get(name, ""),
                say("point.limits", tongue): (
                    f"{text(limits.minimum)} … {text(limits.maximum)}"
                ),
            }
        )
    return pd.DataFrame(rows)


def judged(view: View) -> list[Judged]:
    """Every controller of the folder up to the same moment, the shown one last."""
    names = [n for n in view.info.controllers if n != view.run.name]
    found = []
    for name in [*names, view.run.name]:
        stamp = recording.stamp(view.info, name)
        try:
            whole = state.recorded(view.info, name, stamp)
        except WetbulbError:
            continue
        kpis = figures(view._replace(run=cut(whole, view.now_s)))
        if kpis is not None:
            found.append(Judged(name, kpis))
    return found


def _savings(view: View) -> None:
    """What the shown controller saves against the others, with the method."""
    tongue, runs = view.language, judged(view)
    if len(runs) < 2:
        st.caption(say("optimizer.no_baseline", tongue))
        return
    rows = [
        {
            say("optimizer.against", tongue): saving.against,
            say("optimizer.energy", tongue): f"{100.0 * saving.site_energy:.2f}",
            say("optimizer.cooling", tongue): f"{100.0 * saving.cooling_energy:.2f}",
            say("optimizer.cost", tongue): f"{100.0 * saving.cost:.2f}",
        }
        for saving in tables.savings(runs)
    ]
    table(pd.DataFrame(rows), "savings", tongue)
    st.caption(say("optimizer.method", tongue))


def plan(view: View) -> dict[str, Any]:
    """Site power as predicted at each decision, and as it came."""
    tongue, decisions = view.language, view.run.decisions
    hour = decisions["time_s"].to_numpy(dtype=float) / 3600.0
    predicted = decisions["predicted_site_power_w"].to_numpy(dtype=float) / 1e3
    actual = line(
        view.run.telemetry, "site_power_w", say("series.actual", tongue), si="W"
    )
    name = say("series.predicted", tongue)
    lines = [actual]
    if np.isfinite(predicted).any():
        lines.append(Line(name, hour, predicted, GREY, "dashed", steps=True))
    return courses(lines, "kW", say("chart.hour", tongue))


def in_force(view: View, name: str) -> dict[str, Any]:
    """Course of a setpoint."""
    si = catalogue()["setpoints", name].unit
    one = line(view.run.setpoints, name, name, si=si)._replace(steps=True)
    return courses(
        [one], show(0.0, si).split(" ")[-1], say("chart.hour", view.language)
    )
