"""What a controller is told of the next day at a site: every input with quantiles.

Weather and carbon come from ``blend``, fitted on the weeks before the run and again every
day; IT power from the job queue where the load is made of jobs, from its own past where
there is enough of it, else from the run so far. Day-ahead prices are known once they are
published, in the early afternoon of the day before; later hours are forecast by the mean
of the blend and the boosted model (``PriceToCome``), learned once a week beside the
decisions. Nothing of the time to come is used, except what is published in advance.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from plant import psychrometrics
from twin.blend import BlendForecaster, MeanForecaster
from twin.forecast import DAY_S, Forecast, Movable, Series, horizon_grid
from twin.given_forecast import GivenForecast
from twin.learn_ahead import LearnAhead
from twin.series_forecast import History, KnownFuture, SeriesForecaster, starts
from twin.signals import Inputs

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
MIDDLE = QUANTILES.index(0.5)
STEP_S = 900.0
HISTORY_DAYS = 28
AIR = ("dry_bulb_c", "wet_bulb_c", "pressure_pa")  # humidity follows from these
# PJM Manual 11, section 2: results of the day-ahead market by 13:30 of the day before.
PUBLISHED_S = 13.5 * 3600.0
HOUR_S = 3600.0
PRICE_DAYS = 120
PRICE_REFIT_S = 7 * DAY_S
PRICE_LAG_S = 3600.0
PRICE_LEAD_S = starts(25, HOUR_S)  # a day from the last full hour
MEDIAN = (0.5,)
PER_MWH = 3.6e9  # J; keeps the regression away from tiny numbers

Published = Callable[[Series], Series]


class LoadForecaster(Protocol):
    """Learns from the measured IT power and says what to expect."""

    def prepare(self, now_s: float, lead_s: Series) -> None:
        """Learn, before the run, what the first forecast needs."""

    def observe(self, time_s: float, power_w: float) -> None:
        """Remember what was measured."""

    def forecast(self, now_s: float, lead_s: Series) -> Series:
        """Quantiles ``QUANTILES`` of the steps of ``STEP_S`` from now on [W]."""


class Waiting(Protocol):
    """Jobs that may wait for a plan; see ``held_jobs.HeldJobs``."""

    def movable(self, step_s: Series, load_w: Series) -> Movable | None:
        """What a plan over the next steps may choose; None if nothing is held."""


class Known(NamedTuple):
    """Series over plant time; a forecaster asks for times that are past or published."""

    weather: Callable[[Series], Inputs]  # asked for times before the run only
    price: Published
    carbon: Published


class Track:
    """A measured value on quarter hours, the latest ``HISTORY_DAYS``.

    Parameters
    ----------
    value
        Before the run; the last one stands for the quarter hour that ends at time 0.
    """

    def __init__(self, value: Series) -> None:
        self._value = [float(each) for each in value]
        self._end_s = 0.0  # of the last quarter hour
        self._open: list[float] = []
        self._model = BlendForecaster()
        self._fitted_s = -np.inf

    def observe(self, time_s: float, value: float) -> None:
        """Take a reading; a quarter hour without one repeats the last value."""
        while time_s >= self._end_s + STEP_S:
            mean = float(np.mean(self._open)) if self._open else self._value[-1]
            self._value.append(mean)
            self._end_s += STEP_S
            self._open = []
        self._open.append(value)
        del self._value[: -HISTORY_DAYS * round(DAY_S / STEP_S)]

    def forecast(self, now_s: float, lead_s: Series) -> Series:
        """Quantiles, shape (time, quantile); what was read last counts as today."""
        value = np.array(self._value)
        if self._open:
            value[-1] = self._open[-1]
        history = History(self._end_s, STEP_S, value)
        known = KnownFuture()
        if now_s - self._fitted_s >= DAY_S:
            self._model.fit(history, known, lead_s, QUANTILES)
            self._fitted_s = now_s
        return self._model.forecast(history, known, lead_s, QUANTILES)


class PriceToCome:
    """Prices that are not published yet, from those that are; may be shared.

    Parameters
    ----------
    price
        Asked for times in the past only.
    """

    def __init__(self, price: Published) -> None:
        self._price = price
        self._learned = LearnAhead(self._learn, PRICE_REFIT_S, PRICE_LAG_S)

    def _history(self, now_s: float) -> History:
        """The last months by the hour, to the last full hour."""
        end_s = float(np.floor(now_s / HOUR_S) * HOUR_S)
        count = round(PRICE_DAYS * DAY_S / HOUR_S)
        at_s = np.asarray(end_s + (np.arange(-count, 0) + 0.5) * HOUR_S, np.float64)
        return History(end_s, HOUR_S, np.asarray(self._price(at_s)) * PER_MWH)

    def _learn(self, now_s: float) -> MeanForecaster:
        """Fitted for a day ahead."""
        model = price_forecaster()
        model.fit(self._history(now_s), KnownFuture(), PRICE_LEAD_S, MEDIAN)
        return model

    def forecast(self, now_s: float, lead_s: Series) -> Series:
        """Median of quarter hours [USD/J]."""
        history = self._history(now_s)
        model = self._learned.at(now_s)
        hours = model.forecast(history, KnownFuture(), PRICE_LEAD_S, MEDIAN)[:, 0]
        at_s = now_s + lead_s + STEP_S / 2.0 - history.now_s
        at = np.minimum((at_s // HOUR_S).astype(np.int64), len(hours) - 1)
        return np.asarray(hours[at] / PER_MWH)


def price_forecaster() -> MeanForecaster:
    """What forecasts prices, carbon and weather by the hour best: see ``MeanForecaster``."""
    boosted = SeriesForecaster(every_s=13 * HOUR_S)  # no divisor of a day
    return MeanForecaster((boosted, BlendForecaster()))


class SiteForecaster:
    """Forecaster of one run.

    Parameters
    ----------
    known
        Weather before the run, published prices and carbon.
    load
        Forecaster of the IT power.
    price
        Shared with other runs of the same site, its own if None.
    waiting
        Jobs that may wait, None if none may.
    given
        A forecast made by others, used where it covers the horizon.
    """

    def __init__(
        self,
        known: Known,
        load: LoadForecaster,
        price: PriceToCome | None = None,
        waiting: Waiting | None = None,
        given: GivenForecast | None = None,
    ) -> None:
        self._waiting = waiting
        self._given = given
        self._known = known
        self._load = load
        self._price_to_come = price or PriceToCome(known.price)
        before = known.weather(_before())
        self._air = {name: Track(np.asarray(getattr(before, name))) for name in AIR}
        self._carbon = _Published(known.carbon)

    def prepare(self, now_s: float = 0.0) -> None:
        """Learn, before the run, what the first forecast needs: it takes seconds."""
        lead_s = starts(round(float(horizon_grid().sum()) / STEP_S), STEP_S)
        self._load.prepare(now_s, lead_s)
        self._price_to_come.forecast(now_s, lead_s)

    def observe(self, time_s: float, inputs: Inputs) -> None:
        """Remember what was measured."""
        for name, track in self._air.items():
            track.observe(time_s, float(getattr(inputs, name)))
        self._load.observe(time_s, float(inputs.it_demand_w))

    def forecast(self, now_s: float, step_s: Series | None = None) -> Forecast:
        """Expected inputs from now on, with quantiles.

        Parameters
        ----------
        now_s
            Plant time. [s]
        step_s
            Lengths of the steps, multiples of a quarter hour; ``horizon_grid()`` if
            None. [s]
        """
        steps = horizon_grid() if step_s is None else step_s
        lead_s = starts(round(float(steps.sum()) / STEP_S), STEP_S)
        air = {n: track.forecast(now_s, lead_s) for n, track in self._air.items()}
        load = self._load.forecast(now_s, lead_s)
        every = {**air, "it_demand_w": load}
        every = {n: self._about_given(n, v, now_s, lead_s) for n, v in every.items()}
        means = {name: _by_step(value, steps) for name, value in every.items()}
        bands = tuple(
            _moist({name: column[:, k] for name, column in means.items()})
            for k in range(len(QUANTILES))
        )
        carbon, price = (
            _by_step(self._about_given(name, own[:, None], now_s, lead_s), steps)[:, 0]
            for name, own in (
                ("carbon_g_kwh", self._carbon.forecast(now_s, lead_s)),
                ("price_usd_mwh", self._price_to_come.forecast(now_s, lead_s)),
            )
        )
        waiting: Movable | None = None
        if self._waiting is not None:
            expected_w = np.asarray(bands[MIDDLE].it_demand_w)
            waiting = self._waiting.movable(steps, expected_w)
        return Forecast(
            now_s + np.concatenate([[0.0], np.cumsum(steps)[:-1]]),
            steps,
            bands[MIDDLE],
            self._price(now_s, lead_s, steps, price),
            carbon,
            QUANTILES,
            bands,
            waiting,
        )

    def _about_given(
        self, name: str, own: Series, now_s: float, lead_s: Series
    ) -> Series:
        """The own quantiles, moved so that their middle is what was given, where it was."""
        if self._given is None:
            return own
        given = self._given.over(name, now_s, lead_s, STEP_S)
        shift = given - own[:, own.shape[1] // 2]
        return own + np.where(np.isnan(shift), 0.0, shift)[:, None]

    def _price(
        self, now_s: float, lead_s: Series, steps: Series, expected: Series
    ) -> Series:
        """Published prices where they are, expected ones after."""
        day = np.floor(now_s / DAY_S)
        is_out = now_s - day * DAY_S >= PUBLISHED_S
        until_s = (day + (2.0 if is_out else 1.0)) * DAY_S
        at_s = now_s + lead_s + STEP_S / 2.0
        published = self._known.price(np.minimum(at_s, until_s - 1.0))
        known = _by_step(published[:, None], steps)[:, 0]
        end_s = now_s + np.cumsum(steps)
        return np.asarray(np.where(end_s <= until_s, known, expected))


class _Published:
    """Forecast of a series whose past is public."""

    def __init__(self, series: Published) -> None:
        self._series = series
        self._model = BlendForecaster()
        self._fitted_s = -np.inf

    def forecast(self, now_s: float, lead_s: Series) -> Series:
        """Median [unit of the series]."""
        value = self._series(now_s + _before())
        history = History(now_s, STEP_S, np.asarray(value))
        known = KnownFuture()
        if now_s - self._fitted_s >= DAY_S:
            self._model.fit(history, known, lead_s, QUANTILES)
            self._fitted_s = now_s
        return self._model.forecast(history, known, lead_s, QUANTILES)[:, MIDDLE]


def _before() -> Series:
    """Middles of the quarter hours of the history, from now [s]."""
    count = round(HISTORY_DAYS * DAY_S / STEP_S)
    return np.asarray((np.arange(-count, 0) + 0.5) * STEP_S, dtype=np.float64)


def _by_step(values: Series, step_s: Series) -> Series:
    """Means of quarter hours over longer steps, shape (steps, columns)."""
    many = np.round(step_s / STEP_S).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(many)[:-1]])
    return np.asarray(np.add.reduceat(values, first, axis=0) / many[:, None])


def _moist(found: dict[str, Series]) -> Inputs:
    """Inputs with humidity that agrees with both temperatures, wet bulb below dry bulb."""
    dry, pressure = found["dry_bulb_c"], found["pressure_pa"]
    wet = np.minimum(found["wet_bulb_c"], dry)
    ratio = psychrometrics.humidity_ratio_from_wet_bulb(dry, wet, pressure)
    return Inputs(dry, wet, np.asarray(ratio), pressure, found["it_demand_w"])
