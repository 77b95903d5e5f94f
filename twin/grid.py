"""Electricity prices and carbon intensity at the door.

Hourly CSV files with ``time_utc`` (UTC, or with an offset) and one value column. Inside:
USD/J and kg CO2e/J on seconds since 1 January 00:00 UTC; the hour's value holds for the
hour. Published series have single empty hours: up to one percent of a file is filled with
the same hour of the day before, and the count is kept.
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
# What a market has ever shown lies well inside; beyond it a unit is wrong. As in the file.
PRICE_RANGE = (-2000.0, 20_000.0)
CARBON_RANGE = (0.0, 2000.0)
LARGEST_EMPTY_SHARE = 0.01
CARBON = ("carbon_intensity_g_per_kwh", 1e-3 / J_PER_KWH)
RANGES = {PRICE[0]: PRICE_RANGE, CARBON[0]: CARBON_RANGE}
TWICE = (
    "If it is the hour that daylight saving time repeats in autumn, the file is in local "
    "time: give UTC, or each time with its offset, e.g. 2024-10-27T02:00+01:00. Else "
    "remove the doubled row."
)
NOT_AT_ALL = (
    "If it is the hour that daylight saving time leaves out in spring, the file is in "
    "local time: give UTC, or each time with its offset, e.g. 2024-03-31T03:00+02:00. "
    "Else add the hour with an empty value."
)


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
        Missing file or column, missing values, hours that stand twice or not at all.
    """
    name, per_joule = column
    data = read_csv(path, ["time_utc", name])
    value = pd.to_numeric(data[name], errors="coerce").to_numpy(dtype=float)
    value = np.where(np.isfinite(value), value, np.nan)
    text = data["time_utc"].astype(str).str.strip()
    stamp = pd.to_datetime(text, utc=True, errors="coerce", format="ISO8601")
    broken = stamp.isna().to_numpy()
    empty = np.isnan(value)
    if broken.any() or empty.mean() > LARGEST_EMPTY_SHARE:
        row = int(np.argmax(broken | empty)) + 1
        message = (
            f"{path}: {int(broken.sum())} rows without a readable time and "
            f"{int(empty.sum())} without a value, first data row {row}; at most "
            f"{LARGEST_EMPTY_SHARE:.0%} empty values can be filled. Times as "
            "2024-01-31 13:00, numbers plain. Repair the file."
        )
        raise DataError(message)
    low, high = RANGES[name]
    wild = (value < low) | (value > high)
    if wild.any():
        row = int(np.argmax(wild)) + 1
        message = (
            f"{path}: {name}: {int(wild.sum())} values outside {low:g} to {high:g}, first "
            f"{value[row - 1]:g} in data row {row}. Check the unit."
        )
        raise DataError(message)
    _check_hours(path, text, stamp)
    hours = pd.Series(value)
    value = (
        hours.fillna(hours.ffill(limit=None).shift(24)).bfill().to_numpy(dtype=float)
    )
    of_day_s = (stamp - stamp.dt.normalize()).dt.total_seconds()
    time_s = ((stamp.dt.day_of_year - 1) * 86400.0 + of_day_s).to_numpy(dtype=float)
    order = np.argsort(time_s, kind="stable")
    return HourlySeries(
        path.name,
        np.asarray(time_s[order], dtype=np.float64),
        value[order] * per_joule,
        int(empty.sum()),
    )


def _check_hours(
    path: Path, text: "pd.Series[str]", stamp: "pd.Series[pd.Timestamp]"
) -> None:
    """Every hour stands once; a clock with daylight saving time breaks that twice a year."""
    order = np.argsort(stamp.to_numpy(), kind="stable")
    step_s = stamp.iloc[order].diff().dt.total_seconds().to_numpy(dtype=float)[1:]
    if len(step_s) == 0:
        return
    usual_s = float(np.median(step_s))
    findings = []
    for what, bad, repair in (
        ("stand twice", step_s <= 0.0, TWICE),
        ("are missing before", step_s > 1.5 * max(usual_s, 1.0), NOT_AT_ALL),
    ):
        if bad.any():
            at = int(np.argmax(bad)) + 1
            findings.append(
                f"{path}: time_utc: {int(bad.sum())} hours {what}, first "
                f"{text.iloc[order[at]]} in data row {order[at] + 1}. {repair}"
            )
    if findings:
        raise DataError("\n".join(findings))


def value_at(series: HourlySeries, time_of_year_utc_s: Series | float) -> Series:
    """Value in force at any time; the year repeats."""
    t = np.mod(time_of_year_utc_s, YEAR_S)
    at = np.searchsorted(series.time_s, t, side="right") - 1
    return series.value[np.maximum(at, 0)]
