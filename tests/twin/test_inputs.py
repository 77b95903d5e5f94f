"""Weather, load, prices at the door: real files pass, broken ones are named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plant import psychrometrics
from twin import grid, weather, workload
from twin.config import load_site
from twin.errors import ConfigError, DataError
from twin.job_generator import Demand, generate
from twin.job_table import write_parquet
from twin.resources import available, data_path
from twin.scenario import day_start, load_scenario

GOLDEN = data_path("weather", "USA_CO_Golden-NREL.724666_TMY3.epw")
SINGAPORE = data_path("weather", "openmeteo_SG_2024.csv")
FRONTIER = data_path("jobs", "frontier_cdu_power_2024-04-07.csv")
PRICE = data_path("grid", "price_CISO_2022.csv")


def test_epw_has_a_year_of_hours_with_wet_bulb_below_dry_bulb():
    year = weather.read_weather(GOLDEN, 1829.0)
    assert len(year.time_s) == 8760
    assert (np.diff(year.time_s) == 3600.0).all()
    assert (year.air.wet_bulb_c <= year.air.dry_bulb_c).all()
    # First data row of the file: 1 January, hour 1, dry bulb 1.0, 81,900 Pa or so.
    row = GOLDEN.read_text().splitlines()[8].split(",")
    assert year.time_s[0] == 3600.0
    assert year.air.dry_bulb_c[0] == float(row[6])
    assert year.air.pressure_pa[0] == float(row[9])


def test_open_meteo_drops_the_leap_day_and_takes_pressure_from_elevation():
    year = weather.read_weather(SINGAPORE, 19.0)
    assert len(year.time_s) == 8760
    assert year.time_s[-1] == 8759 * 3600.0
    assert year.air.pressure_pa[0] == pytest.approx(101_097, abs=5)


def test_weather_between_the_hours_is_linear_and_the_year_repeats():
    year = weather.read_weather(GOLDEN, 1829.0)
    middle = weather.air_at(year, 5400.0)
    assert middle.dry_bulb_c == pytest.approx(year.air.dry_bulb_c[:2].mean())
    again = weather.air_at(year, 5400.0 + weather.YEAR_S)
    assert again.dry_bulb_c == pytest.approx(middle.dry_bulb_c)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


HEAD = "time_local,dry_bulb_c,relative_humidity_pct\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "time_local,dry_bulb_c\n2024-01-01T00:00,5\n",
            "no column relative_humidity_pct",
        ),
        (
            HEAD + "2024-01-01T00:00,5,50\n2024-01-01T01:00,,50\n",
            "dry_bulb_c: 1 values",
        ),
        (
            HEAD + "2024-01-01T00:00,278,50\n2024-01-01T01:00,5,50\n",
            "278 in data row 1",
        ),
        (
            HEAD + "2024-01-01T00:00,5,50\n2024-01-01T09:00,5,50\n",
            "gap of more than 3 h",
        ),
        (HEAD + "2024-01-01T01:00,5,50\n2024-01-01T00:00,5,50\n", "not ascending"),
        (
            HEAD + "".join(f"2024-01-01T{h:02d}:00,5,0.5\n" for h in range(24)),
            "looks like a share of 1; multiply the column by 100",
        ),
        (
            HEAD + "2024-10-27T02:00,5,50\n2024-10-27T02:00,5,50\n",
            "daylight saving time: give local standard time",
        ),
        (
            HEAD.strip() + ",surface_pressure_hpa\n2024-01-01T00:00,5,50,820\n",
            "surface_pressure_hpa: pressure is read from pressure_pa",
        ),
        (HEAD + "yesterday,5,50\n", "2024-01-31T13:00"),
        (HEAD + "2024-01-01T00:00+01:00,5,50\n", "standard time without an offset"),
        ("", "not a readable CSV"),
        (HEAD, "no rows"),
    ],
)
def test_broken_weather_is_named(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        weather.read_weather(write(tmp_path, "w.csv", text), 0.0)


def test_broken_epw_and_missing_file_are_named(tmp_path):
    with pytest.raises(DataError, match="not a readable EPW"):
        weather.read_weather(write(tmp_path, "w.epw", "LOCATION,nowhere\n1,2\n"), 0.0)
    with pytest.raises(DataError, match="cannot be read"):
        weather.read_weather(tmp_path / "none.epw", 0.0)


def test_frontier_day_is_summed_over_groups_and_scaled():
    trace = workload.read_workload(FRONTIER)
    first = np.array(FRONTIER.read_text().splitlines()[1].split(",")[1:26], dtype=float)
    assert trace.power_w[0] == pytest.approx(first.sum())
    scaled = workload.scale_to(trace, 10e6)
    assert scaled.power_w.max() == pytest.approx(10e6)
    assert scaled.power_w[0] / scaled.power_w[1] == pytest.approx(
        trace.power_w[0] / trace.power_w[1]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hour,power_w\n0,1\n1,1\n", "no column time"),
        ("time,watts\n0,1\n1,1\n", "needs time and power_w or power"),
        ("time,power_w\n0,1\n1,-5\n", "negative power in 1 rows, first data row 2"),
        ("time,power_w\n0,1\n0,5\n", "time not ascending"),
        ("time,power_w\n0,1\n1,many\n", "power_w: missing or not a number in 1 rows"),
        ("time,power_w\n0,1\n,2\n", "time: missing or not a number in 1 rows"),
        (
            "time,power_w\n2024-03-31T01:00Z,1\n2024-03-31T02:00Z,2\n",
            "Give seconds from the start of the series",
        ),
        ("time,power_w\n0,1\n", "at least 2"),
        ("time,power_w\n0,true\n1,false\n", "not a number in 2 rows"),
    ],
)
def test_broken_load_is_named(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        workload.read_workload(write(tmp_path, "load.csv", text))


def test_price_holds_for_its_hour():
    series = grid.read_hourly(PRICE, grid.PRICE)
    lines = [line for line in PRICE.read_text().splitlines() if line[0] != "#"]
    value = float(lines[1].split(",")[1])
    assert grid.value_at(series, 0.0) * 3.6e9 == pytest.approx(value)
    assert grid.value_at(series, 3599.0) == grid.value_at(series, 0.0)
    assert grid.value_at(series, 3600.0) != grid.value_at(series, 0.0)


def test_single_empty_hours_take_the_day_before_and_are_counted(tmp_path):
    rows = [f"2022-01-{d:02d} {h:02d}:00,{d}" for d in range(1, 11) for h in range(24)]
    rows[30] = rows[30].rsplit(",", 1)[0] + ","
    text = "time_utc,price_usd_per_mwh\n" + "\n".join(rows)
    series = grid.read_hourly(write(tmp_path, "p.csv", text), grid.PRICE)
    assert series.filled_hours == 1
    assert series.value[30] == series.value[6]


def test_a_price_that_no_market_has_seen_is_refused(tmp_path):
    text = "time_utc,price_usd_per_mwh\n2022-01-01 00:00,1\n2022-01-01 01:00,1e300\n"
    with pytest.raises(DataError, match=r"1e\+300 in data row 2. Check the unit"):
        grid.read_hourly(write(tmp_path, "p.csv", text), grid.PRICE)


def test_too_many_empty_hours_are_refused(tmp_path):
    text = "time_utc,price_usd_per_mwh\n2022-01-01 00:00,1\n2022-01-01 01:00,\n"
    with pytest.raises(DataError, match="1 without a value, first data row 2"):
        grid.read_hourly(write(tmp_path, "p.csv", text), grid.PRICE)


def local_prices(folder: Path, first: str, last: str, stamp: str) -> Path:
    """Hours of a place with daylight saving time, written by its clock."""
    hours = pd.date_range(first, last, freq="h", tz="UTC").tz_convert("Europe/Berlin")
    rows = [f"{at.strftime(stamp)},{k}" for k, at in enumerate(hours)]
    text = "\n".join(["time_utc,price_usd_per_mwh", *rows])
    return write(folder, "local.csv", text)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2024-10-20", "2024-11-02", "1 hours stand twice, first 2024-10-27 02:00"),
        ("2024-03-20", "2024-04-10", "1 hours are missing before, first 2024-03-31 03"),
        ("2024-01-01", "2024-12-30", "in spring, the file is in local time: give UTC"),
    ],
)
def test_prices_by_a_clock_with_daylight_saving_time_are_refused(
    tmp_path, first, last, said
):
    path = local_prices(tmp_path, first, last, "%Y-%m-%d %H:%M")
    with pytest.raises(DataError, match=said):
        grid.read_hourly(path, grid.PRICE)


def test_prices_with_their_offset_come_to_utc_over_the_change(tmp_path):
    path = local_prices(tmp_path, "2023-10-20", "2023-11-02", "%Y-%m-%dT%H:%M%z")
    series = grid.read_hourly(path, grid.PRICE)
    assert (np.diff(series.time_s) == 3600.0).all()
    assert series.time_s[0] == day_start("10-20")
    assert (np.diff(series.value) > 0).all()


def test_days_of_the_year():
    assert day_start("01-01") == 0.0
    assert day_start("04-07") == 96 * 86400.0
    assert day_start("12-31") == 364 * 86400.0


@pytest.mark.parametrize("day", ["02-29", "13-01", "0-1", "April", "2024-04-07", ""])
def test_what_is_no_day_is_refused(day):
    with pytest.raises(ConfigError, match="is not a day of the year"):
        day_start(day)


def test_scenario_lines_up_local_weather_and_utc_prices():
    site = load_site("hybrid_10mw")
    scenario = load_scenario(site, "07-15", 24)
    noon_s = 195 * 86400.0 + 43200.0
    expected = weather.air_at(scenario.weather, noon_s)
    assert scenario.inputs_at(43200.0).wet_bulb_c == pytest.approx(expected.wet_bulb_c)
    utc_s = noon_s + 7 * 3600.0
    assert scenario.price_at(43200.0) == grid.value_at(scenario.price, utc_s)


def test_a_run_needs_time():
    with pytest.raises(ConfigError, match="more than 0 hours"):
        load_scenario(load_site("hybrid_10mw"), "07-15", 0)


def test_weather_file_states_its_own_elevation(tmp_path):
    rows = "2024-01-01T00:00,5,50\n2024-01-01T01:00,5,50\n"
    stated = write(tmp_path, "a.csv", "# lat 1 elevation_m 2000.0 zone\n" + HEAD + rows)
    silent = write(tmp_path, "b.csv", HEAD + rows)
    assert weather.read_weather(stated, 0.0).air.pressure_pa[0] == pytest.approx(
        79.5e3, rel=0.01
    )
    assert weather.read_weather(silent, 0.0).air.pressure_pa[0] == pytest.approx(101325)


def test_impossible_humidity_is_refused(tmp_path):
    text = HEAD + "2024-01-01T00:00,5,50\n2024-01-01T01:00,45,80\n"
    with pytest.raises(DataError, match="data row 2; at most 40"):
        weather.read_weather(write(tmp_path, "w.csv", text), 0.0)


def test_fahrenheit_in_cool_weather_is_found_by_the_dew_point(tmp_path):
    hour = np.arange(8760)
    dry_c = 2.0 + 4.0 * np.sin(hour / 24.0 * 2.0 * np.pi)
    ratio = psychrometrics.humidity_ratio_from_relative_humidity(dry_c, 0.5, 101325.0)
    dew_c = psychrometrics.dew_point(ratio, 101325.0)
    time = np.datetime64("2023-01-01T00:00") + hour.astype("timedelta64[h]")

    def read(dry, dew):
        rows = [
            f"{at},{one:.2f},50,{two:.2f}"
            for at, one, two in zip(time, dry, dew, strict=True)
        ]
        head = "time_local,dry_bulb_c,relative_humidity_pct,dew_point_c"
        text = "\n".join([head, *rows])
        return weather.read_weather(write(tmp_path, "cool.csv", text), 0.0)

    assert read(dry_c, dew_c).air.dry_bulb_c.max() == pytest.approx(6.0)
    for wrong in (dew_c * 1.8 + 32.0, dew_c):  # both in degF, or only the dry bulb
        with pytest.raises(DataError, match="degC, all of them"):
            read(dry_c * 1.8 + 32.0, wrong)


def test_days_that_the_weather_file_does_not_have_are_refused(tmp_path):
    stamps = [f"2024-07-{d:02d}T{h:02d}:00" for d in (14, 15, 16) for h in range(24)]
    text = HEAD + "".join(f"{stamp},25,40\n" for stamp in stamps)
    own = write(tmp_path, "july.csv", text)
    site = load_site("hybrid_10mw")
    assert load_scenario(site, "07-15", 24, weather_file=own).duration_s == 86400.0
    with pytest.raises(
        DataError, match="covers 07-14 00:00 to 07-16 23:00, but the run"
    ):
        load_scenario(site, "04-07", 24, weather_file=own)
    with pytest.raises(DataError, match="the day before is the forecast's history"):
        load_scenario(site, "07-14", 24, weather_file=own)


def test_a_year_that_repeats_covers_new_year():
    scenario = load_scenario(load_site("hybrid_10mw"), "12-31", 48)
    assert scenario.duration_s == 172800.0


def test_shipped_csv_weather_is_found_by_name():
    site = load_site("hybrid_10mw")
    by_name = load_scenario(site, "07-15", 1, weather_file="openmeteo_SG_2024")
    assert by_name.weather.air.pressure_pa[0] == pytest.approx(101_097, abs=5)


def test_load_can_count_as_it_is_but_not_above_the_rating(tmp_path):
    site = load_site("hybrid_10mw")
    small = write(tmp_path, "load.csv", "time,power_w\n0,1e6\n3600,2e6\n")
    assert load_scenario(site, "07-15", 1, load_file=small).load.power_w.max() == 10e6
    plain = load_scenario(site, "07-15", 1, load_file=small, scale_load=False)
    assert plain.load.power_w.max() == 2e6
    assert plain.load_scaled_from_w == 0.0
    large = write(tmp_path, "large.csv", "time,power_w\n0,1e6\n3600,2e7\n")
    with pytest.raises(DataError, match="peaks at 20,000 kW, above the site's"):
        load_scenario(site, "07-15", 1, load_file=large, scale_load=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,power_w\n0,1\n1,inf\n", "missing or not a number in 1 rows"),
        ("time,power_w,power[1]\n0,1,1\n1,1,1\n", "would count twice"),
    ],
)
def test_load_that_would_mislead_is_refused(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        workload.read_workload(write(tmp_path, "load.csv", text))


def test_a_record_of_jobs_is_a_load_and_leaves_its_past_to_the_forecast():
    site = load_site("hybrid_10mw")
    scenario = load_scenario(site, "04-07", 24, load_file="NASA-iPSC-1993-3.1-cln")
    load = scenario.load
    assert load.begin_s == 42 * 86400.0
    assert load.power_w.max() == pytest.approx(site.facility.it.racks.rated_power_w)
    # 1 October 1993 at the site's clock was a Friday, so the run starts on one, too
    assert load.queue.first_weekday == 4.0
    # the power of the trace in the first hour is that of the jobs that ran then
    jobs = load.queue.jobs
    busy = np.sum(jobs.nodes[(jobs.start_s <= 1800.0) & (jobs.end_s > 1800.0)])
    idle_w, power_w = load.power_w.min(), float(scenario.inputs_at(1800.0).it_demand_w)
    assert (power_w > idle_w * 1.01) == (busy > 0)


def test_an_unscheduled_table_and_a_day_outside_are_named(tmp_path):
    site = load_site("hybrid_10mw")
    jobs = generate(Demand(64.0), 3, np.random.default_rng(1))
    path = tmp_path / "queue.parquet"
    write_parquet(jobs, path)
    with pytest.raises(DataError, match="no job has run"):
        load_scenario(site, "04-07", 24, load_file=path)
    for day in (-1.0, 0.5, 400.0):
        with pytest.raises(ConfigError, match="--load-day"):
            load_scenario(
                site, "04-07", 24, load_file="nrel_eagle_jobs_sample", load_day=day
            )


@pytest.mark.parametrize("name", available("jobs", *workload.SUFFIXES))
def test_every_load_that_is_listed_can_be_run(name):
    scenario = load_scenario(load_site("hybrid_10mw"), "04-07", 24, load_file=name)
    power_w = scenario.inputs_at(np.arange(0.0, 86400.0, 3600.0)).it_demand_w
    assert np.isfinite(power_w).all()
    assert (power_w > 0.0).all()
