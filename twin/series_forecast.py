r"""Forecasts with quantiles for any series: one protocol, the baselines, and the model.

``forecast(history, known_future, horizon_s, quantiles)`` gives an array of shape
(time, quantile). The history ends now; nothing after it can be reached.

The model learns how far the series strays from an anchor: a given forecast if there is
one, else yesterday's course at today's level, which fades,

.. math:: a(t) = x(t - 24 h) + (x(now) - x(now - 24 h)) e^{-(t - now)/\tau}

from calendar and lags (``quantile_model``).
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from twin import quantile_model
from twin.errors import DataError
from twin.forecast import DAY_S, Series
from twin.job_table import Jobs
from twin.quantile_model import QuantileModel, Rows

WEEK_S = 7 * DAY_S
FADE_S = (
    6 * 3600.0
)  # assumption: a front, or a batch of work, passes in about this time
NEAR = 8  # the first steps, which are few and matter
NEAR_PER_ORIGIN = 5
FAR_PER_ORIGIN = 11
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
LEAST_HISTORY_S = 8 * DAY_S


class History(NamedTuple):
    """What is known now; equal steps, the last one ends now."""

    now_s: float  # on a clock whose time 0 is a midnight
    step_s: float
    value: Series  # shape (n,), mean over each step
    jobs: Jobs | None = None  # as seen now, see ``job_forecast.visible``


class KnownFuture(NamedTuple):
    """What is known about the time to come."""

    first_weekday: float = 0.0  # of the day of time 0; 0 is Monday
    units: float = 0.0  # accelerators of the pool, for jobs
    given: Series | None = None  # a forecast by others for each step of the horizon


class Forecaster(Protocol):
    """Anything that forecasts a series."""

    def forecast(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...],
    ) -> Series:
        """Quantiles of the mean of each step.

        Parameters
        ----------
        history, known_future
            All that may be used.
        horizon_s
            Start of each step after now, multiples of the step. [s]
        quantiles
            0 to 1.

        Returns
        -------
        ndarray
            Shape (time, quantile).
        """


class Learner(Forecaster, Protocol):
    """A forecaster that learns."""

    def fit(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...],
    ) -> None:
        """Learn from the history alone."""


def starts(steps: int, step_s: float) -> Series:
    """Start of each of some equal steps [s]."""
    return np.asarray(np.arange(steps) * step_s, dtype=np.float64)


def past(history: History, horizon_s: Series, back_s: float) -> Series:
    """Values one or more periods before each step; the oldest where there is none."""
    step = np.round(horizon_s / history.step_s).astype(np.int64)
    period = round(back_s / history.step_s)
    at = len(history.value) + step - period
    at -= period * np.maximum(-(-(at - len(history.value) + 1) // period), 0)
    return history.value[np.maximum(at, 0)]


def anchor(history: History, known_future: KnownFuture, horizon_s: Series) -> Series:
    """What the model corrects; see the formula above."""
    if known_future.given is not None:
        return np.asarray(known_future.given, dtype=float)
    back = past(history, horizon_s, DAY_S)
    now = history.value[-1]
    before = past(history, np.array([-history.step_s]), DAY_S)[0]
    return np.asarray(back + (now - before) * np.exp(-horizon_s / FADE_S))


def features(history: History, known_future: KnownFuture, horizon_s: Series) -> Series:
    """Calendar and lags of each step, shape (time, features)."""
    at = history.now_s + horizon_s
    hour = np.mod(at, DAY_S) / 3600.0
    weekday = np.mod(np.floor(at / DAY_S) + known_future.first_weekday, 7.0)
    day = round(DAY_S / history.step_s)
    week = [past(history, horizon_s, k * WEEK_S) for k in (1, 2, 3)]
    ones = np.ones(len(horizon_s))
    columns = [
        horizon_s,
        hour,
        weekday,
        anchor(history, known_future, horizon_s),
        past(history, horizon_s, DAY_S),
        week[0],
        np.mean(week, axis=0),
        ones * history.value[-1],
        ones * history.value[-4:].mean(),
        ones * history.value[-day:].mean(),
        ones * history.value[-7 * day :].mean(),
        ones * (history.value[-1] - history.value[-4:].mean()),
    ]
    return np.stack(columns, axis=1)


def check(history: History) -> None:
    """Refuse a history that is too short or has gaps.

    Raises
    ------
    DataError
    """
    span_s = len(history.value) * history.step_s
    if span_s < LEAST_HISTORY_S:
        message = (
            f"history of {span_s / DAY_S:.1f} days; a forecast needs at least "
            f"{LEAST_HISTORY_S / DAY_S:.0f} days."
        )
        raise DataError(message)
    if not np.isfinite(history.value).all():
        count = int((~np.isfinite(history.value)).sum())
        message = f"history with {count} missing values. Fill or remove them."
        raise DataError(message)


def origins(history: History, reach: int, every_s: float) -> list[int]:
    """Lengths of the earlier histories whose whole horizon has passed by now."""
    first = round(LEAST_HISTORY_S / history.step_s)
    every = max(round(every_s / history.step_s), 1)
    return list(range(len(history.value) - reach, first - 1, -every))[::-1]


def overlapping(horizon_s: Series, every_s: float) -> int:
    """Origins, so far apart, whose horizons overlap."""
    return int(np.ceil(float(horizon_s[-1]) / every_s)) + 1


def some_leads(steps: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Steps of the horizon to learn from at one origin, ascending."""
    near = rng.permutation(min(NEAR, steps))[:NEAR_PER_ORIGIN]
    far = NEAR + rng.permutation(max(steps - NEAR, 0))[:FAR_PER_ORIGIN]
    return np.sort(np.concatenate([near, far]))


class SeriesForecaster:
    """Boosted quantiles on calendar and lags, for weather, prices, carbon.

    Parameters
    ----------
    every_s
        Distance of the origins it learns from. [s]
    seed
        Chooses the leads it learns from at each origin.
    """

    def __init__(self, every_s: float = 6 * 3600.0, seed: int = 1) -> None:
        self._every_s = every_s
        self._seed = seed
        self._model: QuantileModel | None = None

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
        rng = np.random.default_rng(self._seed)
        step = np.round(horizon_s / history.step_s).astype(np.int64)
        parts = []
        unknown = known_future._replace(given=None)  # only the present one is at hand
        start_s = history.now_s - len(history.value) * history.step_s
        for k, n in enumerate(origins(history, int(step.max()) + 1, self._every_s)):
            pick = some_leads(len(step), rng)
            then = History(
                start_s + n * history.step_s, history.step_s, history.value[:n]
            )
            known = features(then, unknown, horizon_s[pick])
            base = anchor(then, unknown, horizon_s[pick])
            truth = history.value[n + step[pick]]
            parts.append((known, truth - base, horizon_s[pick], np.full(len(pick), k)))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        apart = overlapping(horizon_s, self._every_s)
        known, stray, lead_s, origin = columns
        rows = Rows(known, stray, lead_s, origin, apart)
        self._model = quantile_model.fit(rows, quantiles)

    def forecast(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> Series:
        """See ``Forecaster``; fits itself first if that was not done."""
        check(history)
        if self._model is None or self._model.quantiles != quantiles:
            self.fit(history, known_future, horizon_s, quantiles)
        assert self._model is not None
        stray = quantile_model.predict(
            self._model, features(history, known_future, horizon_s), horizon_s
        )
        return np.asarray(anchor(history, known_future, horizon_s)[:, None] + stray)
