"""The words used in every signature of the plant."""

from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Interval
from numpy.typing import NDArray

Limits = tuple[float, float]  # low and high end of a range

# One value, or any shape that broadcasts. Arrays are float64.
Numeric = float | NDArray[np.float64]
Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Fraction = Annotated[float, Interval(ge=0, le=1)]
TemperatureC = Annotated[float, Interval(ge=-60, le=150)]


def within(limits: Limits) -> Interval:
    """Declared range of a signal: outside it an equation holds it and says so.

    ``Annotated[Numeric, within(LIMITS)]`` is what the bench flags and what the contracts
    try beyond both ends; the equation itself holds and flags by the same ``LIMITS``.
    """
    return Interval(ge=limits[0], le=limits[1])


AIR_C: Limits = (-60.0, 80.0)  # of the moist-air equations
AIR_PA: Limits = (6e4, 1.1e5)
UNIT: Limits = (0.0, 1.0)
AirC = Annotated[Numeric, within(AIR_C)]
AirPa = Annotated[Numeric, within(AIR_PA)]
Share = Annotated[Numeric, within(UNIT)]


class OutdoorAir(NamedTuple):
    """Moist air around the plant; any shape, all fields alike."""

    dry_bulb_c: AirC
    wet_bulb_c: Numeric  # not above the dry bulb
    humidity_ratio: Numeric  # kg water per kg dry air
    pressure_pa: AirPa
