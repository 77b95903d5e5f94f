"""Days to learn from: sites, plants unlike their nameplates, climates, loads, faults.

Every case is one day of one plant, with half a day of warm-up before it as the
comparisons have. Climates come from weather files and are warmed or cooled as a whole at
their own relative humidity; loads come from the traces, from a swing over the day and
from jumps. What a case tells of the time to come is what was known then: published prices,
and for the rest the same hour of yesterday with today's difference fading.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.episodes import WARM_UP_S, YEAR_DAYS
from optimizer.rl.observation import AHEAD, LEADS_S, PRICED
from optimizer.rules import RuleParameters
from plant import psychrometrics
from plant.types import OutdoorAir
from twin.config import Site
from twin.ensemble import FADE_S
from twin.faults import Faults, apply
from twin.forecast import DAY_S
from twin.perturb import perturb
from twin.scenario import Scenario, load_scenario
from twin.simulate import pace_of
from twin.site_forecast import PUBLISHED_S
from twin.topology import Facility
from twin.walks import Run, Stretch, stretch
from twin.workload import Workload

Array = NDArray[np.float64]
STEP_S = 60.0  # of the physics
JUDGED_S = DAY_S
WARMER_K = 8.0  # climates are moved by as much at most
HOTTEST_C = 29.0  # wet bulb of any climate, about the most that is found on earth
SPREAD = 0.06  # of the nameplates
FAULTY = 0.1  # share of the days with something out of service
LEAST_PEAK = 0.35  # of the rated load
SEGMENT_S = 300.0  # of loads that are drawn


class Place(NamedTuple):
    """A site with its rules, and the air and loads that it is trained on."""

    site: Site
    rules: RuleParameters
    scenarios: tuple[Scenario, ...]  # one for each weather file and load file


class Case(NamedTuple):
    """One day of one plant."""

    plant: Facility
    scenario: Scenario


class Tables(NamedTuple):
    """What happens in one case; ``time`` counts control cycles, warm-up first."""

    now: Stretch
    priced: Array  # (time, 2), as ``PRICED``
    ahead: Array  # (time, len(LEADS_S) * len(AHEAD))
    pv_w: Array  # (time,)


def place_of(
    site: Site, rules: RuleParameters, weather: Sequence[str], loads: Sequence[str]
) -> Place:
    """A site with everything it may meet; files are read once.

    Raises
    ------
    ConfigError, DataError
        If a file cannot be used.
    """
    hours = (WARM_UP_S + JUDGED_S) / 3600.0
    return Place(
        site,
        rules,
        tuple(
            load_scenario(site, "01-02", hours, outside, load)
            for outside in weather
            for load in loads
        ),
    )


def draw(place: Place, rng: np.random.Generator) -> Case:
    """A random day of a random plant at a place."""
    scenario = place.scenarios[int(rng.integers(len(place.scenarios)))]
    air = scenario.weather.air
    room_k = HOTTEST_C - float(np.max(air.wet_bulb_c))
    air = warmed(air, float(rng.uniform(-WARMER_K, max(min(WARMER_K, room_k), 0.0))))
    day = int(rng.integers(1, YEAR_DAYS))
    made = scenario._replace(
        start_s=day * DAY_S,
        weather=scenario.weather._replace(air=air),
        load=_load(scenario.load, place.site, rng),
    )
    plant = perturb(place.site.facility, rng, SPREAD)
    if rng.random() < FAULTY:
        plant = apply(plant, _faults(rng))
    return Case(plant, made)


def warmed(air: OutdoorAir, by_k: float) -> OutdoorAir:
    """Air that is warmer as a whole, at its own relative humidity."""
    dry, ratio = np.asarray(air.dry_bulb_c), np.asarray(air.humidity_ratio)
    pressure = np.asarray(air.pressure_pa)
    share = ratio / psychrometrics.saturated_humidity_ratio(dry, pressure)
    warm = dry + by_k
    moist = np.asarray(
        share * psychrometrics.saturated_humidity_ratio(warm, pressure), dtype=float
    )
    wet = np.minimum(psychrometrics.wet_bulb(warm, moist, pressure), warm)
    return OutdoorAir(warm, wet, moist, pressure)


def _load(trace: Workload, site: Site, rng: np.random.Generator) -> Workload:
    """A stretch of the trace at another level, or a swing with jumps [W]."""
    rated_w = float(site.facility.it.racks.rated_power_w)
    peak = float(rng.uniform(LEAST_PEAK, 1.0))
    if rng.random() < 0.5:
        begin_s = float(rng.uniform(0.0, trace.period_s))
        scale = peak * rated_w / float(trace.power_w.max())
        return trace._replace(
            begin_s=begin_s, power_w=trace.power_w * scale, queue=None
        )
    time_s = np.arange(0.0, 4.0 * DAY_S, SEGMENT_S)
    swing = rng.uniform(0.0, 0.2) * np.sin(
        2.0 * np.pi * (time_s / DAY_S + float(rng.random()))
    )
    jumps = rng.random(len(time_s)) < rng.uniform(0.0, 0.01)
    level = np.cumsum(jumps * rng.normal(0.0, 0.3, len(time_s)))
    share = np.clip(0.75 + swing + level - level.mean(), 0.05, 1.0)
    power_w = peak * rated_w * share
    return Workload("drawn", time_s, power_w, float(4.0 * DAY_S), begin_s=DAY_S)


def _faults(rng: np.random.Generator) -> Faults:
    """One thing out of service or worn."""
    kinds: tuple[dict[str, float], ...] = (
        {"tower_cells_out": 1},
        {"chillers_out": 1},
        {"in_row_coolers_out": 1},
        {"ups_modules_out": 1},
        {"exchanger_fouling": float(rng.uniform(0.05, 0.3))},
        {"tower_fouling": float(rng.uniform(0.05, 0.3))},
    )
    return Faults(**kinds[int(rng.integers(len(kinds)))])  # type: ignore[arg-type]  # by name


def tables(place: Place, case: Case) -> Tables:
    """Everything that a day brings, ready for the compiled loop."""
    run = Run(place.site, case.scenario, case.plant, pace_of(place.site, STEP_S, None))
    now = stretch(run, 0, run.scans)
    return Tables(
        now,
        np.stack([_priced(case.scenario, name, now.control_s) for name in PRICED], 1),
        _ahead(case.scenario, now.control_s),
        np.asarray(case.scenario.pv_at(now.control_s)),
    )


def _priced(scenario: Scenario, name: str, time_s: Array) -> Array:
    series = scenario.price_at if name == PRICED[0] else scenario.carbon_at
    return np.asarray(series(time_s), dtype=float)


def _ahead(scenario: Scenario, now_s: Array) -> Array:
    """What is expected at each cycle, shape (time, leads * signals)."""
    columns = []
    for lead_s in LEADS_S:
        columns += [_expected(scenario, name, now_s, lead_s) for name in AHEAD]
    return np.stack(columns, axis=1)


def _expected(scenario: Scenario, name: str, now_s: Array, lead_s: float) -> Array:
    """Yesterday's value with today's difference fading; prices once they are published."""

    def value(at_s: Array) -> Array:
        if name in PRICED:
            return _priced(scenario, name, at_s)
        return np.asarray(getattr(scenario.inputs_at(at_s), name), dtype=float)

    wanted_s = now_s + lead_s
    fade = np.exp(-lead_s / FADE_S)
    guess = value(wanted_s - DAY_S) + fade * (value(now_s) - value(now_s - DAY_S))
    if name != "price_usd_j":
        return np.asarray(guess)
    day = np.floor(now_s / DAY_S)
    is_out = now_s - day * DAY_S >= PUBLISHED_S
    until_s = (day + np.where(is_out, 2.0, 1.0)) * DAY_S
    known = value(np.minimum(wanted_s, until_s - 1.0))
    return np.asarray(np.where(wanted_s < until_s, known, guess))
