r"""Moist air as an ideal gas over water and ice.

Saturation pressure by Hyland and Wexler as printed in ASHRAE [1]_, over ice below 0 degC.
With it

.. math::

    w_s = 0.62198\, p_s / (p - p_s), \qquad
    h = 1004.84\, T + w\, (2.50094\cdot 10^6 + 1858.95\, T)

and the wet bulb :math:`T^*` from the energy balance of [1]_ (eq. 33 and 35). Between 0
and a few tenths of a degree that balance has one root over water and one over ice; the
one over ice is taken, as CoolProp mostly does.

Valid from -60 to 80 degC and 60 to 110 kPa (``outside_range``), saturation from -100 to
150 degC; held there. Humidity is per kg of dry air. Real-gas effects (enhancement factor,
0.3 to 1 %) are left out, as EnergyPlus does, see docs/decisions/0011. Validated against
CoolProp (tests/validation/test_moist_air.py), largest errors

* up to 50 degC, from 80 kPa and 5 % humidity up: wet bulb 0.03 K, humidity ratio 0.65 %,
  volume 0.15 %, enthalpy 1.5 kJ/kg; in thinner or drier air 0.035 K and 1.9 kJ/kg,
* up to 65 degC: humidity ratio 0.80 %, enthalpy 3.0 kJ/kg at sea level, 6.2 at 60 kPa,
* up to 80 degC: humidity ratio 1.1 %, enthalpy 24 kJ/kg (1.5 %, saturated at 60 kPa).

References
----------
.. [1] ASHRAE Handbook Fundamentals 2017, ch. 1, eq. 3, 5, 6, 30, 33, 35.
.. [2] EnergyPlus Engineering Reference, "Psychrometric functions" (enthalpy, density).
"""

from typing import Annotated

import numpy as np

from plant._constants import CELSIUS_K
from plant._curves import held, outside
from plant._kernel import kernel
from plant._select import select
from plant.types import AIR_C, AIR_PA, AirC, AirPa, Limits, Numeric, Share, within

MASS_RATIO = 0.62198  # molar mass of water over dry air, as EnergyPlus has it
AIR_CP = 1004.84  # J/(kg K) dry air [2]
VAPOUR_CP = 1858.95  # J/(kg K) [2]
LATENT = 2.50094e6  # J/kg at 0 degC [2]
LEAST_SHARE = 0.1  # of a squared slope that its bend leaves in a Halley step
SATURATION_C: Limits = (-100.0, 150.0)  # frost points of dry air lie below AIR_C
ELEVATION_M: Limits = (-500.0, 11000.0)
SaturationC = Annotated[Numeric, within(SATURATION_C)]
WET_BULB_STEPS = 3  # leave 0.00011 K at most, in dry air of 80 degC at 60 kPa
DEW_POINT_STEPS = 4


@kernel
def _log_saturation(temperature_c: Numeric) -> tuple[Numeric, Numeric]:
    """Logarithm of the saturation pressure in Pa, and its slope [1/K]."""
    t = held(temperature_c, SATURATION_C) + CELSIUS_K
    ice = temperature_c < 0.0
    a = select(ice, -5.6745359e03, -5.8002206e03)
    b = select(ice, 6.3925247e00, 1.3914993e00)
    c = select(ice, -9.6778430e-03, -4.8640239e-02)
    d = select(ice, 6.2215701e-07, 4.1764768e-05)
    e = select(ice, 2.0747825e-09, -1.4452093e-08)
    f = select(ice, -9.4840240e-13, 0.0)
    g = select(ice, 4.1635019e00, 6.5459673e00)
    logarithm = a / t + b + t * (c + t * (d + t * (e + t * f))) + g * np.log(t)
    slope = (g - a / t) / t + c + t * (2.0 * d + t * (3.0 * e + t * 4.0 * f))
    return logarithm, slope


@kernel
def _saturation(temperature_c: Numeric) -> tuple[Numeric, Numeric]:
    """Saturation pressure [Pa] and the slope of its logarithm [1/K]."""
    logarithm, slope = _log_saturation(temperature_c)
    return np.exp(logarithm), slope


@kernel
def saturation_pressure(temperature_c: SaturationC) -> Numeric:
    """Pressure of saturated vapour, over ice below 0 degC.

    Parameters
    ----------
    temperature_c
        Any shape. [degC]

    Returns
    -------
    Numeric
        Same shape. [Pa]
    """
    return _saturation(temperature_c)[0]


@kernel
def _ratio(vapour_pressure_pa: Numeric, pressure_pa: Numeric) -> Numeric:
    """Humidity ratio; the vapour is held below boiling."""
    total = held(pressure_pa, AIR_PA)
    vapour = np.minimum(vapour_pressure_pa, 0.9 * total)
    ratio: Numeric = MASS_RATIO * vapour / (total - vapour)
    return ratio


@kernel
def _ratio_slope(ratio: Numeric, log_slope: Numeric) -> Numeric:
    """Slope of a humidity ratio [1/K] whose vapour pressure has a logarithmic one."""
    slope: Numeric = ratio * log_slope * (1.0 + ratio / MASS_RATIO)
    return slope


@kernel
def saturated_humidity_ratio(temperature_c: SaturationC, pressure_pa: AirPa) -> Numeric:
    """Humidity ratio of saturated air [kg/kg dry air]."""
    return _ratio(saturation_pressure(temperature_c), pressure_pa)


@kernel
def humidity_ratio_from_relative_humidity(
    dry_bulb_c: SaturationC, relative_humidity: Share, pressure_pa: AirPa
) -> Numeric:
    """Humidity ratio [kg/kg dry air] from relative humidity, a fraction from 0 to 1."""
    share = held(relative_humidity, (0.0, 1.0))
    return _ratio(share * saturation_pressure(dry_bulb_c), pressure_pa)


@kernel
def _balance(
    dry_bulb_c: Numeric, wet_bulb_c: Numeric, saturated: Numeric, over_ice: Numeric
) -> tuple[Numeric, Numeric]:
    """Numerator and denominator of ASHRAE eq. 33 (water) and 35 (ice) [kJ/kg]."""
    latent = 2501.0 + over_ice * (2830.0 - 2501.0)
    slope = 2.326 + over_ice * (0.24 - 2.326)
    liquid = 4.186 + over_ice * (2.1 - 4.186)
    gained = (latent - slope * wet_bulb_c) * saturated
    gained = gained - 1.006 * (dry_bulb_c - wet_bulb_c)
    return gained, latent + 1.86 * dry_bulb_c - liquid * wet_bulb_c


@kernel
def humidity_ratio_from_wet_bulb(
    dry_bulb_c: AirC, wet_bulb_c: SaturationC, pressure_pa: AirPa
) -> Numeric:
    """Humidity ratio [kg/kg dry air] from both bulbs, never negative."""
    dry_bulb_c = held(dry_bulb_c, AIR_C)
    wet_bulb_c = held(wet_bulb_c, SATURATION_C)
    saturated = saturated_humidity_ratio(wet_bulb_c, pressure_pa)
    over_ice = select(wet_bulb_c < 0.0, 1.0, 0.0)
    gained, latent = _balance(dry_bulb_c, wet_bulb_c, saturated, over_ice)
    return np.maximum(gained / latent, 0.0)


@kernel
def wet_bulb(dry_bulb_c: AirC, humidity_ratio: Numeric, pressure_pa: AirPa) -> Numeric:
    """Thermodynamic wet bulb, by a fixed number of Halley steps from the dry bulb.

    The residual rises nearly like an exponential, so its bend is known from its slope
    and half as many steps do as without it.

    Parameters
    ----------
    dry_bulb_c
        Any shape. [degC]
    humidity_ratio
        Broadcasts with it. [kg/kg dry air]
    pressure_pa
        Broadcasts with it. [Pa]

    Returns
    -------
    Numeric
        Not above the dry bulb, even for fog. [degC]
    """
    dry_bulb_c = held(dry_bulb_c, AIR_C)
    at_zero = saturated_humidity_ratio(0.0, pressure_pa)
    gained, latent = _balance(dry_bulb_c, 0.0, at_zero, 1.0)
    over_ice = select(gained > humidity_ratio * latent, 1.0, 0.0)
    cp_ice_or_water = 4.186 + over_ice * (2.1 - 4.186)
    slope = 2.326 + over_ice * (0.24 - 2.326)
    # each balance on its own side of 0 degC
    lowest = -100.0 * over_ice
    highest = select(over_ice > 0.0, np.minimum(dry_bulb_c, -1e-9), dry_bulb_c)
    star = highest + 0.0 * humidity_ratio
    for _ in range(WET_BULB_STEPS):
        vapour, log_slope = _saturation(star)
        saturated = _ratio(vapour, pressure_pa)
        gained, latent = _balance(dry_bulb_c, star, saturated, over_ice)
        rise = _ratio_slope(saturated, log_slope)
        heat = 2501.0 + over_ice * (2830.0 - 2501.0) - slope * star
        steepness = heat * rise - slope * saturated + 1.006
        steepness = steepness + cp_ice_or_water * humidity_ratio
        bend = heat * rise * log_slope * (1.0 + 2.0 * saturated / MASS_RATIO)
        miss, square = gained - humidity_ratio * latent, steepness * steepness
        damped = np.maximum(square - 0.5 * miss * bend, LEAST_SHARE * square)
        star = star - miss * steepness / damped
        star = np.minimum(np.maximum(star, lowest), highest)
    found_c: Numeric = np.minimum(star, dry_bulb_c)
    return found_c


@kernel
def dew_point(humidity_ratio: Numeric, pressure_pa: AirPa) -> Numeric:
    """Temperature at which the air is saturated (frost point below 0 degC) [degC]."""
    w = np.maximum(humidity_ratio, 1e-9)
    target = np.log(w * held(pressure_pa, AIR_PA) / (MASS_RATIO + w))
    # Magnus form over water as a start
    alpha = target - np.log(611.2)
    star: Numeric = 243.12 * alpha / (17.62 - alpha)
    for _ in range(DEW_POINT_STEPS):
        logarithm, slope = _log_saturation(star)
        star = star - (logarithm - target) / slope
        star = np.minimum(np.maximum(star, -100.0), 100.0)
    return star


@kernel
def enthalpy(dry_bulb_c: Numeric, humidity_ratio: Numeric) -> Numeric:
    """Enthalpy of moist air, 0 for dry air at 0 degC [J/kg dry air]."""
    vapour = humidity_ratio * (LATENT + VAPOUR_CP * dry_bulb_c)
    return AIR_CP * dry_bulb_c + vapour


@kernel
def saturated_enthalpy(temperature_c: Numeric, pressure_pa: AirPa) -> Numeric:
    """Enthalpy of saturated air [J/kg dry air]."""
    return enthalpy(temperature_c, saturated_humidity_ratio(temperature_c, pressure_pa))


@kernel
def saturated_enthalpy_and_slope(
    temperature_c: Numeric, pressure_pa: AirPa
) -> tuple[Numeric, Numeric]:
    """Enthalpy of saturated air [J/kg dry air] and its slope [J/(kg K)]."""
    vapour, log_slope = _saturation(temperature_c)
    ratio = _ratio(vapour, pressure_pa)
    latent = LATENT + VAPOUR_CP * temperature_c
    slope = heat_capacity(ratio) + latent * _ratio_slope(ratio, log_slope)
    return enthalpy(temperature_c, ratio), slope


@kernel
def density(dry_bulb_c: AirC, humidity_ratio: Numeric, pressure_pa: AirPa) -> Numeric:
    """Dry air in a cubic metre of moist air [kg/m3]."""
    dry_pa_m3_kg = 287.0 * (held(dry_bulb_c, AIR_C) + CELSIUS_K)
    return held(pressure_pa, AIR_PA) / (
        dry_pa_m3_kg * (1.0 + 1.6077687 * humidity_ratio)
    )


@kernel
def specific_volume(
    dry_bulb_c: AirC, humidity_ratio: Numeric, pressure_pa: AirPa
) -> Numeric:
    """Volume of moist air with a kilogram of dry air [m3/kg]."""
    return 1.0 / density(dry_bulb_c, humidity_ratio, pressure_pa)


@kernel
def heat_capacity(humidity_ratio: Numeric) -> Numeric:
    """Heat capacity of moist air [J/(kg dry air K)]."""
    return AIR_CP + VAPOUR_CP * humidity_ratio


@kernel
def standard_pressure(elevation_m: Annotated[Numeric, within(ELEVATION_M)]) -> Numeric:
    """Pressure of the standard atmosphere, ASHRAE 2017 eq. 3 [Pa]."""
    return 101325.0 * (1.0 - 2.25577e-5 * held(elevation_m, ELEVATION_M)) ** 5.2559


@kernel
def outside_range(dry_bulb_c: Numeric, pressure_pa: Numeric) -> Numeric:
    """1 where air is outside the range of these equations, else 0."""
    return np.maximum(outside(dry_bulb_c, AIR_C), outside(pressure_pa, AIR_PA))
