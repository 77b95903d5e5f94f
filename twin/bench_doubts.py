"""What a fit should not be trusted for, and which points would help."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin import bench_inputs

WIDE = 0.5  # half width of an interval over the value
TOGETHER = 0.98  # correlation of two values from which they count as one
UNEXPLAINED = 0.5  # RMSE over the spread of the measured column
NARROW = 0.3  # spread of a column over its largest value
NARROW_K = 5.0  # the same of a temperature
SMALL = 1e-12  # stands for zero in denominators


class Outcome(NamedTuple):
    """What is judged, one element per free parameter."""

    names: list[str]
    values: NDArray[np.float64]
    half_widths: NDArray[np.float64]
    correlation: NDArray[np.float64]  # square
    bounds: NDArray[np.float64]  # low and high, two rows
    at_bound: NDArray[np.float64]  # -1 low, 1 high, 0 inside


def warnings(outcome: Outcome, inputs: pd.DataFrame, shares: pd.Series) -> list[str]:
    """Plain words on what the points determine badly.

    Parameters
    ----------
    outcome
        Of the fit.
    inputs
        Operating points.
    shares
        RMSE over the spread of the measured values, by column.
    """
    found = [_held(outcome, int(at)) for at in np.flatnonzero(outcome.at_bound)]
    size = np.maximum(np.abs(outcome.values), SMALL)
    wide = (outcome.half_widths > WIDE * size) & (outcome.at_bound == 0.0)
    found += [_wide(outcome, int(at)) for at in np.flatnonzero(wide)]
    found += [advice(inputs)] if wide.any() else []
    for column, share in shares[shares > UNEXPLAINED].items():
        found.append(
            f"{column}: {100 * share:.0f} % of its spread is left unexplained. Check "
            "the units, the fields that are not fitted, and whether this is the right "
            "component."
        )
    return found


def _held(outcome: Outcome, at: int) -> str:
    """The value that a bound stopped."""
    low, high = outcome.bounds[:, at]
    limit, side = (low, "least") if outcome.at_bound[at] < 0 else (high, "largest")
    return (
        f"{outcome.names[at]} stopped at the {side} value allowed, {limit:g}: its "
        "interval means nothing and the other values depend on it. Check units and the "
        "fields that are not fitted, or leave it out of --free."
    )


def _wide(outcome: Outcome, at: int) -> str:
    """The value that the points hardly fix, and what it moves together with."""
    name, value = outcome.names[at], outcome.values[at]
    text = f"{name} is poorly determined: {value:.4g} ± {outcome.half_widths[at]:.2g}."
    row = np.abs(outcome.correlation[at]).copy()
    row[at] = 0.0
    partner = int(np.argmax(row))
    if row[partner] < TOGETHER:
        return text
    with_it = outcome.names[partner]
    return f"{text} It moves together with {with_it}; only both in one are determined."


def advice(inputs: pd.DataFrame) -> str:
    """Which points would help, from the columns that hardly vary."""
    narrow = [
        f"{name} ({_span(inputs[name])})" for name in inputs if _is_narrow(inputs[name])
    ]
    if not narrow:
        return "Give more points, or name fewer parameters with --free."
    listed = ", ".join(narrow)
    return (
        f"Give points over a wider range of what hardly varies now: {listed}; or name "
        "fewer parameters with --free."
    )


def _is_narrow(column: pd.Series) -> bool:
    """Whether a column hardly varies."""
    spread = float(column.max() - column.min())
    if bench_inputs.unit(str(column.name)) == "degC":
        return spread < NARROW_K
    return spread < NARROW * float(column.abs().max())


def _span(column: pd.Series) -> str:
    """Range of a column in words."""
    low, high, unit = column.min(), column.max(), bench_inputs.unit(str(column.name))
    span = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    return span if unit == "1" else f"{span} {unit}"
