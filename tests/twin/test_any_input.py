"""Any file as weather, price, carbon or power: a table or one clear error."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin import grid, weather, workload
from twin.errors import DataError
from twin.resources import data_path

GOLDEN = data_path("weather", "USA_CO_Golden-NREL.724666_TMY3.epw")
EPW_HEAD = "".join(GOLDEN.read_text().splitlines(keepends=True)[:8])
EPW_ROW = GOLDEN.read_text().splitlines()[8].split(",")
TMY3_NAMES = (
    "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2),DNI (W/m^2),DHI (W/m^2),Dry-bulb (C),"
    "Dew-point (C),RHum (%),Pressure (mbar),Wspd (m/s)"
)


def read_weather(path: Path) -> list[Any]:
    year = weather.read_weather(path, 100.0)
    return [year.time_s, *year.air, *(year.sun or ())]


def read_price(path: Path) -> list[Any]:
    return list(grid.read_hourly(path, grid.PRICE)[1:3])


def read_carbon(path: Path) -> list[Any]:
    return list(grid.read_hourly(path, grid.CARBON)[1:3])


def read_power(path: Path) -> list[Any]:
    load = workload.read_load(path, 1.0)
    return [load.time_s, load.power_w, load.period_s]


READERS: dict[str, tuple[str, Callable[[Path], list[Any]]]] = {
    "epw": ("any.epw", read_weather),
    "weather": ("any.csv", read_weather),
    "price": ("any.csv", read_price),
    "carbon": ("any.csv", read_carbon),
    "power": ("any.csv", read_power),
}
# Form -> head and the columns of a row; None is a value that passes in its place.
HEADS = {
    "epw": (EPW_HEAD, EPW_ROW),
    "tmy3": (
        f"724666,GOLDEN,CO,-7.0,39.7,-105.2,1829\n{TMY3_NAMES}\n",
        ["01/01/1999", "01:00", "0", "0", "0", "5", "1", "75", "820", "2"],
    ),
    "openmeteo": (
        "time_local,dry_bulb_c,relative_humidity_pct,pressure_pa,dew_point_c\n",
        ["2024-01-01T00:00", "5", "75", "82000", "1"],
    ),
    "price": ("time_utc,price_usd_per_mwh\n", ["2022-01-01 00:00", "30"]),
    "carbon": ("time_utc,carbon_intensity_g_per_kwh\n", ["2022-01-01 00:00", "300"]),
    "power": ("time,power[1],power[2]\n", ["0", "1e6", "2e6"]),
}
FORM_OF = {"tmy3": "weather", "openmeteo": "weather"}
ANY_FILE = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
WORD = st.one_of(
    st.text(max_size=10),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["", "-1", "nan", "inf", "1e400", "-9900", "24:00", "true", '"']),
    st.datetimes().map(lambda stamp: stamp.isoformat()),
    st.datetimes(timezones=st.timezones()).map(lambda stamp: stamp.isoformat()),
)


def table_or_error(path: Path, form: str) -> None:
    arrays, said = [], str(path)
    try:
        arrays = READERS[form][1](path)
    except DataError as error:  # the one way to refuse; anything else is a traceback
        said = str(error)
    assert str(path) in said
    assert all(np.isfinite(values).all() for values in arrays)


@pytest.mark.parametrize("form", READERS)
@ANY_FILE
@given(content=st.binary(max_size=300))
def test_any_bytes(tmp_path: Path, form: str, content: bytes) -> None:
    path = tmp_path / READERS[form][0]
    path.write_bytes(content)
    table_or_error(path, form)


@pytest.mark.parametrize("form", HEADS)
@ANY_FILE
@given(content=st.binary(max_size=200))
def test_any_bytes_after_a_good_head(tmp_path: Path, form: str, content: bytes) -> None:
    reader = FORM_OF.get(form, form)
    path = tmp_path / READERS[reader][0]
    path.write_bytes(HEADS[form][0].encode() + content)
    table_or_error(path, reader)


@pytest.mark.parametrize("form", HEADS)
@ANY_FILE
@given(data=st.data())
def test_any_word_in_a_good_row(tmp_path: Path, form: str, data: st.DataObject) -> None:
    head, good = HEADS[form]
    rows = []
    for _ in range(data.draw(st.integers(1, 4))):
        row = list(good)
        for at in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=2)):
            row[at] = data.draw(WORD)
        rows.append(",".join(row))
    reader = FORM_OF.get(form, form)
    path = tmp_path / READERS[reader][0]
    text = head + "\n".join(rows)
    path.write_bytes(text.encode("utf-8", errors="replace"))
    table_or_error(path, reader)
