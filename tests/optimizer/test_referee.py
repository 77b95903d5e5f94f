"""The rules take over when they would have been cheaper, and only then."""

import numpy as np
import pytest

from optimizer.problem import Weights
from optimizer.referee import DAY_S, Referee
from optimizer.rules import RulesController
from twin.compiled import initial_state
from twin.config import load_site
from twin.interfaces import Estimate
from twin.scenario import load_scenario
from twin.signals import Inputs, Setpoints

CYCLE_S = 900.0
SITE = load_site("hybrid_10mw")
SCENARIO = load_scenario(SITE, "04-05", 72)


def followed(course, days, referee=None):
    """Reasons of a referee over cycles whose setpoints ``course`` gives."""
    rules = RulesController(SITE)
    referee = referee or Referee(SITE, Weights(), rules)
    first = Inputs(*(float(v) for v in SCENARIO.inputs_at(0.0)))
    design = Setpoints(*map(float, SITE.design))
    state = initial_state(SITE.facility, first, design)
    told = []
    for now_s in np.arange(0.0, days * DAY_S, CYCLE_S):
        inputs = Inputs(*(float(v) for v in SCENARIO.inputs_at(now_s)))
        estimate = Estimate(now_s, inputs, state, course(referee), {}, ())
        price = float(SCENARIO.price_at(now_s)), float(SCENARIO.carbon_at(now_s))
        told.append(referee.look(estimate, float(now_s), price))
    return told, referee


def design(referee):
    return Setpoints(*map(float, SITE.design))


def as_the_rules(referee):
    """What the rules' own twin will have in force over the interval."""
    if referee._both is None:
        return design(referee)
    return referee._by_rules(referee._both[1]).active


def test_a_dearer_day_gives_the_plant_to_the_rules():
    told, referee = followed(design, 2.4)
    cycles = int(DAY_S / CYCLE_S)
    assert not any(told[:cycles])
    assert "more than the rules would have" in told[cycles]
    assert all(told[cycles : 2 * cycles])
    assert not any(told[2 * cycles : 2 * cycles + 30])
    assert referee.state() == {"until_s": 2 * DAY_S, "penalty_s": 2 * DAY_S}


def test_what_costs_as_much_as_the_rules_stays():
    told, _ = followed(as_the_rules, 1.3)
    assert not any(told)


def test_the_penalty_doubles_and_survives_a_restart():
    _, first = followed(design, 1.1)
    again = Referee(SITE, Weights(), RulesController(SITE))
    again.restore(first.state())
    told, _ = followed(design, 2.0, again)
    cycles = int(DAY_S / CYCLE_S)
    assert all(told[: 2 * cycles])  # until the second midnight


@pytest.mark.parametrize("gap_s", [0.0, 4500.0])
def test_late_and_doubled_cycles_are_taken_as_they_come(gap_s):
    referee = Referee(SITE, Weights(), RulesController(SITE))
    first = Inputs(*(float(v) for v in SCENARIO.inputs_at(0.0)))
    state = initial_state(SITE.facility, first, design(referee))
    estimate = Estimate(0.0, first, state, design(referee), {}, ())
    assert referee.look(estimate, 0.0, (1e-8, 1e-7)) == ""
    assert referee.look(estimate, gap_s, (1e-8, 1e-7)) == ""
    assert len(referee._day) == (gap_s > 0.0)
