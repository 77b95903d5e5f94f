r"""Density, heat capacity and viscosity of the coolants, as polynomials in temperature.

.. math:: \rho, c_p, \ln \mu = \sum_i a_i\, (T / 100\,^\circ\mathrm{C})^i

Water: least squares on IAPWS-95 (CoolProp 8.0), 0.5 to 99 degC; density at 1 atm within
0.002 %, heat capacity at 3 bar within 0.011 %, viscosity at 3 bar within 0.06 %. Pressure
matters little: water at 3 bar is 0.01 % denser. EnergyPlus' table lies up to 0.01 % and
0.08 % away.

Propylene glycol 25 % and 40 % by mass (PG25, PG40): the incompressible solution MPG of
CoolProp 8.0, whose own curves are these cubics: equal within 0.00001 %.

Valid for 0 to 100 degC; outside the temperature is clamped (``outside_range`` tells).
Validated against CoolProp (tests/validation/test_moist_air.py).

References
----------
Bell et al. (2014), CoolProp, doi:10.1021/ie4033999; Wagner and Pruss (2002), IAPWS-95,
doi:10.1063/1.1461829; Huber et al. (2009), viscosity, doi:10.1063/1.3088050; Melinder
(2010), Properties of secondary working fluids.
"""

from typing import Annotated

import numpy as np

from plant._curves import held, outside
from plant._kernel import kernel
from plant.types import Limits, Numeric, within

WATER_C: Limits = (0.0, 100.0)
WaterC = Annotated[Numeric, within(WATER_C)]


@kernel
def _hundreds(temperature_c: Numeric) -> Numeric:
    """Temperature in units of 100 K, within the range of the fits."""
    return held(temperature_c, WATER_C) * 0.01


@kernel
def density(temperature_c: WaterC) -> Numeric:
    """Density of water [kg/m3] at a temperature of any shape [degC]."""
    x = _hundreds(temperature_c)
    tail = x * (63.71903 + x * (-38.93004 + x * 10.55208))
    return 999.8583 + x * (6.088856 + x * (-82.92866 + tail))


@kernel
def heat_capacity(temperature_c: WaterC) -> Numeric:
    """Heat capacity of water [J/(kg K)] at a temperature of any shape [degC]."""
    x = _hundreds(temperature_c)
    tail = x * (-1403.65 + x * (1089.554 - x * 327.2359))
    return 4217.881 + x * (-315.5627 + x * (953.8726 + tail))


@kernel
def glycol25_density(temperature_c: WaterC) -> Numeric:
    """Density of PG25 [kg/m3] at a temperature of any shape [degC]."""
    x = _hundreds(temperature_c)
    return 1025.813 + x * (-24.44925 + x * (-44.0142 + x * 14.34573))


@kernel
def glycol25_heat_capacity(temperature_c: WaterC) -> Numeric:
    """Heat capacity of PG25 [J/(kg K)] at a temperature of any shape [degC]."""
    x = _hundreds(temperature_c)
    return 3872.15 + x * (240.2768 + x * (10.66116 - x * 20.5841))


@kernel
def glycol40_density(temperature_c: WaterC) -> Numeric:
    """Density of PG40 [kg/m3] at a temperature of any shape [degC]."""
    x = _hundreds(temperature_c)
    return 1042.35 + x * (-44.05027 + x * (-34.19211 + x * 12.51322))


@kernel
def glycol40_heat_capacity(temperature_c: WaterC) -> Numeric:
    """Heat capacity of PG40 [J/(kg K)] at a temperature of any shape [degC]."""
    x = _hundreds(temperature_c)
    return 3641.564 + x * (328.3922 + x * (-12.91945 - x * 0.3793736))


@kernel
def viscosity(temperature_c: WaterC) -> Numeric:
    """Dynamic viscosity of water [Pa s] at a temperature of any shape [degC]."""
    x = _hundreds(temperature_c)
    tail = x * (-3.090069 + x * (1.952997 - x * 0.5452917))
    return np.exp(-6.32548 + x * (-3.452473 + x * (3.284911 + tail)))


@kernel
def glycol25_viscosity(temperature_c: WaterC) -> Numeric:
    """Dynamic viscosity of PG25 [Pa s] at a temperature of any shape [degC]."""
    x = _hundreds(temperature_c)
    return np.exp(-5.200273 + x * (-4.724096 + x * (3.545812 - x * 1.294375)))


@kernel
def glycol40_viscosity(temperature_c: WaterC) -> Numeric:
    """Dynamic viscosity of PG40 [Pa s] at a temperature of any shape [degC]."""
    x = _hundreds(temperature_c)
    return np.exp(-4.432946 + x * (-5.810944 + x * (4.447439 - x * 1.575782)))


@kernel
def outside_range(temperature_c: Numeric) -> Numeric:
    """1 where these equations hold the temperature at 0 or 100 degC."""
    return outside(temperature_c, WATER_C)
