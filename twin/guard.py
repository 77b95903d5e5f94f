"""The last word on setpoints: a pure function shared by simulation and live loop.

For each setpoint, in this order: refuse what is not a number; clamp to the limits; hold
within the deadband; hold within the minimum interval; hold after too many starts within an
hour; limit the rate; round whole numbers. Then rules between setpoints: forbidden
combinations, water colder than the air that it cools, and limits of the plant at the worst
forecast with a spare unit (``twin.envelope``). Everything it changes is an event with a
reason.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from plant._kernel import kernel, routine
from twin.compiled import Matrix
from twin.config import GuardLimits, SetpointLimits
from twin.envelope import Scene, as_boxes, hold_back, within
from twin.rows import Row
from twin.signals import Setpoints
from twin.site import MOST_STARTS

WATER, AIR = (
    Setpoints._fields.index(name) for name in ("chilled_water_c", "air_supply_c")
)
NO_BOXES = as_boxes(())
HOUR_S = 3600.0
LEAST_COIL_DIFFERENCE_K = 1.0  # chilled water below supply air, or no coil can work


class GuardMemory(NamedTuple):
    """What the guard remembers: when each setpoint was last moved, and checked."""

    moved_s: Mapping[str, float]
    checked_s: float
    started_s: Mapping[
        str, tuple[float, ...]
    ] = {}  # when units were added, newest first


class GuardEvent(NamedTuple):
    """One change that the guard made."""

    setpoint: str
    rule: str  # not_a_number, clamp, whole_number, or one of HOLDS or BETWEEN
    wanted: float
    allowed: float


class GuardResult(NamedTuple):
    """Setpoints that may be written."""

    setpoints: Setpoints
    events: tuple[GuardEvent, ...]
    memory: GuardMemory


def fresh_memory(now_s: float) -> GuardMemory:
    """Memory at the start of a run: nothing moved yet."""
    return GuardMemory({}, now_s)


def guard(
    limits: GuardLimits,
    proposed: Setpoints,
    active: Setpoints,
    now_s: float,
    memory: GuardMemory,
    boxes: Matrix = NO_BOXES,
    scene: Scene | None = None,
) -> GuardResult:
    """Turn a proposal into setpoints that are safe to write.

    Parameters
    ----------
    limits
        Of the site.
    proposed
        What the controller wants.
    active
        In force in the plant, read back.
    now_s
        Plant clock.
    memory
        From the last call.
    boxes
        Forbidden combinations, see ``twin.envelope.as_boxes``.
    scene
        Plant and outlook; None where the way leads to the design anyway.

    Returns
    -------
    GuardResult
        Whatever is proposed, each setpoint lies within its limits or moves from the
        active value toward them at the allowed rate.
    """
    elapsed_s = max(now_s - memory.checked_s, 0.0)
    events: list[GuardEvent] = []
    row = np.empty(len(Setpoints._fields))
    for k, name in enumerate(Setpoints._fields):
        entry: SetpointLimits = getattr(limits, name)
        starts_s = memory.started_s.get(name, ())
        full = len(starts_s) >= entry.starts_per_hour
        since_start_s = (
            now_s - starts_s[entry.starts_per_hour - 1] if full else math.inf
        )
        since_s = now_s - memory.moved_s.get(name, -math.inf)
        row[k] = _one(
            name,
            entry,
            (float(getattr(proposed, name)), float(getattr(active, name))),
            (elapsed_s, since_s, since_start_s),
            events,
        )
    before = np.array([float(value) for value in active])
    _between(row, before, boxes, scene, events)
    memory = _remember(limits, memory, row - before, now_s)
    setpoints = Setpoints(*(float(value) for value in row))
    return GuardResult(setpoints, tuple(events), memory)


def _remember(
    limits: GuardLimits, memory: GuardMemory, steps: Row, now_s: float
) -> GuardMemory:
    """What moved, and which units were added."""
    moved = {
        n: now_s for n, d in zip(Setpoints._fields, steps, strict=True) if d != 0.0
    }
    started = {
        name: (now_s, *memory.started_s.get(name, ()))[:MOST_STARTS]
        for name, step in zip(Setpoints._fields, steps, strict=True)
        if step > 0.0 and getattr(limits, name).whole_number
    }
    return GuardMemory(
        {**memory.moved_s, **moved}, now_s, {**memory.started_s, **started}
    )


class Admission(NamedTuple):
    """One setpoint on its way through the rules."""

    finite: float  # what was wanted, or the active value
    clamped: float
    whole: float
    allowed: float
    held_by: float  # index in ``HOLDS``, 0 if none


HOLDS = ("", "deadband", "interval", "rate", "starts")
BETWEEN = ("", "forbidden", "envelope", "worst_forecast")


@kernel
def admit(
    limits: SetpointLimits,
    wanted: float,
    active: float,
    elapsed_s: float,
    since_moved_s: float,
    since_start_s: float,
) -> Admission:
    """Rules of a single setpoint, over plain numbers.

    ``since_start_s`` counts from the start before which as many followed as are allowed
    within an hour.
    """
    finite = wanted if math.isfinite(wanted) else active
    clamped = min(max(finite, limits.minimum), limits.maximum)
    whole = float(np.rint(clamped)) if limits.whole_number else clamped
    step = whole - active
    outside_now = not limits.minimum <= active <= limits.maximum
    if step == 0.0:
        return Admission(finite, clamped, whole, active, 0.0)
    if abs(step) < limits.deadband and not outside_now:
        return Admission(finite, clamped, whole, active, 1.0)
    if since_moved_s < limits.minimum_interval_s and not outside_now:
        return Admission(finite, clamped, whole, active, 2.0)
    if (
        step > 0.0
        and limits.whole_number
        and since_start_s < HOUR_S
        and not outside_now
    ):
        return Admission(finite, clamped, whole, active, 4.0)
    largest = limits.rate_per_minute * elapsed_s / 60.0
    if limits.whole_number:
        largest = float(math.floor(largest + 1e-9))
    if abs(step) > largest + 1e-12:
        moved = active + math.copysign(largest, step)
        return Admission(finite, clamped, whole, moved, 3.0)
    return Admission(finite, clamped, whole, whole, 0.0)


def _one(
    name: str,
    limits: SetpointLimits,
    values: tuple[float, float],
    times_s: tuple[float, float, float],
    events: list[GuardEvent],
) -> float:
    """Rules of a single setpoint, with their events."""
    wanted, active = values
    made = admit(limits, wanted, active, *times_s)
    for rule, before, after in (
        ("not_a_number", wanted, made.finite),
        ("clamp", made.finite, made.clamped),
        ("whole_number", made.clamped, made.whole),
    ):
        if before != after:  # also where it was not a number
            events.append(GuardEvent(name, rule, wanted, after))
            wanted = after if rule == "not_a_number" else wanted
    if made.held_by:
        rule = HOLDS[int(made.held_by)]
        events.append(GuardEvent(name, rule, wanted, made.allowed))
    return made.allowed


@kernel
def crossed(chilled_water_c: float, air_supply_c: float) -> bool:
    """Whether the water is too warm for the air that it should make."""
    return chilled_water_c > air_supply_c - LEAST_COIL_DIFFERENCE_K


@kernel
def coil_envelope(
    water_c: float, air_c: float, active_water_c: float, active_air_c: float
) -> tuple[float, float]:
    """Chilled water and supply air that stay apart [degC].

    Where the two would cross, both stay as they are; if they already do, the water may
    only become colder and the air only warmer.
    """
    if not crossed(water_c, air_c):
        return water_c, air_c
    if crossed(active_water_c, active_air_c):
        return min(active_water_c, water_c), max(active_air_c, air_c)
    return active_water_c, active_air_c


@routine
def apart(row: Row, before: Row, boxes: Matrix, why: Row) -> None:
    """Keep setpoints out of forbidden combinations; changes ``row`` in place.

    Where two would meet in one, both stay as they are; if they already do, they are free
    to go. What is held may meet a third, so it is looked at as often as there are rules.
    """
    for _ in range(boxes.shape[0] + 1):
        for i in range(boxes.shape[0]):
            if within(boxes[i], row) and not within(boxes[i], before):
                for k in (int(boxes[i][0]), int(boxes[i][3])):
                    why[k] = 1.0 if row[k] != before[k] else why[k]
                    row[k] = before[k]
        water_c, air_c = coil_envelope(row[WATER], row[AIR], before[WATER], before[AIR])
        why[WATER] = 2.0 if row[WATER] != water_c else why[WATER]
        why[AIR] = 2.0 if row[AIR] != air_c else why[AIR]
        row[WATER] = water_c
        row[AIR] = air_c


def _between(
    row: Row,
    before: Row,
    boxes: Matrix,
    scene: Scene | None,
    events: list[GuardEvent],
) -> None:
    """Rules between setpoints, with their events; changes ``row`` in place."""
    wanted, why = row.copy(), np.zeros(len(row))
    apart(row, before, boxes, why)
    if scene is not None:
        hold_back(scene, row, before, why, 3.0)
        apart(row, before, boxes, why)
    for k in np.flatnonzero(row != wanted):
        rule = BETWEEN[int(why[k])]
        name = Setpoints._fields[k]
        events.append(GuardEvent(name, rule, float(wanted[k]), float(row[k])))


def violations(
    limits: GuardLimits, written: Setpoints, active: Setpoints, elapsed_s: float
) -> list[str]:
    """Independent count of what a write may never do: leave the limits or the rate.

    Parameters
    ----------
    limits
        Of the site.
    written
        What was sent to the plant.
    active
        In force before.
    elapsed_s
        Since the last write cycle. [s]

    Returns
    -------
    list of str
        One sentence per violation; empty is good.
    """
    found = []
    for name in Setpoints._fields:
        entry: SetpointLimits = getattr(limits, name)
        new, old = float(getattr(written, name)), float(getattr(active, name))
        towards = min(max(old, entry.minimum), entry.maximum)
        inside = entry.minimum <= new <= entry.maximum
        returning = abs(new - towards) < abs(old - towards)
        if not (inside or returning or new == old):
            found.append(
                f"{name}: {new:g} outside {entry.minimum:g}..{entry.maximum:g}"
            )
        largest = entry.rate_per_minute * elapsed_s / 60.0
        if abs(new - old) > largest * (1 + 1e-6) + 1e-9:
            found.append(f"{name}: moved {new - old:+g}, allowed {largest:g}")
    return found
