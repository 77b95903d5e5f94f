"""One site as one pure function: ``facility_step``.

Order within a step: racks, critical power, technology loop, air side with trim chillers,
facility water, towers, utility. Each loop sees the temperatures of the step's start (see
``twin.hall_loops``), so nothing is solved simultaneously and any step length is
stable; a very long step (``SETTLED_S``) repeated a few times gives the steady state.

Balances, both reported as residuals in the outputs:

* electrical: site + battery cells = IT + cooling + losses + house
* thermal: IT + losses to air + fans in the hall + pumps + compressors
  = rejected by towers and AHUs + reused + lost by the tank + stored in water and air
"""

import numpy as np

from plant import water
from plant._kernel import kernel
from plant.cooling import cold_plate, recirculation
from plant.it import rack
from plant.types import Numeric
from twin import hall_loops, power_flow, water_loops
from twin.hall_loops import AirFlow, TechnologyFlow
from twin.power_flow import CriticalPower
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.topology import Facility
from twin.water_loops import TowerFlow, WaterFlow

SETTLED_S = 1e9  # a step after which every volume has taken its entering temperature


@kernel
def facility_step(
    facility: Facility,
    state: State,
    inputs: Inputs,
    setpoints: Setpoints,
    dt_s: Numeric,
) -> tuple[State, Outputs]:
    """Advance a site by one step.

    Parameters
    ----------
    facility
        Nameplates.
    state, inputs, setpoints
        Floats, or arrays that broadcast.
    dt_s
        Step length, any. [s]

    Returns
    -------
    State, Outputs
        Remembered values at the end, and what came of the step.
    """
    racks, inlet_c = racks_and_inlet(facility, state, inputs, setpoints)
    chain = facility.power
    critical = power_flow.critical(
        chain, state.battery_soc, setpoints, racks.power_w, dt_s
    )
    tcs = hall_loops.technology(facility, state, setpoints, racks.liquid_heat_w, dt_s)
    hall = hall_loops.air(
        facility, state, inputs, setpoints, racks, critical.heat_to_air_w, dt_s
    )
    tower_flow = water_loops.tower_flow(facility, state, setpoints)
    branches = tcs.primary_flow_kg_s + hall.water_flow_kg_s
    load = tcs.heat_w + hall.heat_w - hall.chiller.heat_w
    fws = water_loops.facility_water(
        facility, state, inputs, setpoints, branches, load, tower_flow, dt_s
    )
    rejected = fws.heat_w + hall.chiller.condenser_heat_w
    tower = water_loops.towers(
        facility, state, inputs, setpoints, tower_flow, rejected, dt_s
    )
    after = State(
        tower.supply_c,
        fws.supply_c,
        tcs.supply_c,
        hall.supply_c,
        critical.battery.soc,
        hall.chillers_on,
        hall.chiller_hold_s,
        fws.tank.upper_c,
        fws.tank.lower_c,
    )
    outputs = collect(
        facility, setpoints, racks, inlet_c, critical, tcs, hall, fws, tower
    )
    return after, outputs


@kernel
def racks_and_inlet(
    facility: Facility, state: State, inputs: Inputs, setpoints: Setpoints
) -> tuple[rack.RackOutputs, Numeric]:
    """Racks at the inlet temperature that their own air flow causes.

    A cap holds back work: what leakage and fans add to what is served comes on top.
    """
    served_w = np.minimum(inputs.it_demand_w, np.maximum(setpoints.it_power_cap_w, 0.0))
    return recirculation.racks_and_inlet(
        facility.it.racks,
        facility.air.in_row,
        hall_loops.coolers(facility, setpoints),
        served_w,
        state.tcs_supply_c,
        state.air_supply_c,
    )


@kernel
def chip_temperature(
    facility: Facility, racks: rack.RackOutputs, tcs: TechnologyFlow
) -> Numeric:
    """Case temperature of a chip that carries its share of the liquid heat [degC]."""
    plate = facility.it.cold_plate
    rated = facility.it.racks.rated_power_w * facility.it.racks.liquid_fraction
    chips = np.maximum(rated / plate.chip_power_w, 1.0)
    cp = water.glycol25_heat_capacity(tcs.supply_c)
    return cold_plate.case_temperature(
        plate, racks.liquid_heat_w / chips, tcs.supply_c, tcs.flow_kg_s / chips, cp
    )


@kernel
def collect(
    facility: Facility,
    setpoints: Setpoints,
    racks: rack.RackOutputs,
    inlet_c: Numeric,
    critical: CriticalPower,
    tcs: TechnologyFlow,
    hall: AirFlow,
    fws: WaterFlow,
    tower: TowerFlow,
) -> Outputs:
    """Sum up the parts and form the two balances."""
    pumps = tower.pump_power_w + fws.pump_power_w + tcs.pump_power_w
    inside = pumps + hall.fan_power_w + hall.chiller.power_w
    cooling = inside + tower.fan_power_w + hall.outside.power_w
    meter = power_flow.site(facility.power, critical.supply_w, cooling)
    cells_w = critical.battery.power_w + critical.battery.loss_w
    losses = (
        meter.transformer_loss_w
        + critical.ups.loss_w
        + critical.distribution_loss_w
        + critical.battery.loss_w
    )
    house = facility.power.house_power_w
    electrical = meter.site_power_w + cells_w - racks.power_w - cooling - losses - house
    stored = tcs.stored_w + hall.stored_w + fws.stored_w + tower.stored_w
    rejected = tower.heat_w + hall.outside.heat_w
    gone = rejected + fws.reused_w + fws.tank.loss_w
    thermal = racks.power_w + critical.heat_to_air_w + inside - gone - stored
    return Outputs(
        site_power_w=meter.site_power_w,
        it_power_w=racks.power_w,
        cooling_power_w=cooling,
        power_chain_loss_w=losses,
        house_power_w=house + 0.0 * cooling,
        tower_fan_power_w=tower.fan_power_w,
        tower_pump_power_w=tower.pump_power_w,
        fws_pump_power_w=fws.pump_power_w,
        tcs_pump_power_w=tcs.pump_power_w,
        in_row_fan_power_w=hall.fan_power_w,
        ahu_power_w=hall.outside.power_w,
        chiller_power_w=hall.chiller.power_w,
        transformer_loss_w=meter.transformer_loss_w,
        ups_loss_w=critical.ups.loss_w,
        distribution_loss_w=critical.distribution_loss_w,
        battery_loss_w=critical.battery.loss_w,
        battery_power_w=critical.battery.power_w,
        battery_soc=critical.battery.soc,
        ups_eco=critical.ups.eco,
        ups_load_fraction=critical.ups.load_fraction,
        tower_supply_c=tower.supply_c,
        tower_return_c=tower.return_c,
        tower_flow_kg_s=tower.flow_kg_s,
        tower_fan_speed=tower.fan_speed,
        tower_cells_on=tower.cells_on,
        tower_pump_speed=setpoints.tower_pump_speed,
        tower_makeup_kg_s=tower.makeup_kg_s,
        heat_rejected_w=rejected,
        ahu_heat_w=hall.outside.heat_w,
        ahu_makeup_kg_s=hall.outside.makeup_kg_s,
        fws_supply_c=fws.supply_c,
        fws_return_c=fws.return_c,
        fws_flow_kg_s=fws.flow_kg_s,
        fws_pressure_pa=setpoints.fws_pressure_pa,
        heat_reused_w=fws.reused_w,
        tank_heat_w=fws.tank.heat_w,
        tank_upper_c=fws.tank.upper_c,
        tank_lower_c=fws.tank.lower_c,
        chilled_water_c=hall.chilled_water_c,
        chillers_on=hall.chillers_on,
        chiller_part_load_ratio=hall.chiller.part_load_ratio,
        chiller_extrapolated=hall.chiller.extrapolated,
        tcs_supply_c=tcs.supply_c,
        tcs_return_c=tcs.return_c,
        tcs_flow_kg_s=tcs.flow_kg_s,
        tcs_pressure_pa=setpoints.tcs_pressure_pa,
        cdu_valve=tcs.valve,
        cdu_heat_w=tcs.heat_w,
        chip_c=chip_temperature(facility, racks, tcs),
        air_supply_c=hall.supply_c,
        air_return_c=hall.return_c,
        rack_inlet_c=inlet_c,
        in_row_valve=hall.valve,
        in_row_fan_speed=hall.fan_speed,
        in_row_heat_w=hall.heat_w,
        heat_stored_w=stored,
        electrical_residual_w=electrical,
        thermal_residual_w=thermal,
    )
