"""A plant that differs from its nameplates, as every real plant does."""

from typing import Any

import numpy as np

from twin.topology import Facility

# Nameplate numbers that machines miss: conductances, losses, powers, efficiencies.
# Everything else (counts, volumes, limits, curve shapes) is as built.
UNCERTAIN_SUFFIXES = ("ua_w_k", "loss_w", "fan_power_w", "efficiency", "cop")


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
    perturbed: Facility = _perturb(facility, rng, spread)
    return perturbed


def _perturb(part: Any, rng: np.random.Generator, spread: float) -> Any:
    """Walk the NamedTuples in field order."""
    changes: dict[str, Any] = {}
    for name, value in zip(part._fields, part, strict=True):
        if hasattr(value, "_fields"):
            changes[name] = _perturb(value, rng, spread)
        elif name.endswith(UNCERTAIN_SUFFIXES):
            factor = rng.uniform(1.0 - spread, 1.0 + spread)
            limit = 0.99 if name.endswith("efficiency") else np.inf
            changes[name] = float(min(value * factor, max(limit, value)))
    return part._replace(**changes)
