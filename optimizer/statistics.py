"""Intervals that may be printed: paired bootstrap over days, or none at all.

Days are drawn with replacement, the same days for every controller, so that the weather
cancels out of differences. A percentile interval of few blocks is too narrow; its levels
are widened by Hesterberg's correction

    alpha' = Phi(-t_{alpha/2, n-1} sqrt(n / (n - 1)))

and below ``LEAST_BLOCKS`` blocks there is no interval: none is better than a false one.

References
----------
Hesterberg 2015, The American Statistician 69(4), 371-386, doi:10.1080/00031305.2015.1089789.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
Statistic = Callable[[Array], Array]

LEAST_BLOCKS = 8
DRAWS = 4000
LEVEL = 0.95


class Interval(NamedTuple):
    """An estimate and its bounds; bounds are nan where the sample says too little."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there are bounds."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))


def interval(blocks: Array, statistic: Statistic, seed: int = 0) -> Interval:
    """Estimate from blocks with its 95 % bootstrap interval.

    Parameters
    ----------
    blocks
        Figures that add up, shape (block, ...); what belongs together (the controllers
        of one day) stands in one block.
    statistic
        From sums of blocks, shape (draw, ...), to values, shape (draw,).
    seed
        Of the draws.

    Returns
    -------
    Interval
        Bounds are nan with fewer than ``LEAST_BLOCKS`` blocks, and where the statistic
        is not finite in every draw.
    """
    value = float(statistic(blocks.sum(axis=0)[None])[0])
    count = len(blocks)
    nothing = Interval(value, float("nan"), float("nan"))
    if count < LEAST_BLOCKS:
        return nothing
    drawn = np.random.default_rng(seed).integers(0, count, (DRAWS, count))
    weights = np.stack([np.bincount(row, minlength=count) for row in drawn])
    found = statistic(np.tensordot(weights.astype(float), blocks, axes=1))
    if not np.isfinite(found).all():
        return nothing
    t = stats.t.ppf((1.0 - LEVEL) / 2.0, count - 1)
    tail = float(stats.norm.cdf(t * np.sqrt(count / (count - 1.0))))
    low, high = np.quantile(found, [tail, 1.0 - tail])
    return Interval(value, float(low), float(high))
