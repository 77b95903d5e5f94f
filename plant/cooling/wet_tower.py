r"""What open and closed-circuit towers share: their outputs, range and water use.

Evaporation leaves the salts behind. Blowdown holds their concentration at ``C`` cycles of
that of the fresh water,

.. math:: \dot m_{bleed} = \frac{\dot m_{evap}}{C - 1} - \dot m_{drift}, \qquad
    \dot m_{makeup} = \dot m_{evap} + \dot m_{drift} + \dot m_{bleed}

never below 0: much drift bleeds enough. Valid for water of 5 to 60 degC
(``outside_range``) and cycles above 1 (at 1 all would be bled: a large and finite flow).
Validated as a part of ``cooling_tower`` and ``closed_circuit_tower`` (tests/validation).

References
----------
ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 40; EnergyPlus Engineering Reference,
"Cooling Towers" (make-up water).
"""

from typing import Annotated, NamedTuple

import numpy as np

from plant import psychrometrics as moist_air
from plant._curves import outside
from plant._kernel import kernel
from plant.types import Limits, Numeric, OutdoorAir, within

WATER_C: Limits = (5.0, 60.0)
DRIFT = 0.00008  # of the water at full air flow, usual eliminators; assumption
TowerC = Annotated[Numeric, within(WATER_C)]
SMALL = 1e-9  # stands for zero in denominators


class TowerOutputs(NamedTuple):
    """One cell."""

    water_out_c: Numeric
    heat_w: Numeric  # from the water to the outdoor air
    fan_speed: Numeric  # air-flow ratio; below the minimum the fan cycles
    fan_power_w: Numeric
    evaporation_kg_s: Numeric
    drift_kg_s: Numeric
    blowdown_kg_s: Numeric
    makeup_kg_s: Numeric
    extrapolated: Numeric  # 1 where air, water or flow is outside its range


class WaterUse(NamedTuple):
    """Water that a tower takes up."""

    evaporation_kg_s: Numeric
    drift_kg_s: Numeric
    blowdown_kg_s: Numeric
    makeup_kg_s: Numeric


@kernel
def blowdown(
    evaporation_kg_s: Numeric, drift_kg_s: Numeric, cycles_of_concentration: Numeric
) -> Numeric:
    """Water bled so that the basin keeps its concentration [kg/s]."""
    bleed = np.maximum(cycles_of_concentration - 1.0, SMALL)
    return np.maximum(evaporation_kg_s / bleed - drift_kg_s, 0.0)


@kernel
def water_use(
    evaporation_kg_s: Numeric, drift_kg_s: Numeric, cycles_of_concentration: Numeric
) -> WaterUse:
    """All water of a tower from what evaporates and drifts away [kg/s]."""
    bled_kg_s = blowdown(evaporation_kg_s, drift_kg_s, cycles_of_concentration)
    made_up_kg_s = evaporation_kg_s + drift_kg_s + bled_kg_s
    return WaterUse(evaporation_kg_s, drift_kg_s, bled_kg_s, made_up_kg_s)


@kernel
def outside_range(
    water_in_c: Numeric, air: OutdoorAir, wet_bulb_limits_c: Limits
) -> Numeric:
    """1 where water or air is outside the range of a tower, else 0."""
    streams = np.maximum(
        outside(water_in_c, WATER_C), outside(air.wet_bulb_c, wet_bulb_limits_c)
    )
    thin = moist_air.outside_range(air.dry_bulb_c, air.pressure_pa)
    return np.maximum(streams, thin)
