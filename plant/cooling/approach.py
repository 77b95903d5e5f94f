r"""Measured approaches of open cooling towers as polynomials: York and CoolTools.

.. math::

    T_{out} - T_{wb} = \sum_{i,j,k} a_{ijk}\, (L/G)^i\, r^j\, T_{wb}^k

over liquid to gas, range :math:`r` and wet bulb (York, 27 terms); CoolTools has 35 terms
in fan power, water flow, wet bulb and range. The use of them stands in
``tower_correlation``.

Valid within ``YORK_LIMITS`` and ``COOLTOOLS_LIMITS``, outside which a correlation says
nothing; ``tower_correlation`` holds and flags. Validated as a part of it
(tests/validation/test_tower_correlation.py).

References
----------
Coefficients and limits: EnergyPlus Engineering Reference, "Variable Speed Cooling Towers
Empirical Models" (York International, 2002; Benton et al. 2002, CoolTools).
"""

from typing import NamedTuple

import numpy as np

from plant._curves import quadratic
from plant._kernel import kernel
from plant.types import Numeric

SMALL = 1e-9  # stands for zero in denominators
Three = tuple[float, float, float]

# EnergyPlus Engineering Reference; rows: powers of range, columns: of wet bulb
YORK_0: tuple[Three, Three, Three] = (
    (-0.359741205, -0.055053608, 0.0023850432),
    (0.173926877, -0.0248473764, 0.00048430224),
    (-0.005589849456, 0.0005770079712, -0.00001342427256),
)
YORK_1: tuple[Three, Three, Three] = (
    (2.84765801111111, -0.121765149, 0.0014599242),
    (1.680428651, -0.0166920786, -0.0007190532),
    (-0.025485194448, 0.0000487491696, 0.00002719234152),
)
YORK_2: tuple[Three, Three, Three] = (
    (-0.0653766255555556, -0.002278167, 0.0002500254),
    (-0.0910565458, 0.00318176316, 0.000038621772),
    (-0.0034285382352, 0.00000856589904, -0.000001516821552),
)


class Limits(NamedTuple):
    """Where a correlation was measured."""

    wet_bulb_c: tuple[float, float]
    range_k: tuple[float, float]
    approach_k: tuple[float, float]
    water_flow_ratio: tuple[float, float]


YORK_LIMITS = Limits((-34.4, 29.4444), (1.1111, 22.2222), (1.1111, 40.0), (0.75, 1.25))
COOLTOOLS_LIMITS = Limits(
    (-1.0, 26.6667), (1.1111, 11.1111), (1.1111, 11.1111), (0.75, 1.25)
)
LIQUID_TO_GAS_LARGEST = 8.0  # York


@kernel
def _by_range(c: tuple[Three, Three, Three], r: Numeric, t: Numeric) -> Numeric:
    """One block of the York table."""
    inner = quadratic(c[1], t) + r * quadratic(c[2], t)
    return quadratic(c[0], t) + r * inner


@kernel
def york(
    air_flow_ratio: Numeric, water_flow_ratio: Numeric, wet_bulb_c: Numeric, r: Numeric
) -> Numeric:
    """Approach of York's correlation at the range ``r`` [K]."""
    gas = np.maximum(air_flow_ratio, water_flow_ratio / LIQUID_TO_GAS_LARGEST)
    liquid_to_gas = water_flow_ratio / np.maximum(gas, SMALL)
    inner = _by_range(YORK_1, r, wet_bulb_c)
    inner = inner + liquid_to_gas * _by_range(YORK_2, r, wet_bulb_c)
    return _by_range(YORK_0, r, wet_bulb_c) + liquid_to_gas * inner


@kernel
def cooltools(
    air_flow_ratio: Numeric, water_flow_ratio: Numeric, wet_bulb_c: Numeric, r: Numeric
) -> Numeric:
    """Approach of the CoolTools crossflow correlation at the range ``r`` [K]."""
    p, y, t = air_flow_ratio**3, water_flow_ratio, wet_bulb_c
    alone = p * (-10.617046395344 + p * (10.7292974722538 - p * 2.74988377158227))
    by_water = 4.73629943913743 + p * (-8.25759700874711 + p * 1.57640938114136)
    by_water = by_water + y * (6.51119643791324 + p * 1.50433525206692)
    by_water = y * (by_water - y * y * 3.2888529287801)
    by_bulb = 0.0257786145353773 + p * (0.182464289315254 - p * 0.0818947291400898)
    by_bulb = by_bulb + y * (-0.215010003996285 + p * 0.0186741309635284)
    by_bulb = by_bulb + y * y * 0.0536824177590012
    squared = -0.00270968955115031 + p * 0.00112277498589279 - y * 0.00127758497497718
    by_bulb = t * (by_bulb + t * (squared + t * 0.0000760420796601607))
    by_range = 1.43600088336017 + p * (-0.5198695909109 + p * 0.117339576910507)
    by_range = by_range + y * (1.50492810819924 - p * 0.135898905926974)
    by_range = by_range - y * y * 0.152577581866506
    both = -0.0533843828114562 + p * 0.00493294869565511 - y * 0.00796260394174197
    by_range = by_range + t * (both + t * 0.000222619828621544)
    squared = -0.0543952001568055 + p * 0.00474266879161693 - y * 0.0185854671815598
    squared = squared + t * 0.00115667701293848 + r * 0.000807370664460284
    by_range = r * (by_range + r * squared)
    return 0.52049709836241 + alone + by_water + by_bulb + by_range
