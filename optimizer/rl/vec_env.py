"""The environment as Stable-Baselines3 wants it: one array operation per step.

Plants of several places learn together; each place is a ``Batch``. A plant whose day is
over begins another one at once, as the interface demands.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from optimizer.rl.batch import Batch, Prepared, Told
from optimizer.rl.spaces import action_space, observation_space

Array = NDArray[np.float64]
# Cut here: days that no controller can save would drown the others.
LARGEST_REWARD = 20.0
PUSH = 0.02  # cost of each share that the shield held back, so that it is not leaned on


class WetbulbVecEnv(VecEnv):
    """Plants of several places at once.

    Parameters
    ----------
    prepared
        Days of each place.
    plants
        In all; divided evenly among the places.
    seed
        Of the days that are drawn.
    """

    def __init__(self, prepared: Sequence[Prepared], plants: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._batches = [Batch(one) for one in prepared]
        edges = np.linspace(0, plants, len(prepared) + 1).astype(int)
        self._parts = [slice(a, b) for a, b in itertools.pairwise(edges)]
        self._actions: Array | None = None
        self.told: list[Told] = []
        width = observation_space().shape[0]
        self.low, self.high = np.full(width, np.inf), np.full(width, -np.inf)
        super().__init__(plants, observation_space(), action_space())

    def reset(self) -> NDArray[np.float32]:
        """Every plant at the start of a day."""
        for batch, part in zip(self._batches, self._parts, strict=True):
            batch.begin(self._days(batch, part.stop - part.start))
        return self._observed()

    def step_async(self, actions: Any) -> None:
        """Remember the actions."""
        self._actions = np.asarray(actions, dtype=float)

    def step_wait(
        self,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[Any]]:
        """One control interval of every plant."""
        assert self._actions is not None
        rewards = np.empty(self.num_envs, dtype=np.float32)
        over = np.zeros(self.num_envs, dtype=bool)
        self.told = []
        for batch, part in zip(self._batches, self._parts, strict=True):
            told = batch.advance(self._actions[part])
            rewards[part] = reward(batch, told)
            over[part] = batch.cycle >= batch.cycles
            self.told.append(told)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if over.any():
            last = self._observed()
            for k in np.flatnonzero(over):
                infos[k] = {
                    "terminal_observation": last[k],
                    "TimeLimit.truncated": True,
                }
            self._begin_again(over)
        return self._observed(), rewards, over, infos

    def _begin_again(self, over: NDArray[np.bool_]) -> None:
        for batch, part in zip(self._batches, self._parts, strict=True):
            done = np.flatnonzero(over[part])
            if len(done):
                batch.restart(done, self._days(batch, len(done)))

    def _days(self, batch: Batch, count: int) -> NDArray[np.int64]:
        return self._rng.integers(len(batch.prepared.nameplates), size=count)

    def _observed(self) -> NDArray[np.float32]:
        seen = np.concatenate([batch.observed() for batch in self._batches])
        self.low = np.minimum(self.low, seen.min(axis=0))
        self.high = np.maximum(self.high, seen.max(axis=0))
        return seen.astype(np.float32)

    def close(self) -> None:
        """Nothing is held open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """No plant is an object of its own."""
        return [None] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """No plant is an object of its own."""

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **kwargs: Any
    ) -> list[Any]:
        """No plant is an object of its own."""
        return [None] * len(list(self._get_indices(indices)))

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No plant is an object of its own."""
        return [False] * len(list(self._get_indices(indices)))


def reward(batch: Batch, told: Told) -> Array:
    """Percent of the usual bill less than under the rules; leaning on the shield costs."""
    gained = (told.rules_usd - told.usd) / batch.scale_usd
    cut = np.clip(gained, -LARGEST_REWARD, LARGEST_REWARD)
    return np.asarray(cut - PUSH * (1.0 - told.share))
