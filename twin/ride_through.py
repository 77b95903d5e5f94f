"""How long a damaged site holds, and which limit it meets first.

A sound, settled site is hit by a fault and left alone: setpoints stay, local loops do what
they can, in steps of seconds. If the utility is lost the battery carries the UPS load;
water and air warm by their heat capacity, until the generators carry the whole site
(``twin.standby``) or the battery is empty. The answer is the time to each limit: of
temperatures, battery and fuel.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from twin import faults as faulty
from twin.compiled import initial_state, step
from twin.config import Site
from twin.faults import STANDSTILL, Faults
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.standby import Standby, carried
from twin.topology import Facility

STEP_S = 5.0
EMPTY = "battery_soc"
FUEL, WHOLE = "fuel_m3", "generators_carry_all"
STANDBY = ("generator_power_w", FUEL, WHOLE)
EMPTY_SOC = 1e-3
TRIP_K = 30.0  # above a limit servers protect themselves and stop; assumption
DRY_SHARE = 0.2  # of the coolant, below which CDU pumps draw air; assumption


class RideThrough(NamedTuple):
    """What happened after the fault."""

    faults: Faults
    reached_s: dict[str, float]  # limit -> time of first exceedance; absent if never
    first: str | None  # limit met first
    holds_s: float  # until the first limit, or the whole time looked at
    course: pd.DataFrame  # time_s, outputs, generator_power_w, fuel_m3
    generators_s: float | None = None  # until they carry the whole site; None if never
    fuel_lasts_s: float = 0.0  # from the fault, at the last load; 0 without generators


class _Fed(NamedTuple):
    """One step without the utility."""

    plant: Facility
    setpoints: Setpoints
    sets: Standby
    dark: bool  # the battery is empty and the generators do not carry the racks


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
        Times to the temperature limits, to the empty battery and to empty fuel tanks.
    """
    sound = Setpoints(*(float(value) for value in setpoints))
    state = initial_state(site.facility, inputs, sound)
    damaged = faulty.apply(site.facility, faults)
    held = Setpoints(*(float(v) for v in faulty.deceive(sound, faults)))
    sets = Standby(0.0, False, site.facility.power.fuel_m3, 0.0)
    rows = []
    for number in range(round(duration_s / STEP_S)):
        after_s = number * STEP_S
        plant, ask = _drained(damaged, site, faults, after_s), held
        if faults.utility_lost:
            fed = _without_utility(
                (site, faults), state, inputs, held, after_s, sets.fuel_m3
            )
            plant, ask, sets = fed.plant, fed.setpoints, fed.sets
        state, out = step(plant, state, inputs, ask, STEP_S)
        made = (sets.power_w, sets.fuel_m3)
        rows.append([after_s + STEP_S, *map(float, out), *made, float(sets.whole)])
        if faults.utility_lost and fed.dark:
            break  # racks are dark, nothing warms any more
        if out.chip_c > site.limits.chip_c + TRIP_K:
            break  # chips have switched themselves off
        if out.rack_inlet_c > site.limits.rack_inlet_c + TRIP_K:
            break
    course = pd.DataFrame(rows, columns=["time_s", *Outputs._fields, *STANDBY])
    return _read(site, faults, course, sets)


def _without_utility(
    hit: tuple[Site, Faults],
    state: State,
    inputs: Inputs,
    held: Setpoints,
    after_s: float,
    fuel_m3: float,
) -> _Fed:
    """Who feeds what: battery and generators the UPS, or generators the whole site."""
    site, faults = hit
    sound = faulty.apply(site.facility, faults._replace(utility_lost=False))
    whole = _drained(sound, site, faults, after_s)
    island = _drained(faulty.apply(site.facility, faults), site, faults, after_s)
    island = _islanded(island)
    idle = held._replace(ups_eco=0.0, battery_power_w=0.0)  # no ECO on generators
    critical_w = _critical(island, state, inputs, idle)
    _, running = step(whole, state, inputs, idle, STEP_S)
    whole_w = float(running.site_power_w)
    chain = site.facility.power
    sets = carried(chain, after_s, critical_w, whole_w, fuel_m3, STEP_S)
    if sets.whole:
        return _Fed(whole, idle, sets, dark=False)
    rest_w = max(critical_w - sets.power_w, 0.0)
    dark = state.battery_soc <= EMPTY_SOC and rest_w > 0.0
    return _Fed(island, idle._replace(battery_power_w=rest_w), sets, bool(dark))


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


def _critical(island: Facility, state: State, inputs: Inputs, idle: Setpoints) -> float:
    """Power that hangs on the UPS: racks, its losses, CDU pumps, hall fans [W]."""
    _, out = step(island, state, inputs, idle, STEP_S)
    return float(
        out.it_power_w
        + out.distribution_loss_w
        + out.ups_loss_w
        + out.tcs_pump_power_w
        + out.in_row_fan_power_w
    )


def _read(
    site: Site, faults: Faults, course: pd.DataFrame, sets: Standby
) -> RideThrough:
    """First time of each limit."""
    limits = site.limits._asdict().items()
    exceeded = {name: course[name] > limit_c for name, limit_c in limits}
    has_sets = faults.utility_lost and site.facility.power.generator_count > 0.0
    if faults.utility_lost:
        exceeded[EMPTY] = course[EMPTY] <= EMPTY_SOC
    if has_sets:
        exceeded[FUEL] = course[FUEL] <= 0.0
    found = {name: _first_time(course, where) for name, where in exceeded.items()}
    reached = {name: time_s for name, time_s in found.items() if time_s is not None}
    first = min(reached, key=lambda name: reached[name]) if reached else None
    end_s = float(course["time_s"].iloc[-1])
    lasts_s = 0.0
    if has_sets and sets.fuel_m3_s > 0.0:
        lasts_s = end_s + sets.fuel_m3 / sets.fuel_m3_s
    return RideThrough(
        faults,
        reached,
        first,
        reached[first] if first else end_s,
        course.drop(columns=WHOLE),
        _first_time(course, course[WHOLE] > 0.0),
        reached.get(FUEL, lasts_s),
    )


def _first_time(course: pd.DataFrame, where: "pd.Series[bool]") -> float | None:
    """Time of the first row where something holds."""
    if not where.any():
        return None
    return float(course["time_s"].iloc[int(np.argmax(where.to_numpy()))])
