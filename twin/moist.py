"""Whether the air of a weather file can be: humidity, and the dew point it states."""

from pathlib import Path

import numpy as np
import pandas as pd

from plant import psychrometrics
from plant.types import OutdoorAir
from twin.errors import DataError

LARGEST_HUMIDITY_RATIO = 0.040  # the record dew point, 35 degC, is 0.037
LARGEST_DEW_POINT_MISS_K = 2.0  # median of a file; 1 % of humidity rounds to 0.3 K
STATED_C = (-60.0, 60.0)  # 99.9 is missing; below freezing dew and frost point differ
LEAST_ROWS = 24


def check_humidity(path: Path, air: OutdoorAir) -> None:
    """No place on Earth has air as humid as some combinations of columns say."""
    ratio = np.asarray(air.humidity_ratio)
    row = int(np.argmax(ratio))
    if ratio[row] > LARGEST_HUMIDITY_RATIO:
        message = (
            f"{path}: {ratio[row] * 1e3:.0f} g of water per kg of air in data row "
            f"{row + 1}; at most {LARGEST_HUMIDITY_RATIO * 1e3:.0f} occur anywhere. "
            "Dry bulb and relative humidity do not belong together: repair the row."
        )
        raise DataError(message)


def check_dew_point(path: Path, table: pd.DataFrame, air: OutdoorAir) -> None:
    """The dew point that the file states follows from its dry bulb and humidity.

    In degrees Fahrenheit, or with one column of another scale, it does not; that shows
    in cool weather as well, where every value by itself is possible.
    """
    if "dew_point_c" not in table:
        return
    stated_c = table["dew_point_c"].to_numpy(dtype=float)
    found_c = np.asarray(psychrometrics.dew_point(air.humidity_ratio, air.pressure_pa))
    told = (stated_c > STATED_C[0]) & (stated_c < STATED_C[1]) & (found_c > 0.0)
    if told.sum() < LEAST_ROWS:
        return
    miss_k = float(np.median((found_c - stated_c)[told]))
    if abs(miss_k) > LARGEST_DEW_POINT_MISS_K:
        message = (
            f"{path}: dry bulb and relative humidity give a dew point {miss_k:+.1f} K off "
            "the one in the file (median). Temperatures must be in degC, all of them, "
            "and relative humidity in percent: convert the column that is not."
        )
        raise DataError(message)
