"""Everything that decides what a training makes, and the days it is made of."""

from typing import NamedTuple

import numpy as np

from optimizer.rl import batch, cases
from optimizer.rules_file import tuned_for
from twin.config import Site, load_site
from twin.perturb import perturb

ALGORITHMS = ("ppo", "sac", "tqc", "crossq")
TRAIN, VALIDATE, CLONE, BUILD = 1, 2, 3, 4  # draw differently from the same seed
REBUILT = 0.2  # half width of the nameplates' factors of other variants


class Recipe(NamedTuple):
    """What is trained, on what, for how long."""

    sites: tuple[str, ...]  # names or paths
    weather: tuple[str, ...]
    loads: tuple[str, ...]
    algorithm: str = "ppo"
    steps: int = 8_000_000  # decisions of a quarter hour
    seed: int = 0
    days: int = 320  # prepared per site; each is lived through many times
    validation_days: int = 32  # per site, never learned from
    plants: int = 256  # at a time
    variants: int = 5  # of each site: the site itself, and others of other sizes
    clone_days: int = 4  # per site, planned by the MPC and imitated first


def places(recipe: Recipe) -> list[list[cases.Place]]:
    """Variants of every site with their weather, loads and tuned rules.

    The first is the site itself. The others have other nameplates and another demand
    charge, and their twin knows it: plants as somebody else would have built them.

    Raises
    ------
    ConfigError, DataError
        If a file cannot be used.
    """
    found = []
    for number, name in enumerate(recipe.sites):
        site, rules = load_site(name), tuned_for(name).rules
        first = cases.place_of(site, rules, recipe.weather, recipe.loads)
        rng = generator(recipe, BUILD, number)
        others = (_rebuilt(site, rng) for _ in range(recipe.variants - 1))
        found.append([first, *(first._replace(site=other) for other in others)])
    return found


def _rebuilt(site: Site, rng: np.random.Generator) -> Site:
    """A site of the same kind with other sizes and another demand charge."""
    charge = site.tariff.demand_charge_usd_w_month * float(rng.uniform(0.0, 2.0))
    return site._replace(
        facility=perturb(site.facility, rng, REBUILT),
        tariff=site.tariff._replace(demand_charge_usd_w_month=charge),
    )


def generator(recipe: Recipe, purpose: int, number: int) -> np.random.Generator:
    """Randomness of one site for one purpose."""
    return np.random.default_rng([recipe.seed, purpose, number])


def training_days(
    recipe: Recipe, grounds: list[list[cases.Place]]
) -> list[batch.Prepared]:
    """Days of every variant of every site."""
    made = []
    for number, variants in enumerate(grounds):
        rng = generator(recipe, TRAIN, number)
        count = max(recipe.days // len(variants), 1)
        made += [batch.prepare(variant, count, rng) for variant in variants]
    return made


def validation_days(
    recipe: Recipe, grounds: list[list[cases.Place]]
) -> list[batch.Prepared]:
    """Days of the sites themselves."""
    return [
        batch.prepare(
            variants[0], recipe.validation_days, generator(recipe, VALIDATE, number)
        )
        for number, variants in enumerate(grounds)
    ]
