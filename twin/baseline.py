"""What sound days look like: what the twin is off by, and how that scatters.

On sound days the evidence scatters by the noise of the sensors and by what the twin misses
that day, which is told in severities of the families: a random effect from day to day.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.signatures import Evidence

Array = NDArray[np.float64]
SLOPE = 0.5  # typical severities a step of the conditions, believed beforehand
PASSES = 3  # of what depends on itself
LEAST_SCATTER = 0.05  # of the typical severity, from day to day
CONDITION_STEPS = (5.0, 0.2)  # K of wet bulb; share of the mean load
RANK = 1e-9  # of the largest eigenvalue: what the signals do not show at all


class Baseline(NamedTuple):
    """What sound days look like; severities in units of the typical ones."""

    usual: Array  # (families, 1 + conditions), what the twin is off by: mean and slopes
    scatter: Array  # (families,), from day to day
    noise: float  # of the readings beside what was assumed, squared
    explained: float  # by a family alone on a sound day, in squared units of noise
    low: Array  # (conditions,), of the days
    high: Array


def baseline(days: Sequence[Evidence]) -> Baseline:
    """Mean, slopes, scatter and noise of sound days, in units of typical severities."""
    count = len(days[0].pull)
    at = np.stack([day.conditions for day in days])
    found = Baseline(
        np.zeros((count, 1 + at.shape[1])),
        np.full(count, LEAST_SCATTER),
        1.0,
        1.0,
        at.min(axis=0),
        at.max(axis=0),
    )
    for _ in range(PASSES):
        found = found._replace(explained=_explained(days, found))
        found = found._replace(usual=_usual(days, found))
    found = found._replace(explained=_explained(days, found))
    found = found._replace(scatter=_scatter(days, found))
    for _ in range(PASSES):
        sizes = [_surprise(day, found) for day in days]
        found = found._replace(noise=max(found.noise * float(np.median(sizes)), 1.0))
    return found


def left_over(day: Evidence, usual: Baseline) -> Array:
    """Evidence of a day beyond what the twin is usually off by, shape (families,)."""
    return day.pull - day.push @ (usual.usual @ _design(day, usual))


def _design(day: Evidence, usual: Baseline) -> Array:
    """One, and the conditions of a day in steps from the middle of the baseline."""
    steps = _steps(usual)
    return np.asarray(
        np.r_[1.0, (day.conditions - 0.5 * (usual.low + usual.high)) / steps]
    )


def _steps(usual: Baseline) -> Array:
    """A large change of each condition."""
    return np.array([CONDITION_STEPS[0], CONDITION_STEPS[1] * usual.high[1]])


def _usual(days: Sequence[Evidence], usual: Baseline) -> Array:
    """Regularised least squares of the evidence on mean and conditions.

    The readings of a day are not independent: what a family explains of a sound day by
    chance tells how little they count.
    """
    count = len(days[0].pull)
    terms = 1 + len(days[0].conditions)
    spread = np.r_[1.0, np.full(terms - 1, SLOPE)]
    normal = np.kron(np.diag(1.0 / spread**2), np.eye(count))
    right = np.zeros(terms * count)
    for day in days:
        row = _design(day, usual)
        normal += np.kron(np.outer(row, row), day.push / usual.explained)
        right += np.kron(row, day.pull / usual.explained)
    return np.linalg.solve(normal, right).reshape(terms, count).T


def _explained(days: Sequence[Evidence], usual: Baseline) -> float:
    """Mean of what the families, each alone, explain of a sound day; at least noise."""
    each = [left_over(day, usual) ** 2 / (np.diag(day.push) + 1.0) for day in days]
    return max(float(np.mean(each)), 1.0)


def _scatter(days: Sequence[Evidence], usual: Baseline) -> Array:
    """From day to day, of the severities that explain a sound day together."""
    one = np.eye(len(days[0].pull))
    joint = [np.linalg.solve(day.push + one, left_over(day, usual)) for day in days]
    scatter = np.sqrt(np.mean(np.square(joint), axis=0))
    # a short baseline underestimates the scatter about every second time
    scatter = scatter * (1.0 + 1.0 / np.sqrt(2.0 * (len(days) - 1)))
    return np.asarray(np.maximum(scatter, LEAST_SCATTER))


def spread_of(day: Evidence, usual: Baseline, scatter: Array) -> tuple[Array, Array]:
    """Eigenvectors of what the day can show, and the covariance of its sums in them."""
    values, vectors = np.linalg.eigh(day.push)
    kept = values > RANK * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    effects = (vectors.T * scatter**2) @ vectors
    spread = np.diag(usual.noise * values) + values[:, None] * effects * values
    return vectors, spread


def _surprise(day: Evidence, usual: Baseline) -> float:
    """Mean square of a sound day's deviation in units of its expected spread."""
    vectors, spread = spread_of(day, usual, usual.scatter)
    away = vectors.T @ left_over(day, usual)
    return float(away @ np.linalg.solve(spread, away)) / len(away)


def strangeness(day: Evidence, usual: Baseline) -> float:
    """How far a day's weather and load lie outside the baseline, in steps."""
    outside = np.maximum(usual.low - day.conditions, day.conditions - usual.high)
    return float(np.maximum(outside / _steps(usual), 0.0).max())
