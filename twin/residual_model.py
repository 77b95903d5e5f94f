"""What the physics leaves over of the site power, learned and kept on a short leash.

A small boosted model of the relative miss of the site power over the weather, the load
and the setpoints. It is used only if it helps on stretches it was not fitted to, it is
zero outside the conditions it has seen, and its share is always told. The miss may fall
or rise with anything but the load's own share: losses only grow with the load, so the
miss in watts does too (monotone constraint).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from twin.replay import Block, replay
from twin.signals import Inputs, Outputs
from twin.topology import Facility

Array = NDArray[np.float64]
SITE = Outputs._fields.index("site_power_w")
LOAD = Inputs._fields.index("it_demand_w")
LARGEST = 0.03  # of the site power: physics keeps the last word
WORTH = 0.02  # share of the error it must remove on unseen stretches to be used
MARGIN = 0.02  # of each feature's range by which it may be left


class ResidualModel(NamedTuple):
    """Fitted model, or none where it did not help."""

    model: Any  # HistGradientBoostingRegressor or None
    low: Array  # of the conditions seen, per feature
    high: Array
    helped: float  # share of the error removed on unseen stretches


def features(block: Block) -> Array:
    """Conditions of a stretch after its burn-in, shape (rows, inputs and setpoints)."""
    history = block.history
    both = np.concatenate([history.inputs, history.setpoints], axis=1)
    return np.asarray(both[block.burn_in :])


def _miss_w(facility: Facility, block: Block) -> Array:
    """Site power measured minus said [W]."""
    said = replay(facility, block)[block.burn_in :, SITE]
    return np.asarray(block.history.outputs[block.burn_in :, SITE] - said)


def _fitted(rows: Array, miss_w: Array) -> Any:
    """Model of a miss that never falls with the load."""
    monotone = [0] * rows.shape[1]
    monotone[LOAD] = 1
    model = HistGradientBoostingRegressor(
        max_iter=60,
        max_leaf_nodes=8,
        min_samples_leaf=60,
        learning_rate=0.08,
        l2_regularization=1.0,
        monotonic_cst=monotone,
        early_stopping=False,
        random_state=0,
    )
    return model.fit(rows, miss_w)


def learn(facility: Facility, parts: list[Block]) -> ResidualModel:
    """Fit on the earlier stretches, keep it only if it helps on the later ones.

    Parameters
    ----------
    facility
        Calibrated site.
    parts
        Stretches in order of time, at least three.
    """
    rows = [features(part) for part in parts]
    miss = [_miss_w(facility, part) for part in parts]
    whole = [np.isfinite(m) for m in miss]
    rows = [r[w] for r, w in zip(rows, whole, strict=True)]
    miss = [m[w] for m, w in zip(miss, whole, strict=True)]
    cut = max(len(parts) * 2 // 3, 1)
    known, target = np.concatenate(rows[:cut]), np.concatenate(miss[:cut])
    low, high = known.min(axis=0), known.max(axis=0)
    trial = ResidualModel(_fitted(known, target), low, high, 0.0)
    later, left = np.concatenate(rows[cut:]), np.concatenate(miss[cut:])
    before = float(np.abs(left).mean())
    after = float(np.abs(left - corrected_w(trial, later, left * 0 + np.inf)).mean())
    helped = (before - after) / before if before > 0 else 0.0
    if helped < WORTH:
        return ResidualModel(None, low, high, helped)
    everything = np.concatenate(rows)
    model = _fitted(everything, np.concatenate(miss))
    return ResidualModel(model, everything.min(axis=0), everything.max(axis=0), helped)


def corrected_w(model: ResidualModel, rows: Array, site_w: Array) -> Array:
    """Correction to add to the twin's site power, 0 where it has no say.

    Parameters
    ----------
    model
        Fitted, or none.
    rows
        Conditions, shape (rows, inputs and setpoints).
    site_w
        The twin's site power, shape (rows,): bounds the correction. [W]
    """
    if model.model is None:
        return np.zeros(len(rows))
    slack = MARGIN * (model.high - model.low)
    seen = ((rows >= model.low - slack) & (rows <= model.high + slack)).all(axis=1)
    wish = np.clip(model.model.predict(rows), -LARGEST * site_w, LARGEST * site_w)
    return np.where(seen, wish, 0.0)
