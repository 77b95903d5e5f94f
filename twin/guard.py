"""The last word on setpoints: a pure function shared by simulation and live loop.

For each setpoint, in this order: refuse what is not a number; clamp to the limits; hold
within the deadband; hold within the minimum interval; limit the rate; round whole
numbers. Then rules between setpoints. Everything it changes is an event with a reason.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

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


def _one(
    name: str,
    limits: SetpointLimits,
    values: tuple[float, float],
    times_s: tuple[float, float],
    events: list[GuardEvent],
) -> float:
    """Rules of a single setpoint."""
    wanted, active = values
    elapsed_s, since_moved_s = times_s

    def note(rule: str, allowed: float) -> float:
        events.append(GuardEvent(name, rule, wanted, allowed))
        return allowed

    if not math.isfinite(wanted):
        wanted = note("not_a_number", active)
    inside = min(max(wanted, limits.minimum), limits.maximum)
    if inside != wanted:
        inside = note("clamp", inside)
    if limits.whole_number and inside != round(inside):
        inside = note("whole_number", float(round(inside)))
    step = inside - active
    outside_now = not limits.minimum <= active <= limits.maximum
    if step == 0.0:
        return active
    if abs(step) < limits.deadband and not outside_now:
        return note("deadband", active)
    if since_moved_s < limits.minimum_interval_s and not outside_now:
        return note("interval", active)
    largest = limits.rate_per_minute * elapsed_s / 60.0
    if limits.whole_number:
        largest = math.floor(largest + 1e-9)
    if abs(step) > largest + 1e-12:
        inside = note("rate", active + math.copysign(largest, step))
    return inside


def _envelope(
    setpoints: Setpoints, active: Setpoints, events: list[GuardEvent]
) -> Setpoints:
    """Rules between setpoints: chilled water stays below the air that it makes.

    Where the two would cross, both stay as they are; if they already do, the water may
    only become colder and the air only warmer.
    """

    def crossed(pair: Setpoints) -> bool:
        return bool(pair.chilled_water_c > pair.air_supply_c - LEAST_COIL_DIFFERENCE_K)

    if not crossed(setpoints):
        return setpoints
    water_c, air_c = active.chilled_water_c, active.air_supply_c
    if crossed(active):
        water_c = min(float(water_c), float(setpoints.chilled_water_c))
        air_c = max(float(air_c), float(setpoints.air_supply_c))
    for name, safe in (("chilled_water_c", water_c), ("air_supply_c", air_c)):
        wanted = float(getattr(setpoints, name))
        if wanted != safe:
            events.append(GuardEvent(name, "envelope", wanted, float(safe)))
    return setpoints._replace(chilled_water_c=water_c, air_supply_c=air_c)


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
