"""The safety layer: as far toward a learned action as the twin says is safe.

Between the setpoints of the rules, which are known to be safe, and those of the policy lie
``LEVELS`` steps. The largest is taken whose worst outlook on the twin
(``twin.envelope.excess``: two hours, worst forecast) keeps every limit, or is no worse than
the rules themselves. Most actions pass at the first look. The same code runs in training,
inside the compiled loop, and in use.
"""

from typing import Any

import numpy as np

from plant._kernel import routine
from twin.compiled import _compiled
from twin.config import Site, TemperatureLimits
from twin.envelope import NOTHING_K, Scene, excess
from twin.rows import Row
from twin.signals import Inputs, State

LEVELS = 16
MARGIN_K = 0.5  # kept below the limits, as the MPC keeps it


@routine
def largest_step(scene: Scene, safe: Any, wanted: Any, tried: Any) -> float:
    """Share of the way from safe to wanted that keeps the limits; fills ``tried``.

    Parameters
    ----------
    scene
        Plant, limits less the margin, outlook.
    safe, wanted
        Setpoints, shape (setpoints,); nan in ``safe`` holds nothing back.
    tried
        Takes the setpoints of that share.
    """
    known = -1.0  # of the rules; looked at only when it is asked for
    for level in range(LEVELS, 0, -1):
        share = level / LEVELS
        for k in range(tried.shape[0]):
            tried[k] = safe[k] + share * (wanted[k] - safe[k])
        risk = excess(scene, tried)
        if risk == 0.0:
            return share
        if known < 0.0:
            known = excess(scene, safe)
        if risk <= known + NOTHING_K:
            return share
    for k in range(tried.shape[0]):
        tried[k] = safe[k]
    return 0.0


@_compiled
def _project(scene: Scene, safe: Row, wanted: Row, tried: Row) -> float:
    return largest_step(scene, safe, wanted, tried)


def project(
    site: Site, state: State, worst: Inputs, safe: Row, wanted: Row
) -> tuple[Row, float]:
    """Setpoints that are let through, and the share of the way to the wanted ones.

    Parameters
    ----------
    site
        As the twin knows it.
    state, worst
        Plant now, and the worst that is expected; floats.
    safe, wanted
        Setpoints of rules and policy, shape (setpoints,).
    """
    tried = np.empty_like(wanted)
    share = _project(scene_of(site, state, worst), safe, wanted, tried)
    return tried, float(share)


def scene_of(site: Site, state: State, worst: Inputs) -> Scene:
    """The plant and its outlook, with limits that keep the margin."""
    limits = tight(site.limits)
    return Scene(site.facility, limits, float(site.spare.spare_units), state, worst)


def tight(limits: TemperatureLimits) -> TemperatureLimits:
    """Limits less the margin."""
    return TemperatureLimits(*(float(value) - MARGIN_K for value in limits))
