"""Look of every figure: grey, and colour only where it means something.

Grey tones are the baselines, the accent is the candidate under judgement, the alarm
colour is what lies beyond a limit. Only the stack of consumers has a scheme of its own.
"""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK = "#333333"
GRID = "#dddddd"
ACCENT = "#1f5fa8"
ALARM = "#c62828"
BASELINES = ("#b0b0b0", "#6e6e6e", "#909090", "#505050")
DASHES = ("-", "--", "-.", ":")
WIDTH_IN = 9.0
SETTINGS: dict[Any, Any] = {
    "axes.edgecolor": "#999999",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "font.size": 8,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "svg.fonttype": "none",  # text stays text: small, searchable
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def new_figure(
    rows: int, columns: int, height_in: float, hours: float
) -> tuple[Figure, list[Axes]]:
    """Empty figure whose panels share the time axis.

    Parameters
    ----------
    rows, columns
        Grid of panels.
    height_in
        Height of the figure. [inch]
    hours
        Length of the time axis. [h]

    Returns
    -------
    figure, axes
        Axes row by row.
    """
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        panels = figure.subplots(rows, columns, sharex=True, squeeze=False)
        for axes in panels.flat:
            axes.set_xlim(0.0, hours)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 3, 6, 10]))
    return figure, list(panels.flat)


def tone(number: int, count: int) -> tuple[str, str, float]:
    """Colour, dash and order of one of several runs; the last is the candidate."""
    if number == count - 1:
        return ACCENT, "-", 3.0
    kind = number % len(BASELINES)
    return BASELINES[kind], DASHES[kind], 2.0


def legend_above(figure: Figure, axes: Axes, names: Sequence[str]) -> None:
    """One legend for all panels."""
    with mpl.rc_context(SETTINGS):
        lines = [line for line in axes.get_lines() if line.get_label() in names]
        figure.legend(handles=lines, loc="outside upper right", ncols=len(names))


def svg(figure: Figure, salt: str) -> str:
    """Figure as an SVG element for an HTML page.

    Parameters
    ----------
    figure
        Any figure.
    salt
        Makes the identifiers inside unique on the page and the same in every run.
    """
    buffer = io.StringIO()
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": salt}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
