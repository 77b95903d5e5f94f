"""Trim chillers: how many run, and what they do to the water of the in-row coils."""

import numpy as np

from plant import water
from plant._kernel import kernel
from plant._select import select
from plant.cooling import chiller
from plant.types import Numeric
from twin.anywhere import anywhere
from twin.signals import Setpoints, State
from twin.topology import Facility


@kernel
def chillers_wanted(
    facility: Facility,
    state: State,
    setpoints: Setpoints,
    load_w: Numeric,
    condenser_c: Numeric,
) -> Numeric:
    """Chillers that should run: enough for the load, none when the water is cool."""
    plant = facility.trim_chillers
    running = state.chillers_on > 0.5
    band = select(running, 0.0 * load_w, plant.start_band_k + 0.0 * load_w)
    warm = state.fws_supply_c > setpoints.chilled_water_c + band
    each = chiller.capacity(plant.chiller, setpoints.chilled_water_c, condenser_c)
    enough = np.ceil(load_w / np.maximum(0.95 * each, 1.0))
    wanted = np.minimum(np.maximum(enough, 1.0), plant.chiller_count)
    wanted = select(warm, wanted, 0.0 * wanted)
    least_s = select(
        wanted > state.chillers_on,
        plant.start_delay_s + 0.0 * wanted,
        plant.minimum_hold_s + 0.0 * wanted,
    )
    held = state.chiller_hold_s < least_s
    return select(held, state.chillers_on + 0.0 * wanted, wanted)


@kernel
def trim(
    facility: Facility,
    state: State,
    setpoints: Setpoints,
    flow_kg_s: Numeric,
    dt_s: Numeric,
) -> tuple[Numeric, Numeric, Numeric, chiller.ChillerOutputs]:
    """Trim chillers at a water flow of the in-row coils.

    Returns
    -------
    tuple
        Water leaving [degC], chillers on, time since the last start or stop [s], and
        the sum over all chillers.
    """
    cp = water.heat_capacity(state.fws_supply_c)
    lift = np.maximum(state.fws_supply_c - setpoints.chilled_water_c, 0.0)
    load = flow_kg_s * cp * lift
    condenser_c = state.tower_supply_c
    on = chillers_wanted(facility, state, setpoints, load, condenser_c)
    changed = np.abs(on - state.chillers_on) > 0.5
    hold = select(changed, 0.0 * load, state.chiller_hold_s + 0.0 * load) + dt_s
    served = chilled(facility, state, setpoints, flow_kg_s, on)
    leaving = state.fws_supply_c - served.heat_w / np.maximum(flow_kg_s * cp, 1e-9)
    return leaving, on, hold, served


@kernel
def chilled(
    facility: Facility,
    state: State,
    setpoints: Setpoints,
    flow_kg_s: Numeric,
    on: Numeric,
) -> chiller.ChillerOutputs:
    """All chillers that run; nothing where none does."""
    if not anywhere(on > 0.5):
        none = 0.0 * (on + flow_kg_s)
        return chiller.ChillerOutputs(none, none, none, none, none, none)
    cp = water.heat_capacity(state.fws_supply_c)
    unit, condenser_c = facility.trim_chillers.chiller, state.tower_supply_c
    each_flow = flow_kg_s / np.maximum(on, 1.0)
    leaving = chiller.leaving_temperature(
        unit,
        setpoints.chilled_water_c,
        state.fws_supply_c,
        each_flow,
        cp,
        condenser_c,
    )
    leaving = select(
        on > 0.5, np.minimum(leaving, state.fws_supply_c), state.fws_supply_c
    )
    each_load = each_flow * cp * (state.fws_supply_c - leaving)
    one = chiller.operate(unit, each_load, leaving, condenser_c)
    return chiller.ChillerOutputs(
        on * one.heat_w,
        on * one.power_w,
        on * one.condenser_heat_w,
        select(on > 0.5, one.part_load_ratio, 0.0 * on),
        on * one.capacity_w,
        select(on > 0.5, one.extrapolated, 0.0 * on),
    )
