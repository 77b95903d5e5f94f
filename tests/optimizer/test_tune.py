"""Tuned rules are reproducible, not worse, saved with their origin, and then used."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from dashboards import controllers
from dashboards.cli import app
from optimizer import rules_file
from optimizer.episodes import World, sample
from optimizer.rules import RuleParameters, RulesController
from optimizer.trials import cost_usd
from optimizer.tune import LEAST_TRIALS, RANGES, tune, tuning_bench
from twin.config import load_site
from twin.errors import ConfigError
from twin.resources import data_path

SITE = load_site("edge_50kw")


@pytest.fixture
def own_site(tmp_path):
    path = tmp_path / "mine.yaml"
    shutil.copy(data_path("sites", "edge_50kw.yaml"), path)
    return path


def test_tuning_is_reproducible_and_not_worse():
    told = []
    one = tune(SITE, World(), LEAST_TRIALS, 3, told.append)
    again = tune(SITE, World(), LEAST_TRIALS, 3, told.append)
    assert one == again
    assert one.trials == told[LEAST_TRIALS - 1] == LEAST_TRIALS
    assert one.tuned_usd <= one.general_usd
    ground, _ = tuning_bench(SITE, World(), 3)
    policy = RulesController(SITE, one.rules).policy
    assert cost_usd(ground, policy) == one.tuned_usd


def test_general_parameters_lie_inside_the_ranges_and_switches_are_among_them():
    for name, value in RuleParameters()._asdict().items():
        low, high = RANGES[name]
        assert low < value < high
    assert RANGES["stage_down_fan_speed"][1] < RANGES["stage_up_fan_speed"][0]
    assert RANGES["valve_low"][1] < RANGES["valve_high"][0]
    assert {"eco_margin", "pressure_trim_pa", "tower_approach_k"} <= set(RANGES)


def test_limits_of_the_tuning_are_tighter_and_days_are_not_those_of_a_comparison():
    ground, episodes = tuning_bench(SITE, World(), 1)
    assert ground.runs[0].site.limits.chip_c < SITE.limits.chip_c
    assert len({run.plant for run in ground.runs}) == len(episodes)
    assert episodes != sample(len(episodes), 1, 1)


def test_command_saves_beside_an_own_site_and_rules_use_it(own_site):
    arguments = ["tune", "rules", str(own_site), "--trials", "40", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    path = own_site.with_name("mine.rules.yaml")
    assert found["file"] == str(path)
    tuned = rules_file.tuned_for(own_site)
    assert "--trials 40 --seed 1" in tuned.told
    assert "another version" not in tuned.told
    assert tuned.rules.eco_margin == pytest.approx(
        found["rules"]["eco_margin"], rel=1e-5
    )
    (made,) = controllers.make(("rules",), load_site(own_site), tuned.rules)
    assert made.policy.parameters.rules == tuned.rules
    own_site.write_text(own_site.read_text() + "\n# edited\n")
    assert "another version" in rules_file.tuned_for(own_site).told


@pytest.mark.parametrize("text", ["", "rules: 3", "rules: {eco_margin: much}", "{"])
def test_a_broken_file_is_named_and_not_passed_over(own_site, text):
    path = own_site.with_name("mine.rules.yaml")
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.rules\.yaml: not a file of tuned"):
        rules_file.tuned_for(own_site)


def test_too_few_trials_are_refused():
    with pytest.raises(ConfigError, match="at least 40"):
        tune(SITE, World(), 10, 1, lambda tried: None)
