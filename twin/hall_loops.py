"""Hall side of the cooling: technology loop, air side and trim chillers.

Every loop holds one well-mixed volume at its supply temperature. A step evaluates each
device at the temperatures of the step's start, lets the volume settle exactly, and hands
the *mean* heat over the step (load minus what was stored) to the next loop, so that no
heat is lost between loops for any step length.
"""

from typing import NamedTuple

import numpy as np

from plant import psychrometrics, water
from plant._kernel import kernel
from plant._select import select
from plant.cooling import ahu, cdu, chiller, fan, in_row, loop
from plant.it.rack import HALL_HUMIDITY_RATIO, RackOutputs
from plant.types import Numeric, OutdoorAir
from twin import trim_chillers
from twin.anywhere import anywhere
from twin.power_flow import in_service
from twin.signals import Inputs, Setpoints, State
from twin.topology import Facility

LEAST_FLOW_KG_S = 1e-6
PUMP_RUNOUT = 1.15  # largest over design flow of a centrifugal pump, assumption


class TechnologyFlow(NamedTuple):
    """Technology loop over one step, all CDUs together."""

    supply_c: Numeric
    return_c: Numeric
    flow_kg_s: Numeric
    pump_power_w: Numeric
    primary_flow_kg_s: Numeric
    valve: Numeric
    heat_w: Numeric  # to the facility water
    stored_w: Numeric


class Outside(NamedTuple):
    """What the AHUs do, all together."""

    supply_c: Numeric  # hall air that leaves them; the entering air where there is none
    heat_w: Numeric  # taken out of the hall air, at the step's start
    power_w: Numeric
    makeup_kg_s: Numeric


class AirFlow(NamedTuple):
    """Air side over one step, all coolers together."""

    supply_c: Numeric
    return_c: Numeric
    fan_power_w: Numeric
    fan_speed: Numeric
    water_flow_kg_s: Numeric
    valve: Numeric
    heat_w: Numeric  # to the water
    stored_w: Numeric
    outside: Outside  # heat_w: mean over the step
    chilled_water_c: Numeric  # water entering the coils
    chillers_on: Numeric
    chiller_hold_s: Numeric
    chiller: chiller.ChillerOutputs  # all chillers together


@kernel
def coolers(facility: Facility, setpoints: Setpoints) -> Numeric:
    """Coolers of the hall air in service."""
    return in_service(facility.air.in_row_count, setpoints.air_units_on)


@kernel
def facility_pressure_ratio(facility: Facility, setpoints: Setpoints) -> Numeric:
    """Flow through an open valve relative to the flow at design pressure.

    The held pressure sets it, as long as the pumps can deliver all open valves together;
    with pumps missing the pressure falls to what the rest can carry.
    """
    system = facility.facility_water
    held = np.sqrt(
        np.maximum(setpoints.fws_pressure_pa, 0.0) / system.design_pressure_pa
    )
    runout_m3_s = system.pump_count * system.pump.design_flow_m3_s * PUMP_RUNOUT
    carried_kg_s = runout_m3_s * water.density(20.0)
    open_kg_s = (
        facility.technology.cdu_count * system.cdu_flow_kg_s
        + coolers(facility, setpoints) * system.in_row_flow_kg_s
    )
    left: Numeric = carried_kg_s / np.maximum(open_kg_s, LEAST_FLOW_KG_S)
    return np.minimum(held, left)


@kernel
def technology(
    facility: Facility,
    state: State,
    setpoints: Setpoints,
    liquid_heat_w: Numeric,
    dt_s: Numeric,
) -> TechnologyFlow:
    """Technology loop: racks warm the coolant, CDUs cool it to the setpoint."""
    unit = facility.technology.cdu
    count = facility.technology.cdu_count
    before = state.tcs_supply_c
    each = cdu.secondary_flow(unit, setpoints.tcs_pressure_pa)
    pump_power = count * cdu.pump_power(unit, setpoints.tcs_pressure_pa, before)
    cp = water.glycol25_heat_capacity(before)
    rate = np.maximum(count * each * cp, LEAST_FLOW_KG_S)
    load = liquid_heat_w + pump_power
    returning = before + load / rate * (count > 0.0)
    open_valve = facility_pressure_ratio(facility, setpoints)
    largest = facility.facility_water.cdu_flow_kg_s * open_valve
    made = cdu.operate(
        unit, returning, each, setpoints.tcs_supply_c, state.fws_supply_c, largest
    )
    capacity = facility.technology.coolant_kg * cp
    after = loop.settle(before, made.leaving_c, rate, capacity, dt_s)
    stored = loop.stored(before, after, capacity, dt_s)
    return TechnologyFlow(
        after,
        returning,
        count * each,
        pump_power,
        count * made.primary_flow_kg_s,
        made.valve,
        load - stored,
        stored,
    )


@kernel
def outside_air(
    facility: Facility,
    inputs: Inputs,
    returning_c: Numeric,
    air_flow_kg_s: Numeric,
    setpoint_c: Numeric,
) -> Outside:
    """Indirect evaporative AHUs ahead of the coils, which then only trim."""
    count = facility.air.ahu_count
    outdoor = OutdoorAir(
        inputs.dry_bulb_c, inputs.wet_bulb_c, inputs.humidity_ratio, inputs.pressure_pa
    )
    each = air_flow_kg_s / np.maximum(count, 1.0)
    unit = ahu.operate(
        facility.air.ahu, returning_c, HALL_HUMIDITY_RATIO, each, setpoint_c, outdoor
    )
    return Outside(
        select(count > 0.5, unit.supply_c, returning_c),
        count * unit.heat_w,
        count * unit.power_w,
        count * unit.makeup_kg_s,
    )


@kernel
def outside_if_any(
    facility: Facility,
    inputs: Inputs,
    returning_c: Numeric,
    air_flow_kg_s: Numeric,
    setpoint_c: Numeric,
) -> Outside:
    """``outside_air``; compiled code skips it at a site without AHUs."""
    if anywhere(facility.air.ahu_count > 0.5):
        return outside_air(facility, inputs, returning_c, air_flow_kg_s, setpoint_c)
    return Outside(returning_c, 0.0 * returning_c, 0.0 * returning_c, 0.0 * returning_c)


@kernel
def coils_again(
    cooler: in_row.InRow,
    air_in_c: Numeric,
    air_flow_kg_s: Numeric,
    setpoint_c: Numeric,
    water_c: Numeric,
    largest_kg_s: Numeric,
    asked: in_row.InRowOutputs,
    asked_water_c: Numeric,
) -> in_row.InRowOutputs:
    """Coils at the water they get; what was asked for if that was the same water."""
    if anywhere(water_c != asked_water_c):
        return in_row.operate(
            cooler, air_in_c, air_flow_kg_s, setpoint_c, water_c, largest_kg_s
        )
    return asked


@kernel
def air(
    facility: Facility,
    state: State,
    inputs: Inputs,
    setpoints: Setpoints,
    racks: RackOutputs,
    other_heat_w: Numeric,
    dt_s: Numeric,
) -> AirFlow:
    """Air side: racks and electrical rooms warm the air, AHUs and coils cool it."""
    cooler = facility.air.in_row
    count = coolers(facility, setpoints)
    each = in_row.air_flow(cooler, racks.air_flow_kg_s / count)
    fan_power = count * fan.power(cooler.fan, each)
    rate = count * each * psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO)
    load = racks.air_heat_w + other_heat_w + fan_power
    returning = state.air_supply_c + load / rate
    open_valve = facility_pressure_ratio(facility, setpoints)
    largest = facility.facility_water.in_row_flow_kg_s * open_valve
    # The chillers see the flow that the valve takes at the water they should deliver.
    expected_c = np.minimum(state.fws_supply_c, setpoints.chilled_water_c)
    expected_c = select(
        facility.trim_chillers.chiller_count > 0.5, expected_c, state.fws_supply_c
    )
    target = setpoints.air_supply_c
    outside = outside_if_any(facility, inputs, returning, count * each, target)
    entering = outside.supply_c
    ask = in_row.operate(cooler, entering, each, target, expected_c, largest)
    water_c, on, hold, chilled = trim_chillers.trim(
        facility, state, setpoints, count * ask.water_flow_kg_s, dt_s
    )
    made = coils_again(
        cooler, entering, each, target, water_c, largest, ask, expected_c
    )
    capacity = facility.air.heat_capacity_j_k
    after = loop.settle(state.air_supply_c, made.leaving_c, rate, capacity, dt_s)
    stored = loop.stored(state.air_supply_c, after, capacity, dt_s)
    coils_w = count * made.heat_w
    share = outside.heat_w / np.maximum(outside.heat_w + coils_w, 1e-9)
    outside_w = share * (load - stored)
    return AirFlow(
        after,
        returning,
        fan_power,
        fan.flow_ratio(cooler.fan, each),
        count * made.water_flow_kg_s,
        made.valve,
        load - stored - outside_w,
        stored,
        Outside(entering, outside_w, outside.power_w, outside.makeup_kg_s),
        water_c,
        on,
        hold,
        chilled,
    )
