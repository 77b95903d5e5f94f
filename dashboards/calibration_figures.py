"""Figure of a calibration: what the twin missed before and misses after."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from dashboards.figures import S_PER_H, axis_unit, label
from dashboards.style import ACCENT, BASELINES, INK, SETTINGS, legend_above, new_figure
from twin.accuracy import Accuracy
from twin.calibrate import Calibration
from twin.replay import replay
from twin.signals import Outputs
from twin.topology import Facility

PANELS = 6


def before_and_after(
    nameplates: Facility,
    calibration: Calibration,
    before: list[Accuracy],
    after: list[Accuracy],
) -> Figure:
    """Twin minus plant on the first validation day, the signals that gained most.

    Parameters
    ----------
    nameplates
        Site before the fit.
    calibration
        Fit, with the days it is judged on.
    before, after
        Accuracy on all of those days, of the same signals.
    """
    part = calibration.validation[0]
    old, new = replay(nameplates, part), replay(calibration.facility, part)
    gain = [
        (a.rmse - b.rmse) / a.rmse if a.rmse > 0 else 0.0
        for a, b in zip(before, after, strict=True)
    ]
    chosen = [before[k].signal for k in np.argsort(gain)[::-1][:PANELS]]
    hours = part.history.scan_s * len(part.history.time_s) / S_PER_H
    figure, panels = new_figure(len(chosen), 1, 1.4 * len(chosen) + 0.6, hours)
    time_h = (np.arange(len(part.history.time_s)) + 1.0) * part.history.scan_s / S_PER_H
    with mpl.rc_context(SETTINGS):
        for axes, name in zip(panels, chosen, strict=True):
            unit, factor = axis_unit(name, "outputs")
            k = Outputs._fields.index(name)
            seen = part.history.outputs[:, k]
            kept = slice(part.burn_in, None)
            for made, tone, word in (
                (old, BASELINES[1], "nameplates"),
                (new, ACCENT, "fitted"),
            ):
                miss = (made[:, k] - seen) * factor
                axes.plot(time_h[kept], miss[kept], color=tone, label=word)
            axes.axhline(0.0, color=INK, linewidth=0.8)
            axes.set_title(f"twin minus plant: {label(name, unit)}")
        panels[-1].set_xlabel("time of the day's history [h]")
    legend_above(figure, panels[0], ["nameplates", "fitted"])
    return figure
