"""Figures of the screen as ECharts options: views in, plain dictionaries out.

Grey is what is normal; the accent is what is looked at; the alarm colour is a limit. Every
colour here has a contrast of 3 to 1 against the light and the dark page.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboards.app.units import unit_of

Series = NDArray[np.float64]
Option = dict[str, Any]
ACCENT, ALARM, GREY = "#3b82c4", "#d64545", "#808080"
TONES = (ACCENT, GREY, "#a8741a", "#2e8f83", "#8a6bbf", "#b0628f")
DASHES = ("solid", "dashed", "dotted", "solid", "dashed", "dotted")
MOST_POINTS = 1680  # buckets of a long trend, more than a screen has pixels
S_PER_H = 3600.0


class Line(NamedTuple):
    """One course over the hours of the run."""

    name: str
    hour: Series
    value: Series
    colour: str = ACCENT
    dash: str = "solid"
    steps: bool = False


class Level(NamedTuple):
    """A horizontal line: a limit or a reserve."""

    name: str
    value: float
    colour: str = ALARM


def bucketed(table: pd.DataFrame, signal: str, most: int = MOST_POINTS) -> pd.DataFrame:
    """Mean, minimum and maximum of a signal in so many intervals at most.

    Returns
    -------
    DataFrame
        Columns hour, mean, low, high.
    """
    hour = table["time_s"].to_numpy(dtype=float) / S_PER_H
    value = table[signal].to_numpy(dtype=float)
    if len(hour) <= most:
        parts = {"hour": hour, "mean": value, "low": value, "high": value}
        return pd.DataFrame(parts)
    bucket = np.arange(len(hour)) * most // len(hour)
    grouped = pd.DataFrame({"hour": hour, "value": value}).groupby(bucket)
    found = grouped["value"].agg(["mean", "min", "max"])
    return pd.DataFrame(
        {
            "hour": grouped["hour"].mean(),
            "mean": found["mean"],
            "low": found["min"],
            "high": found["max"],
        }
    )


def line(
    table: pd.DataFrame, signal: str, name: str, number: int = 0, si: str = ""
) -> Line:
    """Course of a signal in the unit that is shown."""
    unit = unit_of(si)
    found = bucketed(table, signal)
    value = found["mean"].to_numpy(dtype=float) * unit.factor + unit.offset
    tone = number % len(TONES)
    return Line(name, found["hour"].to_numpy(float), value, TONES[tone], DASHES[tone])


def courses(
    lines: Sequence[Line], axis: str, hour_title: str, levels: Sequence[Level] = ()
) -> Option:
    """Lines over the hours of the run, with levels across.

    Parameters
    ----------
    lines
        At least one.
    axis
        Title of the value axis, with the unit.
    hour_title
        Title of the time axis.
    levels
        Limits.
    """
    series = [_series(one) for one in lines]
    if series and levels:
        series[0]["markLine"] = _marks(levels)
    bounds = np.array([level.value for level in levels])
    values = np.concatenate([*(one.value for one in lines), bounds])
    return {**_frame(axis, hour_title, values), "series": series}


def _series(one: Line) -> Option:
    """One line as ECharts wants it; holes stay holes."""
    return {
        "type": "line",
        "name": one.name,
        "data": pairs(one.hour, one.value),
        "showSymbol": False,
        "step": "end" if one.steps else False,
        "lineStyle": {"color": one.colour, "width": 1.6, "type": one.dash},
        "itemStyle": {"color": one.colour},
    }


def pairs(hour: Series, value: Series) -> list[list[float | None]]:
    """Points as plain data, not-a-number as a hole."""
    return [
        [round(float(h), 4), float(f"{v:.6g}") if np.isfinite(v) else None]
        for h, v in zip(hour, value, strict=True)
    ]


def _marks(levels: Sequence[Level]) -> Option:
    return {
        "symbol": "none",
        "silent": True,
        "data": [
            {
                "yAxis": float(level.value),
                "name": level.name,
                "lineStyle": {"color": level.colour, "type": "solid", "width": 1},
                "label": {"formatter": level.name, "position": "insideEndTop"},
            }
            for level in levels
        ],
    }


def _frame(axis: str, hour_title: str, values: Series) -> Option:
    """Axes, legend, tooltip and zoom that all courses share."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    room = 0.06 * (high - low) or abs(high) * 0.05 or 1.0
    return {
        "animation": False,
        "grid": {
            "left": 12,
            "right": 16,
            "top": 58,
            "bottom": 30,
            "containLabel": True,
        },
        "legend": {"top": 0, "left": 0, "type": "scroll"},
        "tooltip": {"trigger": "axis"},
        "dataZoom": [{"type": "inside"}],
        "xAxis": {
            "type": "value",
            "name": hour_title,
            "nameLocation": "middle",
            "nameGap": 26,
            "min": "dataMin",
            "max": "dataMax",
        },
        "yAxis": {
            "type": "value",
            "name": axis,
            "nameTextStyle": {"align": "left"},
            "axisLabel": {"showMinLabel": False, "showMaxLabel": False},
            "min": float(f"{low - room:.3g}"),
            "max": float(f"{high + room:.3g}"),
        },
    }


def stack(
    table: pd.DataFrame, layers: Mapping[str, Sequence[str]], hour_title: str
) -> Option:
    """Signals in watts on top of each other, in kW.

    Parameters
    ----------
    table
        Telemetry.
    layers
        Name of a layer and its signals, from the bottom; layers of nothing are left out.
    hour_title
        Title of the time axis.
    """
    series: list[Option] = []
    total = np.zeros(1)
    for name, signals in layers.items():
        parts = [bucketed(table, signal) for signal in signals if signal in table]
        value = sum((part["mean"].to_numpy(dtype=float) for part in parts), np.zeros(1))
        if not parts or not (np.abs(value) > 0.0).any():
            continue
        hour, kilowatts = parts[0]["hour"].to_numpy(dtype=float), value / 1e3
        total = total + kilowatts
        one = _series(Line(name, hour, kilowatts, TONES[len(series) % len(TONES)]))
        one |= {"stack": "all", "areaStyle": {"opacity": 0.35 + 0.06 * len(series)}}
        series.append(one)
    frame = _frame("kW", hour_title, np.append(total, 0.0))
    frame["yAxis"]["min"] = 0
    return {**frame, "series": series}


class Flow(NamedTuple):
    """One band of a Sankey diagram."""

    source: str
    target: str
    value: float


def sankey(flows: Sequence[Flow], unit: str) -> Option:
    """Bands between named places; what is not positive is left out.

    Parameters
    ----------
    flows
        Without circles.
    unit
        Of the values.
    """
    drawn = [flow for flow in flows if np.isfinite(flow.value) and flow.value > 0.0]
    names = dict.fromkeys(name for flow in drawn for name in (flow.source, flow.target))
    return {
        "animation": False,
        "tooltip": {"trigger": "item", "valueFormatter": f"%,.1f {unit}"},
        "series": [
            {
                "type": "sankey",
                "left": 8,
                "right": 150,
                "top": 8,
                "bottom": 8,
                "nodeWidth": 10,
                "nodeGap": 12,
                "data": [{"name": n, "itemStyle": {"color": GREY}} for n in names],
                "links": [
                    {"source": f.source, "target": f.target, "value": round(f.value, 3)}
                    for f in drawn
                ],
                "lineStyle": {"color": ACCENT, "opacity": 0.35},
                "label": {"fontSize": 12},
            }
        ],
    }


def fan(
    expected: Line, bands: Sequence[tuple[Line, Line]], actual: Line, frame: Option
) -> Option:
    """Forecast as nested bands with the actual course on top.

    Parameters
    ----------
    expected
        Middle of the forecast.
    bands
        Lower and upper edges, the widest first.
    actual
        What was measured.
    frame
        Axes, of ``courses``.
    """
    series: list[Option] = []
    for number, (low, high) in enumerate(bands):
        name = f"{low.name} – {high.name}"
        hidden = {"lineStyle": {"opacity": 0}, "stack": f"band {number}"}
        base = {**_series(low), **hidden, "name": f"{name} base", "silent": True}
        width = high._replace(value=high.value - low.value, name=name)
        shade = {"areaStyle": {"color": ACCENT, "opacity": 0.18}, "silent": True}
        series += [base, {**_series(width), **hidden, **shade}]
    series += [_series(expected), _series(actual)]
    wanted = [s["name"] for s in series if not s["name"].endswith(" base")]
    legend = {**frame["legend"], "data": wanted}
    marks = frame["series"][0].get("markLine")
    if marks:
        series[-1]["markLine"] = marks
    tooltip = {"trigger": "axis", "show": False}
    return {**frame, "legend": legend, "tooltip": tooltip, "series": series}
