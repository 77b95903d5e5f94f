"""Electricity prices and carbon intensity at the door.

Hourly CSV files with ``time_utc`` and one value column. Inside: USD/J and kg CO2e/J on
seconds since 1 January 00:00 UTC; the hour's value holds for the hour. Published series
have single empty hours: up to one percent of a file is filled with the same hour of the
day before, and the count is kept.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.errors import DataError
from twin.forecast import Series
from twin.tables import read_csv
from twin.weather import YEAR_S

J_PER_KWH = 3.6e6
PRICE = ("price_usd_per_mwh", 1.0 / (1000.0 * J_PER_KWH))
LARGEST_EMPTY_SHARE = 0.01
CARBON = ("carbon_intensity_g_per_kwh", 1e-3 / J_PER_KWH)


class HourlySeries(NamedTuple):
    """A year of values, each valid from its time on."""

    source: str
    time_s: Series  # shape (n,), since 1 January 00:00 UTC, ascending
    value: Series  # shape (n,), per joule
    filled_hours: int  # taken from the day before


def read_hourly(path: Path, column: tuple[str, float]) -> HourlySeries:
    """Read prices (``PRICE``) or carbon intensity (``CARBON``).

    Raises
    ------
    DataError
        Missing file or column, missing values.
    """
    name, per_joule = column
    data = read_csv(path, ["time_utc", name])
    value = pd.to_numeric(data[name], errors="coerce").to_numpy(dtype=float)
    stamp = pd.to_datetime(data["time_utc"], errors="coerce")
    broken = stamp.isna().to_numpy()
    empty = np.isnan(value)
    if broken.any() or len(value) == 0 or empty.mean() > LARGEST_EMPTY_SHARE:
        row = int(np.argmax(broken | empty)) + 1
        message = (
            f"{path}: {int(broken.sum())} rows without a readable time and "
            f"{int(empty.sum())} without a value, first data row {row}; at most "
            f"{LARGEST_EMPTY_SHARE:.0%} empty values can be filled. Repair the file."
        )
        raise DataError(message)
    hours = pd.Series(value)
    value = (
        hours.fillna(hours.ffill(limit=None).shift(24)).bfill().to_numpy(dtype=float)
    )
    start = pd.to_datetime(stamp.dt.year.astype(str) + "-01-01")
    time_s = (stamp - start).dt.total_seconds().to_numpy(dtype=float)
    order = np.argsort(time_s, kind="stable")
    return HourlySeries(
        path.name,
        np.asarray(time_s[order], dtype=np.float64),
        value[order] * per_joule,
        int(empty.sum()),
    )


def value_at(series: HourlySeries, time_of_year_utc_s: Series | float) -> Series:
    """Value in force at any time; the year repeats."""
    t = np.mod(time_of_year_utc_s, YEAR_S)
    at = np.searchsorted(series.time_s, t, side="right") - 1
    return series.value[np.maximum(at, 0)]
