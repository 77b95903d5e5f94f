"""Figures of a study: results in, matplotlib figures out, nothing computed."""

from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboards.results import Run, Study
from dashboards.style import (
    ACCENT,
    ALARM,
    BASELINES,
    INK,
    SETTINGS,
    legend_above,
    new_figure,
    tone,
)
from twin.signal_table import catalogue
from twin.signals import Setpoints

TIME_LABEL = "local standard time [h]"
S_PER_H = 3600.0
# Unit on the axis and factor, by the unit of the signal in the catalogue.
AXIS_UNITS = {"degC": ("°C", 1.0), "Pa": ("kPa", 1e-3), "W": ("kW", 1e-3)}
# What the site consumes beside IT, from the bottom of the stack.
STACK = {
    "tower fans": ("tower_fan_power_w",),
    "tower pumps": ("tower_pump_power_w",),
    "facility-water pumps": ("fws_pump_power_w",),
    "TCS pumps": ("tcs_pump_power_w",),
    "in-row fans": ("in_row_fan_power_w",),
    "outdoor-air AHUs": ("ahu_power_w",),
    "trim chillers": ("chiller_power_w",),
    "power chain": ("power_chain_loss_w",),
    "house": ("house_power_w",),
}
# Paul Tol's "muted" scheme, colour-blind safe (SRON/EPS/TN/09-002, 2021), ordered so that
# neighbours differ in lightness too; grey for what is not cooling.
STACK_TONES = (
    "#117733",
    "#88ccee",
    "#332288",
    "#44aa99",
    "#882255",
    "#ddcc77",
    "#cc6677",
    "#dddddd",
    "#777777",
)


class Picture(NamedTuple):
    """A figure with its place in the report."""

    name: str
    caption: str
    figure: Figure


def all_pictures(study: Study) -> list[Picture]:
    """Every figure of the report, in order."""
    return [
        Picture(
            "weather", "Weather and IT load, as measured.", weather_and_load(study)
        ),
        Picture(
            "setpoints",
            "Setpoints in force, read back from the plant.",
            setpoints(study),
        ),
        Picture(
            "temperatures",
            "Temperatures and their limits; what lies above is red.",
            temperatures(study),
        ),
        Picture("power", "Power of everything but IT.", power_stack(study)),
        Picture(
            "pue",
            "Site power over IT power, scan by scan, without the battery's exchange.",
            pue(study),
        ),
    ]


def weather_and_load(study: Study) -> Figure:
    """Outdoor air and IT demand of the candidate's run."""
    figure, (air, load) = new_figure(2, 1, 4.0, study.settings.hours)
    table = study.candidate.telemetry
    hour = table["time_s"] / S_PER_H
    with mpl.rc_context(SETTINGS):
        air.plot(hour, table["dry_bulb_c"], color=BASELINES[1], label="dry bulb")
        air.plot(hour, table["wet_bulb_c"], color=ACCENT, label="wet bulb")
        air.set_ylabel("outdoor air [°C]")
        air.legend(loc="upper left", ncols=2)
        load.plot(hour, table["it_power_w"] / 1e6, color=INK)
        load.set_ylabel("IT power [MW]")
        load.set_xlabel(TIME_LABEL)
    return figure


def setpoints(study: Study) -> Figure:
    """All setpoints over time, one panel each, one line per controller."""
    count = len(Setpoints._fields)
    rows = -(-count // 2)
    figure, panels = new_figure(rows, 2, 1.7 * rows, study.settings.hours)
    for spare in panels[count:]:
        figure.delaxes(spare)
    panels = panels[:count]
    with mpl.rc_context(SETTINGS):
        for axes, name in zip(panels, Setpoints._fields, strict=True):
            unit, factor = axis_unit(name)
            for number, run in enumerate(study.runs):
                end_s = run.telemetry["time_s"].iloc[-1]
                hour = np.append(run.setpoints["time_s"], end_s) / S_PER_H
                value = np.append(run.setpoints[name], run.setpoints[name].iloc[-1])
                colour, dash, order = tone(number, len(study.runs))
                axes.step(
                    hour,
                    value * factor,
                    where="post",
                    color=colour,
                    linestyle=dash,
                    zorder=order,
                    label=run.name,
                )
            axes.set_title(label(name, unit))
        for axes in panels[-2:]:
            axes.set_xlabel(TIME_LABEL)
            axes.tick_params(labelbottom=True)
    legend_above(figure, panels[0], [run.name for run in study.runs])
    return figure


def temperatures(study: Study) -> Figure:
    """Limited temperatures of every run, with their limits."""
    limits = study.site.limits._asdict()
    figure, panels = new_figure(len(limits), 1, 6.0, study.settings.hours)
    with mpl.rc_context(SETTINGS):
        for axes, (name, limit_c) in zip(panels, limits.items(), strict=True):
            for number, run in enumerate(study.runs):
                _temperature(axes, run, name, limit_c, tone(number, len(study.runs)))
            axes.axhline(limit_c, color=INK, linewidth=0.8)
            axes.annotate(
                f"limit {limit_c:g} °C",
                (1.0, limit_c),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
            )
            axes.set_ylabel(label(name, "°C"))
            axes.margins(y=0.12)
        panels[-1].set_xlabel(TIME_LABEL)
    legend_above(figure, panels[0], [run.name for run in study.runs])
    return figure


def _temperature(
    axes: Axes, run: Run, name: str, limit_c: float, look: tuple[str, str, float]
) -> None:
    """One run of one temperature, red where it exceeds."""
    colour, dash, order = look
    hour = run.telemetry["time_s"] / S_PER_H
    value = run.telemetry[name].to_numpy(dtype=float)
    axes.plot(hour, value, color=colour, linestyle=dash, zorder=order, label=run.name)
    above = np.maximum(value, limit_c)
    axes.fill_between(hour, limit_c, above, color=ALARM, alpha=0.6, linewidth=0)


def power_stack(study: Study) -> Figure:
    """Stack of all consumers but IT, one panel per controller on one scale."""
    count = len(study.runs)
    figure, panels = new_figure(1, count, 3.6, study.settings.hours)
    with mpl.rc_context(SETTINGS):
        for axes, run in zip(panels, study.runs, strict=True):
            table = run.telemetry
            layers = [table[list(parts)].sum(axis=1) / 1e3 for parts in STACK.values()]
            axes.stackplot(
                table["time_s"] / S_PER_H,
                layers,
                labels=list(STACK),
                colors=STACK_TONES,
                linewidth=0.3,
                edgecolor="white",
            )
            axes.set_title(run.name)
            axes.set_xlabel(TIME_LABEL)
            axes.set_axisbelow(True)
        top = max(axes.get_ylim()[1] for axes in panels)
        for axes in panels:
            axes.set_ylim(0.0, top)
        panels[0].set_ylabel("power without IT [kW]")
        handles, names = panels[-1].get_legend_handles_labels()
        figure.legend(
            handles[::-1],
            names[::-1],
            loc="outside right center",
            title="top to bottom",
        )
    return figure


def pue(study: Study) -> Figure:
    """Site power over IT power; what the battery takes or gives is booked out."""
    figure, (axes,) = new_figure(1, 1, 2.8, study.settings.hours)
    with mpl.rc_context(SETTINGS):
        for number, run in enumerate(study.runs):
            table = run.telemetry
            colour, dash, order = tone(number, len(study.runs))
            axes.plot(
                table["time_s"] / S_PER_H,
                (table["site_power_w"] + table["battery_power_w"])
                / table["it_power_w"],
                color=colour,
                linestyle=dash,
                zorder=order,
                label=run.name,
            )
        axes.set_ylabel("PUE [-]")
        axes.set_xlabel(TIME_LABEL)
    legend_above(figure, axes, [run.name for run in study.runs])
    return figure


def axis_unit(name: str, group: str = "setpoints") -> tuple[str, float]:
    """Unit for people and factor from SI."""
    return AXIS_UNITS.get(catalogue()[group, name].unit, ("-", 1.0))


def label(signal: str, unit: str) -> str:
    """Name of a signal as an axis label."""
    for suffix in ("_c", "_pa", "_w"):
        signal = signal.removesuffix(suffix)
    acronyms = {"tcs": "TCS", "fws": "FWS", "ups": "UPS", "eco": "ECO"}
    words = (acronyms.get(word, word) for word in signal.split("_"))
    return f"{' '.join(words)} [{unit}]"
