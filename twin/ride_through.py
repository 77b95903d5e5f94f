"""How long a damaged site holds, and which limit it meets first.

A sound, settled site is hit by a fault and left alone: setpoints stay, local loops do what
they can, in steps of seconds. If the utility is lost the battery carries the UPS load
down to empty; water and air warm by their heat capacity. The answer is the time to each
limit, which is what an operator has until the generator must carry the site.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from twin import faults as faulty
from twin.compiled import initial_state, step
from twin.config import Site
from twin.faults import STANDSTILL, Faults
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.topology import Facility

STEP_S = 5.0
EMPTY = "battery_soc"
EMPTY_SOC = 1e-3
TRIP_K = 30.0  # above a limit servers protect themselves and stop; assumption
DRY_SHARE = 0.2  # of the coolant, below which CDU pumps draw air; assumption


class RideThrough(NamedTuple):
    """What happened after the fault."""

    faults: Faults
    reached_s: dict[str, float]  # limit -> time of first exceedance; absent if never
    first: str | None  # limit met first
    holds_s: float  # until the first limit, or the whole time looked at
    course: pd.DataFrame  # time_s and outputs


def ride_through(
    site: Site,
    inputs: Inputs,
    setpoints: Setpoints,
    faults: Faults,
    duration_s: float = 1800.0,
) -> RideThrough:
    """Course of a site after a fault.

    Parameters
    ----------
    site
        Nameplates and limits.
    inputs
        Weather and load, floats; they stay.
    setpoints
        In force, floats; they stay.
    faults
        What breaks at time zero.
    duration_s
        How long to look. [s]

    Returns
    -------
    RideThrough
        Times to the temperature limits and to the empty battery.
    """
    sound = Setpoints(*(float(value) for value in setpoints))
    state = initial_state(site.facility, inputs, sound)
    damaged = faulty.apply(site.facility, faults)
    if faults.utility_lost:
        damaged = _islanded(damaged)
    held = Setpoints(*(float(v) for v in faulty.deceive(sound, faults)))
    rows = []
    for number in range(round(duration_s / STEP_S)):
        damaged = _drained(damaged, site, faults, number * STEP_S)
        ask = _on_battery(damaged, state, inputs, held) if faults.utility_lost else held
        state, out = step(damaged, state, inputs, ask, STEP_S)
        rows.append([(number + 1) * STEP_S, *map(float, out)])
        if faults.utility_lost and state.battery_soc <= EMPTY_SOC:
            break  # racks are dark, nothing warms any more
        if out.chip_c > site.limits.chip_c + TRIP_K:
            break  # chips have switched themselves off
        if out.rack_inlet_c > site.limits.rack_inlet_c + TRIP_K:
            break
    course = pd.DataFrame(rows, columns=["time_s", *Outputs._fields])
    return _read(site, faults, course)


def _drained(damaged: Facility, site: Site, faults: Faults, after_s: float) -> Facility:
    """Technology loop with less coolant; its pumps run dry below a fifth."""
    full_kg = site.facility.technology.coolant_kg
    left_kg = full_kg - faults.coolant_leak_kg_s * after_s
    part = damaged.technology._replace(coolant_kg=max(left_kg, DRY_SHARE * full_kg))
    if left_kg < DRY_SHARE * full_kg:
        part = part._replace(cdu_count=site.facility.technology.cdu_count * STANDSTILL)
    return damaged._replace(technology=part)


def _islanded(facility: Facility) -> Facility:
    """Battery free to carry the whole UPS down to empty."""
    chain = facility.power
    battery = chain.battery._replace(
        discharge_power_w=chain.ups_count * chain.ups.rated_power_w,
        soc_minimum=0.0,
    )
    return facility._replace(power=chain._replace(battery=battery))


def _on_battery(
    damaged: Facility, state: State, inputs: Inputs, held: Setpoints
) -> Setpoints:
    """Discharge exactly what hangs on the UPS: racks, its losses, CDU pumps, fans."""
    _, idle = step(damaged, state, inputs, held._replace(battery_power_w=0.0), STEP_S)
    load_w = (
        idle.it_power_w
        + idle.distribution_loss_w
        + idle.ups_loss_w
        + idle.tcs_pump_power_w
        + idle.in_row_fan_power_w
    )
    return held._replace(battery_power_w=float(load_w), ups_eco=0.0)


def _read(site: Site, faults: Faults, course: pd.DataFrame) -> RideThrough:
    """First time of each limit."""
    reached: dict[str, float] = {}
    for name, limit_c in site.limits._asdict().items():
        above = course[name].to_numpy(dtype=float) > limit_c
        if above.any():
            reached[name] = float(course["time_s"].iloc[int(np.argmax(above))])
    empty = course[EMPTY].to_numpy(dtype=float) <= EMPTY_SOC
    if faults.utility_lost and empty.any():
        reached[EMPTY] = float(course["time_s"].iloc[int(np.argmax(empty))])
    first = min(reached, key=lambda name: reached[name]) if reached else None
    holds_s = reached[first] if first else float(course["time_s"].iloc[-1])
    return RideThrough(faults, reached, first, holds_s, course)
