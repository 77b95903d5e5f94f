"""Plans of the MPC as examples: what it saw, and the action that comes nearest.

A few days of every site are run with the MPC in the closed loop; each decision becomes an
observation and the action that the policy would have needed to want the same.
"""

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.mpc import MpcController
from optimizer.rl import actions
from optimizer.rl.cases import Case, Place
from optimizer.rl.controller import Eyes
from twin.forecast import Forecast
from twin.interfaces import Decision, Estimate
from twin.simulate import simulate
from twin.workers import worker_pool

Array = NDArray[np.float64]
WORKERS = min(os.cpu_count() or 1, 2)


class Examples(NamedTuple):
    """Observations and the actions to imitate, row by row."""

    observed: Array
    action: Array


class _Recorder:
    """The MPC with somebody who takes notes."""

    name = "mpc"

    def __init__(self, place: Place) -> None:
        self._mpc = MpcController(place.site, rules=place.rules)
        self._eyes = Eyes(place.site, place.rules)
        self._reach = actions.reach_of(place.site)
        self._last = np.zeros(len(actions.LEVERS))
        self.notes: list[tuple[Array, Array]] = []

    def decide(self, estimate: Estimate, forecast: Forecast, now_s: float) -> Decision:
        """Decide as the MPC, and note what the policy would have seen and done."""
        made = self._mpc.decide(estimate, forecast, now_s)
        if estimate.measured and made.status == "ok":
            base = self._eyes.base(estimate, now_s)
            seen = self._eyes.observed(estimate, forecast, now_s, base, self._last)
            chosen = np.array([float(value) for value in made.setpoints])
            self._last = actions.action_of(self._reach, base, chosen)
            self.notes.append((seen, self._last))
        return made


def examples(
    drawn: Sequence[tuple[Place, Case]], report: Callable[[int], None]
) -> Examples:
    """Run the MPC on days, two processes at a time.

    Parameters
    ----------
    drawn
        Places and days.
    report
        Called with the days done.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by the children's libraries
    made = []
    with worker_pool(WORKERS) as pool:
        for number, one in enumerate(pool.map(_one, drawn)):
            made.append(one)
            report(number + 1)
    return Examples(
        np.concatenate([one.observed for one in made]),
        np.concatenate([one.action for one in made]),
    )


def _one(drawn: tuple[Place, Case]) -> Examples:
    """One day."""
    place, case = drawn
    recorder = _Recorder(place)
    simulate(place.site, case.scenario, recorder, case.plant)
    seen, action = zip(*recorder.notes, strict=True)
    return Examples(np.stack(seen), np.stack(action))
