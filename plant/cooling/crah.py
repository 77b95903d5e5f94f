"""Computer room air handler: chilled-water coil and fan that blow into a raised floor.

The fan draws through the coil, so its power warms the supply: the coil must leave the air
colder by ``P_fan / (m cp)``. The valve holds the supply temperature as long as the coil can
(``control_valve``). Part of the supply leaks past the racks and returns unused:

    T_hot_aisle = T_supply + Q_servers / ((1 - bypass) m cp)

while the mixed return carries all heat in all air. The coil is dry.

Valid for air 10 to 50 degC; outside ``extrapolated`` is 1, and hotter air gives off no more
than air of 50 degC. The coil is validated as ``heat_exchanger`` and the fan as
``fan``; the unit is accepted on its energy balance.

References
----------
ASHRAE TC 9.9, Datacom Equipment Power Trends and Cooling Applications; EnergyPlus
Engineering Reference, "Variable Speed Fan".
"""

from typing import Annotated, NamedTuple

import numpy as np

from plant import psychrometrics, water
from plant._curves import outside
from plant._kernel import kernel
from plant.cooling import control_valve, fan
from plant.cooling.fan import Fan
from plant.heat_exchanger import PlateHeatExchanger
from plant.it.rack import HALL_HUMIDITY_RATIO
from plant.types import Fraction, Limits, Numeric, within

AIR_C: Limits = (10.0, 50.0)
ReturnC = Annotated[Numeric, within(AIR_C)]
HALL_CP = psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO)
SMALL = 1e-9  # stands for zero in denominators


class Crah(NamedTuple):
    """Nameplate of one unit."""

    coil: PlateHeatExchanger  # hot: air, cold: water
    fan: Fan
    bypass: Fraction = 0.1  # of the supply, past the racks; assumption


class CrahOutputs(NamedTuple):
    """One unit."""

    supply_c: Numeric  # air into the floor, after the fan
    heat_w: Numeric  # to the water
    fan_power_w: Numeric  # electrical, part of the heat
    water_flow_kg_s: Numeric
    water_out_c: Numeric
    valve: Numeric  # opening, share of the largest flow
    extrapolated: Numeric  # 1 where the air entering is outside its range


@kernel
def return_temperature(
    supply_c: Numeric, heat_w: Numeric, air_flow_kg_s: Numeric
) -> Numeric:
    """Mixed air back at the unit [degC]; warmest air is in the hot aisle.

    Parameters
    ----------
    supply_c
        Air into the floor. [degC]
    heat_w
        Heat of the servers behind this unit. [W]
    air_flow_kg_s
        Through the unit. [kg/s]
    """
    return supply_c + heat_w / np.maximum(air_flow_kg_s * HALL_CP, SMALL)


@kernel
def hot_aisle_temperature(
    crah: Crah, supply_c: Numeric, heat_w: Numeric, air_flow_kg_s: Numeric
) -> Numeric:
    """Air behind the racks [degC]: only the part that does not leak past takes heat."""
    through_kg_s = (1.0 - np.minimum(crah.bypass, 0.99)) * air_flow_kg_s
    return return_temperature(supply_c, heat_w, through_kg_s)


@kernel
def _rise(made: control_valve.ValveOutputs, water_in_c: Numeric) -> Numeric:
    """Warming of the water [K]."""
    water_w_k = made.cold_flow_kg_s * water.heat_capacity(water_in_c)
    return made.heat_w / np.maximum(water_w_k, SMALL)


@kernel
def operate(
    crah: Crah,
    return_c: ReturnC,
    air_flow_kg_s: Numeric,
    setpoint_c: Numeric,
    water_in_c: Numeric,
    largest_water_flow_kg_s: Numeric,
) -> CrahOutputs:
    """Position of the water valve and what it achieves.

    Parameters
    ----------
    crah
        Nameplate.
    return_c
        Air entering. [degC]
    air_flow_kg_s
        Air moved. [kg/s]
    setpoint_c
        Wanted supply air, after the fan. [degC]
    water_in_c
        Water entering. [degC]
    largest_water_flow_kg_s
        Water flow with the valve fully open. [kg/s]

    Returns
    -------
    CrahOutputs
        Energy balance: heat to the water = heat of the air + fan power.
    """
    fan_power_w = fan.power(crah.fan, air_flow_kg_s)
    fan_rise_k = return_temperature(0.0, fan_power_w, air_flow_kg_s)
    driving_c = np.minimum(return_c, AIR_C[1])
    made = control_valve.operate(
        crah.coil,
        driving_c,
        air_flow_kg_s,
        HALL_CP,
        setpoint_c - fan_rise_k,
        water_in_c,
        water.heat_capacity(water_in_c),
        largest_water_flow_kg_s,
    )
    return CrahOutputs(
        supply_c=made.leaving_c + (return_c - driving_c) + fan_rise_k,
        heat_w=made.heat_w,
        fan_power_w=fan_power_w,
        water_flow_kg_s=made.cold_flow_kg_s,
        water_out_c=water_in_c + _rise(made, water_in_c),
        valve=made.valve,
        extrapolated=outside(return_c, AIR_C),
    )
