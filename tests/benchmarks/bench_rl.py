"""How fast plants are lived through, and what a decision of a policy costs.

    python -m tests.benchmarks.bench_rl

Full site, quarter-hour decisions over one-minute physics, shield and guard inside, random
actions; on one core. Targets: 20,000 steps/s of 256 plants, 5,000 of one, 50 us a decision.
"""

import itertools
import sys
import time

import numpy as np

from optimizer.rl import actions, batch, cases, observation
from optimizer.rl.policy import Layer, Policy, act
from optimizer.rules_file import tuned_for
from twin.config import load_site

SITE = "hybrid_10mw"
CYCLES = 96


def steps_per_s(prepared: batch.Prepared, plants: int, spread: float) -> float:
    """Environment steps per second, observations and costs included."""
    rng = np.random.default_rng(0)
    made = batch.Batch(prepared)
    made.begin(np.arange(plants) % len(prepared.nameplates))
    began_s = time.perf_counter()
    for _ in range(CYCLES):
        made.observed()
        made.advance(rng.normal(0.0, spread, (plants, len(actions.LEVERS))))
    return plants * CYCLES / (time.perf_counter() - began_s)


def decision_us() -> float:
    """One decision of a network of the shipped size."""
    rng = np.random.default_rng(0)
    widths = (observation.COUNT, 64, 64, len(actions.LEVERS))
    layers = tuple(
        Layer(rng.normal(0.0, 0.1, (out, into)), np.zeros(out), "tanh")
        for into, out in itertools.pairwise(widths)
    )
    far = np.ones(observation.COUNT)
    policy, seen = Policy(layers, -far, far, {}), rng.normal(size=observation.COUNT)
    times = []
    for _ in range(5000):
        began_s = time.perf_counter()
        act(policy, seen)
        times.append(time.perf_counter() - began_s)
    return 1e6 * float(np.median(times))


def main() -> None:
    """Print the figures."""
    site = load_site(SITE)
    place = cases.place_of(
        site, tuned_for(SITE).rules, (site.defaults.weather,), (site.defaults.load,)
    )
    prepared = batch.prepare(place, 16, np.random.default_rng(1), judged=False)
    lines = [
        f"{plants} plants, actions of {spread}: "
        f"{max(steps_per_s(prepared, plants, spread) for _ in range(3)):,.0f} steps/s"
        for plants in (1, 256)
        for spread in (0.05, 0.3)
    ]
    lines.append(f"one decision of a policy in numpy: {decision_us():.1f} us")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
