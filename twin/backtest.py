"""Rolling origin: forecast, wait, score; the forecaster is refitted now and then."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from twin.forecast import DAY_S, Series
from twin.job_forecast import earlier
from twin.series_forecast import QUANTILES, Forecaster, History, KnownFuture

LEADS_S = {"15 min": 0.0, "1 h": 2700.0, "6 h": 20_700.0, "24 h": 85_500.0}


class Plan(NamedTuple):
    """Where the origins of a test are."""

    first: int  # length of the history at the first origin
    every_s: float = 7 * 3600.0  # no divisor of a day, so that all hours take part
    refit_s: float = 7 * DAY_S


class Score(NamedTuple):
    """Errors over all origins."""

    pinball: float  # mean over steps and quantiles, in the unit of the series
    mape: dict[str, float]  # of the median, at each lead
    mae: dict[str, float]  # likewise, in the unit of the series
    coverage: float  # share of values between the outermost quantiles
    origins: int


def pinball(forecast: Series, truth: Series, quantiles: tuple[float, ...]) -> float:
    """Mean quantile loss.

    Parameters
    ----------
    forecast
        Shape (..., quantile).
    truth
        Shape (...).
    quantiles
        Of the last axis.
    """
    miss = truth[..., None] - forecast
    q = np.asarray(quantiles)
    return float(np.mean(np.maximum(q * miss, (q - 1.0) * miss)))


def score(
    forecasts: Series, truths: Series, horizon_s: Series, quantiles: tuple[float, ...]
) -> Score:
    """Score forecasts of shape (origin, time, quantile) against (origin, time)."""
    median = forecasts[:, :, int(np.argmin(np.abs(np.asarray(quantiles) - 0.5)))]
    relative = np.abs(median - truths) / np.maximum(np.abs(truths), 1e-9)
    at = {
        name: int(np.argmin(np.abs(horizon_s - lead))) for name, lead in LEADS_S.items()
    }
    inside = (truths >= forecasts[:, :, 0]) & (truths <= forecasts[:, :, -1])
    return Score(
        pinball(forecasts, truths, quantiles),
        {name: float(relative[:, k].mean()) for name, k in at.items()},
        {name: float(np.abs(median - truths)[:, k].mean()) for name, k in at.items()},
        float(inside.mean()),
        len(truths),
    )


def roll(
    forecaster: Forecaster,
    whole: History,
    known_future: KnownFuture,
    horizon_s: Series,
    plan: Plan,
    learn: Callable[[History], None] | None = None,
    quantiles: tuple[float, ...] = QUANTILES,
) -> tuple[Series, Series]:
    """Forecast at every origin from what was known there.

    Parameters
    ----------
    forecaster
        Sees only the history up to each origin.
    whole
        History to the end of the test.
    known_future, horizon_s, quantiles
        As for a forecast.
    plan
        Origins.
    learn
        Called with the history every ``refit_s``, if given.

    Returns
    -------
    forecasts, truths
        Shapes (origin, time, quantile) and (origin, time).
    """
    step = np.round(horizon_s / whole.step_s).astype(np.int64)
    every = round(plan.every_s / whole.step_s)
    stop = len(whole.value) - int(step.max()) - 1
    forecasts, truths, learned_s = [], [], -np.inf
    for n in range(plan.first, stop + 1, every):
        history = earlier(whole, n)
        if learn is not None and history.now_s - learned_s >= plan.refit_s:
            learn(history)
            learned_s = history.now_s
        forecasts.append(
            forecaster.forecast(history, known_future, horizon_s, quantiles)
        )
        truths.append(whole.value[n + step])
    return np.array(forecasts), np.array(truths)
