"""Searches find what is cheaper, keep the limits, and answer the same twice."""

import pytest

from optimizer import fixed
from optimizer.ablation import LEVER_GROUPS, Frozen
from optimizer.best_constant import search
from optimizer.contest import Contest, Task, run_task
from optimizer.episodes import Episode, World, scenario_of
from optimizer.rules import RuleParameters, RulesController
from optimizer.search import SearchController
from optimizer.trials import SEARCH_STEP_S, bench, cost_usd
from optimizer.verdict import BILL
from twin.closed_loop import Policy
from twin.config import load_site
from twin.errors import ConfigError
from twin.signals import Setpoints
from twin.simulate import simulate

SITE = load_site("hybrid_10mw")
EPISODE = Episode(195, 1)
SCENARIO = scenario_of(SITE, World(), EPISODE)


def total(outcome):
    return sum(getattr(day, item) for day in outcome.days for item in BILL)


def test_best_constant_beats_the_design_stays_in_the_guard_and_is_reproducible():
    ground = bench(SITE, [(SCENARIO, SITE.facility)], SEARCH_STEP_S)
    told = []
    found = search(ground, 4, 1, lambda done, of: told.append((done, of)))
    assert found == search(ground, 4, 1, lambda done, of: None)
    design = Setpoints(*map(float, SITE.design))
    usd = [cost_usd(ground, Policy(fixed.decide, x, x)) for x in (found, design)]
    assert usd[0] < 0.98 * usd[1]  # ECO mode alone gives nearly 3 %
    for name, value in found._asdict().items():
        limits = getattr(SITE.guard, name)
        assert limits.minimum <= value <= limits.maximum
    assert told


def test_search_beats_rules_on_a_plant_unlike_its_nameplates_without_violations():
    contest = Contest("hybrid_10mw", World(), 1, 0.05, RuleParameters())
    ruled, searched = (run_task(contest, Task(n, EPISODE)) for n in ("rules", "search"))
    assert total(searched) < total(ruled)
    assert searched.days[0].violation_k_min == 0.0
    assert searched.guard_violations == ()
    assert searched.fallbacks == 0


def test_search_holds_on_bad_data_and_decides_the_same_twice():
    short = SCENARIO._replace(duration_s=3600.0)
    runs = [simulate(SITE, short, SearchController(SITE)) for _ in range(2)]
    assert runs[0].setpoints.equals(runs[1].setpoints)

    class Deaf:
        name = "deaf"

        def __init__(self):
            self.search = SearchController(SITE)

        def decide(self, estimate, forecast, now_s):
            bad = estimate._replace(problems=("inputs.wet_bulb_c: bad",))
            return self.search.decide(bad, forecast, now_s)

    results = simulate(SITE, short, Deaf())
    assert {d.status for d in results.decisions} == {"bad_data"}
    assert results.setpoints.drop(columns="time_s").nunique().max() == 1


@pytest.mark.parametrize("group", ["flow", "eco"])
def test_a_lever_taken_away_moves_as_the_rules_move_it(group):
    short = SCENARIO._replace(duration_s=2 * 3600.0)
    frozen = Frozen(SITE, RuleParameters(), group)
    rules = RulesController(SITE)
    asked = []

    class Watched:
        name = frozen.name

        def decide(self, estimate, forecast, now_s):
            made = frozen.decide(estimate, forecast, now_s)
            ruled = rules.decide(estimate, forecast, now_s)
            asked.append((made.setpoints, ruled.setpoints))
            return made

    simulate(SITE, short, Watched())
    free = set(Setpoints._fields) - set(LEVER_GROUPS[group])
    for made, ruled in asked:
        assert all(getattr(made, n) == getattr(ruled, n) for n in LEVER_GROUPS[group])
    assert any(
        getattr(made, n) != getattr(ruled, n) for made, ruled in asked for n in free
    )


def test_unknown_levers_are_refused():
    with pytest.raises(ConfigError, match="eco, flow"):
        Frozen(SITE, RuleParameters(), "magic")
