r"""Persistence blended with climatology: weights and errors learned from the past.

For each lead time the value is expected at

.. math:: x(t) = c(t) + a\,(x(now) - c(now)) + b\,(x(t - 24 h) - c(t)) + d

with the diurnal climatology :math:`c`, the mean of the same time of day over the last
``CLIMATE_DAYS`` days. The weights come from earlier origins of the same history (ridge
regression); the quantiles are those of the errors on blocks of origins that the weights
were not fitted to (cross-conformal prediction), so the error is known, not assumed.

References
----------
V. Vovk (2015), "Cross-conformal predictors", doi:10.1007/s10472-013-9368-4.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import DataError
from twin.forecast import DAY_S, Series
from twin.series_forecast import QUANTILES, History, KnownFuture, Learner, check

Index = NDArray[np.int64]
CLIMATE_DAYS = 7
FOLDS = 4  # consecutive blocks of origins
RIDGE = 1e-3  # of the mean square of the predictors
NEIGHBOURS_S = 3600.0  # leads this close share their errors
ORIGINS_A_DAY = 12
LEAST_ORIGINS = 12


class _Past(NamedTuple):
    """Predictors and truth at earlier origins, shape (origins, leads, ...)."""

    origin: Index  # length of the history at each
    predictors: Series  # last axis: now, yesterday, constant; off the climatology
    stray: Series  # truth off the climatology


class Blend(NamedTuple):
    """What was learned for each lead."""

    lead: Index  # steps, 0 is the step that begins now
    weights: Series  # (leads, predictors)
    error: Series  # (leads, quantiles), of the truth off the expectation


class BlendForecaster:
    """A ``series_forecast.Forecaster`` that fits in milliseconds."""

    def __init__(self) -> None:
        self._model: Blend | None = None
        self._quantiles: tuple[float, ...] = ()

    def fit(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> None:
        """Learn from the history alone.

        Raises
        ------
        DataError
            The history is too short or has gaps.
        """
        check(history)
        lead = np.round(horizon_s / history.step_s).astype(np.int64)
        past = _past(history, lead)
        error = _held_out(past, reach=int(lead.max()) + 1)
        near = round(NEIGHBOURS_S / history.step_s)
        self._model = Blend(
            lead,
            _weights(past.predictors, past.stray),
            _spread(error, lead, near, quantiles),
        )
        self._quantiles = quantiles

    def forecast(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> Series:
        """See ``series_forecast.Forecaster``; fits itself first if that was not done."""
        lead = np.round(horizon_s / history.step_s).astype(np.int64)
        model = self._model
        stale = model is None or not np.array_equal(model.lead, lead)
        if stale or quantiles != self._quantiles:
            self.fit(history, known_future, horizon_s, quantiles)
            model = self._model
        assert model is not None
        climate, now = _climate(history, len(history.value), lead)
        known = _predictors(history, len(history.value), lead, climate, now)
        point = climate + np.sum(known * model.weights, axis=1)
        return np.asarray(np.sort(point[:, None] + model.error, axis=1))


class MeanForecaster:
    """Mean of the quantiles of the boosted model and of the blend.

    One learns what a calendar and many lags say, the other does well with little history;
    their mean is closer than either (J. Bates and C. Granger 1969, "The combination of
    forecasts", doi:10.1057/jors.1969.103). Equal weights: nothing to fit.
    """

    def __init__(self, parts: tuple[Learner, ...]) -> None:
        self._parts = parts

    def fit(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> None:
        """Learn from the history alone."""
        for part in self._parts:
            part.fit(history, known_future, horizon_s, quantiles)

    def forecast(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> Series:
        """See ``series_forecast.Forecaster``."""
        asked = history, known_future, horizon_s, quantiles
        return np.asarray(np.mean([p.forecast(*asked) for p in self._parts], axis=0))


def _climate(history: History, n: int, lead: Index) -> tuple[Series, float]:
    """Mean of the same time of day before an origin: at each lead, and now."""
    day = round(DAY_S / history.step_s)
    back = day * np.arange(1, CLIMATE_DAYS + 1)
    past_a_day = (lead // day) * day
    at = n + lead[:, None] - past_a_day[:, None] - back[None, :]
    now = history.value[n - 1 - back[back < n]].mean()
    return history.value[np.maximum(at, 0)].mean(axis=1), float(now)


def _predictors(
    history: History, n: int, lead: Index, climate: Series, now: float
) -> Series:
    """Shape (leads, 3): today's level, yesterday's course, and one."""
    day = round(DAY_S / history.step_s)
    level = np.full(len(lead), history.value[n - 1] - now)
    yesterday = history.value[n + lead - day * (lead // day + 1)] - climate
    return np.stack([level, yesterday, np.ones(len(lead))], axis=1)


def _past(history: History, lead: Index) -> _Past:
    """All earlier origins whose horizon has passed."""
    day = round(DAY_S / history.step_s)
    every = max(day // ORIGINS_A_DAY, 1)
    first = (CLIMATE_DAYS + 1) * day
    stop = len(history.value) - int(lead.max()) - 1
    origin = np.arange(stop, first - 1, -every)[::-1]
    if len(origin) < LEAST_ORIGINS:
        days = len(history.value) * history.step_s / DAY_S
        message = (
            f"history of {days:.1f} days; weights need at least "
            f"{CLIMATE_DAYS + 3} days of it."
        )
        raise DataError(message)
    predictors, stray = [], []
    for n in origin:
        climate, now = _climate(history, int(n), lead)
        predictors.append(_predictors(history, int(n), lead, climate, now))
        stray.append(history.value[n + lead] - climate)
    return _Past(origin, np.array(predictors), np.array(stray))


def _weights(predictors: Series, stray: Series) -> Series:
    """Ridge regression at each lead, shape (leads, predictors)."""
    square = np.einsum("olp,olq->lpq", predictors, predictors)
    product = np.einsum("olp,ol->lp", predictors, stray)
    size = np.einsum("lpp->l", square) / predictors.shape[2]
    square += (RIDGE * size + 1e-12)[:, None, None] * np.eye(predictors.shape[2])
    return np.asarray(np.linalg.solve(square, product[:, :, None])[:, :, 0])


def _expected(predictors: Series, weights: Series) -> Series:
    """Expectation off the climatology, shape (origins, leads)."""
    return np.asarray(np.einsum("olp,lp->ol", predictors, weights))


def _held_out(past: _Past, reach: int) -> Series:
    """Errors of each block by weights from the others, shape (origins, leads).

    A horizon lies between what is fitted and what is judged, so that no truth is in both.
    """
    error = np.empty_like(past.stray)
    for block in np.array_split(np.arange(len(past.origin)), FOLDS):
        first, last = past.origin[block[0]], past.origin[block[-1]]
        apart = (past.origin + reach <= first) | (past.origin >= last + reach)
        weights = _weights(past.predictors[apart], past.stray[apart])
        error[block] = past.stray[block] - _expected(past.predictors[block], weights)
    return error


def _spread(
    error: Series, lead: Index, near: int, quantiles: tuple[float, ...]
) -> Series:
    """Quantiles of the errors of each lead and its neighbours."""
    rows = [
        np.quantile(error[:, np.abs(lead - each) <= near], quantiles) for each in lead
    ]
    return np.array(rows)
