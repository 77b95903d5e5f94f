"""The last word on setpoints: a pure function shared by simulation and live loop.

For each setpoint, in this order: refuse what is not a number; clamp to the limits; hold
within the deadband; hold within the minimum interval; limit the rate; round whole
numbers. Then rules between setpoints. Everything it changes is an event with a reason.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from twin.config import GuardLimits, SetpointLimits
from twin.signals import Setpoints

LEAST_COIL_DIFFERENCE_K = 1.0  # chilled water below supply air, or no coil can work


class GuardMemory(NamedTuple):
    """What the guard remembers: when each setpoint was last moved, and checked."""

    moved_s: Mapping[str, float]
    checked_s: float


class GuardEvent(NamedTuple):
    """One change that the guard made."""

    setpoint: str
    rule: str  # not_a_number, clamp, deadband, interval, rate, whole_number, envelope
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

    Returns
    -------
    GuardResult
        Whatever is proposed, each setpoint lies within its limits or moves from the
        active value toward them at the allowed rate.
    """
    elapsed_s = max(now_s - memory.checked_s, 0.0)
    events: list[GuardEvent] = []
    allowed: dict[str, float] = {}
    for name in Setpoints._fields:
        since_s = now_s - memory.moved_s.get(name, -math.inf)
        allowed[name] = _one(
            name,
            getattr(limits, name),
            (float(getattr(proposed, name)), float(getattr(active, name))),
            (elapsed_s, since_s),
            events,
        )
    setpoints = _envelope(Setpoints(**allowed), active, events)
    moved = {
        name: now_s
        for name in Setpoints._fields
        if getattr(setpoints, name) != getattr(active, name)
    }
    memory = GuardMemory({**memory.moved_s, **moved}, now_s)
    return GuardResult(setpoints, tuple(events), memory)


class Admission(NamedTuple):
    """One setpoint on its way through the rules."""

    finite: float  # what was wanted, or the active value
    clamped: float
    whole: float
    allowed: float
    held_by: float  # index in ``HOLDS``, 0 if none


HOLDS = ("", "deadband", "interval", "rate")


@kernel
def admit(
    limits: SetpointLimits,
    wanted: float,
    active: float,
    elapsed_s: float,
    since_moved_s: float,
) -> Admission:
    """Rules of a single setpoint, over plain numbers."""
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
    times_s: tuple[float, float],
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


def _envelope(
    setpoints: Setpoints, active: Setpoints, events: list[GuardEvent]
) -> Setpoints:
    """Rules between setpoints, with their events."""
    wanted = float(setpoints.chilled_water_c), float(setpoints.air_supply_c)
    safe = coil_envelope(
        *wanted, float(active.chilled_water_c), float(active.air_supply_c)
    )
    for name, asked, allowed in zip(
        ("chilled_water_c", "air_supply_c"), wanted, safe, strict=True
    ):
        if asked != allowed:
            events.append(GuardEvent(name, "envelope", asked, allowed))
    return setpoints._replace(chilled_water_c=safe[0], air_supply_c=safe[1])


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
