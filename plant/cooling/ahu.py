r"""Indirect evaporative air handling unit: hall air cooled by outdoor air, dry or sprayed.

Primary (hall) air passes an air-to-air exchanger whose other side carries outdoor air,
sprayed in wet mode. With the flow ratio :math:`f = \dot m_s / \dot m_p`

.. math::

    \text{wet: } T_p' = T_p - e_{wb}\, g_{wb}(f)\, (T_p - T_{wb,s}), \qquad
    \text{dry: } T_p' = T_p - e_{db}\, g_{db}(f)\, (T_p - T_{db,s})

In dry mode the outdoor air cannot leave warmer than the hall air enters: then its heat is
that of leaving 0.2 K below. The outdoor flow is the one that just meets the setpoint. Wet
mode needs outdoor air above a least dry bulb (frost) and below a largest wet bulb, dry mode
air below a largest dry bulb; with outdoor air warmer than the hall air the unit is off.

Evaporation is the heat over the enthalpy of vapour at the outdoor dry bulb. The same wet
side can cool water: ``supply_water`` gives room-temperature water for liquid-cooled racks,
with the effectiveness of the spray on the water (assumption, no public table).

Valid for outdoor air -20 to 45 degC and f from 0.05 to 1.4 (held above, in proportion
below, so that no outdoor air cools nothing); outside ``extrapolated`` is 1. Validated
against EnergyPlus EvaporativeCooler:Indirect:ResearchSpecial
(tests/validation/test_ahu.py).

References
----------
EnergyPlus Engineering Reference, "Indirect Evaporative Cooler Special Research Model";
ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 41.
"""

from typing import NamedTuple

import numpy as np

from plant import _root, psychrometrics, water
from plant._curves import cubic, held, outside, quadratic
from plant._kernel import kernel
from plant._select import select
from plant.cooling import wet_tower
from plant.types import Fraction, NonNegative, Numeric, OutdoorAir, Positive, Share

SMALL = 1e-9  # stands for zero in denominators
FLOW_STEPS = 12
OUTDOOR_C = (-20.0, 45.0)
LEAST_APPROACH_K = 0.2  # outdoor air below the hall air, dry mode


class Ahu(NamedTuple):
    """Nameplate of one unit."""

    wet_bulb_effectiveness: Fraction
    dry_bulb_effectiveness: Fraction
    secondary_air_flow_m3_s: Positive  # outdoor side, at full speed
    secondary_fan_power_w: NonNegative  # electrical
    spray_pump_power_w: NonNegative  # electrical
    wet_curve: tuple[float, float, float] = (0.1, 1.3, -0.45)
    dry_curve: tuple[float, float, float] = (0.08, 1.25, -0.41)
    flow_ratio_limits: tuple[float, float] = (0.05, 1.4)
    curve_limits: tuple[float, float] = (0.0, 1.2)
    fan_power_curve: tuple[float, float, float, float] = (0.0, 0.0, 0.2, 0.8)
    pump_power_curve: tuple[float, float, float] = (0.2, 0.8, 0.0)
    wet_least_dry_bulb_c: float = 12.0
    wet_largest_wet_bulb_c: float = 28.0
    dry_largest_dry_bulb_c: float = 26.0
    cycles_of_concentration: Positive = 3.0
    water_effectiveness: Fraction = 0.7  # of the spray on the water, assumption


class AhuOutputs(NamedTuple):
    """One unit."""

    supply_c: Numeric  # primary air
    heat_w: Numeric  # out of the primary air
    secondary_flow_kg_s: Numeric
    power_w: Numeric  # secondary fan and spray pump, not the primary fan
    evaporation_kg_s: Numeric
    makeup_kg_s: Numeric
    wet: Numeric  # 1 while sprayed
    running: Numeric  # 0 when off
    extrapolated: Numeric  # 1 where flow ratio or outdoor air is outside its range


class _Sides(NamedTuple):
    """Both air streams and the mode."""

    primary_c: Numeric
    primary_kg_s: Numeric
    primary_cp: Numeric
    air: OutdoorAir
    full_kg_s: Numeric  # secondary, at full speed
    full_ratio: Numeric  # of that flow over the primary one
    cp_ratio: Numeric  # heat capacity, secondary over primary
    wet: Numeric
    running: Numeric


@kernel
def _sides(
    ahu: Ahu,
    primary_c: Numeric,
    primary_humidity: Numeric,
    primary_kg_s: Numeric,
    air: OutdoorAir,
) -> _Sides:
    """Streams and the mode that the outdoor air allows."""
    can_wet = (air.dry_bulb_c >= ahu.wet_least_dry_bulb_c) & (
        air.wet_bulb_c <= ahu.wet_largest_wet_bulb_c
    )
    can_dry = air.dry_bulb_c <= ahu.dry_largest_dry_bulb_c
    useful = (can_wet | can_dry) & (air.dry_bulb_c < primary_c) & (primary_kg_s > 0.0)
    density = psychrometrics.density(
        air.dry_bulb_c, air.humidity_ratio, air.pressure_pa
    )
    passing_kg_s = np.maximum(primary_kg_s, SMALL)
    full_kg_s = ahu.secondary_air_flow_m3_s * density
    primary_cp = psychrometrics.heat_capacity(primary_humidity)
    return _Sides(
        primary_c,
        passing_kg_s,
        primary_cp,
        air,
        full_kg_s,
        full_kg_s / passing_kg_s,
        psychrometrics.heat_capacity(air.humidity_ratio) / primary_cp,
        select(can_wet, 1.0, 0.0),
        select(useful, 1.0, 0.0),
    )


@kernel
def _effectiveness(
    ahu: Ahu, curve: tuple[float, float, float], ratio: Numeric
) -> Numeric:
    """Curve of the flow ratio, held; below its limits in proportion, 0 without flow."""
    inside = held(ratio, ahu.flow_ratio_limits)
    least = np.maximum(ahu.flow_ratio_limits[0], SMALL)
    trickle: Numeric = np.minimum(ratio / least, 1.0)
    return trickle * held(quadratic(curve, inside), ahu.curve_limits)


@kernel
def _cooled(ahu: Ahu, sides: _Sides, share: Numeric) -> Numeric:
    """Drop of the primary air at a share of full outdoor flow [K]."""
    ratio = sides.full_ratio * share
    by_wet = ahu.wet_bulb_effectiveness * _effectiveness(ahu, ahu.wet_curve, ratio)
    by_dry = ahu.dry_bulb_effectiveness * _effectiveness(ahu, ahu.dry_curve, ratio)
    wet_k = by_wet * (sides.primary_c - sides.air.wet_bulb_c)
    span_k = sides.primary_c - sides.air.dry_bulb_c
    dry_k = by_dry * span_k
    # what the outdoor air can carry off
    rates = ratio * sides.cp_ratio
    most_k = rates * np.maximum(span_k - LEAST_APPROACH_K, 0.0)
    dry_k = select(dry_k > rates * span_k, most_k, dry_k)
    drop_k: Numeric = select(sides.wet > 0.5, wet_k, dry_k)
    return np.maximum(drop_k, 0.0)


@kernel
def operate(
    ahu: Ahu,
    primary_c: Numeric,
    primary_humidity_ratio: Numeric,
    primary_flow_kg_s: Numeric,
    setpoint_c: Numeric,
    air: OutdoorAir,
) -> AhuOutputs:
    """Unit that controls its supply air with the outdoor air flow.

    Parameters
    ----------
    ahu
        Nameplate.
    primary_c
        Hall air entering. [degC]
    primary_humidity_ratio
        Of the hall air; does not change. [kg/kg dry air]
    primary_flow_kg_s
        Hall air. [kg/s]
    setpoint_c
        Wanted supply air. [degC]
    air
        Outdoor air.

    Returns
    -------
    AhuOutputs
        All 0 when off, the supply then is the entering air.
    """
    sides = _sides(ahu, primary_c, primary_humidity_ratio, primary_flow_kg_s, air)
    wanted_k = primary_c - setpoint_c
    zero = 0.0 * (wanted_k + sides.full_kg_s + sides.primary_kg_s)
    full_k = _cooled(ahu, sides, 1.0)
    least_k = _cooled(ahu, sides, 0.0)
    # more outdoor air than this cools no further
    most = ahu.flow_ratio_limits[1] / sides.full_ratio
    most = np.minimum(most, 1.0) + zero
    bracket = _root.between(zero, most, least_k - wanted_k, full_k - wanted_k)
    for _ in range(FLOW_STEPS):
        share = _root.guess(bracket)
        miss_k = _cooled(ahu, sides, share) - wanted_k
        bracket = _root.tighten(bracket, share, miss_k)
    share = select(full_k <= wanted_k, 1.0 + zero, bracket.best)
    on = sides.running * select(wanted_k > 0.0, 1.0, 0.0)
    return _outputs(ahu, sides, share * on, on, _far(air, 1.0))


@kernel
def cool(
    ahu: Ahu,
    primary_c: Numeric,
    primary_humidity_ratio: Numeric,
    primary_flow_kg_s: Numeric,
    share: Share,
    air: OutdoorAir,
) -> AhuOutputs:
    """Unit at a given share of full outdoor flow, 0 to 1; else as ``operate``."""
    sides = _sides(ahu, primary_c, primary_humidity_ratio, primary_flow_kg_s, air)
    inside = held(share, (0.0, 1.0))
    on: Numeric = sides.running * select(inside > 0.0, 1.0, 0.0)
    return _outputs(ahu, sides, inside * on, on, _far(air, share))


@kernel
def _far(air: OutdoorAir, share: Numeric) -> Numeric:
    """1 where the outdoor air or its share of full flow is outside its range."""
    thin = psychrometrics.outside_range(air.dry_bulb_c, air.pressure_pa)
    far = np.maximum(thin, outside(air.dry_bulb_c, OUTDOOR_C))
    return np.maximum(far, outside(share, (0.0, 1.0)))


@kernel
def _outputs(
    ahu: Ahu, sides: _Sides, share: Numeric, on: Numeric, far: Numeric
) -> AhuOutputs:
    """Outputs at a share of full outdoor flow."""
    drop_k = on * _cooled(ahu, sides, share)
    heat_w = sides.primary_kg_s * sides.primary_cp * drop_k
    wet = sides.wet * on
    latent = psychrometrics.LATENT + psychrometrics.VAPOUR_CP * sides.air.dry_bulb_c
    evaporation_kg_s = wet * heat_w / latent
    bleed_kg_s = wet_tower.blowdown(evaporation_kg_s, 0.0, ahu.cycles_of_concentration)
    fan_w = ahu.secondary_fan_power_w * cubic(ahu.fan_power_curve, share)
    ratio = share * sides.full_ratio
    pump_w = wet * ahu.spray_pump_power_w * quadratic(ahu.pump_power_curve, share)
    return AhuOutputs(
        supply_c=sides.primary_c - drop_k,
        heat_w=heat_w,
        secondary_flow_kg_s=share * sides.full_kg_s,
        power_w=on * (fan_w + pump_w),
        evaporation_kg_s=evaporation_kg_s,
        makeup_kg_s=evaporation_kg_s + bleed_kg_s,
        wet=wet,
        running=on,
        extrapolated=np.maximum(on * outside(ratio, ahu.flow_ratio_limits), far),
    )


@kernel
def supply_water(
    ahu: Ahu,
    water_in_c: Numeric,
    water_flow_kg_s: Numeric,
    air: OutdoorAir,
    share: Share,
) -> Numeric:
    """Room-temperature water from the wet side, at a share of full outdoor flow.

    Parameters
    ----------
    ahu
        Nameplate.
    water_in_c
        Water back from the racks. [degC]
    water_flow_kg_s
        Water over the fill. [kg/s]
    air
        Outdoor air.
    share
        Of full outdoor flow, 0 to 1.

    Returns
    -------
    Numeric
        Water leaving; never below the wet bulb, and unchanged by warmer air. [degC]
    """
    density = psychrometrics.density(
        air.dry_bulb_c, air.humidity_ratio, air.pressure_pa
    )
    air_kg_s = held(share, (0.0, 1.0)) * ahu.secondary_air_flow_m3_s * density
    span_k = np.maximum(water_in_c - air.wet_bulb_c, SMALL)
    # saturated air takes up this much between wet bulb and water
    rise = psychrometrics.saturated_enthalpy(water_in_c, air.pressure_pa)
    rise = rise - psychrometrics.saturated_enthalpy(air.wet_bulb_c, air.pressure_pa)
    air_w_k = air_kg_s * np.maximum(rise, 0.0) / span_k
    water_w_k = np.maximum(water_flow_kg_s * water.heat_capacity(water_in_c), SMALL)
    heat_w = ahu.water_effectiveness * np.minimum(air_w_k, water_w_k) * span_k
    return water_in_c - heat_w / water_w_k * select(water_flow_kg_s > 0.0, 1.0, 0.0)
