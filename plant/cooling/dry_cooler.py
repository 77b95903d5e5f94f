r"""Dry cooler: a crossflow coil in outdoor air, dry or with adiabatic pads.

The heat is that of ``dry_coil``. Wet pads in front of the coil cool the air towards its
wet bulb,

.. math:: T_{on} = T_{db} - e\,(T_{db} - T_{wb}), \qquad
    \dot m_{evap} = \dot m_{air}\,(w_{on} - w)

at constant wet-bulb temperature. Control of the leaving water: colder than wanted at least
air flow -> the fan cycles; else the air flow that meets the setpoint (regula falsi, fixed
steps, on one over the heat, which is nearly straight over one over the air flow); else
full. A least air flow of 1 is a single-speed fan that cycles.

Valid for outdoor air -30 to 50 degC and water 5 to 65 degC; outside ``extrapolated`` is 1,
and hotter water drives no more than water of 65 degC. Validated against EnergyPlus
FluidCooler:SingleSpeed and Modelica ``CoolingTowers.DryCooler``
(tests/validation/test_dry_cooler.py); the pads are accepted on their energy balance.

References
----------
Incropera et al., Fundamentals of Heat and Mass Transfer, ch. 11; EnergyPlus Engineering
Reference, "Fluid Coolers"; ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 41
(pads: saturation effectiveness 0.7 to 0.95).
"""

from typing import Annotated, NamedTuple

import numpy as np

from plant import _root, psychrometrics, water
from plant._curves import cubic, held, outside
from plant._kernel import kernel
from plant._select import select
from plant.cooling import dry_coil, wet_tower
from plant.cooling.dry_coil import DryCoil, Films
from plant.types import (
    AIR_PA,
    UNIT,
    Fraction,
    Limits,
    NonNegative,
    Numeric,
    OutdoorAir,
    Positive,
    Share,
    within,
)

AIR_C: Limits = (-30.0, 50.0)
WATER_C: Limits = (5.0, 65.0)
CoolerC = Annotated[Numeric, within(WATER_C)]
SMALL = 1e-9  # stands for zero in denominators
SPEED_STEPS = 4  # leave less than 0.001 K of the water in 99 % of the range


class DryCooler(NamedTuple):
    """Nameplate."""

    coil: DryCoil
    air_flow_m3_s: Positive  # at full fan speed
    fan_power_w: NonNegative  # electrical, at full fan speed
    minimum_air_flow_ratio: Fraction = 0.2
    fan_power_curve: tuple[float, float, float, float] = (0.02, 0.0, 0.0, 0.98)
    pad_effectiveness: Fraction = 0.0  # 0: no pads
    cycles_of_concentration: Positive = 3.0  # of the water on the pads


class DryCoolerOutputs(NamedTuple):
    """One cooler."""

    water_out_c: Numeric
    heat_w: Numeric  # from the water to the outdoor air
    fan_speed: Numeric  # air-flow ratio; below the minimum the fan cycles
    fan_power_w: Numeric
    evaporation_kg_s: Numeric
    makeup_kg_s: Numeric
    extrapolated: Numeric  # 1 where air, water or pressure is outside its range


class _Coil(NamedTuple):
    """What air and water bring to the coil."""

    air_on_c: Numeric
    full_kg_s: Numeric  # dry air at full speed
    air_cp: Numeric
    gained: Numeric  # humidity from the pads
    water_c: Numeric
    water_flow_kg_s: Numeric
    water_cp: Numeric
    films: Films
    far: Numeric


@kernel
def _far(water_in_c: Numeric, air: OutdoorAir, wet: Numeric, share: Numeric) -> Numeric:
    """1 where water, outdoor air or a share of time or flow is outside its range."""
    streams = np.maximum(outside(water_in_c, WATER_C), outside(air.dry_bulb_c, AIR_C))
    shares = np.maximum(outside(wet, UNIT), outside(share, UNIT))
    return np.maximum(np.maximum(streams, shares), outside(air.pressure_pa, AIR_PA))


@kernel
def _arriving(
    cooler: DryCooler,
    water_in_c: Numeric,
    water_flow_kg_s: Numeric,
    air: OutdoorAir,
    wet: Numeric,
    share: Numeric,
) -> _Coil:
    """Streams at the coil, with the pads wet and the fan on for shares of the time."""
    e = cooler.pad_effectiveness * held(wet, UNIT)
    on_c = air.dry_bulb_c - e * np.maximum(air.dry_bulb_c - air.wet_bulb_c, 0.0)
    w = air.humidity_ratio
    # at constant wet bulb; without pads exactly as outdoors
    humid = psychrometrics.humidity_ratio_from_wet_bulb(
        on_c, air.wet_bulb_c, air.pressure_pa
    )
    gained = np.maximum(humid - w, 0.0) * select(e > 0.0, 1.0, 0.0)
    dry_kg_m3 = psychrometrics.density(on_c, w + gained, air.pressure_pa)
    return _Coil(
        on_c,
        cooler.air_flow_m3_s * dry_kg_m3,
        psychrometrics.heat_capacity(w + gained),
        gained,
        water_in_c,
        water_flow_kg_s,
        water.heat_capacity(water_in_c),
        dry_coil.films(cooler.coil, on_c, water_in_c, water_flow_kg_s),
        _far(water_in_c, air, wet, share),
    )


@kernel
def _heat(cooler: DryCooler, at: _Coil, air_flow_ratio: Numeric) -> Numeric:
    """Heat from the water to the air at an air-flow ratio [W]."""
    air_kg_s = at.full_kg_s * air_flow_ratio
    ua_w_k = dry_coil.conductance_past(cooler.coil, at.films, air_kg_s)
    water_w_k = at.water_flow_kg_s * at.water_cp
    moved_w_k = dry_coil.crossflow_heat_per_kelvin(
        ua_w_k, air_kg_s * at.air_cp, water_w_k
    )
    driving_c = np.minimum(at.water_c, WATER_C[1])
    return moved_w_k * np.maximum(driving_c - at.air_on_c, 0.0)


@kernel
def cool(
    cooler: DryCooler,
    air_flow_ratio: Share,
    water_in_c: CoolerC,
    water_flow_kg_s: Numeric,
    air: OutdoorAir,
    wet: Share,
) -> DryCoolerOutputs:
    """Water leaving at a given fan speed.

    Parameters
    ----------
    cooler
        Nameplate.
    air_flow_ratio
        Share of full air flow, 0 to 1; below the minimum the fan cycles.
    water_in_c
        Water entering. [degC]
    water_flow_kg_s
        Water through the coil. [kg/s]
    air
        Outdoor air.
    wet
        Share of the time with water on the pads, 0 to 1.

    Returns
    -------
    DryCoolerOutputs
        Nothing is cooled by air warmer than the water.
    """
    at = _arriving(cooler, water_in_c, water_flow_kg_s, air, wet, air_flow_ratio)
    least = np.maximum(cooler.minimum_air_flow_ratio, SMALL)
    on = held(air_flow_ratio / least, UNIT)
    x = held(air_flow_ratio, (least, 1.0))
    return _outputs(cooler, at, x, on, _heat(cooler, at, x))


@kernel
def _outputs(
    cooler: DryCooler, at: _Coil, x: Numeric, on: Numeric, running_w: Numeric
) -> DryCoolerOutputs:
    """Outputs with the fan at ``x``, and ``running_w``, for the share ``on`` of the time."""
    heat_w = on * running_w
    evaporation_kg_s = on * x * at.full_kg_s * at.gained
    bleed_kg_s = wet_tower.blowdown(
        evaporation_kg_s, 0.0, cooler.cycles_of_concentration
    )
    share = np.maximum(cubic(cooler.fan_power_curve, x), 0.0)
    return DryCoolerOutputs(
        water_out_c=at.water_c
        - heat_w / np.maximum(at.water_flow_kg_s * at.water_cp, SMALL),
        heat_w=heat_w,
        fan_speed=on * x,
        fan_power_w=on * cooler.fan_power_w * share,
        evaporation_kg_s=evaporation_kg_s,
        makeup_kg_s=evaporation_kg_s + bleed_kg_s,
        extrapolated=at.far,
    )


@kernel
def _speed(
    cooler: DryCooler, at: _Coil, wanted_w: Numeric, low_w: Numeric, full_w: Numeric
) -> tuple[Numeric, Numeric]:
    """Air-flow ratio between least and full that gives the wanted heat, and its heat."""
    least = np.maximum(cooler.minimum_air_flow_ratio, SMALL)
    zero = 0.0 * (wanted_w + full_w)
    bracket = _root.between(
        1.0 + zero,
        1.0 / least + zero,
        wanted_w / np.maximum(full_w, SMALL) - 1.0,
        wanted_w / np.maximum(low_w, SMALL) - 1.0,
    )
    for _ in range(SPEED_STEPS):
        per_x = _root.guess(bracket)
        heat_w = np.maximum(_heat(cooler, at, 1.0 / per_x), SMALL)
        bracket = _root.tighten(bracket, per_x, wanted_w / heat_w - 1.0)
    short = full_w <= wanted_w
    x = select(short, 1.0, 1.0 / bracket.best)
    # the search knows the heat at its best speed
    at_best_w = wanted_w / np.maximum(1.0 + bracket.best_miss, SMALL)
    return x, select(short, full_w, at_best_w)


@kernel
def operate(
    cooler: DryCooler,
    setpoint_c: Numeric,
    water_in_c: CoolerC,
    water_flow_kg_s: Numeric,
    air: OutdoorAir,
    wet: Share,
) -> DryCoolerOutputs:
    """Cooler that controls its leaving water with the fan.

    Parameters
    ----------
    cooler
        Nameplate.
    setpoint_c
        Wanted leaving water. [degC]
    water_in_c
        Water entering. [degC]
    water_flow_kg_s
        Water through the coil. [kg/s]
    air
        Outdoor air.
    wet
        Share of the time with water on the pads, 0 to 1.
    """
    at = _arriving(cooler, water_in_c, water_flow_kg_s, air, wet, 1.0)
    wanted_w = np.maximum(water_in_c - setpoint_c, 0.0) * water_flow_kg_s * at.water_cp
    least = np.maximum(cooler.minimum_air_flow_ratio, SMALL)
    low_w, full_w = _heat(cooler, at, least), _heat(cooler, at, 1.0)
    x, running_w = _speed(cooler, at, wanted_w, low_w, full_w)
    cycles = low_w >= wanted_w
    on = select(cycles, wanted_w / np.maximum(low_w, SMALL), 1.0)
    # air that cannot cool: the fan stays off
    useful = select((full_w > 0.0) & (wanted_w > 0.0), 1.0, 0.0)
    x = select(cycles, least, x)
    return _outputs(cooler, at, x, on * useful, select(cycles, low_w, running_w))
