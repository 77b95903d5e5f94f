"""Compared controllers met the same hours, and each count is what happened."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from dashboards.cli import app
from optimizer.compare import compare
from optimizer.fixed import FixedController
from optimizer.rules import RulesController
from optimizer.rules_file import tuned_for
from twin.config import load_site
from twin.errors import WetbulbError
from twin.interfaces import Decision
from twin.kpis import kpis
from twin.perturb import perturb
from twin.scenario import load_scenario
from twin.simulate import simulate

SITE = load_site("hybrid_10mw")
HOURS = 2.0


class Greedy:
    """Wants what no guard lets through, and falls back every other time."""

    name = "greedy"

    def __init__(self):
        self.calls = 0

    def decide(self, estimate, forecast, now_s):
        self.calls += 1
        wish = estimate.setpoints._replace(tcs_supply_c=99.0)
        return Decision(wish, "more", status="ok" if self.calls % 2 else "tired")


def test_figures_are_those_of_a_run_alone_whatever_the_order():
    scenario = load_scenario(SITE, "07-15", HOURS)
    plant = perturb(SITE.facility, np.random.default_rng(3), 0.05)
    kinds = [FixedController, RulesController]
    found = compare(SITE, scenario, [kind(SITE) for kind in kinds], plant)
    turned = compare(SITE, scenario, [kind(SITE) for kind in kinds[::-1]], plant)
    assert [one.name for one in found] == ["fixed", "rules"]
    assert [one.kpis for one in found] == [one.kpis for one in turned[::-1]]
    alone = simulate(SITE, scenario, FixedController(SITE), plant)
    assert found[0].kpis == kpis(SITE, scenario, alone.telemetry, alone.setpoints)


def test_counts_are_what_happened():
    scenario = load_scenario(SITE, "07-15", HOURS)
    (found,) = compare(SITE, scenario, [Greedy()])
    assert (found.cycles, found.fallbacks) == (8, 4)
    assert found.guard_changes == 8  # 99 degC was cut down in every cycle
    assert found.guard_violations == ()


def test_a_run_that_ends_early_is_not_compared():
    scenario = load_scenario(SITE, "07-15", HOURS)
    tower = SITE.facility.heat_rejection.tower._replace(ua_w_k=float("nan"))
    rejection = SITE.facility.heat_rejection._replace(tower=tower)
    plant = SITE.facility._replace(heat_rejection=rejection)
    with pytest.raises(WetbulbError, match=r"fixed: stopped at .* nothing to compare"):
        compare(SITE, scenario, [FixedController(SITE)], plant)


def test_command_prints_one_table_and_the_same_figures_for_machines():
    arguments = ["compare", "hybrid_10mw", "--date", "07-15", "--hours", "1"]
    arguments += ["--controllers", "fixed,rules", "--seed", "2"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0
    result = CliRunner().invoke(app, [*arguments, "--json"])
    summary = json.loads(result.stdout)
    plant = perturb(SITE.facility, np.random.default_rng(2), 0.05)
    scenario = load_scenario(SITE, "07-15", 1.0)
    rules = RulesController(SITE, tuned_for("hybrid_10mw").rules)
    found = compare(SITE, scenario, [FixedController(SITE), rules], plant)
    for entry, one in zip(summary["runs"], found, strict=True):
        assert entry["site_energy_j"] == pytest.approx(one.kpis.site_energy_j)
        assert f"{one.kpis.pue:.4f}" in shown.stdout
    assert list(summary["savings"]) == ["fixed"]
    assert "rules saves against fixed" in shown.stdout
