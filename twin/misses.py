"""What a twin misses of a plant's readings, in units of their noise."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from twin.replay import Block
from twin.signals import Outputs

Array = NDArray[np.float64]
# Sums and balances repeat their parts, echoes of setpoints say nothing.
# The IT power is metered and drives the replay.
DERIVED = (
    "it_power_w",
    "power_chain_loss_w",
    "cooling_power_w",
    "electrical_residual_w",
    "thermal_residual_w",
    "heat_stored_w",
    "chiller_extrapolated",
    "tower_pump_speed",
    "fws_pressure_pa",
    "tcs_pressure_pa",
)
SIGNALS = tuple(name for name in Outputs._fields if name not in DERIVED)
COLUMNS = np.array([Outputs._fields.index(name) for name in SIGNALS])


class Misses(NamedTuple):
    """Weighed differences between twin and plant, and where they belong."""

    signals: tuple[int, ...]  # columns of Outputs
    scale: Array  # (signals,)
    measured: list[Array]  # per block (rows, signals), nan where unknown


def weigh(parts: list[Block]) -> Misses:
    """Signals to compare, and the noise of each as its readings show it.

    The noise is what neighbouring readings differ by (median, so that jumps of the load
    do not count), at least a thousandth of the signal's size.
    """
    together = np.concatenate([p.history.outputs for p in parts])[:, COLUMNS]
    known = np.isfinite(together).mean(axis=0) > 0.5
    size = np.nanmax(np.abs(together[:, known]), axis=0)
    at = COLUMNS[known][size > 0]
    steps = np.concatenate([np.diff(p.history.outputs[:, at], axis=0) for p in parts])
    noise = np.nanmedian(np.abs(steps), axis=0) / (np.sqrt(2.0) * stats.norm.ppf(0.75))
    scale = np.maximum(noise, 1e-3 * size[size > 0])
    used = tuple(int(k) for k in at)
    return Misses(used, scale, [p.history.outputs[p.burn_in :][:, at] for p in parts])


def apart(parts: list[Block], misses: Misses, answers: list[Array]) -> list[Array]:
    """Twin minus plant in units of noise, per block (rows, signals); 0 if unknown."""
    at = list(misses.signals)
    return [
        np.nan_to_num((answer[part.burn_in :][:, at] - seen) / misses.scale)
        for part, answer, seen in zip(parts, answers, misses.measured, strict=True)
    ]
