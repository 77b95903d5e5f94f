"""Forecasts from what is known now: no forecaster is ever given the future.

Weather follows yesterday's course, shifted by today's difference, which fades:

    x(t) = x(t - 24 h) + (x(now) - x(now - 24 h)) exp(-(t - now)/tau)

IT load persists and relaxes to the mean of what was seen. Prices are day-ahead prices,
published before the day (the shipped PJM and CAISO series); carbon is yesterday's.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.signals import Inputs

Series = NDArray[np.float64]

DAY_S = 86400.0
WEATHER_FADE_S = 6 * 3600.0  # assumption: a front passes in about this time
LOAD_FADE_S = 3 * 3600.0  # assumption
HISTORY_S = 2 * DAY_S


class Forecast(NamedTuple):
    """Expected inputs and prices over the horizon; arrays of shape (time,)."""

    time_s: Series  # start of each step on the plant clock
    step_s: Series  # length of each step
    inputs: Inputs  # arrays of shape (time,)
    energy_price_usd_j: Series
    carbon_kg_j: Series
    # Marginal quantiles of every input, ascending; empty where none are known. Read them
    # with ``at_quantile``.
    quantiles: tuple[float, ...] = ()
    bands: tuple[Inputs, ...] = ()  # one per quantile, arrays of shape (time,)


def at_quantile(forecast: Forecast, quantile: float) -> Inputs:
    """Inputs that are each exceeded with the chance ``1 - quantile`` only.

    A limit that must hold with 90 % is checked at ``at_quantile(forecast, 0.9)``: wet bulb
    and IT power at their own 90 % quantiles, which is stricter than their joint one.

    Parameters
    ----------
    forecast
        From any forecaster.
    quantile
        0 to 1; linear between the given ones, the outermost beyond them.

    Returns
    -------
    Inputs
        Arrays of shape (time,); the expected inputs where no quantiles are known.
    """
    if not forecast.bands:
        return forecast.inputs
    above = int(np.searchsorted(forecast.quantiles, quantile))
    last = len(forecast.quantiles) - 1
    low, high = min(max(above - 1, 0), last), min(above, last)
    span = forecast.quantiles[high] - forecast.quantiles[low]
    share = (quantile - forecast.quantiles[low]) / span if span > 0.0 else 0.0
    pairs = zip(forecast.bands[low], forecast.bands[high], strict=True)
    return Inputs(*(np.asarray(a + share * (b - a)) for a, b in pairs))


def horizon_grid(fine: int = 16, coarse: int = 20) -> Series:
    """Step lengths: quarter hours first, then hours; 24 h by default [s]."""
    return np.concatenate([np.full(fine, 900.0), np.full(coarse, 3600.0)])


class PersistenceForecaster:
    """Yesterday's weather, today's level, persisting load.

    Parameters
    ----------
    history_s, history
        Past inputs, times ascending and not after the run's start; at least 24 h of
        weather. ``it_demand_w`` may be nan where the past load is unknown.
    price, carbon
        Series over plant time that are known in advance: ``price(time_s)`` day-ahead,
        ``carbon(time_s)`` evaluated a day earlier.
    """

    def __init__(
        self,
        history_s: Series,
        history: Inputs,
        price: Callable[[Series], Series],
        carbon: Callable[[Series], Series],
    ) -> None:
        known_s = np.atleast_1d(history_s)
        self._time_s = [float(t) for t in known_s]
        self._rows = np.stack(
            np.broadcast_arrays(known_s, *history)[1:], axis=1
        ).tolist()
        self._price = price
        self._carbon = carbon

    def observe(self, time_s: float, inputs: Inputs) -> None:
        """Remember what was measured; old rows are dropped."""
        values = [float(value) for value in inputs]
        if self._time_s and time_s <= self._time_s[-1]:
            return
        self._time_s.append(float(time_s))
        self._rows.append(values)
        while self._time_s[0] < time_s - HISTORY_S:
            del self._time_s[0], self._rows[0]

    def forecast(self, now_s: float, step_s: Series | None = None) -> Forecast:
        """Expected inputs from now on.

        Parameters
        ----------
        now_s
            Plant time.
        step_s
            Lengths of the steps, ``horizon_grid()`` by default. [s]
        """
        steps = horizon_grid() if step_s is None else step_s
        start_s = now_s + np.concatenate([[0.0], np.cumsum(steps)[:-1]])
        middle_s = start_s + steps / 2.0
        known_s = np.asarray(self._time_s)
        rows = np.asarray(self._rows)
        fields = [self._weather(known_s, rows[:, k], now_s, middle_s) for k in range(4)]
        fields.append(self._load(rows[:, 4], now_s, middle_s))
        fields[1] = np.minimum(fields[1], fields[0])  # wet bulb below dry bulb
        return Forecast(
            start_s,
            steps,
            Inputs(*fields),
            self._price(middle_s),
            self._carbon(middle_s - DAY_S),
        )

    @staticmethod
    def _weather(known_s: Series, values: Series, now_s: float, at_s: Series) -> Series:
        """Course of yesterday at today's level; the oldest day repeats if need be."""
        ahead = np.ceil(np.maximum(at_s - now_s, 0.0) / DAY_S)
        yesterday = np.interp(at_s - np.maximum(ahead, 1.0) * DAY_S, known_s, values)
        level = values[-1] - np.interp(now_s - DAY_S, known_s, values)
        fade = np.exp(-np.maximum(at_s - now_s, 0.0) / WEATHER_FADE_S)
        return np.asarray(yesterday + level * fade)

    @staticmethod
    def _load(values: Series, now_s: float, at_s: Series) -> Series:
        """Last value, relaxing to the mean of what was seen."""
        seen = values[np.isfinite(values)]
        fade = np.exp(-np.maximum(at_s - now_s, 0.0) / LOAD_FADE_S)
        return np.asarray(seen.mean() + (seen[-1] - seen.mean()) * fade)
