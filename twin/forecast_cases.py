"""The series on which forecasts are judged: jobs, weather, prices, carbon."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from twin import backtest, grid, weather
from twin.backtest import Plan, Score
from twin.baselines import BASELINES, Baseline
from twin.blend import BlendForecaster
from twin.forecast import DAY_S, Series
from twin.grid import J_PER_KWH
from twin.job_forecast import STEP_S, JobForecaster, history_of
from twin.job_generator import Demand, generate
from twin.job_table import Jobs
from twin.jobs import FRONTIER, Mode
from twin.load_forecast import LoadSoFar
from twin.pools import Pools, simulate
from twin.readers.formats import read_jobs
from twin.resources import data_path
from twin.series_forecast import (
    QUANTILES,
    History,
    KnownFuture,
    Learner,
    starts,
)
from twin.site_forecast import HISTORY_DAYS, price_forecaster

BAND_DAYS = 28
HOUR_S = 3600.0
SYNTHETIC_DAYS = 84
# (name, share asked for by batch jobs, units, seed); the seeds of the last four had never
# been run when the forecaster was as it is.
SYNTHETIC = (
    ("busy, seed 2026", 0.65, 1024.0, 2026),
    ("busy, seed 3001", 0.65, 1024.0, 3001),
    ("busy, seed 3002", 0.65, 1024.0, 3002),
    ("calm", 0.45, 1024.0, 2027),
    ("unseen, 1024 units", 0.65, 1024.0, 6001),
    ("unseen, 512 units, full", 0.75, 512.0, 6002),
    ("unseen, 2048 units", 0.5, 2048.0, 6003),
    ("unseen, 256 units, calm", 0.35, 256.0, 6004),
)
POWER_ALONE = ("calm", "unseen, 1024 units")  # of these, also from power alone


class Case(NamedTuple):
    """One series with the forecaster that is judged on it."""

    name: str
    unit: str
    whole: History
    known_future: KnownFuture
    horizon_s: Series
    plan: Plan
    forecaster: Learner


class Verdict(NamedTuple):
    """Scores of the model and the baselines on one case."""

    name: str
    unit: str
    steps: int  # of the series
    model: Score
    single: dict[str, Score]  # baselines as one value
    banded: dict[str, Score]  # baselines with the band of their own past errors

    def gain(self, against: dict[str, Score]) -> float:
        """Pinball loss saved against the best of these baselines."""
        return 1.0 - self.model.pinball / min(s.pinball for s in against.values())


def _job_case(name: str, jobs: Jobs, units: float, days: int, weekday: float) -> Case:
    """Two thirds of the history to learn from, the rest unseen."""
    whole = history_of(jobs, days * DAY_S, days, units, FRONTIER, Mode())
    plan = Plan(first=round(len(whole.value) * 0.67))
    whole = whole._replace(jobs=jobs)
    horizon_s = starts(round(DAY_S / STEP_S), STEP_S)
    known = KnownFuture(weekday, units)
    return Case(name, "W", whole, known, horizon_s, plan, JobForecaster())


def nasa() -> Case:
    """NASA iPSC 1993: 128 nodes, no waiting times, days and nights of researchers."""
    path = data_path("jobs", "NASA-iPSC-1993-3.1-cln.swf.gz")
    jobs, _ = read_jobs(path, "swf")
    offset_s = -8 * HOUR_S  # header: US/Pacific
    first_day = np.floor((jobs.submit_s[0] + offset_s) / DAY_S)
    shift = first_day * DAY_S - offset_s
    jobs = jobs._replace(
        submit_s=jobs.submit_s - shift,
        start_s=jobs.start_s - shift,
        end_s=jobs.end_s - shift,
    )
    days = int(jobs.submit_s[-1] // DAY_S)
    weekday = float(np.mod(first_day + 3.0, 7.0))  # 1 January 1970 was a Thursday
    return _job_case("NASA iPSC 1993", jobs, 128.0, days, weekday)


def synthetic(name: str, batch_load: float, units: float, seed: int) -> Case:
    """Scheduled synthetic jobs with the run times of real deep-learning jobs."""
    demand = Demand(units, batch_load=batch_load)
    jobs = generate(demand, SYNTHETIC_DAYS, np.random.default_rng(seed))
    ran = simulate(jobs, Pools(units), FRONTIER, Mode()).jobs
    return _job_case(f"synthetic, {name}", ran, units, SYNTHETIC_DAYS, 0.0)


def _hourly(name: str, unit: str, value: Series, weekday: float) -> Case:
    """A year by the hour; judged on its last four tenths."""
    whole = History(len(value) * HOUR_S, HOUR_S, np.asarray(value, dtype=np.float64))
    plan = Plan(round(len(value) * 0.6), 31 * HOUR_S, 60 * DAY_S)
    horizon_s = starts(24, HOUR_S)
    known = KnownFuture(weekday)
    return Case(name, unit, whole, known, horizon_s, plan, price_forecaster())


def _both(case: Case) -> Iterator[Case]:
    """By the mean, and by what the loop can fit in a decision: blend, daily, 28 days."""
    yield case._replace(name=f"{case.name}, mean")
    yield case._replace(
        name=f"{case.name}, blend",
        plan=case.plan._replace(refit_s=DAY_S),
        forecaster=Recent(BlendForecaster(), HISTORY_DAYS),
    )


class Recent:
    """A forecaster that is given the last days only."""

    def __init__(self, learner: Learner, days: int) -> None:
        self._learner, self._days = learner, days

    def _cut(self, history: History) -> History:
        count = round(self._days * DAY_S / history.step_s)
        return history._replace(value=history.value[-count:])

    def fit(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> None:
        """Learn from the last days."""
        self._learner.fit(self._cut(history), known_future, horizon_s, quantiles)

    def forecast(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> Series:
        """See ``series_forecast.Forecaster``."""
        asked = self._cut(history), known_future, horizon_s, quantiles
        return self._learner.forecast(*asked)


class SoFar:
    """What a run without a past of its load knows a day after its start."""

    def fit(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> None:
        """There is nothing to learn from before the run."""

    def forecast(
        self,
        history: History,
        known_future: KnownFuture,
        horizon_s: Series,
        quantiles: tuple[float, ...] = QUANTILES,
    ) -> Series:
        """See ``series_forecast.Forecaster``; the quantiles are always ``QUANTILES``."""
        load = LoadSoFar()
        day = round(DAY_S / history.step_s)
        for k, value in enumerate(history.value[-day:]):
            load.observe(k * history.step_s, float(value))
        return load.forecast(history.now_s, horizon_s)


def job_cases() -> Iterator[Case]:
    """IT power from jobs."""
    yield nasa()
    for each in SYNTHETIC:
        yield synthetic(*each)


def power_cases() -> Iterator[Case]:
    """IT power from its own past, as where only the meter is known."""
    chosen = [each for each in SYNTHETIC if each[0] in POWER_ALONE]
    for case in (nasa(), *(synthetic(*each) for each in chosen)):
        alone = case._replace(whole=case.whole._replace(jobs=None))
        yield alone._replace(
            name=f"{case.name}, four weeks of power",
            plan=case.plan._replace(refit_s=DAY_S),
            forecaster=Recent(BlendForecaster(), HISTORY_DAYS),
        )
        yield alone._replace(name=f"{case.name}, a day of power", forecaster=SoFar())


def other_cases() -> Iterator[Case]:
    """Weather, prices, carbon."""
    hours = starts(365 * 24, HOUR_S)
    singapore = weather.read_weather(
        data_path("weather", "openmeteo_SG_2024.csv"), 19.0
    )
    golden = weather.read_weather(
        data_path("weather", "USA_CO_Golden-NREL.724666_TMY3.epw"), 1829.0
    )
    wet = weather.air_at(singapore, hours)[1]
    yield from _both(_hourly("wet bulb, Singapore 2024", "K", np.asarray(wet), 0.0))
    dry = weather.air_at(golden, hours)[0]
    yield from _both(_hourly("dry bulb, Golden TMY3", "K", np.asarray(dry), 0.0))
    for market in ("PJM", "CISO"):
        price = grid.read_hourly(
            data_path("grid", f"price_{market}_2022.csv"), grid.PRICE
        )
        usd_mwh = grid.value_at(price, hours) * J_PER_KWH * 1000.0
        yield from _both(_hourly(f"price, {market} 2022", "USD/MWh", usd_mwh, 5.0))
    for market in ("PJM", "CISO"):
        carbon = grid.read_hourly(
            data_path("grid", f"carbon_{market}_2022.csv"), grid.CARBON
        )
        g_kwh = grid.value_at(carbon, hours) * J_PER_KWH * 1000.0
        yield from _both(_hourly(f"carbon, {market} 2022", "g/kWh", g_kwh, 5.0))


def judge(case: Case) -> Verdict:
    """Roll the model and every baseline over the unseen part.

    Raises
    ------
    DataError
        The series is too short or has gaps.
    """

    def learn(history: History) -> None:
        case.forecaster.fit(history, case.known_future, case.horizon_s, QUANTILES)

    arguments = (case.whole, case.known_future, case.horizon_s, case.plan)
    made = backtest.roll(case.forecaster, *arguments, learn)
    naive: list[dict[str, Score]] = []
    whole = case.whole._replace(jobs=None)  # baselines do not look at jobs
    for days in (0, BAND_DAYS):
        scores = {}
        for name, back_s in BASELINES.items():
            rule = Baseline(back_s, days)
            found = backtest.roll(rule, whole, *arguments[1:])
            scores[name] = backtest.score(*found, case.horizon_s, QUANTILES)
        naive.append(scores)
    model = backtest.score(*made, case.horizon_s, QUANTILES)
    return Verdict(case.name, case.unit, len(case.whole.value), model, *naive)
