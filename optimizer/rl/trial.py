"""A policy tried on prepared days, without torch: what it saves against the rules."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.rl.batch import Batch, Prepared
from optimizer.rl.policy import Policy, act
from twin.config import TemperatureLimits
from twin.signals import Outputs

Array = NDArray[np.float64]
LIMITED_PLACES = {
    name: Outputs._fields.index(name) for name in TemperatureLimits._fields
}


class Trial(NamedTuple):
    """What came of it, over the days of one place."""

    site: str
    days: int
    saved: float  # share of the rules' objective, mean over days of the whole
    median_saved: float  # of the days' own shares
    worst_saved: float  # of the worst day
    refused: float  # share of the decisions where the shield held back
    held_back: float  # mean share of the wish that was then refused
    exceedance_min: float  # minutes beyond a limit per day
    rules_exceedance_min: float  # likewise under the rules

    def told(self) -> dict[str, Any]:
        """For model card and JSON."""
        return {
            k: v if isinstance(v, str) else round(v, 5)
            for k, v in self._asdict().items()
        }


def trial(policy: Policy | None, prepared: Prepared) -> tuple[Trial, Array]:
    """Live through every prepared day; also the objective of each day [USD].

    Parameters
    ----------
    policy
        None: the rules.
    prepared
        Days of a place.
    """
    batch = Batch(prepared)
    every = np.arange(len(prepared.nameplates))
    batch.begin(every)
    still = np.zeros((len(every), batch.moment.last.shape[1]))
    usd, rules_usd = np.zeros(len(every)), np.zeros(len(every))
    shares, minutes = [], 0.0
    while batch.cycle[0] < batch.cycles:
        action = still if policy is None else act(policy, batch.observed())
        told = batch.advance(action)
        usd, rules_usd = usd + told.usd, rules_usd + told.rules_usd
        shares.append(told.share)
        minutes += _minutes(batch, told.rows)
    share = np.array(shares)
    refused = share < 1.0
    saved = 1.0 - usd / rules_usd
    own = 0.0 if policy is None else trial(None, prepared)[0].exceedance_min
    minutes /= len(every)
    made = Trial(
        batch.site.name,
        len(every),
        float(1.0 - usd.sum() / rules_usd.sum()),
        float(np.median(saved)),
        float(saved.min()),
        float(refused.mean()),
        float(1.0 - share[refused].mean()) if refused.any() else 0.0,
        minutes,
        minutes if policy is None else own,
    )
    return made, usd


def _minutes(batch: Batch, rows: Array) -> float:
    """Time of all plants beyond any limit in one interval [min]."""
    beyond = np.zeros(rows.shape[:2], dtype=bool)
    for name, place in LIMITED_PLACES.items():
        beyond |= rows[:, :, place] > getattr(batch.site.limits, name)
    scan_min = batch.site.control.control_interval_s / rows.shape[1] / 60.0
    return float(beyond.sum() * scan_min)
