"""Forms of weather files: EPW, TMY3 CSV (NREL) and Open-Meteo CSV, as rows in SI units.

Rows stand at the end of their hour in EPW and TMY3, the first at 01:00, the last at
24:00 of 31 December. Values are taken as they are; ``twin.weather`` checks them.
Source of the TMY3 form: Wilcox and Marion, Users Manual for TMY3 Data Sets,
NREL/TP-581-43156, doi:10.2172/928611.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import DataError
from twin.tables import read_csv

YEAR_S = 365 * 86400.0
SUN_COLUMNS = ("ghi_w_m2", "dni_w_m2", "dhi_w_m2", "wind_speed_m_s")
TMY3_MARK = b"Date (MM/DD/YYYY)"  # in the second line, as the first is about the site
PA_PER_MBAR = 100.0


def read_rows(path: Path) -> pd.DataFrame:
    """Rows of a weather file by its form.

    Parameters
    ----------
    path
        ``.epw``; else a CSV, TMY3 by its second line.

    Returns
    -------
    DataFrame
        ``time_s, dry_bulb_c, relative_humidity`` and, where the file has them,
        ``pressure_pa, dew_point_c`` and ``SUN_COLUMNS``.

    Raises
    ------
    DataError
        Not of such a form.
    OSError
        Cannot be read.
    """
    if path.suffix.lower() == ".epw":
        return _read_epw(path)
    with path.open("rb") as lines:
        head = lines.readline() + lines.readline()
    return _read_tmy3(path) if TMY3_MARK in head else _read_csv(path)


def _read_epw(path: Path) -> pd.DataFrame:
    """EPW by pvlib."""
    from pvlib.iotools import read_epw  # half a second and 20 MB, not for CSV

    form = "EPW file"
    expected = "8 header lines and 35 columns of hourly data"
    data = _by_pvlib(read_epw, path, form, expected)
    index = pd.DatetimeIndex(data.index)
    hour = (index.day_of_year - 1) * 24 + index.hour + 1
    leap = index.is_leap_year & (index.day_of_year > 59)
    time_s = np.asarray(hour - 24 * leap, dtype=float) * 3600.0
    return _si(data, time_s, data["atmospheric_pressure"])


def _read_tmy3(path: Path) -> pd.DataFrame:
    """TMY3 by pvlib, which has moved 29 February, if any, onto 1 March."""
    from pvlib.iotools import read_tmy3

    form = "TMY3 file"
    expected = (
        "a line about the site, a line of column names, 8,760 hours 01:00 to 24:00"
    )
    data = _by_pvlib(read_tmy3, path, form, expected)
    index = pd.DatetimeIndex(data.index)
    day = index.day_of_year - (index.is_leap_year & (index.month > 2))
    of_day_s = index.hour * 3600.0 + index.minute * 60.0
    time_s = np.asarray((day - 1) * 86400.0 + of_day_s, dtype=float)
    if time_s[-1] == 0.0:  # 24:00 of 31 December
        time_s[-1] = YEAR_S
    return _si(data, time_s, data["pressure"] * PA_PER_MBAR)


def _by_pvlib(
    read: Callable[[str], Any], path: Path, form: str, expected: str
) -> pd.DataFrame:
    """Rows as numbers, under the names of pvlib."""
    numbers = ["temp_air", "relative_humidity", "temp_dew", "ghi", "dni", "dhi"]
    numbers += ["wind_speed"]
    try:
        data, _ = read(str(path))
        pressure = "pressure" if "pressure" in data else "atmospheric_pressure"
        rows: pd.DataFrame = data[[*numbers, pressure]].astype(float)
    except OSError:
        raise
    except Exception as error:  # pvlib raises whatever the broken line provokes
        message = (
            f"{path}: is not a readable {form} ({error!r}). Expected {expected}; get it "
            "again from its publisher."
        )
        raise DataError(message) from error
    if rows.empty:
        message = f"{path}: has no rows. Expected {expected}."
        raise DataError(message)
    return rows


def _si(
    data: pd.DataFrame, time_s: Any, pressure_pa: "pd.Series[float]"
) -> pd.DataFrame:
    """Our names and units for those of pvlib."""
    names = {
        "dry_bulb_c": "temp_air",
        "dew_point_c": "temp_dew",
        "ghi_w_m2": "ghi",
        "dni_w_m2": "dni",
        "dhi_w_m2": "dhi",
        "wind_speed_m_s": "wind_speed",
    }
    columns = {ours: data[theirs].to_numpy() for ours, theirs in names.items()}
    relative = data["relative_humidity"].to_numpy() / 100.0
    pressure = pressure_pa.to_numpy()
    return pd.DataFrame(
        {"time_s": time_s, "relative_humidity": relative, "pressure_pa": pressure}
        | columns
    )


def _read_csv(path: Path) -> pd.DataFrame:
    """CSV in the form of the Open-Meteo archive, local standard time."""
    needed = ["time_local", "dry_bulb_c", "relative_humidity_pct"]
    data = read_csv(path, needed)
    stamp = _local(path, data["time_local"])
    try:
        table = data[needed[1:]].astype(float)
    except (ValueError, TypeError) as error:
        message = f"{path}: {error}. Times as 2024-01-31T13:00, numbers plain."
        raise DataError(message) from error
    of_day_s = (stamp - stamp.dt.normalize()).dt.total_seconds()
    after = (stamp.dt.is_leap_year & (stamp.dt.day_of_year > 60)) * 86400.0
    out = pd.DataFrame(
        {
            "time_s": (stamp.dt.day_of_year - 1) * 86400.0 + of_day_s - after,
            "dry_bulb_c": table["dry_bulb_c"],
            "relative_humidity": table["relative_humidity_pct"] / 100.0,
        }
    )
    foreign = [n for n in map(str, data) if "pressure" in n and n != "pressure_pa"]
    if foreign:
        message = (
            f"{path}: column {', '.join(foreign)}: pressure is read from pressure_pa, in "
            "Pa. Convert and rename it, or remove it: the elevation then gives it."
        )
        raise DataError(message)
    for name in ("pressure_pa", "dew_point_c", *SUN_COLUMNS):
        if name in data:
            out[name] = pd.to_numeric(data[name], errors="coerce")
    leap_day = (stamp.dt.month == 2) & (stamp.dt.day == 29)
    return out[~leap_day].reset_index(drop=True)


def _local(path: Path, column: "pd.Series[Any]") -> "pd.Series[pd.Timestamp]":
    """Times without an offset; any other is not local standard time."""
    text = column.astype(str).str.strip()
    try:
        stamp = pd.to_datetime(text, format="ISO8601")
    except (ValueError, TypeError) as error:
        message = f"{path}: time_local: {error}. Times as 2024-01-31T13:00."
        raise DataError(message) from error
    if stamp.isna().any() or stamp.dt.tz is not None:
        row = int(np.argmax(stamp.isna().to_numpy())) if stamp.isna().any() else 0
        message = (
            f"{path}: time_local of data row {row + 1} is '{text.iloc[row]}'. Give local "
            "standard time without an offset, as 2024-01-31T13:00."
        )
        raise DataError(message)
    return stamp
