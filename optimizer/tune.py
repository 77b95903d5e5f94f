"""Rules tuned to a site: a baseline that was not tuned flatters whatever beats it.

Differential evolution over the parameters of the rules, started from a cloud around the
general ones. A trial runs days of all seasons, each on a plant with its own errors, in
the compiled loop. Days and plants are drawn with other seeds than any comparison uses,
and temperatures are kept a noise band below their limits, because the compiled loop has
exact sensors and the judged rules have not.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, differential_evolution

from optimizer.episodes import Episode, World, sample, scenario_of
from optimizer.rules import RuleParameters, RulesController
from optimizer.trials import SEARCH_STEP_S, Bench, bench, cost_usd
from twin.config import Site
from twin.errors import ConfigError
from twin.perturb import perturb

Array = NDArray[np.float64]
DAYS = 8
SPREAD = 0.05  # of the nameplates, as in comparisons
TUNING_SEED = 7_919_000  # added to the seed: far from those of comparisons
NOISE_BAND_K = 0.3  # three standard deviations of a thermometer
MEMBERS = 20
LEAST_TRIALS = 2 * MEMBERS
CLOUD = 0.15  # standard deviation of the first members, share of the range

# Ranges in which each parameter makes sense; the general ones lie inside.
RANGES: dict[str, tuple[float, float]] = {
    "tower_approach_k": (1.5, 8.0),
    "tower_coldest_c": (8.0, 24.0),
    "tower_range_k": (3.0, 14.0),
    "range_band_k": (0.3, 2.0),
    "pump_step": (0.02, 0.15),
    "stage_up_fan_speed": (0.45, 0.98),
    "stage_down_fan_speed": (0.05, 0.40),
    "valve_high": (0.65, 0.98),
    "valve_low": (0.20, 0.64),
    "pressure_trim_pa": (1e3, 10e3),
    "pressure_respond_pa": (5e3, 30e3),
    "pressure_least": (0.25, 0.95),
    "chip_margin_k": (0.5, 12.0),
    "coolant_trim_k": (0.05, 0.6),
    "coolant_respond_k": (0.1, 1.5),
    "chilled_trim_k": (0.05, 1.0),
    "chilled_respond_k": (0.1, 1.5),
    "inlet_margin_k": (0.4, 4.0),
    "inlet_band_k": (0.1, 1.0),
    "air_step_k": (0.05, 0.5),
    "eco_margin": (0.01, 0.25),
    "air_up_speed": (0.1, 0.98),
    "air_down_speed": (0.0, 0.09),
    "air_least": (0.3, 1.0),
    "air_group": (0.02, 0.2),
    "module_load": (0.4, 0.98),
    "module_band": (0.02, 0.2),
}


class Tuning(NamedTuple):
    """What a tuning found."""

    rules: RuleParameters
    episodes: tuple[Episode, ...]
    trials: int
    general_usd: float  # objective of the general parameters on the tuning days
    tuned_usd: float


def tuning_bench(
    site: Site, world: World, seed: int
) -> tuple[Bench, tuple[Episode, ...]]:
    """Days and plants of a tuning, limits a noise band lower."""
    episodes = sample(DAYS, 1, TUNING_SEED + seed)
    rng = np.random.default_rng(TUNING_SEED + seed)
    cases = [
        (scenario_of(site, world, episode), perturb(site.facility, rng, SPREAD))
        for episode in episodes
    ]
    limits = type(site.limits)(*(limit_c - NOISE_BAND_K for limit_c in site.limits))
    return bench(site._replace(limits=limits), cases, SEARCH_STEP_S), episodes


def tune(
    site: Site,
    world: World,
    trials: int,
    seed: int,
    report: Callable[[int], None],
) -> Tuning:
    """Tune the rules of a site.

    Parameters
    ----------
    site, world
        What, and under which weather and load.
    trials
        Parameter sets to try, rounded down to whole generations.
    seed
        The same seed finds the same parameters.
    report
        Called with the number of trials done.

    Returns
    -------
    Tuning
        Never worse on the tuning days than the general parameters, which are tried first.

    Raises
    ------
    ConfigError
        If there are too few trials.
    """
    if trials < LEAST_TRIALS:
        message = f"--trials {trials}: give at least {LEAST_TRIALS}."
        raise ConfigError(message)
    ground, episodes = tuning_bench(site, world, seed)
    rng = np.random.default_rng(seed)
    low, high = (
        np.array([RANGES[n][k] for n in RuleParameters._fields]) for k in (0, 1)
    )
    start = np.array(RuleParameters())
    cloud = start + CLOUD * (high - low) * rng.normal(size=(MEMBERS, len(start)))
    cloud[0] = start
    tried = 0

    def trial(x: Array) -> float:
        nonlocal tried
        rules = RuleParameters(*map(float, x))
        usd = cost_usd(ground, RulesController(site, rules).policy)
        tried += 1
        report(tried)
        return usd

    found: Any = differential_evolution(
        trial,
        Bounds(low.tolist(), high.tolist()),
        init=np.clip(cloud, low, high),
        strategy="best1bin",
        mutation=(0.4, 0.9),
        maxiter=trials // MEMBERS - 1,
        rng=rng,
        polish=False,
        tol=0.0,
    )
    general = RulesController(site, RuleParameters()).policy
    return Tuning(
        RuleParameters(*map(float, found.x)),
        episodes,
        tried,
        cost_usd(ground, general),
        float(found.fun),
    )


assert tuple(RANGES) == RuleParameters._fields  # one range per parameter
