"""IT power of the next day with quantiles, by what is known of the load.

Three cases: the queue of jobs behind it (``QueueLoad``), weeks of its own past
(``PastLoad``), or only what the run has shown so far (``LoadSoFar``).
"""

import numpy as np

from twin.forecast import DAY_S, Series
from twin.job_forecast import JobForecaster, history_of, replayed
from twin.job_load import JobLoad
from twin.jobs import FRONTIER, Mode
from twin.series_forecast import KnownFuture
from twin.site_forecast import QUANTILES, STEP_S, Track

LEAST_DAYS = 14  # of jobs, to learn how far reality strays from the replays
MOST_DAYS = 42
REFIT_S = 7 * DAY_S
FADE_S = 3 * 3600.0  # assumption: how long a level of the load lasts
# Assumption, until the run has shown its own: quantiles of a change, share of the level.
FIRST_CHANGE = 0.1 * np.array([-1.28, -0.67, 0.0, 0.67, 1.28])


class QueueLoad:
    """From running and waiting jobs; with two weeks of them corrected by experience.

    Parameters
    ----------
    load
        On the clock of the run. Only what is visible at the time of a forecast is used.
    """

    def __init__(self, load: JobLoad) -> None:
        self._load = load
        self._known = KnownFuture(load.first_weekday, load.units)
        self._model = JobForecaster()
        self._fitted_s = -np.inf

    def observe(self, time_s: float, power_w: float) -> None:
        """The queue says it all; the meter is not needed."""

    def forecast(self, now_s: float, lead_s: Series) -> Series:
        """See ``site_forecast.LoadForecaster``."""
        load = self._load
        at_s = float(np.floor(now_s / STEP_S) * STEP_S)
        available = int((at_s - load.jobs.submit_s[0]) // DAY_S)
        days = max(min(available, MOST_DAYS), 1)
        history = history_of(load.jobs, at_s, days, load.units, FRONTIER, Mode())
        if available < LEAST_DAYS:
            told = replayed(history, self._known, lead_s, QUANTILES)
            return np.asarray(told * load.scale)
        if not self._fitted_s <= at_s < self._fitted_s + REFIT_S:
            self._model.fit(history, self._known, lead_s, QUANTILES)
            self._fitted_s = at_s
        power = self._model.forecast(history, self._known, lead_s, QUANTILES)
        return np.asarray(power * load.scale)


class PastLoad:
    """From weeks of its own past.

    Parameters
    ----------
    past_w
        Quarter hours that end at the start of the run.
    """

    def __init__(self, past_w: Series) -> None:
        self._track = Track(past_w)

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
