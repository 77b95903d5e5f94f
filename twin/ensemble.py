"""Courses drawn from the quantiles of a forecast, with errors that persist."""

import numpy as np
from scipy.special import ndtri

from twin.forecast import Series

FADE_S = 6 * 3600.0  # assumption: correlation of errors within one forecast


def ensemble(
    forecast: Series,
    quantiles: tuple[float, ...],
    step_s: float,
    members: int,
    rng: np.random.Generator,
) -> Series:
    """Courses that have the quantiles of a forecast and errors that persist.

    Parameters
    ----------
    forecast
        Shape (time, quantile).
    quantiles
        Of its columns, ascending.
    step_s
        Between two rows. [s]
    members, rng
        Number of courses and their randomness.

    Returns
    -------
    ndarray
        Shape (members, time). Between the quantiles linear in the normal score, beyond
        the outermost ones along the last slope.
    """
    keep = np.exp(-step_s / FADE_S)
    shock = rng.normal(size=(members, len(forecast)))
    score = np.empty_like(shock)
    score[:, 0] = shock[:, 0]
    for k in range(1, len(forecast)):
        score[:, k] = keep * score[:, k - 1] + np.sqrt(1.0 - keep**2) * shock[:, k]
    known = np.asarray(ndtri(quantiles))
    courses = np.empty_like(score)
    for k, row in enumerate(forecast):
        slope = np.diff(row) / np.diff(known)
        inside = np.interp(score[:, k], known, row)
        below = slope[0] * np.minimum(score[:, k] - known[0], 0.0)
        above = slope[-1] * np.maximum(score[:, k] - known[-1], 0.0)
        courses[:, k] = inside + below + above
    return courses
