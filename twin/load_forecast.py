"""IT power of the next day with quantiles, by what is known of the load.

Three cases: the queue of jobs behind it (``QueueLoad``), weeks of its own past
(``PastLoad``), or only what the run has shown so far (``LoadSoFar``).
"""

from threading import Lock

import numpy as np
from scipy.special import ndtri

from twin.forecast import DAY_S, Series
from twin.held_jobs import HeldJobs
from twin.job_forecast import JobForecaster, history_of, pool_bounds, replayed
from twin.job_load import JobLoad
from twin.jobs import FRONTIER, Mode
from twin.learn_ahead import LearnAhead
from twin.series_forecast import History, KnownFuture, starts
from twin.site_forecast import QUANTILES, STEP_S, Track

LEAST_DAYS = 14  # of jobs, to learn how far reality strays from the replays
MOST_DAYS = 42
REFIT_S = 7 * DAY_S
LAG_S = 3600.0  # plant time to learn in
# Assumption for sites without two weeks of jobs: standard error of the replays, share of
# the level, after a day; about what persistence has on the synthetic traces.
PRIOR_ERROR = 0.12
PRIOR_FADE_S = 6 * 3600.0
LEAD_S = starts(round(DAY_S / STEP_S), STEP_S)  # that the correction is learned for
FADE_S = 3 * 3600.0  # assumption: how long a level of the load lasts
# Assumption, until the run has shown its own: quantiles of a change, share of the level.
FIRST_CHANGE = 0.1 * np.array([-1.28, -0.67, 0.0, 0.67, 1.28])


class QueueLoad:
    """From running and waiting jobs; with two weeks of them corrected by experience.

    The correction is learned before the run (``prepare``) and again every ``REFIT_S``,
    beside the decisions (``LearnAhead``).

    Parameters
    ----------
    load
        On the clock of the run. Only what is visible at the time of a forecast is used.
    held
        The jobs as they run where some wait for a plan; those of the load if None.
    """

    def __init__(self, load: JobLoad, held: HeldJobs | None = None) -> None:
        self._load = load
        self._held = held
        self._known = KnownFuture(load.first_weekday, load.units)
        self._learned = LearnAhead(self._learn, REFIT_S, LAG_S)
        self._lock = Lock()

    def prepare(self, now_s: float, lead_s: Series) -> None:
        """Learn what a first forecast needs."""
        self.forecast(now_s, lead_s)

    def observe(self, time_s: float, power_w: float) -> None:
        """The queue says it all; the meter is not needed."""

    def forecast(self, now_s: float, lead_s: Series) -> Series:
        """See ``site_forecast.LoadForecaster``."""
        at_s = float(np.floor(now_s / STEP_S) * STEP_S)
        history = self._history(at_s)
        trained = self._learned.at(at_s)
        if trained is None:
            told = replayed(history, self._known, lead_s, QUANTILES)
            wide = widened(told, lead_s, QUANTILES)
            limits_w = pool_bounds(self._load.units, FRONTIER, Mode())
            return np.asarray(np.clip(wide, *limits_w) * self._load.scale)
        with self._lock:  # controllers side by side share what was learned
            power = trained.forecast(history, self._known, lead_s, QUANTILES)
        return np.asarray(power * self._load.scale)

    def _history(self, at_s: float) -> History:
        """Jobs and power of the latest weeks."""
        load = self._load
        days = max(min(self._available(at_s), MOST_DAYS), 1)
        jobs = load.jobs if self._held is None else self._held.jobs
        return history_of(jobs, at_s, days, load.units, FRONTIER, Mode())

    def _available(self, at_s: float) -> int:
        """Days of jobs before a time."""
        return int((at_s - self._load.jobs.submit_s[0]) // DAY_S)

    def _learn(self, at_s: float) -> JobForecaster | None:
        """Fitted to what was known at a time; None with less than two weeks of jobs."""
        if self._available(at_s) < LEAST_DAYS:
            return None
        model = JobForecaster()
        model.fit(self._history(at_s), self._known, LEAD_S, QUANTILES)
        return model


def widened(told: Series, lead_s: Series, quantiles: tuple[float, ...]) -> Series:
    """Quantiles of replays with the errors that replays themselves have.

    What replays cannot know (jobs unlike any before, a day unlike any before) is taken as
    normal, independent of what they say, and growing to ``PRIOR_ERROR`` of the level.

    Parameters
    ----------
    told
        Shape (time, quantile). [W]
    lead_s
        Start of each step after now. [s]
    quantiles
        Of the last axis, with 0.5 among them.
    """
    middle = told[:, quantiles.index(0.5)][:, None]
    grown = np.sqrt(1.0 - np.exp(-(lead_s + STEP_S) / PRIOR_FADE_S))[:, None]
    normal = ndtri(np.asarray(quantiles))[None, :]
    prior = PRIOR_ERROR * middle * grown * normal
    return np.asarray(middle + np.sign(normal) * np.hypot(told - middle, prior))


class PastLoad:
    """From weeks of its own past.

    Parameters
    ----------
    past_w
        Quarter hours that end at the start of the run.
    """

    def __init__(self, past_w: Series) -> None:
        self._track = Track(past_w)

    def prepare(self, now_s: float, lead_s: Series) -> None:
        """A fit takes milliseconds; it is done when it is needed."""

    def observe(self, time_s: float, power_w: float) -> None:
        """Remember what was measured."""
        self._track.observe(time_s, power_w)

    def forecast(self, now_s: float, lead_s: Series) -> Series:
        """See ``site_forecast.LoadForecaster``."""
        return np.asarray(np.maximum(self._track.forecast(now_s, lead_s), 0.0))


class LoadSoFar:
    """The level now, relaxing to the mean of what was seen; the band of what was seen.

    The quantile of a later time lies between that of changes over one quarter hour and
    that of all values seen, by the same fading. Before two hours have been seen the band
    is an assumption.
    """

    def __init__(self) -> None:
        self._time_s: list[float] = []
        self._power_w: list[float] = []

    def prepare(self, now_s: float, lead_s: Series) -> None:
        """There is nothing to learn from before the run."""

    def observe(self, time_s: float, power_w: float) -> None:
        """Remember what was measured, of the last two days."""
        if self._time_s and time_s <= self._time_s[-1]:
            return
        self._time_s.append(time_s)
        self._power_w.append(power_w)
        while self._time_s[0] < time_s - 2 * DAY_S:
            del self._time_s[0], self._power_w[0]

    def forecast(self, now_s: float, lead_s: Series) -> Series:
        """See ``site_forecast.LoadForecaster``."""
        seen = np.array(self._power_w)
        fade = np.exp(-(lead_s + STEP_S / 2.0) / FADE_S)
        point = seen.mean() + (seen[-1] - seen.mean()) * fade
        band = (1.0 - fade)[:, None] * self._far(seen) + fade[:, None] * self._near()
        return np.asarray(np.maximum(point[:, None] + band, 0.0))

    def _far(self, seen: Series) -> Series:
        """Quantiles of the values seen, off their mean; at least as wide as assumed."""
        assumed = FIRST_CHANGE * seen.mean()
        found = np.quantile(seen, QUANTILES) - seen.mean()
        return np.asarray(np.sign(assumed) * np.maximum(np.abs(found), np.abs(assumed)))

    def _near(self) -> Series:
        """Quantiles of the change over a quarter hour."""
        time_s, power_w = np.array(self._time_s), np.array(self._power_w)
        later = time_s[-1] - time_s[0] - STEP_S
        if later < 8 * STEP_S:
            return np.asarray(FIRST_CHANGE * power_w[-1])
        at_s = np.arange(time_s[0], time_s[-1] - STEP_S, STEP_S / 3.0)
        ahead = np.interp(at_s + STEP_S, time_s, power_w)
        change = ahead - np.interp(at_s, time_s, power_w)
        return np.asarray(np.quantile(change, QUANTILES))
