"""``WetbulbSite-v0``: a site for a quarter hour at a time, as a Gymnasium environment.

One plant of the same batch that policies are trained on (``optimizer.rl``): nothing of the
physics, the guard or the objective is written again. The datasheet of every observation
and action is the documentation of ``WetbulbSite``.
"""

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from optimizer.rl import cases, observation
from optimizer.rl.actions import LEVERS, SHARE
from optimizer.rl.batch import Batch, prepare
from optimizer.rl.costs import SITE_W
from optimizer.rl.spaces import action_space, observation_space
from optimizer.rules_file import tuned_for
from twin.config import load_site
from twin.signal_table import catalogue

NAME = "WetbulbSite-v0"
DAYS = 4  # prepared by a seed


class WetbulbSite(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """One site, decided for every quarter hour from one noon to the next."""

    def __init__(
        self,
        site: str = "hybrid_10mw",
        weather: tuple[str, ...] = (),
        loads: tuple[str, ...] = (),
        days: int = DAYS,
    ) -> None:
        found = load_site(site)
        self._place = cases.place_of(
            found,
            tuned_for(site).rules,
            weather or (found.defaults.weather,),
            loads or (found.defaults.load,),
        )
        self._days = days
        self._batch: Batch | None = None
        self.observation_space = observation_space()
        self.action_space = action_space()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin a day after its warm-up.

        Parameters
        ----------
        seed
            Draws plants, weather, loads and noise anew.
        options
            ``day``: which of the prepared days; a random one if not given.
        """
        super().reset(seed=seed)
        if self._batch is None or seed is not None:
            self._batch = Batch(prepare(self._place, self._days, self.np_random))
        asked = (options or {}).get("day")
        day = int(self.np_random.integers(self._days)) if asked is None else int(asked)
        self._batch.begin(np.array([day]))
        return self._observed(), {"day": day}

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One quarter hour; the reward is percent of the usual bill against the rules."""
        batch = self._batch
        if batch is None:
            message = "step() before reset(): call reset() first."
            raise gymnasium.error.ResetNeeded(message)
        told = batch.advance(np.asarray(action, dtype=float)[None])
        gained = float((told.rules_usd[0] - told.usd[0]) / batch.scale_usd)
        info = {
            "cost_usd": float(told.usd[0]),
            "rules_cost_usd": float(told.rules_usd[0]),
            "site_power_w": float(told.rows[0, :, SITE_W].mean()),
            "shield_share": float(told.share[0]),
            "guard_changes": int(told.changed[0]),
        }
        over = bool(batch.cycle[0] >= batch.cycles)
        return self._observed(), gained, False, over, info

    def _observed(self) -> NDArray[np.float32]:
        assert self._batch is not None
        return np.asarray(self._batch.observed()[0], dtype=np.float32)


def datasheet() -> str:
    """Tables of every observation and action, with where their numbers come from."""
    known = {name: signal for (_, name), signal in catalogue().items()}
    lines = ["Observations, each (value - centre) / scale of its site:", ""]
    for place, name in enumerate(observation.names()):
        signal = known.get(name.split()[0])
        unit = f" [{signal.unit}]" if signal is not None and signal.unit else ""
        lines.append(f"    {place:3d}  {name}{unit}")
    lines += [
        "",
        f"Actions, -1 to 1 as +-{SHARE:.0%} of the guard's range a decision:",
        "",
    ]
    for place, name in enumerate(LEVERS):
        lines.append(f"    {place:3d}  {name}: {known[name].meaning}")
    return "\n".join(lines)


WetbulbSite.__doc__ = f"{WetbulbSite.__doc__}\n\n{datasheet()}\n"


def register() -> None:
    """Tell Gymnasium, once.

    Importing this file does it, so ``gymnasium.make("optimizer.rl_env:WetbulbSite-v0")``
    finds the environment; the entry point ``gymnasium.envs`` is for tools that still load
    plugins, which Gymnasium itself stopped in version 1.0.
    """
    if NAME not in gymnasium.registry:
        gymnasium.register(id=NAME, entry_point="optimizer.rl_env:WetbulbSite")


register()
