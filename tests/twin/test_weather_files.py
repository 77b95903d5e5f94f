"""TMY3 CSV of NREL: the same year as its EPW, and broken files named."""

from pathlib import Path

import numpy as np
import pytest

from twin import weather
from twin.errors import DataError
from twin.resources import data_path

GOLDEN = data_path("weather", "USA_CO_Golden-NREL.724666_TMY3.epw")
SITE_LINE = '724666,"DENVER/CENTENNIAL",CO,-7.0,39.740,-105.180,1829'
COLUMNS = {  # of TMY3 -> field of EPW, factor
    "GHI (W/m^2)": (13, 1.0),
    "DNI (W/m^2)": (14, 1.0),
    "DHI (W/m^2)": (15, 1.0),
    "Dry-bulb (C)": (6, 1.0),
    "Dew-point (C)": (7, 1.0),
    "RHum (%)": (8, 1.0),
    "Pressure (mbar)": (9, 0.01),
    "Wspd (m/s)": (21, 1.0),
}


def tmy3(path: Path, rows: slice = slice(None), year: int | None = None) -> Path:
    """The hours of the shipped EPW in the form of TMY3."""
    lines = [SITE_LINE, ",".join(["Date (MM/DD/YYYY)", "Time (HH:MM)", *COLUMNS])]
    for line in GOLDEN.read_text().splitlines()[8:][rows]:
        field = line.split(",")
        date = f"{int(field[1]):02d}/{int(field[2]):02d}/{year or int(field[0])}"
        values = [f"{float(field[at]) * f:.7g}" for at, f in COLUMNS.values()]
        lines.append(",".join([date, f"{int(field[3]):02d}:00", *values]))
    path.write_text("\n".join(lines) + "\n")
    return path


# By month of its own years, all in a common year, all in a leap year.
@pytest.mark.parametrize("year", [None, 2001, 2004])
def test_tmy3_is_the_year_of_its_epw(tmp_path, year):
    epw = weather.read_weather(GOLDEN, 1829.0)
    csv = weather.read_weather(tmy3(tmp_path / "golden.csv", year=year), 0.0)
    np.testing.assert_array_equal(csv.time_s, epw.time_s)
    assert csv.time_s[0] == 3600.0
    assert csv.time_s[-1] == weather.YEAR_S
    for ours, theirs in zip(csv.air, epw.air, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    for ours, theirs in zip(csv.sun, epw.sun, strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_part_of_a_tmy3_year_keeps_its_place(tmp_path):
    path = tmy3(tmp_path / "july.csv", rows=slice(181 * 24, 212 * 24))
    july = weather.read_weather(path, 0.0)
    assert july.time_s[0] == 181 * 86400.0 + 3600.0
    assert july.time_s[-1] == 212 * 86400.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Dry-bulb (C)", "Dry-bulb (F)", "not a readable TMY3 file.*temp_air"),
        ("01/01/", "32/01/", "not a readable TMY3 file"),
        (SITE_LINE, "Golden", "a line about the site"),
        (",02:00,", ",09:00,", "not ascending, or a gap"),
    ],
)
def test_broken_tmy3_is_named(tmp_path, old, new, said):
    path = tmy3(tmp_path / "golden.csv", rows=slice(0, 48))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match=said):
        weather.read_weather(path, 0.0)


def test_missing_values_of_tmy3_are_named(tmp_path):
    path = tmy3(tmp_path / "golden.csv", rows=slice(0, 48))
    lines = path.read_text().splitlines()
    field = lines[5].split(",")
    field[5] = "-9900"  # how NREL writes a missing value
    lines[5] = ",".join(field)
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"dry_bulb_c: 1 values .* in data row 4"):
        weather.read_weather(path, 0.0)
    path.write_text("\n".join(lines[:2]))
    with pytest.raises(DataError, match="has no rows"):
        weather.read_weather(path, 0.0)
