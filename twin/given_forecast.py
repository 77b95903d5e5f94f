"""A forecast made by others, from a file: weather, price, carbon, IT power.

CSV with ``time`` (ISO 8601 with its offset from UTC, ascending) and one or more of the
columns ``COLUMNS``. It replaces the own forecast of these series as far as it reaches;
where it ends or has a gap the own forecast stands. The width of the own bands is kept about
the new middle: a file of single values says nothing of its error.

The weather of a run is that of a typical year, so the year of the times is dropped.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from twin import grid
from twin.errors import DataError
from twin.forecast import Series
from twin.tables import read_csv

HOUR_S = 3600.0
YEAR_S = 365 * 86400.0
LONGEST_GAP_S = 3 * HOUR_S
# Column -> factor to SI and the range that can be meant, in the unit of the column.
COLUMNS: dict[str, tuple[float, float, float]] = {
    "dry_bulb_c": (1.0, -90.0, 60.0),
    "wet_bulb_c": (1.0, -90.0, 45.0),
    "pressure_pa": (1.0, 45e3, 110e3),
    "it_demand_w": (1.0, 0.0, 1e11),
    "price_usd_mwh": (grid.PRICE[1], *grid.PRICE_RANGE),
    "carbon_g_kwh": (grid.CARBON[1], *grid.CARBON_RANGE),
}


class GivenForecast(NamedTuple):
    """Series over plant time; values in SI, nan where the file has none."""

    source: str
    time_s: Series  # ascending, from the start of the run
    values: dict[str, Series]

    def over(self, name: str, now_s: float, lead_s: Series, step_s: float) -> Series:
        """Middle of each step by linear interpolation.

        Returns
        -------
        ndarray
            Shape (time,); nan where the file has nothing, or a gap above three hours.
        """
        at_s = now_s + lead_s + step_s / 2.0
        found = np.full(len(at_s), np.nan)
        if name not in self.values:
            return found
        known = np.isfinite(self.values[name])
        time_s, value = self.time_s[known], self.values[name][known]
        if len(time_s) < 2:
            return found
        after = np.clip(np.searchsorted(time_s, at_s), 1, len(time_s) - 1)
        near = time_s[after] - time_s[after - 1] <= LONGEST_GAP_S
        # the first value holds from half an hour before, the last one for its hour
        reached = (at_s >= time_s[0] - HOUR_S / 2) & (at_s <= time_s[-1] + HOUR_S)
        return np.where(near & reached, np.interp(at_s, time_s, value), found)


def read_forecast(path: Path, start_s: float, utc_offset_h: float) -> GivenForecast:
    """Read and check a forecast.

    Parameters
    ----------
    path
        CSV file.
    start_s
        Start of the run since 1 January 00:00 local standard time. [s]
    utc_offset_h
        Of the site. [h]

    Raises
    ------
    DataError
        No column to use, times without a zone or out of order, values out of range.
    """
    names = " or ".join(COLUMNS)
    table = read_csv(path, ["time"], lambda name: name in COLUMNS, names)
    time_s = _times(path, table["time"], utc_offset_h)
    columns = [name for name in table.columns if name in COLUMNS]
    findings, values = [], {}
    for name in columns:
        factor, least, most = COLUMNS[name]
        given = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float)
        words = table[name].notna().to_numpy() & np.isnan(given)
        outside = (given < least) | (given > most)
        for what, bad in (("is not a number", words), ("is out of range", outside)):
            if bad.any():
                row = int(np.argmax(bad)) + 1
                findings.append(
                    f"{path}: {name} {what} in {int(bad.sum())} rows, first data row "
                    f"{row}. Allowed {least:g} to {most:g}; leave unknown values empty."
                )
        values[name] = given * factor
    if findings:
        raise DataError("\n".join(findings))
    begin_s = _plant_time(time_s, start_s)
    return GivenForecast(path.name, begin_s + (time_s - time_s[0]), values)


def _times(path: Path, column: "pd.Series[str]", utc_offset_h: float) -> Series:
    """Local standard time since 1 January 1970 [s]."""
    text = column.astype(str).str.strip()
    zoned = text.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True)
    stamp = pd.to_datetime(
        text.where(zoned), utc=True, errors="coerce", format="ISO8601"
    )
    bad = stamp.isna().to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        message = (
            f"{path}: time of data row {row + 1} is '{text.iloc[row]}'; a time with its "
            "offset from UTC is needed, e.g. 2024-07-15T00:00Z or ...T00:00+08:00 "
            f"({int(bad.sum())} such rows)."
        )
        raise DataError(message)
    epoch = pd.Timestamp(0, tz="UTC")
    time_s = ((stamp - epoch).dt.total_seconds()).to_numpy(dtype=float)
    back = np.flatnonzero(np.diff(time_s) <= 0.0)
    if len(back):
        message = (
            f"{path}: time of data row {back[0] + 2} is not after the one before. Sort "
            "the rows and remove doubled ones."
        )
        raise DataError(message)
    return np.asarray(time_s + utc_offset_h * HOUR_S)


def _plant_time(time_s: Series, start_s: float) -> float:
    """Plant time of the first row, in the year around the start of the run [s]."""
    first = pd.Timestamp(time_s[0], unit="s")
    day = (first - pd.Timestamp(first.year, 1, 1)).days
    day -= int(first.is_leap_year and first.month > 2)  # a run has no 29 February
    of_year = day * 86400.0 + time_s[0] % 86400.0
    half = YEAR_S / 2.0
    return float(np.mod(of_year - start_s + half, YEAR_S) - half)


def told(given: GivenForecast, duration_s: float) -> str:
    """What the file is good for in a run of some length."""
    horizon_s = 86400.0
    parts = []
    for name in given.values:
        now_s = np.arange(0.0, duration_s, HOUR_S)
        lead_s = np.arange(0.0, horizon_s, 900.0)
        there = [
            np.isfinite(given.over(name, float(at), lead_s, 900.0)) for at in now_s
        ]
        parts.append(f"{name} for {np.mean(there):.0%} of the steps to plan")
    return (
        f"{given.source}: used as the forecast of {', '.join(parts)}; else, where it "
        "ends or has a gap above 3 h, the own forecast stands"
    )
