"""A forecast by others: checked at the door, used where it reaches, else said."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.config import load_site
from twin.errors import DataError
from twin.given_forecast import read_forecast, told
from twin.run_forecast import make_forecaster
from twin.scenario import load_scenario
from twin.signals import Inputs
from twin.site_forecast import MIDDLE

DAY_S = 86400.0
START_S = 195 * DAY_S  # 15 July
LEAD_S = np.arange(96) * 900.0
SITE = load_site("hybrid_10mw")


def write(folder: Path, text: str) -> Path:
    path = folder / "forecast.csv"
    path.write_text(text, encoding="utf-8")
    return path


def hourly(hours: int, zone: str = "Z", value: str = "30.0") -> str:
    rows = [
        f"2024-07-{15 + h // 24:02d}T{h % 24:02d}:00{zone},{value}"
        for h in range(hours)
    ]
    return "time,dry_bulb_c\n" + "\n".join(rows) + "\n"


def test_times_of_any_zone_come_to_the_clock_of_the_run(tmp_path):
    utc = read_forecast(write(tmp_path, hourly(30)), START_S, 8.0)
    local = read_forecast(write(tmp_path, hourly(30, "+08:00")), START_S, 8.0)
    assert utc.time_s[0] == pytest.approx(8 * 3600.0)
    assert local.time_s[0] == pytest.approx(0.0)


def test_it_is_used_as_far_as_it_reaches(tmp_path):
    found = read_forecast(write(tmp_path, hourly(30)), START_S, 0.0)

    def there(name, hour):
        return np.isfinite(found.over(name, hour * 3600.0, LEAD_S, 900.0))

    assert there("dry_bulb_c", 0.0).all()
    late = there("dry_bulb_c", 8.0)  # the value of hour 29 holds until 30
    assert late[: 22 * 4].all()
    assert not late[22 * 4 :].any()
    early = there("dry_bulb_c", -2.0)
    assert not early[:6].any()
    assert early[6:].all()
    assert not there("wet_bulb_c", 0.0).any()
    assert "73% of the steps to plan" in told(found, DAY_S)


def test_a_gap_above_three_hours_is_not_bridged(tmp_path):
    lines = hourly(30).splitlines()
    gap = "\n".join(lines[:10] + lines[15:])
    found = read_forecast(write(tmp_path, gap), START_S, 0.0)
    there = np.isfinite(found.over("dry_bulb_c", 0.0, LEAD_S, 900.0))
    assert there[: 8 * 4].all()
    assert not there[8 * 4 : 14 * 4].any()
    assert there[14 * 4 :].all()
    small = "\n".join(lines[:10] + lines[12:])
    found = read_forecast(write(tmp_path, small), START_S, 0.0)
    assert np.isfinite(found.over("dry_bulb_c", 0.0, LEAD_S, 900.0)).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,dry_bulb_c\n2024-07-15T00:00,20\n", "offset from UTC is needed"),
        ("time,dry_bulb_c\nnoon,20\n", "data row 1 is 'noon'"),
        (
            "time,dry_bulb_c\n2024-07-15T01:00Z,20\n2024-07-15T00:00Z,20\n",
            "data row 2 is not after",
        ),
        ("time,dry_bulb_c\n2024-07-15T00:00Z,200\n", "out of range"),
        ("time,dry_bulb_c\n2024-07-15T00:00Z,warm\n", "is not a number"),
        ("time,wind\n2024-07-15T00:00Z,3\n", "dry_bulb_c or wet_bulb_c"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        read_forecast(write(tmp_path, text), START_S, 0.0)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes_end_in_a_clear_error(tmp_path, content):
    path = tmp_path / "any.csv"
    path.write_bytes(b"time,dry_bulb_c\n" + content)
    said = "any.csv"
    try:
        said = read_forecast(path, 0.0, 0.0).source
    except DataError as error:
        said = str(error)
    assert "any.csv" in said


def without_and_with(path):
    """Forecasts at the start of a run: the own one, and with the file."""
    made = []
    for file in (None, path):
        scenario = load_scenario(SITE, "07-15", 6, forecast_file=file)
        forecaster = make_forecaster(scenario)
        seen = Inputs(*(float(value) for value in scenario.inputs_at(0.0)))
        forecaster.observe(0.0, seen)
        made.append(forecaster.forecast(0.0))
    return made


def test_the_controllers_get_it_and_keep_their_own_band(tmp_path):
    zone = f"{SITE.location.utc_offset_h:+03.0f}:00"
    path = write(tmp_path, hourly(40, zone, "31.5"))
    own, given_one = without_and_with(path)
    np.testing.assert_allclose(given_one.inputs.dry_bulb_c, 31.5)
    np.testing.assert_allclose(
        given_one.bands[-1].dry_bulb_c - given_one.bands[MIDDLE].dry_bulb_c,
        own.bands[-1].dry_bulb_c - own.bands[MIDDLE].dry_bulb_c,
    )
    np.testing.assert_array_equal(given_one.inputs.it_demand_w, own.inputs.it_demand_w)


def test_beyond_its_end_the_own_forecast_stands(tmp_path):
    """A file of 18 h is used for 18 h; what the controllers get is finite throughout."""
    zone = f"{SITE.location.utc_offset_h:+03.0f}:00"
    path = write(tmp_path, hourly(18, zone, "31.5"))
    own, mixed = without_and_with(path)
    covered = mixed.time_s + mixed.step_s <= 18 * 3600.0
    np.testing.assert_allclose(mixed.inputs.dry_bulb_c[covered], 31.5)
    np.testing.assert_allclose(
        mixed.inputs.dry_bulb_c[~covered], own.inputs.dry_bulb_c[~covered]
    )
