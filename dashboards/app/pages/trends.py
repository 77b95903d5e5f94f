"""Trends: several points over any period, with minimum, mean and maximum."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboards.app.charts import DASHES, TONES, Line, bucketed, courses
from dashboards.app.parts import chart, exports
from dashboards.app.texts import say
from dashboards.app.units import unit_of
from dashboards.app.view import View
from twin.signal_table import catalogue

DEFAULT = ("site_power_w", "it_power_w", "wet_bulb_c")
GROUPS = ("inputs", "outputs")
S_PER_H = 3600.0


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue = view.language
    names = [n for n in view.run.telemetry.columns if n != "time_s"]
    chosen = st.multiselect(say("trends.signals", tongue), names, DEFAULT, key="trend")
    table = window(view)
    by_unit: dict[str, list[str]] = {}
    for name in chosen:
        by_unit.setdefault(unit(name), []).append(name)
    for si, signals in by_unit.items():
        symbol = unit_of(si, view.fahrenheit).symbol or "-"
        option = trend(view, table, signals, si)
        chart(option, f"trend_{si}", f"{', '.join(signals)} [{symbol}]")
    if len(table) > len(bucketed(table, "site_power_w")):
        st.caption(say("trends.buckets", tongue))
    exports(table[["time_s", *chosen]], "trends", tongue)


def window(view: View) -> pd.DataFrame:
    """Rows of the chosen period."""
    table = view.run.telemetry
    hour = table["time_s"] / S_PER_H
    first_h, end_h = float(hour.iloc[0]), float(hour.iloc[-1])
    if not end_h > first_h:
        return table
    low, high = st.slider(
        say("trends.window", view.language),
        first_h,
        end_h,
        (first_h, end_h),
        key="window",
    )
    return table[(hour >= low - 1e-6) & (hour <= high + 1e-6)]


def unit(signal: str) -> str:
    """SI unit of a measured signal."""
    rows = catalogue()
    return next(rows[g, signal].unit for g in GROUPS if (g, signal) in rows)


def trend(
    view: View, table: pd.DataFrame, signals: list[str], si: str
) -> dict[str, Any]:
    """Signals of one unit; extremes as thin dotted lines where points were merged."""
    shown_as = unit_of(si, view.fahrenheit)
    lines = []
    for number, name in enumerate(signals):
        tone = number % len(TONES)
        found = bucketed(table, name)
        hour = found["hour"].to_numpy(dtype=float)
        courses_ = {"mean": DASHES[tone], "low": "dotted", "high": "dotted"}
        merged = not np.array_equal(found["low"], found["high"], equal_nan=True)
        for kind, dash in courses_.items():
            if kind != "mean" and not merged:
                continue
            value = found[kind].to_numpy(dtype=float)
            label = name if kind == "mean" else f"{name} {kind}"
            scaled = value * shown_as.factor + shown_as.offset
            lines.append(Line(label, hour, scaled, TONES[tone], dash))
    return courses(lines, shown_as.symbol or "-", say("chart.hour", view.language))
