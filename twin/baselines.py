"""What a forecast must beat: the last value, that of yesterday, that of a week ago."""

import numpy as np

from twin.forecast import DAY_S, Series
from twin.series_forecast import WEEK_S, History, KnownFuture, past


class Baseline:
    """A naive forecast: the last value, or that of a day or a week before.

    Parameters
    ----------
    back_s
        Age of the value; 0 is persistence.
    band_days
        Days whose errors give the band; 0 leaves a single value for all quantiles.
    """

    def __init__(self, back_s: float, band_days: int = 0) -> None:
        self._back_s = back_s
        self._band_days = band_days

    def forecast(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...],
    ) -> Series:
        """See ``Forecaster``."""
        point = self._point(history, horizon_s)[:, None]
        if not self._band_days:
            return np.repeat(point, len(quantiles), axis=1)
        errors = self._errors(history, horizon_s)
        return np.asarray(point + np.quantile(errors, quantiles, axis=0).T)

    def _point(self, history: History, horizon_s: Series) -> Series:
        if self._back_s == 0.0:
            return np.full(len(horizon_s), history.value[-1])
        return past(history, horizon_s, self._back_s)

    def _errors(self, history: History, horizon_s: Series) -> Series:
        """Errors of the same rule at earlier origins, shape (origins, time)."""
        step = np.round(horizon_s / history.step_s).astype(np.int64)
        reach = int(step.max()) + 1
        day = round(DAY_S / history.step_s)
        stop = len(history.value) - reach
        first = max(stop - self._band_days * day, round(WEEK_S / history.step_s))
        errors = []
        for n in range(first, stop + 1, max(day // 8, 1)):
            then = history._replace(value=history.value[:n])
            errors.append(history.value[n + step] - self._point(then, horizon_s))
        return np.array(errors)


BASELINES = {
    "persistence": 0.0,
    "same time yesterday": DAY_S,
    "same time last week": WEEK_S,
}
