"""The best setpoints that never move, found with hindsight.

Differential evolution over the guard's ranges; each candidate runs all days of the
comparison on the true plant in the compiled loop. No operator has that knowledge, so
what beats it is not merely a better set of constants.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, differential_evolution

from optimizer import fixed
from optimizer.trials import Bench, cost_usd
from twin.closed_loop import Policy
from twin.signals import Setpoints

Array = NDArray[np.float64]
# A constant discharge means nothing; a constant cap only puts work off.
STANDING = ("battery_power_w", "it_power_cap_w")


def warm_up(bench: Bench) -> None:
    """Compile what a trial runs, which can take longer than the whole search."""
    design = Setpoints(*(float(value) for value in bench.site.design))
    cost_usd(bench, Policy(fixed.decide, design, design))


def search(
    bench: Bench,
    generations: int,
    seed: int,
    report: Callable[[int, int], None],
) -> Setpoints:
    """Best constant setpoints.

    Parameters
    ----------
    bench
        Days on the true plant.
    generations
        Of the evolution, with four members per lever.
    seed
        The same seed finds the same setpoints.
    report
        Called with generations done and in all.

    Returns
    -------
    Setpoints
        Never worse than the design, which is among the first candidates.
    """
    limits = bench.site.guard
    design = Setpoints(*(float(value) for value in bench.site.design))
    free = [
        name
        for name in Setpoints._fields
        if name not in STANDING
        and getattr(limits, name).maximum > getattr(limits, name).minimum
    ]
    whole = [getattr(limits, name).whole_number for name in free]

    def setpoints(x: Array) -> Setpoints:
        return design._replace(**dict(zip(free, map(float, x), strict=True)))

    def trial(x: Array) -> float:
        wanted = setpoints(x)
        return cost_usd(bench, Policy(fixed.decide, wanted, wanted))

    done = iter(range(1, generations + 2))
    found: Any = differential_evolution(
        trial,
        Bounds(
            [getattr(limits, name).minimum for name in free],
            [getattr(limits, name).maximum for name in free],
        ),
        x0=np.array([getattr(design, name) for name in free]),
        integrality=whole,
        maxiter=generations,
        popsize=4,
        rng=np.random.default_rng(seed),
        polish=False,
        tol=1e-4,
        callback=lambda intermediate_result: report(next(done), generations),
    )
    return setpoints(found.x)
