"""What one day of telemetry says about each kind of slow fault.

The twin is replayed with the inputs and setpoints of the day. What each family of faults
would have changed in every reading, its signature, is a derivative of the twin at that
day's conditions; the day's residuals are kept only as their products with the signatures.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.closed_loop import MEAN_SUFFIXES
from twin.fault_families import FAMILIES, Family, misread, with_fault
from twin.misses import Misses, apart
from twin.replay import Block, replay
from twin.signals import Inputs, Outputs, Setpoints
from twin.topology import Facility

Array = NDArray[np.float64]
BELIEF = 0.005  # of a power's or flow's mean: no twin is closer
BELIEF_K = 0.1
BELIEF_SHARE = 0.01  # of a speed or valve position
SMOOTH = (*MEAN_SUFFIXES, "_c", "_speed", "_valve")
SETTLING_ROWS = 9  # after unequal staging, 45 minutes at five minutes
JUMP = 60.0  # a signature at the typical severity beyond it: a unit starts or stops
FARTHEST = 8.0  # in units of noise; a residual beyond it is a spike, not a fault
VISIBLE = 3.0  # of a typical severity over a day, in units of noise
STEP = 0.02  # of a severity, for derivatives
TEMPERATURE_STEP_K = 0.2


class Evidence(NamedTuple):
    """What one day says; severities in units of the families' typical ones."""

    end_s: float
    conditions: Array  # mean of wet bulb [degC] and of the IT load [W]
    pull: Array  # (families,), slopes times residuals, in units of noise
    push: Array  # (families, families), slopes times slopes


def watched(misses: Misses) -> Misses:
    """What moves smoothly, none believed closer than a twin can be.

    Powers, flows, temperatures, speeds and valve positions; counts and modes jump where
    the physics is smooth.
    """
    kept = [
        k
        for k, column in enumerate(misses.signals)
        if Outputs._fields[column].endswith(SMOOTH)
    ]
    names = [Outputs._fields[misses.signals[k]] for k in kept]
    size = np.nanmean(
        np.abs(np.concatenate([seen[:, kept] for seen in misses.measured])), axis=0
    )
    floor = [_belief(name, s) for name, s in zip(names, size, strict=True)]
    return Misses(
        tuple(misses.signals[k] for k in kept),
        np.maximum(misses.scale[kept], floor),
        [seen[:, kept] for seen in misses.measured],
    )


def _belief(name: str, size: float) -> float:
    """How close a twin can be believed to be, in the unit of the signal."""
    if name.endswith("_c"):
        return BELIEF_K
    return BELIEF * size if name.endswith(MEAN_SUFFIXES) else BELIEF_SHARE


def evidence(
    facility: Facility, part: Block, misses: Misses, families: Sequence[Family]
) -> Evidence:
    """Residuals of a day, told by the signatures of the families."""
    left, slopes = residuals(facility, part, misses, families)
    left, slopes = left.ravel(), slopes.reshape(left.size, -1)
    steep = np.abs(slopes).max(axis=1, initial=0.0) > JUMP
    left, slopes = left[~steep], slopes[~steep]
    clipped = np.clip(left, -FARTHEST, FARTHEST)
    inputs = part.history.inputs[:, [Inputs._fields.index(n) for n in CONDITIONS]]
    end_s = float(part.history.time_s[-1])
    return Evidence(end_s, inputs.mean(axis=0), slopes.T @ clipped, slopes.T @ slopes)


CONDITIONS = ("wet_bulb_c", "it_demand_w")


def residuals(
    facility: Facility, part: Block, misses: Misses, families: Sequence[Family]
) -> tuple[Array, Array]:
    """Residuals of a day and what typical severities would change, in units of noise.

    Returns
    -------
    ndarray, ndarray
        Plant minus twin (rows, signals), derivatives (rows, signals, families); readings
        that are unknown, or not comparable, are 0.
    """
    sound = replay(facility, part)
    columns = list(misses.signals)
    seen = part.history.outputs[part.burn_in :][:, columns]
    known = np.isfinite(seen) & alike(part, sound)[part.burn_in :, None]
    here = misses._replace(measured=[seen])
    left = -apart([part], here, [sound])[0].reshape(seen.shape) * known
    slopes = []
    for family in families:
        step = TEMPERATURE_STEP_K if family.path.endswith("_c") else STEP
        change = (shown(facility, part, family, step, sound) - sound) / step
        scaled = change[part.burn_in :][:, columns] / misses.scale * family.prior
        slopes.append(scaled * known)
    return left, np.stack(slopes, axis=-1) if slopes else np.zeros((*left.shape, 0))


def alike(part: Block, sound: Array) -> Array:
    """Rows, shape (rows,), in which twin and plant run the same chillers, and have so.

    A chiller that starts minutes earlier is chance, not evidence.
    """
    column = Outputs._fields.index("chillers_on")
    seen = part.history.outputs[:, column]
    differ = np.isfinite(seen) & (np.round(seen) != np.round(sound[:, column]))
    recent = np.convolve(differ, np.ones(SETTLING_ROWS), mode="full")[: len(differ)]
    return np.asarray(recent < 0.5)


def shown(
    facility: Facility, part: Block, family: Family, severity: float, sound: Array
) -> Array:
    """What the plant's readings would be with the fault, shape (rows, outputs).

    Parameters
    ----------
    facility, part
        Sound site and the day.
    family, severity
        Fault; not in units of the typical severity.
    sound
        Readings without it.
    """
    if family.change not in ("sensor", "controlled"):
        return replay(with_fault(facility, family, severity), part)
    readings = sound.copy()
    if family.change == "controlled":  # the loop holds the reading at the setpoint
        readings = replay(facility, deceived(part, family, severity))
    column = Outputs._fields.index(family.path)
    readings[:, column] = misread(family, severity, readings[:, column])
    return readings


def deceived(part: Block, family: Family, offset_k: float) -> Block:
    """The day as the plant truly ran, its loop holding a wrong reading at the setpoint."""
    k = Setpoints._fields.index(family.path)
    setpoints = part.history.setpoints.copy()
    setpoints[:, k] -= offset_k
    return part._replace(history=part.history._replace(setpoints=setpoints))


def _acting(misses: Misses) -> Array:
    """0 for the temperatures of a family whose loop should act, else 1; (signals, families).

    A site without the loop shows the temperatures all the same, but nothing acts.
    """
    idle = [
        [
            f.change == "controlled" and Outputs._fields[k].endswith("_c")
            for f in FAMILIES
        ]
        for k in misses.signals
    ]
    return 1.0 - np.array(idle, dtype=float).reshape(len(idle), len(FAMILIES))


def visible(
    facility: Facility, parts: Sequence[Block], misses: Misses
) -> tuple[tuple[Family, ...], tuple[Family, ...]]:
    """Families whose typical severity would show on these days, and the others."""
    total = np.zeros(len(FAMILIES))
    acts = _acting(misses)
    for part in parts:
        _, slopes = residuals(facility, part, misses, FAMILIES)
        total += (slopes**2 * acts).sum(axis=(0, 1))
    strength = np.sqrt(total / len(parts))
    seen = tuple(f for f, s in zip(FAMILIES, strength, strict=True) if s > VISIBLE)
    return seen, tuple(f for f in FAMILIES if f not in seen)
