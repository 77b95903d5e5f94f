"""IT power from the queue, with quantiles.

Replays of the scheduler (``queue_forecast``) say what running, waiting and coming jobs will
draw. Boosted quantile regression on their mean and spread, the calendar and lags then
learns, from earlier origins of the same history, how far reality strays from the replays.
Between two fits the quantiles follow the errors made since (``recent_errors``).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin import quantile_model, series_forecast
from twin.baselines import Baseline
from twin.errors import DataError
from twin.forecast import DAY_S, Series
from twin.job_table import Jobs
from twin.jobs import (
    FRONTIER,
    POWERS,
    Grid,
    Hardware,
    Mode,
    phase_powers,
    power_series,
)
from twin.quantile_model import QuantileModel, Rows
from twin.queue_forecast import DAYS_BACK, Replays, replay, visible
from twin.recent_errors import RecentErrors, Said
from twin.series_forecast import (
    QUANTILES,
    History,
    KnownFuture,
    some_leads,
)

STEP_S = 900.0
REMEMBERED = 2000  # origins whose replays are kept; a fit looks at some 340 of them
# Share of the last value with the band of its own errors in the mean of both, which does
# better than either where a pool is full for days. Chosen as in ``recent_errors``.
PERSISTENCE = Baseline(0.0, band_days=28)
PERSISTENCE_SHARE = 0.2
NOW_FADE_S = 3600.0  # assumption: how long what the replays missed now stays missed


class Settings(NamedTuple):
    """How much is spent on a forecast."""

    replays: int = 24
    every_s: float = 3 * 3600.0  # distance of the origins it learns from
    seed: int = 1


class Knowledge(NamedTuple):
    """Anchor and features at one origin, for every step of the horizon."""

    anchor: Series  # (time,)
    features: Series  # (time, features)


def history_of(
    jobs: Jobs, now_s: float, days: int, units: float, hardware: Hardware, mode: Mode
) -> History:
    """History of a pool from its jobs, in quarter hours.

    Parameters
    ----------
    jobs
        Sorted by submission; what lies after now is not looked at.
    now_s
        On the clock of the jobs, whose time 0 is a midnight.
    days
        Length.
    units, hardware, mode
        Pool and what it draws.
    """
    seen = visible(jobs, now_s)
    still_s = now_s - seen.start_s + DAY_S  # it will run on: no end before now
    going = seen._replace(run_s=np.where(np.isnan(seen.end_s), still_s, seen.run_s))
    steps = round(days * DAY_S / STEP_S)
    grid = Grid(now_s - steps * STEP_S, STEP_S, steps)
    power = power_series(going, grid, units, hardware, mode)
    return History(now_s, STEP_S, power, seen)


def weekends(
    now_s: float, horizon_s: Series, first_weekday: float
) -> NDArray[np.bool_]:
    """Whether the middle of the horizon, and of that of earlier days, is a weekend."""
    middle = now_s + 0.5 * float(horizon_s[-1])
    day = np.floor(middle / DAY_S) - np.arange(DAYS_BACK + 1) + first_weekday
    return np.asarray(np.mod(day, 7.0) >= 5.0)


def _replays(
    history: History,
    known_future: KnownFuture,
    horizon_s: Series,
    hardware: Hardware,
    mode: Mode,
    settings: Settings,
) -> Replays:
    """Replays from the end of the history on.

    Raises
    ------
    DataError
        No jobs in the history.
    """
    if history.jobs is None:
        message = "a forecast of IT power from jobs needs the jobs. Give a job table."
        raise DataError(message)
    rng = np.random.default_rng([settings.seed, round(history.now_s) % 2**32])
    steps = round(float(horizon_s[-1]) / history.step_s) + 1
    return replay(
        history.jobs,
        Grid(history.now_s, history.step_s, steps),
        known_future.units,
        hardware,
        mode,
        weekends(history.now_s, horizon_s, known_future.first_weekday),
        settings.replays,
        rng,
    )


def replayed(
    history: History,
    known_future: KnownFuture,
    horizon_s: Series,
    quantiles: tuple[float, ...] = QUANTILES,
    hardware: Hardware = FRONTIER,
    mode: Mode = Mode(),  # noqa: B008 (a tuple cannot change)
) -> Series:
    """Quantiles of the replays alone, where there is too little history to learn from.

    They say nothing of the errors of the replays themselves: see ``load_forecast.widened``.

    Returns
    -------
    ndarray
        Shape (time, quantile). [W]

    Raises
    ------
    DataError
        No jobs in the history.
    """
    told = _replays(history, known_future, horizon_s, hardware, mode, Settings(64))
    at = np.round(horizon_s / history.step_s).astype(np.int64)
    gap = history.value[-1] - told.all_w[:, 0].mean()
    now_cast = told.all_w[:, at] + gap * np.exp(-horizon_s / NOW_FADE_S)
    return np.asarray(np.quantile(now_cast, quantiles, axis=0).T)


def knowledge(
    history: History,
    known_future: KnownFuture,
    horizon_s: Series,
    hardware: Hardware,
    mode: Mode,
    settings: Settings,
) -> Knowledge:
    """What the queue and the history say at an origin.

    Raises
    ------
    DataError
        No jobs in the history.
    """
    told = _replays(history, known_future, horizon_s, hardware, mode, settings)
    at = np.round(horizon_s / history.step_s).astype(np.int64)
    every, known = told.all_w[:, at], told.known_w[:, at]
    mean = every.mean(axis=0)
    gap = history.value[-1] - told.all_w[:, 0].mean()
    now_cast = mean + gap * np.exp(-horizon_s / NOW_FADE_S)
    ones = np.ones(len(at))
    queue = [
        mean,
        every.std(axis=0),
        known.mean(axis=0),
        known.std(axis=0),
        *np.quantile(every, (0.1, 0.5, 0.9), axis=0),
        ones * told.queued_unit_s,
        ones * told.running_units,
        ones * gap,
    ]
    plain = series_forecast.features(history, known_future, horizon_s)
    return Knowledge(now_cast, np.concatenate([plain, np.stack(queue, axis=1)], axis=1))


class JobForecaster:
    """IT power of a pool; a ``series_forecast.Forecaster``.

    Parameters
    ----------
    hardware, mode
        What the units are and how they run.
    settings
        Effort and seed.
    """

    def __init__(
        self,
        hardware: Hardware = FRONTIER,
        mode: Mode = Mode(),  # noqa: B008 (a tuple cannot change)
        settings: Settings = Settings(),  # noqa: B008 (a tuple cannot change)
    ) -> None:
        self._hardware = hardware
        self._mode = mode
        self._settings = settings
        self._model: QuantileModel | None = None
        self._known: dict[float, Knowledge] = {}  # by origin; the past does not change
        self._errors = RecentErrors(QUANTILES, STEP_S, settings.every_s)
        self._fitted_s = np.inf

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
            No jobs, or the history is too short or has gaps.
        """
        series_forecast.check(history)
        step = np.round(horizon_s / history.step_s).astype(np.int64)
        lengths = series_forecast.origins(
            history, int(step.max()) + 1, self._settings.every_s
        )
        parts = []
        for k, n in enumerate(lengths):
            then = earlier(history, n)
            known = self._look(then, known_future, horizon_s)
            pick = some_leads(
                len(step), np.random.default_rng([self._settings.seed, n])
            )
            stray = history.value[n + step[pick]] - known.anchor[pick]
            parts.append(
                (known.features[pick], stray, horizon_s[pick], np.full(len(pick), k))
            )
        if not parts:
            message = "history too short to learn from: give two weeks or more."
            raise DataError(message)
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        apart = series_forecast.overlapping(horizon_s, self._settings.every_s)
        features, target, lead_s, origin = columns
        rows = Rows(features, target, lead_s, origin, apart)
        self._model = quantile_model.fit(rows, quantiles)
        self._fitted_s = history.now_s
        self._errors = self._held_out(history, lengths, horizon_s, rows)

    def _held_out(
        self, history: History, lengths: list[int], horizon_s: Series, rows: Rows
    ) -> RecentErrors:
        """Out-of-sample forecasts of the last fit at its later origins."""
        model = self._model
        assert model is not None
        errors = RecentErrors(model.quantiles, history.step_s, self._settings.every_s)
        judged = np.isfinite(model.held_out).all(axis=1)
        for k in np.unique(rows.origin[judged]):
            mine = judged & (rows.origin == k)
            then = earlier(history, lengths[k])
            lead_s = rows.lead_s[mine]
            anchor = self._known[then.now_s].anchor
            at = np.searchsorted(horizon_s, lead_s)
            power_w = anchor[at][:, None] + model.held_out[mine]
            errors.add(_mixed(then, lead_s, power_w, model.quantiles), *_series(then))
        return errors

    def forecast(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> Series:
        """See ``series_forecast.Forecaster``; fits itself first if that was not done."""
        series_forecast.check(history)
        if self._model is None or self._model.quantiles != quantiles:
            self.fit(history, known_future, horizon_s, quantiles)
        self._catch_up(history, known_future, horizon_s)
        said = self._said(history, known_future, horizon_s)
        power_w = self._errors.corrected(said, *_series(history))
        least, most = pool_bounds(known_future.units, self._hardware, self._mode)
        seen = history.value  # measured powers of jobs may go beyond the profiles
        least, most = min(least, float(seen.min())), max(most, float(seen.max()))
        return np.asarray(np.clip(power_w, least, most))

    def _catch_up(
        self, history: History, known_future: KnownFuture, horizon_s: Series
    ) -> None:
        """Forecast from the origins since the fit, as it would have been done there."""
        every_s = self._settings.every_s
        seen_s = _series(history)[0] + series_forecast.LEAST_HISTORY_S
        next_s = max(self._errors.latest_s + every_s, self._fitted_s, seen_s)
        for now_s in np.arange(next_s, history.now_s, every_s):
            length = len(history.value) - round(
                (history.now_s - now_s) / history.step_s
            )
            then = earlier(history, length)
            said = self._said(then, known_future, horizon_s)
            self._errors.add(said, *_series(then))

    def _said(
        self, history: History, known_future: KnownFuture, horizon_s: Series
    ) -> Said:
        """What replays and regressors say at an origin."""
        assert self._model is not None
        known = self._look(history, known_future, horizon_s)
        stray = quantile_model.predict_raw(self._model, known.features)
        power_w = known.anchor[:, None] + stray
        return _mixed(history, horizon_s, power_w, self._model.quantiles)

    def _look(
        self, history: History, known_future: KnownFuture, horizon_s: Series
    ) -> Knowledge:
        """Knowledge at an origin, remembered."""
        if history.now_s not in self._known:
            while len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[history.now_s] = knowledge(
                history,
                known_future,
                horizon_s,
                self._hardware,
                self._mode,
                self._settings,
            )
        return self._known[history.now_s]


def pool_bounds(units: float, hardware: Hardware, mode: Mode) -> tuple[float, float]:
    """Power of a pool with nothing and with everything at work [W]."""
    table, idle = phase_powers(hardware, mode)
    return units * idle, units * (idle + float(table[:, POWERS].max()))


def _mixed(
    history: History, lead_s: Series, power_w: Series, quantiles: tuple[float, ...]
) -> Said:
    """Mean with persistence, quantile by quantile."""
    same = PERSISTENCE.forecast(history, KnownFuture(), lead_s, quantiles)
    mixed = (1.0 - PERSISTENCE_SHARE) * power_w + PERSISTENCE_SHARE * same
    return Said(history.now_s, lead_s, mixed)


def _series(history: History) -> tuple[float, Series]:
    """Start and values."""
    start_s = history.now_s - len(history.value) * history.step_s
    return start_s, history.value


def earlier(history: History, length: int) -> History:
    """The history as it was when it had this many values."""
    now_s = history.now_s - (len(history.value) - length) * history.step_s
    jobs: Jobs | None = None if history.jobs is None else visible(history.jobs, now_s)
    return History(now_s, history.step_s, history.value[:length], jobs)
