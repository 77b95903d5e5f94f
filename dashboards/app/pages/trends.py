"""Trends: several points over any period, beside an earlier one if asked."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboards.app.charts import DASHES, GREY, TONES, Line, bucketed, courses
from dashboards.app.parts import chart, exports
from dashboards.app.parts import table as shown
from dashboards.app.texts import say
from dashboards.app.units import show, unit_of
from dashboards.app.view import View
from twin.signal_table import catalogue

DEFAULT = ("site_power_w", "it_power_w", "wet_bulb_c")
GROUPS = ("inputs", "outputs")
EARLIER_H = (0, 1, 24, 168)  # the same hour, yesterday, a week ago
S_PER_H = 3600.0


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue = view.language
    names = [n for n in view.run.telemetry.columns if n != "time_s"]
    chosen = st.multiselect(say("trends.signals", tongue), names, DEFAULT, key="trend")
    table = window(view)
    back_h = earlier(view)
    before = shifted(view, table, back_h)
    by_unit: dict[str, list[str]] = {}
    for name in chosen:
        by_unit.setdefault(unit(name), []).append(name)
    for si, signals in by_unit.items():
        symbol = unit_of(si, view.fahrenheit).symbol or "-"
        option = trend(view, table, signals, si, before)
        chart(option, f"trend_{si}", f"{', '.join(signals)} [{symbol}]")
    if len(table) > len(bucketed(table, "site_power_w")):
        st.caption(say("trends.buckets", tongue))
    if not before.empty:
        shown(periods(view, table, before, chosen), "periods", tongue)
    exports(table[["time_s", *chosen]], "trends", tongue)


def earlier(view: View) -> float:
    """How much earlier the period lies to compare with; 0 for none [h]."""
    chosen = st.segmented_control(
        say("trends.earlier", view.language), EARLIER_H, default=0, key="trend_earlier"
    )
    return float(chosen or 0)


def shifted(view: View, table: pd.DataFrame, back_h: float) -> pd.DataFrame:
    """Rows of the earlier period, moved onto the chosen one; none if not recorded."""
    whole = view.run.telemetry
    moved = whole.assign(time_s=whole["time_s"] + back_h * S_PER_H)
    low_s, high_s = table["time_s"].iloc[0], table["time_s"].iloc[-1]
    within = moved["time_s"].between(low_s, high_s)
    return moved[within & (back_h > 0)]


def periods(
    view: View, table: pd.DataFrame, before: pd.DataFrame, chosen: list[str]
) -> pd.DataFrame:
    """Mean of each signal in both periods over the hours that both have."""
    tongue = view.language
    same = table[table["time_s"].between(*before["time_s"].iloc[[0, -1]])]
    rows = []
    for name in chosen:
        now, then = (float(part[name].mean()) for part in (same, before))
        si = unit(name)
        change = f"{100.0 * (now / then - 1.0):+.2f} %" if si == "W" and then else ""
        apart = "K" if si == "degC" else si
        difference = show(now - then, apart, view.fahrenheit)
        texts = (show(value, si, view.fahrenheit) for value in (now, then))
        rows.append((name, *texts, difference, change))
    heads = ("signal", "now", "then", "difference", "change")
    return pd.DataFrame(rows, columns=[say(f"trends.{h}", tongue) for h in heads])


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
    view: View,
    table: pd.DataFrame,
    signals: list[str],
    si: str,
    before: pd.DataFrame,
) -> dict[str, Any]:
    """Signals of one unit; extremes as thin dotted lines where points were merged.

    The earlier period, if there is one, is drawn in grey under the hours of this one.
    """
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
        if not before.empty:
            then = bucketed(before, name)
            value = then["mean"].to_numpy(dtype=float)
            scaled = value * shown_as.factor + shown_as.offset
            label = f"{name} {say('trends.then', view.language)}"
            hour = then["hour"].to_numpy(dtype=float)
            lines.append(Line(label, hour, scaled, GREY, DASHES[tone]))
    return courses(lines, shown_as.symbol or "-", say("chart.hour", view.language))
