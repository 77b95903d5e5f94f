"""The commands about jobs and forecasts, from a real file to a forecast."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from dashboards.cli import app
from twin.backtest import Score
from twin.forecast_cases import Verdict
from twin.resources import data_path

EAGLE = str(data_path("jobs", "nrel_eagle_jobs_sample.csv"))


def call(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_import_and_show(tmp_path: Path) -> None:
    table, plot = tmp_path / "jobs.parquet", tmp_path / "jobs.svg"
    code, out, _ = call(
        *("jobs", "import", EAGLE, "--format", "eagle"),
        *("--utc-offset", "-7", "--out", str(table), "--json"),
    )
    assert code == 0
    assert json.loads(out)["kept"] == 1000
    code, out, _ = call("jobs", "show", str(table), "--plot", str(plot), "--json")
    assert code == 0
    assert json.loads(out)["states"] == {"completed": 985, "timeout": 15}
    assert json.loads(out)["first_submission_utc"] == "2019-01-01T15:55:55Z"
    assert "busy units" in plot.read_text(encoding="utf-8")


def test_import_without_the_zone_says_what_to_do(tmp_path: Path) -> None:
    table = tmp_path / "jobs.parquet"
    code, _, err = call(
        *("jobs", "import", EAGLE, "--format", "eagle", "--out", str(table))
    )
    assert code == 3
    assert "--utc-offset" in err
    assert not table.exists()


def test_simulate_then_forecast(tmp_path: Path) -> None:
    table, plot = tmp_path / "ran.parquet", tmp_path / "forecast.svg"
    code, out, err = call(
        *("jobs", "simulate", "--days", "18", "--training", "48", "--inference", "4"),
        *("--elastic", "12", "--out", str(table), "--json"),
    )
    assert code == 0, err
    told = json.loads(out)
    assert told["units"] == 64
    assert told["all_idle_kw"] < told["mean_power_kw"] <= told["peak_power_kw"]
    csv = tmp_path / "forecast.csv"
    code, _, err = call(
        *("forecast", "run", str(table), "--units", "64"),
        *("--at", "1970-01-18T00:00Z", "--out", str(csv), "--plot", str(plot)),
    )
    assert code == 0, err
    forecast = pd.read_csv(csv)
    assert len(forecast) == 96
    assert forecast["time_utc"][0] == "1970-01-18T00:00:00Z"
    assert (forecast["q0.1_w"] <= forecast["q0.9_w"]).all()
    assert (forecast["q0.5_w"] > 0.9 * 1e3 * told["all_idle_kw"]).all()
    assert plot.stat().st_size > 0
    for options, says in (
        (("--units", "64", "--at", "1970-03-01T00:00Z"), "days before, at most 1"),
        (("--units", "8", "--at", "1970-01-18T00:00Z"), "were busy at once"),
    ):
        code, _, err = call("forecast", "run", str(table), *options)
        assert code == 3
        assert says in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["jobs", "import", EAGLE, "--format", "pbs"], "Known: sacct"),
        (["jobs", "show", "none.parquet"], "cannot be read"),
        (["jobs", "show", EAGLE], "not a readable Parquet"),
        (["jobs", "simulate", "--policy", "best"], "Known: easy, fcfs"),
        (["jobs", "simulate", "--training", "0"], "no pool has any units"),
        (["forecast", "run", "none.parquet", "--units", "8"], "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    arguments: list[str], says: str
) -> None:
    code, _, err = call(*arguments)
    assert code == 3
    assert says in err
    assert "Traceback" not in err


def test_a_short_history_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "jobs.parquet"
    offset = ("--utc-offset", "-7", "--out", str(table))
    call("jobs", "import", EAGLE, "--format", "eagle", *offset)
    code, _, err = call("forecast", "run", str(table), "--units", "100")
    assert code == 3
    assert "at least 14" in err


def test_the_document_says_met_only_where_both_targets_are() -> None:
    from dashboards.forecasting import document

    def score(pinball: float, coverage: float) -> Score:
        errors = dict.fromkeys(("15 min", "1 h", "6 h", "24 h"), 0.1)
        return Score(pinball, errors, errors, coverage, 9)

    def verdict(name: str, pinball: float, coverage: float) -> Verdict:
        naive = {"persistence": score(100.0, 0.0), "yesterday": score(120.0, 0.0)}
        return Verdict(name, "W", 99, score(pinball, coverage), naive, naive)

    cases = [("good", 79.0, 0.8), ("weak", 81.0, 0.8), ("narrow", 50.0, 0.7)]
    text = document([verdict(*case) for case in cases], [], [])
    rows = {
        line.split(" | ")[0]: line
        for line in text.splitlines()
        if "origins" not in line
    }
    assert rows["| good"].endswith("| -21.0% | -21.0% | 80.0% | met |")
    assert rows["| weak"].endswith("missed |")
    assert rows["| narrow"].endswith("missed |")


def test_flexibility_moves_energy_and_keeps_every_deadline(tmp_path: Path) -> None:
    table, plot = tmp_path / "ran.parquet", tmp_path / "room.svg"
    call("jobs", "simulate", "--days", "4", "--training", "256", "--out", str(table))
    delays = []
    for share in ("0", "1"):
        code, out, err = call(
            *("jobs", "flexibility", str(table), "--units", "256", "--booked"),
            *("--share", share, "--at", "1970-01-02T06:00Z", "--plot", str(plot)),
            *("--window", "general=4", "--window", "finetuning=8", "--json"),
        )
        assert code == 0, err
        told = json.loads(out)
        assert told["deadlines_missed_by_the_plan"] == 0
        assert told["movable_jobs"] > 0
        steps = pd.DataFrame(told["steps"])
        assert (steps["least_kwh"] <= steps["plan_kwh"] + 1e-9).all()
        assert (steps["plan_kwh"] <= steps["most_kwh"] + 1e-9).all()
        delays.append(told["delay_h"]["general"]["mean"])
    assert delays[0] > delays[1]
    assert "energy above idle" in plot.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--window", "general"), "CLASS=HOURS"),
        (("--window", "games=3"), "CLASS=HOURS"),
        (("--at", "teatime"), "is not a time"),
        (("--at", "1999-01-01"), "waits at"),
    ],
)
def test_flexibility_names_what_is_wrong(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    table = tmp_path / "ran.parquet"
    call("jobs", "simulate", "--days", "2", "--training", "64", "--out", str(table))
    code, _, err = call("jobs", "flexibility", str(table), "--units", "64", *arguments)
    assert code != 0
    assert said in err


def told_by(*options: str) -> dict[str, object]:
    code, out, err = call("jobs", "simulate", "--days", "7", *options, "--json")
    assert code == 0, err
    return dict(json.loads(out))


def test_failures_cost_work_and_checkpoints_save_it() -> None:
    pool = ("--training", "256", "--inference", "60")
    sound = told_by(*pool)
    assert sound["goodput"] == 1.0
    often = told_by(*pool, "--mtbf", "500", "--checkpoint", "10")
    seldom = told_by(*pool, "--mtbf", "500", "--checkpoint", "600")
    assert 1.0 > often["goodput"] > seldom["goodput"] > 0.5
    assert seldom["unit_hours_lost_to_failures"] > 0.0


def test_a_power_budget_holds_the_pool_below_it() -> None:
    pool = ("--training", "256", "--inference", "0")
    free = told_by(*pool)
    held = told_by(*pool, "--budget", "120")
    assert held["peak_power_kw"] <= 120.0 < free["peak_power_kw"]
    code, _, err = call("jobs", "simulate", *pool, "--budget", "20")
    assert code == 3
    assert "kW idle" in err


def test_services_get_a_pool_of_their_own_unless_told_otherwise() -> None:
    own = told_by("--training", "256")
    none = told_by("--training", "256", "--inference", "0")
    assert own["inference_units"] > 0.0
    assert own["wait_h"]["inference"]["largest"] == 0.0
    assert none["inference_units"] == 0.0


def test_the_nameplate_of_the_options_is_that_of_the_model() -> None:
    from dashboards.job_commands import FRONTIER_IDLE_W, FRONTIER_PEAK_W
    from twin.jobs import FRONTIER

    assert tuple(FRONTIER.accelerator[:2]) == (FRONTIER_IDLE_W, FRONTIER_PEAK_W)
    doubled = told_by("--training", "64", "--peak", "1120")
    assert doubled["peak_power_kw"] > told_by("--training", "64")["peak_power_kw"]
    assert call("jobs", "simulate", "--idle", "600")[0] == 3


def test_a_running_job_draws_until_now(tmp_path: Path) -> None:
    from dashboards.jobs import until_now
    from twin.readers.formats import read_jobs

    head = "JobID|Submit|Start|End|NNodes|State"
    path = tmp_path / "sacct.txt"
    path.write_text(
        f"{head}\n1|2024-03-01T10:00|2024-03-01T10:00|2024-03-01T12:00|2|COMPLETED\n"
        "2|2024-03-01T10:00|2024-03-01T11:00|Unknown|2|RUNNING\n"
        "3|2024-03-01T11:00|Unknown|Unknown|2|PENDING\n"
    )
    jobs, _ = read_jobs(path, "sacct", 0.0)
    run_h = dict(zip(jobs.job_id, until_now(jobs).run_s / 3600.0, strict=True))
    assert run_h["2"] == 1.0
    assert not run_h["3"] > 0.0


def test_the_help_shows_the_command_that_the_reader_wants() -> None:
    from dashboards.job_commands import jobs_import
    from twin.readers.slurm_sacct import COMMAND

    assert COMMAND in " ".join(str(jobs_import.__doc__).split())


def test_a_zone_knows_summer_time_but_not_the_hour_that_stands_twice(
    tmp_path: Path,
) -> None:
    rows = {
        "1": ("2024-07-01T12:00:00", "2024-07-01T18:00:00Z"),
        "2": ("2024-01-01T12:00:00", "2024-01-01T19:00:00Z"),
        "3": ("2024-11-03T01:30:00", ""),  # twice
        "4": ("2024-03-10T02:30:00", ""),  # never
        "5": ("2024-11-03T01:30:00-06:00", "2024-11-03T07:30:00Z"),
    }
    path, table = tmp_path / "sacct.txt", tmp_path / "jobs.parquet"
    lines = [f"{k}|{local}|Unknown|Unknown|1|PENDING" for k, (local, _) in rows.items()]
    path.write_text("\n".join(["JobID|Submit|Start|End|NNodes|State", *lines]) + "\n")
    command = ("jobs", "import", str(path), "--format", "sacct", "--out", str(table))
    code, out, _ = call(*command, "--zone", "America/Denver")
    assert code == 0
    assert "2 rows left out: time zone missing" in out
    found = pd.read_parquet(table).set_index("job_id")["submit_s"]
    wanted = {k: pd.Timestamp(utc).timestamp() for k, (_, utc) in rows.items() if utc}
    assert found.to_dict() == wanted
    assert call(*command, "--zone", "Mars/Olympus")[0] == 3
    assert call(*command, "--zone", "Europe/Berlin", "--utc-offset", "1")[0] == 3
