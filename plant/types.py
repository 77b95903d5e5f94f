"""The words used in every signature of the plant."""

from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Interval
from numpy.typing import NDArray

# One value, or any shape that broadcasts. Arrays are float64.
Numeric = float | NDArray[np.float64]
Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Fraction = Annotated[float, Interval(ge=0, le=1)]
TemperatureC = Annotated[float, Interval(ge=-60, le=150)]


class OutdoorAir(NamedTuple):
    """Moist air around the plant; any shape, all fields alike."""

    dry_bulb_c: Numeric
    wet_bulb_c: Numeric
    humidity_ratio: Numeric  # kg water per kg dry air
    pressure_pa: Numeric
