"""How large a fault that has been named is, with the fault in the twin.

Detection and isolation look along tangents at the sound twin and bound every residual, as
they must while nothing is known. Once a family is named both would understate a large
fault, so its severity is found by Gauss-Newton steps on the latest days, each from
the twin that has the fault already. The days before the change are measured the same way:
what a sound twin misses of its plant is no fault.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.fault_families import Family, with_fault
from twin.misses import Misses
from twin.replay import Block, replay
from twin.signals import Outputs
from twin.signatures import FARTHEST, JUMP, deceived, residuals
from twin.topology import Facility

Array = NDArray[np.float64]
LATEST = 7  # days that are fitted
ROUNDS = 20
ENOUGH = 0.01  # of the typical severity: a step below it ends the search
MOST_SEVERITY = 0.9  # share of a nameplate; nothing works beyond it
MOST_OFFSET_K = 10.0


def size(
    facility: Facility,
    before: Sequence[Block],
    since: Sequence[Block],
    misses: Misses,
    family: Family,
) -> float:
    """Severity of a fault over the latest days.

    Parameters
    ----------
    facility
        Sound twin.
    before, since
        Days before the change, and since.
    misses
        Signals and their noise.
    family
        What has been named.

    Returns
    -------
    float
        Share of the nameplate, or kelvins; within what can work at all.
    """
    now = _apparent(facility, since[-LATEST:], misses, family)
    usual = _apparent(facility, before[-LATEST:], misses, family)
    most = most_severity(family)
    return float(np.clip(now - usual, -most, most))


def most_severity(family: Family) -> float:
    """Bound of a severity, in the unit of the family."""
    return MOST_OFFSET_K if family.path.endswith("_c") else MOST_SEVERITY


def faulty(facility: Facility, part: Block, family: Family, severity: float) -> Array:
    """Truth in a plant with the fault, shape (rows, outputs)."""
    if family.change == "controlled":
        return replay(facility, deceived(part, family, severity))
    return replay(with_fault(facility, family, severity), part)


def _apparent(
    facility: Facility, parts: Sequence[Block], misses: Misses, family: Family
) -> float:
    """Severity with which the twin comes nearest to some days."""
    most, severity = most_severity(family), 0.0
    for _ in range(ROUNDS):
        pull = push = 0.0
        for part in parts:
            worn, told = _with(facility, part, family, severity)
            left, slopes = residuals(worn, told, misses, (family,))
            slope = np.where(np.abs(slopes[..., 0]) > JUMP, 0.0, slopes[..., 0])
            pull += float(np.sum(slope * np.clip(left, -FARTHEST, FARTHEST)))
            push += float(np.sum(slope**2))
        step = pull / max(push, 1.0)  # of typical severities of what works by now
        severity += step * family.prior * _remaining(family, severity)
        severity = float(np.clip(severity, -most, most))
        if abs(step) < ENOUGH:
            break
    return severity


def _remaining(family: Family, severity: float) -> float:
    """What a severity upon a severity multiplies: (1 - x)(1 - y) = 1 - x - (1 - x) y."""
    if family.path.endswith("_c"):
        return 1.0
    return 1.0 - severity if family.change == "less" else 1.0 + severity


def _with(
    facility: Facility, part: Block, family: Family, severity: float
) -> tuple[Facility, Block]:
    """The twin with the fault, and the day as sound sensors would have shown it."""
    if family.change not in ("sensor", "controlled"):
        return with_fault(facility, family, severity), part
    truly = deceived(part, family, severity) if family.change == "controlled" else part
    outputs = truly.history.outputs.copy()
    column = Outputs._fields.index(family.path)
    if family.path.endswith("_c"):
        outputs[:, column] -= severity
    else:
        outputs[:, column] /= 1.0 + severity
    return facility, truly._replace(history=truly.history._replace(outputs=outputs))
