r"""Quantiles corrected by the errors that the same forecaster has lately made.

Two steps, both from forecasts whose truth is known by now, by range of lead time:

1. Each quantile :math:`q` is moved by the weighted :math:`q`-quantile of what was observed
   minus what was said; the weight of an origin halves every ``HALF_LIFE_S`` (conformal
   prediction beyond exchangeability).
2. If the bands so corrected have lately held less (more) than they promise, they are
   stretched (shrunk) about their median by :math:`e^{g (c - \hat c)}` with the promised
   share :math:`c` and the share :math:`\hat c` of late, which a day of promised share is
   mixed into (feedback as in adaptive conformal inference, on the width).

Step 2 is fed by the bands of step 2 at earlier origins, each made from what was known then.

References
----------
R. F. Barber, E. Candes, A. Ramdas, R. Tibshirani (2023), "Conformal prediction beyond
exchangeability", doi:10.1214/23-AOS2276.
I. Gibbs, E. Candes (2021), "Adaptive conformal inference under distribution shift",
arXiv:2106.00170.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.forecast import DAY_S, Series
from twin.quantile_model import LEAD_EDGES_S

# Chosen on synthetic traces that docs/forecasts.md does not judge.
HALF_LIFE_S = 7 * DAY_S
FEEDBACK_HALF_LIFE_S = 4 * DAY_S
FEEDBACK_GAIN = 2.5
MIXED_IN_S = DAY_S  # of the promised share
MOST_STRETCH = 1.2  # logarithm of the factor


class Said(NamedTuple):
    """Forecasts from one origin; the first axis is the step."""

    origin_s: float
    lead_s: Series  # ascending
    raw: Series  # (time, quantile), as the forecaster said


class RecentErrors:
    """Earlier forecasts of one forecaster, and what they teach.

    Parameters
    ----------
    quantiles
        0 to 1, ascending.
    step_s
        Of the series; the truth of a step is known at its end. [s]
    every_s
        Distance of the origins. [s]
    """

    def __init__(
        self, quantiles: tuple[float, ...], step_s: float, every_s: float
    ) -> None:
        self._quantiles = quantiles
        self._step_s = step_s
        self._every_s = every_s
        width = len(quantiles)
        self._origin_s, self._lead_s = np.empty(0), np.empty(0)
        self._raw, self._told = np.empty((0, width)), np.empty((0, width))

    @property
    def latest_s(self) -> float:
        """The last origin; -inf before the first."""
        return float(self._origin_s[-1]) if len(self._origin_s) else -np.inf

    def add(self, said: Said, start_s: float, value: Series) -> None:
        """Remember a forecast, later than those before.

        Parameters
        ----------
        said
            What was forecast.
        start_s, value
            The series up to the origin or further; what came after is not looked at.
        """
        told = self.corrected(said, start_s, value)
        origin = np.full(len(said.lead_s), said.origin_s)
        self._origin_s = np.concatenate([self._origin_s, origin])
        self._lead_s = np.concatenate([self._lead_s, said.lead_s])
        self._raw = np.concatenate([self._raw, said.raw])
        self._told = np.concatenate([self._told, told])

    def corrected(self, said: Said, start_s: float, value: Series) -> Series:
        """Quantiles moved and stretched by what is known at the origin; ascending.

        Parameters
        ----------
        said, start_s, value
            As for ``add``.

        Returns
        -------
        ndarray
            Shape (time, quantile).
        """
        target_s = self._origin_s + self._lead_s
        known = target_s + self._step_s <= said.origin_s
        if not known.any():
            return np.sort(said.raw, axis=1)
        at = np.round((target_s[known] - start_s) / self._step_s).astype(np.int64)
        past = _Past(
            value[at],
            said.origin_s - self._origin_s[known],
            np.searchsorted(LEAD_EDGES_S, self._lead_s[known], side="right"),
            self._lead_s[known],
            self._raw[known],
            self._told[known],
        )
        offset, stretch, lead_s = self._learned(past)
        moved = np.stack(
            [np.interp(said.lead_s, lead_s, each) for each in offset.T], axis=1
        )
        wide = np.exp(np.interp(said.lead_s, lead_s, stretch))[:, None]
        found = np.sort(said.raw + moved, axis=1)
        middle = found[:, [len(self._quantiles) // 2]]
        return np.asarray(middle + wide * (found - middle))

    def _learned(self, past: "_Past") -> tuple[Series, Series, Series]:
        """Offsets (ranges, quantiles), logarithms of the stretch, middles of ranges."""
        rows = []
        for k in np.unique(past.kind):
            mine = _Past(*(field[past.kind == k] for field in past))
            weight = 0.5 ** (mine.age_s / HALF_LIFE_S)
            offset = [
                _weighted_quantile(mine.truth - mine.raw[:, j], weight, q)
                for j, q in enumerate(self._quantiles)
            ]
            rows.append([*offset, self._stretch(mine), mine.lead_s.mean()])
        table = np.array(rows)
        return table[:, :-2], table[:, -2], table[:, -1]

    def _stretch(self, mine: "_Past") -> float:
        """Logarithm of the width that the share held of late asks for."""
        promised = self._quantiles[-1] - self._quantiles[0]
        held = (mine.truth >= mine.told[:, 0]) & (mine.truth <= mine.told[:, -1])
        weight = 0.5 ** (mine.age_s / FEEDBACK_HALF_LIFE_S)
        each = len(mine.truth) / len(np.unique(mine.age_s))  # steps of an origin
        mixed_in = each * MIXED_IN_S / self._every_s
        share = (weight @ held + mixed_in * promised) / (weight.sum() + mixed_in)
        asked = FEEDBACK_GAIN * (promised - share)
        return float(np.clip(asked, -MOST_STRETCH, MOST_STRETCH))


class _Past(NamedTuple):
    """Forecast steps whose truth is known; the first axis is the row."""

    truth: Series
    age_s: Series  # of the origin
    kind: NDArray[np.int64]  # range of lead
    lead_s: Series
    raw: Series  # (rows, quantiles)
    told: Series  # (rows, quantiles)


def _weighted_quantile(values: Series, weight: Series, quantile: float) -> float:
    """Linear between the middles of the weights."""
    order = np.argsort(values)
    grown = np.cumsum(weight[order])
    middle = (grown - 0.5 * weight[order]) / grown[-1]
    return float(np.interp(quantile, middle, values[order]))
