"""Weather at the door: EPW, TMY3 CSV or Open-Meteo CSV, checked and made moist air.

Inside, weather is moist air on a grid of seconds since 1 January, 00:00 local standard
time, of a year of 365 days; a typical year has no 29 February.
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from plant import psychrometrics
from plant.types import OutdoorAir
from twin.errors import DataError
from twin.forecast import Series
from twin.moist import check_dew_point, check_humidity
from twin.weather_files import SUN_COLUMNS, read_rows

YEAR_S = 365 * 86400.0
LARGEST_GAP_S = 3 * 3600.0
WETTEST_SHARE = 0.02  # no day's air stays below 2 %: such a column is a share of 1
ALLOWED = {
    "dry_bulb_c": (-70.0, 60.0),
    "relative_humidity": (0.0, 1.1),
    "pressure_pa": (50e3, 110e3),
}


class Sun(NamedTuple):
    """Means of the time step that ends at each row; arrays of shape (n,)."""

    global_w_m2: Series  # horizontal
    direct_w_m2: Series  # normal
    diffuse_w_m2: Series  # horizontal
    wind_m_s: Series


class Weather(NamedTuple):
    """One year of outdoor air."""

    source: str
    time_s: Series  # shape (n,), within the year, ascending
    air: OutdoorAir  # arrays of shape (n,)
    sun: Sun | None = None  # where the file has it


def read_weather(path: Path, elevation_m: float) -> Weather:
    """Read a weather file by its form.

    Parameters
    ----------
    path
        ``.epw``, a TMY3 CSV of NREL, or a CSV with ``time_local, dry_bulb_c,
        relative_humidity_pct``.
    elevation_m
        Of the site; gives the pressure where the file has none. [m]

    Returns
    -------
    Weather

    Raises
    ------
    DataError
        Missing file, unknown form, gaps, values out of range: says which and where.
    """
    try:
        table = read_rows(path)
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}). Check the path."
        raise DataError(message) from error
    if "pressure_pa" not in table:
        height_m = _elevation_in(path, elevation_m)
        table["pressure_pa"] = float(psychrometrics.standard_pressure(height_m))
    _check(path, table)
    air = _moist_air(table)
    check_humidity(path, air)
    check_dew_point(path, table, air)
    time_s = table["time_s"].to_numpy(dtype=float)
    return Weather(path.name, time_s, air, _sun(table))


def _check(path: Path, table: pd.DataFrame) -> None:
    """Every value present and physical, times ascending without long gaps."""
    findings = []
    for name, (low, high) in ALLOWED.items():
        bad = ~table[name].between(low, high)
        if bad.any():
            row = int(np.argmax(bad.to_numpy()))
            findings.append(
                f"{path}: {name}: {int(bad.sum())} values missing or outside {low:g} "
                f"to {high:g}, first {table[name].iloc[row]:g} in data row {row + 1}. "
                "Repair or fill these rows."
            )
    wettest = float(table["relative_humidity"].max())
    if 0.0 < wettest <= WETTEST_SHARE and len(table) >= 24:
        findings.append(
            f"{path}: relative_humidity_pct: never above {100.0 * wettest:g} %. It looks "
            "like a share of 1; multiply the column by 100."
        )
    steps = np.diff(table["time_s"].to_numpy(dtype=float))
    wrong = ~((steps > 0) & (steps <= LARGEST_GAP_S))  # also where a time is missing
    if len(steps) == 0 or wrong.any():
        row = int(np.argmax(wrong)) + 2 if len(steps) else 1
        findings.append(
            f"{path}: time: not ascending, or a gap of more than 3 h, at data row {row}."
            " Sort the rows and fill the gap. An hour that stands twice in autumn is "
            "daylight saving time: give local standard time all year."
        )
    if findings:
        raise DataError("\n".join(findings))


def _elevation_in(path: Path, elevation_m: float) -> float:
    """Elevation that a comment of the file states, else the site's [m]."""
    with path.open(encoding="utf-8") as lines:
        comment = "".join(line for line in lines if line.startswith("#"))
    stated = re.search(r"elevation_m\s+(-?\d+(?:\.\d+)?)", comment)
    return float(stated.group(1)) if stated else elevation_m


def _sun(table: pd.DataFrame) -> Sun | None:
    """Irradiance and wind, if the file has all of them in every row."""
    if not set(SUN_COLUMNS) <= set(table):
        return None
    columns = [table[name].to_numpy(dtype=float) for name in SUN_COLUMNS]
    most = (1600.0, 1600.0, 1600.0, 110.0)  # EPW writes 9999 and 999 for missing
    pairs = zip(columns, most, strict=True)
    known = all(((c >= 0.0) & (c < high)).all() for c, high in pairs)
    return Sun(*columns) if known else None


def check_coverage(path: Path, weather: Weather, window_s: tuple[float, float]) -> None:
    """Refuse a run over days that the file does not have.

    Parameters
    ----------
    path
        Named in the error.
    weather
        What was read.
    window_s
        From and to, seconds since 1 January; may leave the year, which repeats. The
        day before a run belongs to it, as the forecast starts from it.

    Raises
    ------
    DataError
        If any hour of the window is more than three hours from a row.
    """
    hours = np.arange(window_s[0], window_s[1] + 1.0, 3600.0)
    known = np.concatenate(
        [weather.time_s - YEAR_S, weather.time_s, weather.time_s + YEAR_S]
    )
    wanted = np.mod(hours, YEAR_S)
    after = np.searchsorted(known, wanted)
    distance = np.minimum(
        np.abs(known[np.minimum(after, len(known) - 1)] - wanted),
        np.abs(known[np.maximum(after - 1, 0)] - wanted),
    )
    if distance.max() <= LARGEST_GAP_S:
        return

    def day(time_s: float) -> str:
        stamp = pd.Timestamp("2001-01-01") + pd.Timedelta(seconds=float(time_s))
        return f"{stamp:%m-%d %H:%M}"

    message = (
        f"{path}: covers {day(weather.time_s[0])} to {day(weather.time_s[-1])}, but the "
        f"run needs {day(window_s[0])} to {day(window_s[1])} (the day before is the "
        "forecast's history). Choose another first day, or a file with these days."
    )
    raise DataError(message)


def _moist_air(table: pd.DataFrame) -> OutdoorAir:
    """Humidity ratio and wet bulb from what the file measures."""
    dry = table["dry_bulb_c"].to_numpy(dtype=float)
    pressure = table["pressure_pa"].to_numpy(dtype=float)
    relative = np.clip(table["relative_humidity"].to_numpy(dtype=float), 0.01, 1.0)
    ratio = psychrometrics.humidity_ratio_from_relative_humidity(
        dry, relative, pressure
    )
    wet = np.minimum(psychrometrics.wet_bulb(dry, ratio, pressure), dry)
    return OutdoorAir(dry, wet, np.asarray(ratio), pressure)


def air_at(weather: Weather, time_of_year_s: Series | float) -> OutdoorAir:
    """Moist air at any time, linear between the rows, the year repeating.

    Parameters
    ----------
    weather
        One year.
    time_of_year_s
        Seconds since 1 January 00:00 local standard time, any shape.
    """
    rows = weather.time_s
    within_s = np.mod(time_of_year_s, YEAR_S)
    # One search serves all fields; before the first row stands the last of the year.
    after = np.searchsorted(rows, within_s, side="right")
    left, right = after - 1, np.where(after == len(rows), 0, after)
    from_s = np.where(after == 0, rows[-1] - YEAR_S, rows[left])
    to_s = np.where(after == len(rows), rows[0] + YEAR_S, rows[right])
    share = (within_s - from_s) / (to_s - from_s)
    fields = [
        values[left] + share * (values[right] - values[left])
        for values in (np.asarray(field) for field in weather.air)
    ]
    return OutdoorAir(*fields)
