"""All racks of a hall: how much power they draw and where their heat goes.

Power at the rack inputs is the demand of the jobs at reference temperatures, plus what
warmth costs:

* leakage current of the liquid-cooled chips (``accelerator.leakage_factor``)
* server fans, which speed up above ``fan_reference_inlet_c`` and draw the cube of it,

    P = P_demand (f_liquid lambda(T_coolant) + (1 - f_liquid) (1 - s + s n(T_inlet)^3))

with the liquid fraction f, the leakage factor lambda, the fans' share s and their speed n.
The reference 30 degC coolant and 25 degC inlet temperatures are those at which
nameplates are stated (recommended envelope 18 to 27 degC for air). Nameplates of single
racks (35 kW air, 66 kW liquid, 120 kW rack-scale) are rows of
``data/equipment/racks.csv`` with their sources.

Valid for coolant 10 to 55 degC and inlet air 10 to 45 degC; temperatures outside are
clamped and flagged. So is a demand below 0 or above the rating.
No trusted measurement over temperature is public: accepted on its energy balance,
limits and monotonicity (tests/contracts, tests/plant/it/test_rack.py).

References
----------
ASHRAE TC 9.9 (2021), Equipment Thermal Guidelines for Data Processing Environments;
ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 21 (affinity laws of the fans).
"""

from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Interval

from plant import psychrometrics
from plant._curves import held, outside
from plant._kernel import kernel
from plant.it import accelerator
from plant.types import Fraction, NonNegative, Numeric, Positive, TemperatureC

# Humidity of a data hall at 25 degC and 11 degC dew point; it changes the heat capacity
# of the air by less than 0.5 % over the ASHRAE envelope.
HALL_HUMIDITY_RATIO = 0.0082
INLET_AIR_C = (10.0, 45.0)


class Racks(NamedTuple):
    """Nameplate of all racks together."""

    rated_power_w: Positive  # at the rack inputs
    liquid_fraction: Fraction  # share of the heat that goes to cold plates
    server_temperature_rise_k: Positive  # air, inlet to outlet, at reference
    server_fan_fraction: Fraction = 0.06  # of the air-cooled demand, at reference
    fan_reference_inlet_c: TemperatureC = 25.0
    fan_speed_slope_1_k: NonNegative = 0.04
    fan_speed_maximum: Annotated[float, Interval(ge=1, le=3)] = 1.6
    leakage_fraction: Fraction = 0.08
    leakage_doubling_k: Positive = 25.0
    leakage_reference_c: TemperatureC = 30.0


class RackOutputs(NamedTuple):
    """Power and heat of the racks."""

    power_w: Numeric
    liquid_heat_w: Numeric
    air_heat_w: Numeric
    air_flow_kg_s: Numeric  # drawn by the server fans
    overloaded: Numeric  # 1 where the demand was clamped, to 0 or to the rating
    extrapolated: Numeric  # 1 where a temperature was clamped


@kernel
def operate(
    racks: Racks, demand_w: Numeric, coolant_supply_c: Numeric, inlet_air_c: Numeric
) -> RackOutputs:
    """Power drawn and heat given off.

    Parameters
    ----------
    racks
        Nameplate.
    demand_w
        Power asked for by the jobs at reference temperatures; clamped to the rating.
        [W]
    coolant_supply_c
        Technology cooling water at the cold plates. [degC]
    inlet_air_c
        Air at the rack inlets. [degC]

    Returns
    -------
    RackOutputs
        All power becomes heat: ``power_w = liquid_heat_w + air_heat_w``.
    """
    range_w = (0.0, racks.rated_power_w)
    demand = held(demand_w, range_w)
    leakage = accelerator.leakage_factor(
        racks.leakage_fraction,
        racks.leakage_doubling_k,
        racks.leakage_reference_c,
        held(coolant_supply_c, accelerator.INLET_C),
    )
    liquid = demand * racks.liquid_fraction * leakage
    air_demand = demand * (1.0 - racks.liquid_fraction)
    inlet_c = held(inlet_air_c, INLET_AIR_C)
    excess = np.maximum(inlet_c - racks.fan_reference_inlet_c, 0.0)
    speed = np.minimum(
        1.0 + racks.fan_speed_slope_1_k * excess, racks.fan_speed_maximum
    )
    share = racks.server_fan_fraction
    air = air_demand * (1.0 - share + share * speed**3)
    air_capacity = psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO)
    flow = air_demand * speed / (air_capacity * racks.server_temperature_rise_k)
    over = outside(demand_w, range_w)
    far = np.maximum(
        outside(coolant_supply_c, accelerator.INLET_C),
        outside(inlet_air_c, INLET_AIR_C),
    )
    return RackOutputs(liquid + air, liquid, air, flow, over, far)
