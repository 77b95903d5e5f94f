"""Everything that decides what a training makes, and the days it is made of."""

from typing import NamedTuple

import numpy as np

from optimizer.rl import batch, cases
from optimizer.rules_file import tuned_for
from twin.config import load_site

ALGORITHMS = ("ppo", "sac", "tqc", "crossq")
TRAIN, VALIDATE, CLONE = 1, 2, 3  # draw different days from the same seed


class Recipe(NamedTuple):
    """What is trained, on what, for how long."""

    sites: tuple[str, ...]  # names or paths
    weather: tuple[str, ...]
    loads: tuple[str, ...]
    algorithm: str = "ppo"
    steps: int = 6_000_000  # decisions of a quarter hour
    seed: int = 0
    days: int = 256  # prepared per site; each is lived through many times
    validation_days: int = 32  # per site, never learned from
    plants: int = 256  # at a time
    clone_days: int = 4  # per site, planned by the MPC and imitated first


def places(recipe: Recipe) -> list[cases.Place]:
    """Sites with their weather, loads and tuned rules.

    Raises
    ------
    ConfigError, DataError
        If a file cannot be used.
    """
    return [
        cases.place_of(
            load_site(site), tuned_for(site).rules, recipe.weather, recipe.loads
        )
        for site in recipe.sites
    ]


def generator(recipe: Recipe, purpose: int, number: int) -> np.random.Generator:
    """Randomness of one site's days for one purpose."""
    return np.random.default_rng([recipe.seed, purpose, number])


def prepared(
    recipe: Recipe, grounds: list[cases.Place], purpose: int
) -> list[batch.Prepared]:
    """Days of every site for one purpose."""
    count = recipe.validation_days if purpose == VALIDATE else recipe.days
    return [
        batch.prepare(ground, count, generator(recipe, purpose, number))
        for number, ground in enumerate(grounds)
    ]
