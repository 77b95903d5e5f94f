"""A plant that differs from its nameplates, as every real plant does."""

import numpy as np

from twin.nameplates import highest, replaced, uncertain
from twin.topology import Facility


def perturb(facility: Facility, rng: np.random.Generator, spread: float) -> Facility:
    """Multiply the uncertain nameplate numbers by factors around one.

    Parameters
    ----------
    facility
        Nameplates as documented.
    rng
        Source of the factors; the same state gives the same plant.
    spread
        Half width of the uniform distribution of the factors, e.g. 0.05.

    Returns
    -------
    Facility
        Nameplates of a plant as it might have been built.
    """
    values = {}
    for path, value in uncertain(facility).items():
        factor = rng.uniform(1.0 - spread, 1.0 + spread)
        values[path] = min(value * factor, highest(path, value))
    return replaced(facility, values)
