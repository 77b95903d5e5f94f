"""Figures of jobs and forecasts: arrays in, image files out."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dashboards.style import ACCENT, INK, SETTINGS
from twin.errors import ConfigError
from twin.flexibility import Bounds

Series = NDArray[np.float64]
S_PER_DAY = 86400.0
S_PER_HOUR = 3600.0
J_PER_KWH = 3.6e6
SIZE_IN = (9.0, 4.5)


def save_course(path: Path, time_s: Series, busy: Series, power_w: Series) -> None:
    """Busy units above, power below.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True)
        days = time_s / S_PER_DAY
        above.step(days, busy, where="post", color=INK, linewidth=0.8)
        above.set_ylabel("busy units")
        below.plot(days, power_w / 1e3, color=INK, linewidth=0.8)
        below.set_ylabel("IT power [kW]")
        below.set_xlabel("time since the first start [d]")
        _save(figure, path)


def save_forecast(
    path: Path, time_s: Series, quantiles_w: Series, past_s: Series, past_w: Series
) -> None:
    """What was, and the band of what is expected.

    Parameters
    ----------
    path
        Its ending says the format.
    time_s, past_s
        From now. [s]
    quantiles_w
        Shape (time, quantile), odd number of quantiles.
    past_w
        What was.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        axes = figure.subplots()
        hours = time_s / S_PER_HOUR
        low, high = quantiles_w[:, 0] / 1e3, quantiles_w[:, -1] / 1e3
        middle = quantiles_w[:, quantiles_w.shape[1] // 2] / 1e3
        axes.plot(past_s / S_PER_HOUR, past_w / 1e3, color=INK, label="so far")
        axes.fill_between(
            hours, low, high, color=ACCENT, alpha=0.2, linewidth=0, label="80 % band"
        )
        axes.plot(hours, middle, color=ACCENT, label="median")
        axes.set_xlabel("time from now [h]")
        axes.set_ylabel("IT power [kW]")
        axes.legend(loc="upper left", ncols=3)
        _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    """Write in the format of the ending."""
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        message = f"{path}: cannot be written ({error}). Give e.g. a path to an .svg."
        raise ConfigError(message) from error


def save_bounds(path: Path, found: Bounds, energy_j: Series) -> None:
    """Energy of the deferrable jobs over time: between which curves, and the plan.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        axes = figure.subplots(1, len(found.classes), squeeze=False)[0]
        hours = (found.edge_s - found.edge_s[0]) / S_PER_HOUR
        for k, name in enumerate(found.classes):
            low, high, plan = (
                np.concatenate([[0.0], row[k]]) / J_PER_KWH
                for row in (found.latest_j, found.earliest_j, energy_j)
            )
            axes[k].fill_between(
                hours, low, high, color=ACCENT, alpha=0.2, linewidth=0, label="possible"
            )
            axes[k].plot(hours, plan, color=ACCENT, label="plan")
            axes[k].set_title(name)
            axes[k].set_xlabel("time from now [h]")
        axes[0].set_ylabel("energy above idle [kWh]")
        axes[0].legend(loc="upper left")
        _save(figure, path)
