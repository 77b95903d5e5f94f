"""Who may write: remote enable, lease, and what stands in the plant's request registers.

All of it is judged from one look at the plant, without writing anything.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from bms_io.daemon.eyes import Look
from bms_io.daemon.modes import Grant
from bms_io.points import PointMap
from twin.interfaces import Quality, Reading

REMOTE = 1.0


class Trespass(NamedTuple):
    """What others did to our setpoints."""

    step_down: str  # reason to leave auto at once, or empty
    overridden: frozenset[str]  # setpoints that the operator holds by hand
    foreign: Mapping[str, str]  # by setpoint: what is not ours in its request


def grant(look: Look, owner: int, good_cycles: int, needed_cycles: int) -> Grant:
    """Say what stands against auto.

    Parameters
    ----------
    look
        The plant now.
    owner
        Our lease number.
    good_cycles, needed_cycles
        Complete looks without a bad critical reading, in a row.
    """
    switch, lease = look.remote_enable, look.owner
    remote = (
        "" if _is(switch, 1.0) else f"plant.remote_enable is not 1: {_tell(switch)}"
    )
    free = _is(lease, 0.0) or _is(lease, float(owner))
    held = "" if free else f"plant.owner is not ours: {_tell(lease)}"
    short = needed_cycles - good_cycles
    cycles = f"{short} more good cycles needed" if short > 0 else ""
    return Grant(remote, held, cycles)


def trespass(
    look: Look,
    owner: int,
    written: Mapping[str, float],
    confirmed: Collection[str],
    point_map: PointMap,
) -> Trespass:
    """Compare the plant with what we wrote.

    Parameters
    ----------
    look
        The plant now.
    owner
        Our lease number.
    written
        What stands in our slots as far as we know, by setpoint.
    confirmed
        Setpoints that were in force as written; where they are no more, the operator took
        them. One that never was is a mismatch, not an override.
    point_map
        Tolerances.

    Returns
    -------
    Trespass
        A reading that is bad accuses nobody.
    """
    if _good(look.owner) and not _is(look.owner, float(owner)):
        return Trespass(f"the lease is lost: {_tell(look.owner)}", frozenset(), {})
    if _good(look.remote) and not _is(look.remote, REMOTE):
        return Trespass("the plant went to local control", frozenset(), {})
    overridden, foreign = set(), {}
    for name, value in written.items():
        rule = point_map.points[f"setpoints.{name}"].write
        tolerance = rule.readback_tolerance if rule else 0.0
        slot, active = look.slots[name], look.snapshot.readings[f"active.{name}"]
        if _good(slot) and abs(slot.value - value) > tolerance:
            why = f"setpoints.{name} holds {slot.value:g}, we wrote {value:g}"
            foreign[name] = why
        elif (
            name in confirmed
            and _good(active)
            and abs(active.value - value) > tolerance
        ):
            overridden.add(name)
    return Trespass("", frozenset(overridden), foreign)


def _good(reading: Reading) -> bool:
    return reading.quality is not Quality.BAD


def _is(reading: Reading, value: float) -> bool:
    return _good(reading) and reading.value == value


def _tell(reading: Reading) -> str:
    return f"{reading.value:g}" if _good(reading) else reading.detail
