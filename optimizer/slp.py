r"""Polish of a plan on the twin with units and modes fixed: sequential linear programming.

Each round differentiates the twin at the plan, all levers of all steps in one batch, and
solves a linear program within a trust region,

.. math::

    \min_d \sum_t g_t^T d_t + c_K \sum_{tj} s_{tj} \Delta t_t, \qquad
    J_t d_t - s_t \le T^{max} - T_t, \qquad |d_t| \le \Delta_t

then judges the moved plan on the twin and keeps the steps that became cheaper. A step
that did not improve searches closer next time, one that did a little wider. Steps do not
couple here: battery, peak and units were decided by the plan (``optimizer.plan_model``).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from optimizer.linearize import LEVERS, STRESS_STEPS, WHOLE, Samples, sample
from optimizer.merit import Judged, Yardstick, better, judge, stress

Array = NDArray[np.float64]

_linprog: Any = optimize.linprog  # its stubs refuse sparse matrices
CONTINUOUS = np.array([i for i in range(len(LEVERS)) if i not in WHOLE])
DIFFERENCE = 0.05  # of the trust region: half width of the finite difference
NARROW, WIDEN = 0.35, 1.3


def polish(
    measure: Yardstick,
    plan: Judged,
    windows: tuple[Array, Array],
    radius: Array,
    rounds: int,
) -> Judged:
    """Move the continuous setpoints of a plan to where the twin says it costs least.

    Parameters
    ----------
    measure
        Prices, limits, forecast.
    plan
        Judged start; its units and modes stay.
    windows
        Lowest and highest reachable value, each of shape (time, lever).
    radius
        First half width of the trust region per lever, shape (lever,).
    rounds
        Linear programs, at most.

    Returns
    -------
    Judged
        Never dearer than the start, at any step.
    """
    trust = np.ones(len(measure.forecast.step_s))
    for _ in range(rounds):
        reach = trust[:, None] * radius
        samples = _differences(measure, plan, windows, reach)
        moves = _program(measure, plan, samples, windows, reach)
        if moves is None:
            break
        fields = plan.setpoints._asdict()
        for i, name in enumerate(LEVERS):
            fields[name] = np.asarray(fields[name]) + moves[:, i]
        guess = (plan.response.state, plan.stressed.state)
        wanted = judge(measure, guess, plan.setpoints._replace(**fields))
        gained = wanted.step_usd < plan.step_usd
        plan = better(plan, wanted)
        trust = np.minimum(np.where(gained, WIDEN, NARROW) * trust, 1.0)
    return plan


def _differences(
    measure: Yardstick, plan: Judged, windows: tuple[Array, Array], reach: Array
) -> Samples:
    """The twin a little below and above every continuous lever."""
    centre = np.stack([np.asarray(getattr(plan.setpoints, n)) for n in LEVERS], axis=1)
    offset = DIFFERENCE * reach
    offset[:, list(WHOLE)] = 0.0
    low, high = windows
    below = np.clip(centre - offset, np.minimum(low, centre), centre)
    above = np.clip(centre + offset, centre, np.maximum(high, centre))
    return sample(
        measure.site.facility,
        measure.weights,
        plan.response,
        plan.stressed,
        (measure.forecast.inputs, stress(measure.site, measure.forecast)),
        plan.setpoints,
        np.stack([below, above], axis=2),
    )


def _slope(samples: Samples, values: Array) -> Array:
    """Central difference over the point axis, zero where a lever cannot move."""
    steps = len(values)
    width = samples.values[:steps, :, 1] - samples.values[:steps, :, 0]
    width = width.reshape(width.shape + (1,) * (values.ndim - 3))
    rise = values[:, :, 1] - values[:, :, 0]
    return np.asarray(np.where(width > 0.0, rise / np.maximum(width, 1e-12), 0.0))


def _program(
    measure: Yardstick,
    plan: Judged,
    samples: Samples,
    windows: tuple[Array, Array],
    reach: Array,
) -> Array | None:
    """Best moves of shape (time, lever), None if the solver failed."""
    step_s = measure.forecast.step_s
    gradient = measure.energy_usd_j[:, None] * _slope(samples, samples.site_w)
    gradient += _slope(samples, samples.beside_usd_s)
    hard = (
        _slope(samples, samples.stressed_w) * measure.energy_usd_j[:STRESS_STEPS, None]
    )
    hard += _slope(samples, samples.stressed_usd_s)
    gradient[:STRESS_STEPS] += measure.jump_share * hard
    gradient = (gradient * step_s[:, None])[:, CONTINUOUS]
    rows = [_slope(samples, samples.limited_k), _slope(samples, samples.stressed_k)]
    room = [
        measure.limits_c - plan.response.limited_c,
        measure.stress_limits_c - plan.stressed.limited_c,
    ]
    centre = np.stack([np.asarray(getattr(plan.setpoints, n)) for n in LEVERS], axis=1)
    # Each lever in units of its reach, so that the program's numbers are of order one.
    scale = reach[:, CONTINUOUS]
    low = np.maximum(windows[0] - centre, -reach)[:, CONTINUOUS] / scale
    high = np.minimum(windows[1] - centre, reach)[:, CONTINUOUS] / scale
    blocks = [_block(rows, scale, t) for t in range(len(step_s))]
    right = [
        np.concatenate([r[t] for r in room if t < len(r)]) for t in range(len(step_s))
    ]
    slack_usd = np.repeat(
        measure.weights.exceedance_usd_k_s * step_s, [len(r) for r in right]
    )
    limits: Any = sparse.block_diag(blocks)
    matrix: Any = sparse.hstack([limits, -sparse.eye_array(limits.shape[0])])
    bounds = np.concatenate(
        [
            np.stack([np.minimum(low, 0.0), np.maximum(high, 0.0)], axis=2).reshape(
                -1, 2
            ),
            np.tile([0.0, np.inf], (len(slack_usd), 1)),
        ]
    )
    found = _linprog(
        np.concatenate([(gradient * scale).ravel(), slack_usd]),
        A_ub=matrix.tocsr(),
        b_ub=np.concatenate(right),
        bounds=bounds,
        method="highs",
    )
    if found.status != 0:
        return None
    moves = np.zeros_like(centre)
    count = scale.size
    moves[:, CONTINUOUS] = found.x[:count].reshape(scale.shape) * scale
    return moves


def _block(rows: list[Array], scale: Array, step: int) -> Array:
    """Temperature rows of one step, shape (limits, continuous levers)."""
    parts = [r[step][CONTINUOUS].T * scale[step] for r in rows if step < len(r)]
    return np.concatenate(parts)
