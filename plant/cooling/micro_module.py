r"""Air-liquid micro-module: racks, in-row coolers, CDUs and busway as one unit.

The parts are those of ``plant``; the module ties them to one electrical and one water
connection,

    P = (P_racks + P_pumps + P_fans) + P_busway,  Q_water = P - P_busway

and says which of its limits holds it back. The liquid share of the racks may
be anything from 0 to 1. Steady state: the valves of CDUs and coolers are where they hold
their setpoints, or fully open where they cannot, which is flagged.

Valid where its parts are. Accepted on the energy balance and the limits
(tests/plant/cooling/test_micro_module.py).

References
----------
Vendor white paper on AI data centers (2024): liquid cabinets up to 66 kW, air cabinets up
to 35 kW, liquid share 0 to 100 %, busway taps of 16 to 63 A.
"""

from typing import NamedTuple

import numpy as np

from plant import psychrometrics, water
from plant._kernel import kernel
from plant._select import select
from plant.cooling import cdu, fan, in_row, recirculation
from plant.cooling.cdu import Cdu
from plant.cooling.in_row import InRow
from plant.it import rack
from plant.it.rack import HALL_HUMIDITY_RATIO, Racks
from plant.power import distribution
from plant.power.distribution import Busway, Tap
from plant.types import NonNegative, Numeric, Positive

HELD_K = 0.05  # a setpoint missed by less counts as held
SMALL = 1e-9  # stands for zero in denominators


class MicroModule(NamedTuple):
    """Nameplate."""

    racks: Racks  # all of them together
    rack_count: Positive
    in_row: InRow
    in_row_count: NonNegative
    cdu: Cdu
    cdu_count: NonNegative
    busway: Busway
    tap: Tap
    taps_per_rack: Positive  # that share the load
    electrical_limit_w: Positive  # of the connection
    water_limit_kg_s: Positive  # of the connection


class MicroSetpoints(NamedTuple):
    """What the module's own controllers hold."""

    tcs_supply_c: Numeric
    tcs_pressure_pa: Numeric
    air_supply_c: Numeric


class MicroModuleOutputs(NamedTuple):
    """The whole module; flags are 1 where a limit is broken."""

    power_w: Numeric  # at the electrical connection
    it_power_w: Numeric
    heat_to_water_w: Numeric
    heat_to_room_w: Numeric  # of the busway
    water_flow_kg_s: Numeric
    water_return_c: Numeric
    rack_inlet_c: Numeric
    over_rack: Numeric
    over_electrical: Numeric
    over_tap: Numeric
    over_water: Numeric
    short_liquid: Numeric  # the CDUs cannot hold their supply
    short_air: Numeric  # the coolers cannot hold theirs


class _Side(NamedTuple):
    """Liquid or air side, all units together."""

    electrical_w: Numeric
    heat_w: Numeric
    water_flow_kg_s: Numeric
    short: Numeric


@kernel
def _liquid_side(
    module: MicroModule,
    setpoints: MicroSetpoints,
    liquid_heat_w: Numeric,
    water_c: Numeric,
) -> _Side:
    """CDUs in steady state."""
    unit, count = module.cdu, module.cdu_count
    exists = select(count > 0.0, 1.0, 0.0)
    flow = cdu.secondary_flow(unit, setpoints.tcs_pressure_pa)
    pump_w = cdu.pump_power(unit, setpoints.tcs_pressure_pa, setpoints.tcs_supply_c)
    heat = liquid_heat_w / np.maximum(count, 1.0) + pump_w
    capacity = flow * water.glycol25_heat_capacity(setpoints.tcs_supply_c)
    returning = setpoints.tcs_supply_c + heat / np.maximum(capacity, SMALL)
    largest = unit.exchanger.cold_flow_kg_s
    made = cdu.operate(unit, returning, flow, setpoints.tcs_supply_c, water_c, largest)
    warm = made.leaving_c > setpoints.tcs_supply_c + HELD_K
    # without a CDU any liquid heat is too much
    short = select(exists > 0.0, select(warm, 1.0, 0.0), 0.0)
    alone = select(liquid_heat_w > SMALL, 1.0 - exists, 0.0)
    return _Side(
        exists * count * pump_w,
        exists * count * heat,
        exists * count * made.primary_flow_kg_s,
        np.maximum(short, alone),
    )


@kernel
def _air_side(
    module: MicroModule,
    setpoints: MicroSetpoints,
    drawn: rack.RackOutputs,
    water_c: Numeric,
) -> _Side:
    """In-row coolers in steady state."""
    cooler, count = module.in_row, module.in_row_count
    exists = select(count > 0.0, 1.0, 0.0)
    shared = np.maximum(count, 1.0)
    moved = in_row.air_flow(cooler, drawn.air_flow_kg_s / shared)
    fan_w = fan.power(cooler.fan, moved)
    heat = drawn.air_heat_w / shared + fan_w
    capacity = moved * psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO)
    returning = setpoints.air_supply_c + heat / np.maximum(capacity, SMALL)
    largest = cooler.coil.cold_flow_kg_s
    made = in_row.operate(
        cooler, returning, moved, setpoints.air_supply_c, water_c, largest
    )
    warm = made.leaving_c > setpoints.air_supply_c + HELD_K
    short = select(exists > 0.0, select(warm, 1.0, 0.0), 0.0)
    alone = select(drawn.air_heat_w > SMALL, 1.0 - exists, 0.0)
    return _Side(
        exists * count * fan_w,
        exists * count * heat,
        exists * count * made.water_flow_kg_s,
        np.maximum(short, alone),
    )


@kernel
def operate(
    module: MicroModule,
    demand_w: Numeric,
    setpoints: MicroSetpoints,
    water_c: Numeric,
) -> MicroModuleOutputs:
    """Powers, flows and limits in steady state.

    Parameters
    ----------
    module
        Nameplate.
    demand_w
        Power asked for by the jobs, at reference temperatures. [W]
    setpoints
        Of CDUs and coolers.
    water_c
        Facility water entering. [degC]
    """
    drawn, inlet_c = recirculation.racks_and_inlet(
        module.racks,
        module.in_row,
        module.in_row_count,
        demand_w,
        setpoints.tcs_supply_c,
        setpoints.air_supply_c,
    )
    liquid = _liquid_side(module, setpoints, drawn.liquid_heat_w, water_c)
    air = _air_side(module, setpoints, drawn, water_c)
    return _together(module, drawn, inlet_c, liquid, air, water_c)


@kernel
def _together(
    module: MicroModule,
    drawn: rack.RackOutputs,
    inlet_c: Numeric,
    liquid: _Side,
    air: _Side,
    water_c: Numeric,
) -> MicroModuleOutputs:
    """Both sides on one electrical and one water connection, and the limits."""
    carried = drawn.power_w + liquid.electrical_w + air.electrical_w
    lost = distribution.loss(module.busway, carried)
    flow = liquid.water_flow_kg_s + air.water_flow_kg_s
    heat = liquid.heat_w + air.heat_w
    capacity = np.maximum(flow * water.heat_capacity(water_c), SMALL)
    tap_w = drawn.power_w / (module.rack_count * module.taps_per_rack)
    return MicroModuleOutputs(
        carried + lost,
        drawn.power_w,
        heat,
        lost,
        flow,
        water_c + heat / capacity,
        inlet_c,
        drawn.overloaded,
        select(carried + lost > module.electrical_limit_w, 1.0, 0.0),
        distribution.tap_overloaded(module.tap, tap_w),
        select(flow > module.water_limit_kg_s, 1.0, 0.0),
        liquid.short,
        air.short,
    )
