"""One decision of many plants at once, compiled: shield, guard, and the minutes after.

The same shield, guard and facility step as everywhere; what is new is the loop over
plants, each with its own nameplates, day and clock.
"""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer import rules as ruling
from optimizer.rl import shield
from optimizer.rl.shield import largest_step
from optimizer.rules import RuleSite
from twin.closed_loop import Guards, Memory, copied, guarded, some_scans
from twin.compiled import _compiled
from twin.config import TemperatureLimits
from twin.envelope import Scene
from twin.rows import as_inputs, as_outputs, as_setpoints, as_state

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


class Plants(NamedTuple):
    """Where many plants stand; the first axis counts them, updated in place."""

    state: Array  # (plants, states)
    active: Array  # (plants, setpoints)
    moved_s: Array  # (plants, setpoints)
    checked_s: Array  # (plants, 1)
    started_s: Array  # (plants, setpoints, starts)


class Days(NamedTuple):
    """What the days of a place bring; the first axis counts the days."""

    middles: Array  # (days, inputs, steps)
    at_cycles: Array  # (days, inputs, cycles)
    worst: Array  # (days, inputs, cycles)


@cache
def acted() -> Any:
    """Compiled ``act``, see there."""
    return _compiled(act, *_files())


@cache
def looked() -> Any:
    """Compiled ``look``, see there."""
    return _compiled(look, *_files())


def _files() -> tuple[Path, ...]:
    modules = (Path(__file__), Path(str(ruling.__file__)), Path(str(shield.__file__)))
    return tuple(sorted(modules))


class Rules(NamedTuple):
    """What a site allows and wants; kept in a typed list, which is handed over at once."""

    guards: Guards
    tight: TemperatureLimits  # limits less the shield's margin
    rules: RuleSite


def act(
    site: Any,
    nameplates: Any,
    days: Days,
    place: tuple[Whole, Whole],
    proposals: tuple[Array, Array],
    plants: Plants,
    clock: tuple[float, float],
    filled: tuple[Array, Array, Array],
) -> None:
    """One control interval of many plants.

    Parameters
    ----------
    site
        Typed list of one ``Rules``.
    nameplates
        Typed list of ``Facility``, one per day.
    days
        What they bring.
    place
        Day and cycle of each plant.
    proposals
        Setpoints of the rules and those wanted, each (plants, setpoints).
    plants
        Updated in place.
    clock
        Step and control interval. [s]
    filled
        Readings (plants, scans, outputs); share of the way that the shield let pass
        (plants,); how many setpoints the guard changed after it (plants,).
    """
    guards, tight = site[0].guards, site[0].tight
    which, cycles = place
    safe, wanted = proposals
    rows, shares, changed = filled
    steps = round(clock[1] / clock[0])
    tried, held = np.empty(safe.shape[1]), np.empty(safe.shape[1])
    for i in range(which.shape[0]):
        day, cycle = which[i], cycles[i]
        worst = as_inputs(days.worst[day, :, cycle])
        state = as_state(plants.state[i])
        scene = Scene(guards.facility, tight, guards.spare_units, state, worst)
        copied(wanted[i], tried)
        shares[i] = 1.0
        if np.any(wanted[i] != safe[i]):
            shares[i] = largest_step(scene, safe[i], wanted[i], tried)
        unused = plants.active[i]  # the guard's memory of readings: not used by it
        memory = Memory(
            plants.active[i],
            unused,
            plants.moved_s[i],
            plants.checked_s[i],
            plants.started_s[i],
        )
        now_s = cycle * clock[1]
        guarded(guards, as_setpoints(tried), (state, worst), now_s, memory, held)
        changed[i] = held.sum()
        part = days.middles[day, :, cycle * steps : (cycle + 1) * steps]
        active = as_setpoints(plants.active[i])
        after = some_scans(nameplates[day], state, part, active, clock[0], rows[i])
        for k in range(plants.state.shape[1]):
            plants.state[i, k] = after[k]


def look(site: Any, inputs: Array, measured: Array, active: Array, base: Array) -> None:
    """What the rules want at many plants; fills ``base`` (plants, setpoints)."""
    rules = site[0].rules
    for i in range(base.shape[0]):
        seen = as_inputs(inputs[i])
        made = ruling.decide(
            rules, seen, as_outputs(measured[i]), as_setpoints(active[i])
        )
        for k in range(base.shape[1]):
            base[i, k] = made[k]
