"""Outdoor side of the cooling: facility water, tower water and towers.

The two loops follow the scheme of ``twin.hall_loops``: devices at the temperatures of the
step's start, an exact step of the volume, the mean heat handed on.
"""

from typing import NamedTuple

import numpy as np

from plant import heat_exchanger, water
from plant._kernel import kernel
from plant.cooling import cooling_tower, loop, pump
from plant.types import Numeric, OutdoorAir
from twin.signals import Inputs, Setpoints, State
from twin.topology import Facility
from twin.water_side_loads import TankFlow, reused, tank


class WaterFlow(NamedTuple):
    """Facility water over one step."""

    supply_c: Numeric
    return_c: Numeric
    flow_kg_s: Numeric
    pump_power_w: Numeric
    heat_w: Numeric  # to the tower water
    stored_w: Numeric  # in pipes and tank
    reused_w: Numeric
    tank: TankFlow


class TowerFlow(NamedTuple):
    """Tower water over one step, all cells together."""

    supply_c: Numeric
    return_c: Numeric
    flow_kg_s: Numeric
    pump_power_w: Numeric
    fan_power_w: Numeric
    fan_speed: Numeric
    cells_on: Numeric
    makeup_kg_s: Numeric
    heat_w: Numeric  # to the outdoor air
    stored_w: Numeric


@kernel
def facility_water(
    facility: Facility,
    state: State,
    inputs: Inputs,
    setpoints: Setpoints,
    branches_kg_s: Numeric,
    load_w: Numeric,
    tower_flow_kg_s: Numeric,
    dt_s: Numeric,
) -> WaterFlow:
    """Facility water: coils and CDUs warm it, a consumer and plate exchangers cool it."""
    system = facility.facility_water
    side = facility.heat_rejection
    cp = water.heat_capacity(state.fws_supply_c)
    rho = water.density(state.fws_supply_c)
    design = system.pump.design_flow_m3_s * system.pump_count * rho
    flow = np.maximum(branches_kg_s, system.minimum_flow_ratio * design)
    ratio = flow / design
    head = setpoints.fws_pressure_pa + system.pipe_pressure_pa * ratio * ratio
    each = flow / rho / system.pump_count
    pump_power = system.pump_count * pump.power(system.pump, each, head)
    warmed = load_w + pump_power
    held = tank(
        system.tank, state, inputs, state.fws_supply_c + warmed / (flow * cp), dt_s
    )
    load = warmed + held.heat_w
    returning = state.fws_supply_c + load / (flow * cp)
    given = reused(system.consumer, inputs, returning, flow)
    entering = returning - given / (flow * cp)
    plates = np.maximum(side.exchanger_count, 1.0)
    moved = side.exchanger_count * heat_exchanger.heat_transferred(
        side.exchanger,
        entering,
        flow / plates,
        cp,
        state.tower_supply_c,
        tower_flow_kg_s / plates,
        water.heat_capacity(state.tower_supply_c),
    )
    leaving = entering - moved / (flow * cp)
    capacity = system.water_kg * cp
    after = loop.settle(state.fws_supply_c, leaving, flow * cp, capacity, dt_s)
    stored = loop.stored(state.fws_supply_c, after, capacity, dt_s)
    onward = load - given - stored
    kept = stored + held.stored_w
    return WaterFlow(after, returning, flow, pump_power, onward, kept, given, held)


@kernel
def tower_flow(facility: Facility, state: State, setpoints: Setpoints) -> Numeric:
    """Tower-water flow of all pumps at their speed [kg/s]."""
    side = facility.heat_rejection
    nominal = side.pump.design_flow_m3_s
    friction = (side.pump.design_head_pa - side.static_head_pa) / nominal**2
    each = pump.flow_at_speed(
        side.pump, setpoints.tower_pump_speed, side.static_head_pa, friction
    )
    # Below the static head no pump delivers; a floor keeps temperatures finite.
    each = np.maximum(each, 0.02 * nominal)
    return side.pump_count * each * water.density(state.tower_supply_c)


@kernel
def towers(
    facility: Facility,
    state: State,
    inputs: Inputs,
    setpoints: Setpoints,
    flow_kg_s: Numeric,
    load_w: Numeric,
    dt_s: Numeric,
) -> TowerFlow:
    """Tower water: exchangers and condensers warm it, towers cool it."""
    side = facility.heat_rejection
    cp = water.heat_capacity(state.tower_supply_c)
    each = flow_kg_s / water.density(state.tower_supply_c) / side.pump_count
    relative = each / side.pump.design_flow_m3_s
    friction = side.pump.design_head_pa - side.static_head_pa
    head = side.static_head_pa + friction * relative**2
    pump_power = side.pump_count * pump.power(side.pump, each, head)
    load = load_w + pump_power
    returning = state.tower_supply_c + load / (flow_kg_s * cp)
    cells = np.floor(setpoints.tower_cells_on + 0.5)
    cells = np.minimum(np.maximum(cells, 1.0), side.tower_cell_count)
    outdoor = OutdoorAir(
        inputs.dry_bulb_c, inputs.wet_bulb_c, inputs.humidity_ratio, inputs.pressure_pa
    )
    cell = cooling_tower.operate(
        side.tower, setpoints.tower_supply_c, returning, flow_kg_s / cells, outdoor
    )
    capacity = side.water_kg * cp
    after = loop.settle(
        state.tower_supply_c, cell.water_out_c, flow_kg_s * cp, capacity, dt_s
    )
    stored = loop.stored(state.tower_supply_c, after, capacity, dt_s)
    return TowerFlow(
        after,
        returning,
        flow_kg_s,
        pump_power,
        cells * cell.fan_power_w,
        cell.fan_speed,
        cells,
        cells * cell.makeup_kg_s,
        load - stored,
        stored,
    )
