"""Rules keep the limits over a year, tuned or not: an own site file has no tuning."""

import numpy as np
import pytest

from optimizer.rules import RuleParameters, RulesController
from optimizer.rules_file import tuned_for
from twin.config import load_site
from twin.resources import available
from twin.scenario import load_scenario
from twin.simulate import simulate

YEAR_H = 8760.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["general", "tuned"])
@pytest.mark.parametrize("name", available("sites", ".yaml"))
def test_no_limit_is_exceeded_in_a_year(name, kind):
    site = load_site(name)
    rules = RuleParameters() if kind == "general" else tuned_for(name).rules
    scenario = load_scenario(site, "01-01", YEAR_H)
    found = simulate(site, scenario, RulesController(site, rules), dt_s=300.0)
    assert found.status == "ok"
    for limited, limit_c in site.limits._asdict().items():
        assert np.max(found.arrays[limited].to_numpy()) <= limit_c
