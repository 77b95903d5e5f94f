"""A comparison is paired, goes on where it stopped, and its verdict adds up."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from dashboards.cli import app
from dashboards.contest_tables import cells, headings
from optimizer import contest
from optimizer.contest import Contest, Outcome, Task, kept, run_all, run_task
from optimizer.episodes import Episode, World
from optimizer.ledger import BILL, Day, days_of
from optimizer.rules import RuleParameters, RulesController
from optimizer.verdict import judge
from twin.config import load_site
from twin.interfaces import Decision
from twin.kpis import kpis
from twin.simulate import simulate

CONTEST = Contest("edge_50kw", World(), 1, 0.05, RuleParameters())
EPISODE = Episode(200, 2)


def test_days_are_those_of_the_run_without_its_warm_up():
    made = run_task(CONTEST, Task("fixed", EPISODE))
    assert [day.day for day in made.days] == ["07-20", "07-21"]
    site = load_site("edge_50kw")
    scenario = contest.scenario_of(site, World(), EPISODE)
    from optimizer.fixed import FixedController

    plant = contest.plant_of(CONTEST, site)
    whole = simulate(site, scenario, FixedController(site), plant)
    table = whole.telemetry
    judged = table[table["time_s"] > 12 * 3600.0]
    figures = kpis(site, scenario, judged, whole.setpoints)
    assert len(judged) * 300.0 == 2 * 86400.0
    for name in ("it_energy_j", "cooling_energy_j", "water_kg"):
        days = sum(getattr(day, name) for day in made.days)
        assert days == pytest.approx(getattr(figures, name), rel=1e-9)
    assert max(d.peak_w for d in made.days) == pytest.approx(figures.peak_w)


def test_a_comparison_goes_on_where_it_stopped(tmp_path):
    tasks = tuple(Task(name, EPISODE) for name in ("fixed", "rules"))
    told = []
    alone = run_task(CONTEST, tasks[1])
    (tmp_path / f"fresh_{tasks[0].file_name}").write_text("{half of")  # of a kill
    first = run_all(
        CONTEST, tasks[1:], tmp_path, lambda task, s: told.append((task, s))
    )
    both = run_all(CONTEST, tasks, tmp_path, lambda task, s: told.append((task, s)))
    assert [task.controller for task, _ in told] == ["rules", "rules", "fixed"]
    assert told[1][1] == 0.0  # found on disk
    assert both[1].days == first[0].days == alone.days
    assert kept(tasks[0], tmp_path) == both[0]


def test_the_linearization_error_of_a_day_is_that_of_its_decisions():
    site = load_site("edge_50kw")
    scenario = contest.scenario_of(site, World(), EPISODE)
    run = simulate(site, scenario, RulesController(site))
    begun_s = run.arrays["control_time"].to_numpy()
    told_w = np.full(len(begun_s), np.nan)
    second = begun_s >= (12 + 24) * 3600.0
    told_w[np.flatnonzero(second)[:2]] = [300.0, -500.0]
    decisions = [
        Decision(site.design, "", linearization_error_w=float(w)) for w in told_w
    ]
    days = days_of(site, scenario, EPISODE, run._replace(decisions=decisions))
    interval_s = site.control.control_interval_s
    assert [d.linearization_error_j for d in days] == [0.0, 800.0 * interval_s]


def test_a_controller_without_a_linear_model_has_no_linearization_error():
    missed = {"it_energy_j": 1.0, "linearization_error_j": 0.01}
    verdict = judge([outcome("rules", [3.0]), outcome("mpc", [3.0], **missed)])
    row = headings().index("linearization error [% of overhead]")
    rules, mpc = (cells(column)[row] for column in verdict.columns)
    assert (rules, mpc) == ("-", "0.50")


def day(**figures):
    blank = dict.fromkeys(Day._fields, 0.0) | {"day": "01-01"}
    return Day(**blank | {"it_energy_j": 1.0} | figures)


def outcome(name, usd, **figures):
    days = tuple(
        day(bill_energy=value, cost_usd=value, site_energy_j=value, **figures)
        for value in usd
    )
    return Outcome(name, EPISODE, days, (), 0, (), (), 0.0)


def test_gap_closure_and_savings_are_paired_ratios_of_totals():
    rng = np.random.default_rng(0)
    rules = rng.uniform(500, 1500, 12)
    found = judge(
        [
            outcome("rules", rules),
            outcome("mpc", rules * 0.92),
            outcome("oracle", rules * 0.90),
        ]
    )
    closed = found.columns[1].gap_closure
    assert closed.value == pytest.approx(0.8)
    assert (closed.low, closed.high) == (pytest.approx(0.8), pytest.approx(0.8))
    saved = next(d for d in found.differences if d[:2] == ("mpc", "rules"))
    assert saved.objective.value == pytest.approx(0.08)
    assert np.isnan(found.columns[0].gap_closure.value)


def test_gap_closure_is_not_told_where_the_oracle_does_not_win():
    rules = np.full(12, 100.0)
    found = judge(
        [outcome("rules", rules), outcome("mpc", rules), outcome("oracle", rules + 1)]
    )
    assert np.isnan(found.columns[1].gap_closure.value)


def test_command_compares_says_that_few_days_tell_little_and_can_be_extended(tmp_path):
    arguments = ["compare", "edge_50kw", "--days", "2", "--out", str(tmp_path / "o")]
    runner = CliRunner()
    result = runner.invoke(app, [*arguments, "--controllers", "fixed", "--json"])
    assert result.exit_code == 0, result.output
    result = runner.invoke(app, [*arguments, "--controllers", "fixed,rules", "--json"])
    found = json.loads(result.stdout)
    assert found["days"] == 2
    assert found["differences"][0]["objective"]["low"] is None
    assert "would not be informative" in found["words"][0]
    shown = runner.invoke(app, [*arguments, "--controllers", "fixed,rules"])
    assert "peak [kW]" in shown.stdout
    page = (tmp_path / "o" / "report.html").read_text()
    assert "<svg" in page
    assert "http" not in page.split("<svg")[0]
    again = runner.invoke(app, [*arguments, "--seed", "2"])
    assert again.exit_code == 3
    assert "holds another run" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--days", "2", "--weeks", "1"], "one of --days"),
        (["--days", "400"], "at most 365"),
        (["--days", "1", "--controllers", "magic"], "oracle"),
        (["--days", "1", "--controllers", "rules", "--ablation"], "add it to"),
        (["--days", "1", "--weather", "nowhere"], "nowhere"),
    ],
)
def test_wrong_requests_end_with_one_message(tmp_path, arguments, told):
    command = ["compare", "edge_50kw", "--out", str(tmp_path), *arguments]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 3
    assert told in result.stderr


def test_bill_items_are_all_of_the_objective():
    assert set(BILL) <= set(Day._fields)
    assert "bill_energy" in BILL
