"""Rules over the whole plant: forbidden pairs, starts, a spare, the worst forecast.

The same rules in Python, in the compiled loop and in the closed loop over a socket.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.fixed import FixedController
from tests.twin.test_guard import DESIGN, EXAMPLES, proposals
from twin.compiled import initial_state
from twin.config import load_site
from twin.envelope import COOLING_DIRECTION, NOTHING_K, Scene, as_boxes, excess, within
from twin.errors import ConfigError
from twin.guard import HOUR_S, fresh_memory, guard, violations
from twin.interfaces import Decision
from twin.resources import resolve
from twin.scenario import load_scenario
from twin.signals import Inputs, Setpoints
from twin.simulate import simulate
from twin.site import Forbidden

SITE = load_site("hybrid_10mw")
SITE_FILE = resolve("hybrid_10mw", "sites", ".yaml")
RATED_W = SITE.facility.it.racks.rated_power_w
MILD = Inputs(25.0, 15.0, 0.008, 82_000.0, 0.6 * RATED_W)
HOT = Inputs(46.0, 40.0, 0.05, 82_000.0, RATED_W)
ECO_GIVES = Forbidden("ups_eco", (0.5, 1.0), "battery_power_w", (2e4, 1e6))
BOXES = as_boxes((ECO_GIVES,))


def scene(worst, now=MILD, setpoints=DESIGN, spare_units=1.0, site=SITE):
    state = initial_state(site.facility, now, setpoints)
    limits = site.limits._replace(tcs_supply_c=33.0)  # the weather reaches it
    return Scene(site.facility, limits, spare_units, state, worst)


def rules(result, name):
    return [event.rule for event in result.events if event.setpoint == name]


def ask(wanted, active=DESIGN, memory=None, now_s=900.0, boxes=BOXES, at=None):
    return guard(
        SITE.guard,
        wanted,
        active,
        now_s,
        memory or fresh_memory(now_s - 900),
        boxes,
        at,
    )


def test_less_cooling_is_refused_at_the_worst_forecast_and_allowed_in_mild_weather():
    wanted = DESIGN._replace(tcs_supply_c=31.0, air_supply_c=25.0)
    mild = ask(wanted, at=scene(MILD))
    assert mild.setpoints == wanted
    hot = ask(wanted, at=scene(HOT))
    assert hot.setpoints == DESIGN
    assert rules(hot, "air_supply_c") == ["worst_forecast"]


def test_more_cooling_passes_whatever_is_forecast():
    warm = DESIGN._replace(tcs_supply_c=33.0, air_supply_c=25.0)
    wanted = warm._replace(tcs_supply_c=32.0, air_supply_c=24.0)
    assert ask(wanted, warm, at=scene(HOT)).setpoints == wanted


def test_where_staying_is_no_better_moving_is_free():
    """The check never holds a lever that does not make the plant hotter."""
    wanted = DESIGN._replace(battery_power_w=100e3)
    at = scene(HOT)
    assert excess(at, np.array(DESIGN)) > 0.0
    assert ask(wanted, at=at).setpoints == wanted


def test_an_unknown_state_refuses_less_cooling_only():
    at = scene(MILD)._replace(state=scene(MILD).state._replace(tower_supply_c=math.nan))
    wanted = DESIGN._replace(air_supply_c=25.0, tcs_supply_c=29.0)
    result = ask(wanted, at=at)
    assert result.setpoints == DESIGN._replace(tcs_supply_c=29.0)


@pytest.mark.parametrize("spare_units", [0.0, 1.0])
def test_units_are_only_taken_out_of_service_with_a_spare_left(spare_units):
    """Nine of ten modules carry the load; without the ninth, eight would not."""
    each_w = SITE.facility.power.ups.rated_power_w
    load = MILD._replace(it_demand_w=8.3 * each_w)
    at = scene(load, load, spare_units=spare_units)
    wanted = DESIGN._replace(ups_modules_on=9.0)
    result = ask(wanted, at=at)
    refused = spare_units == 1.0
    assert result.setpoints.ups_modules_on == (10.0 if refused else 9.0)
    assert rules(result, "ups_modules_on") == (["worst_forecast"] if refused else [])


def test_two_setpoints_do_not_meet_in_a_forbidden_combination():
    both = DESIGN._replace(ups_eco=1.0, battery_power_w=500e3)
    result = ask(both)
    assert result.setpoints == DESIGN
    assert rules(result, "ups_eco") == ["forbidden"]
    assert rules(result, "battery_power_w") == ["forbidden"]
    eco = ask(DESIGN._replace(ups_eco=1.0))
    assert eco.setpoints.ups_eco == 1.0
    again = ask(both, eco.setpoints, eco.memory, now_s=1800.0)
    assert again.setpoints == eco.setpoints, "the second one stays out"


def test_from_inside_a_forbidden_combination_the_way_out_is_open():
    inside = DESIGN._replace(ups_eco=1.0, battery_power_w=500e3)
    result = ask(DESIGN, inside)
    assert result.setpoints.ups_eco == 0.0


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("ups_ego, first_range: [0.5, 1]", "first.*is no setpoint"),
        ("ups_eco, first_range: [1, 0.5]", "must be the lower one"),
        ("ups_eco, first_range: [0.5, 1]", ""),
    ],
)
def test_a_site_file_names_forbidden_combinations(tmp_path, entry, why):
    rule = f"{entry}, second: battery_power_w, second_range: [2.0e+4, 1.0e+6]"
    text = SITE_FILE.read_text() + f"forbidden: [{{first: {rule}}}]\n"
    path = tmp_path / "site.yaml"
    path.write_text(text)
    if not why:
        assert load_site(path).forbidden == (ECO_GIVES,)
        return
    with pytest.raises(ConfigError, match=why):
        load_site(path)


def eager(count):
    """Limits under which only the starts per hour hold the cells."""
    cells = SITE.guard.tower_cells_on._replace(
        minimum_interval_s=0.0, rate_per_minute=10.0, starts_per_hour=count
    )
    return SITE.guard._replace(tower_cells_on=cells)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_more_starts_within_an_hour_than_allowed(count):
    limits, active, memory = eager(count), DESIGN, fresh_memory(-300.0)
    starts_s = []
    for turn in range(120):
        now_s = 300.0 * turn
        wanted = DESIGN._replace(tower_cells_on=5.0 + (turn % 2))
        result = guard(limits, wanted, active, now_s, memory)
        if result.setpoints.tower_cells_on > active.tower_cells_on:
            starts_s.append(now_s)
        active, memory = result.setpoints, result.memory
    assert len(starts_s) >= 0.5 * count * 10
    for n, start_s in enumerate(starts_s[count:]):
        assert start_s - starts_s[n] >= HOUR_S
    assert any(e.rule == "starts" for e in result.events) or count == 3


boxes = st.builds(
    lambda a, b, low, high: Forbidden(
        Setpoints._fields[a],
        span(Setpoints._fields[a], low),
        Setpoints._fields[b],
        span(Setpoints._fields[b], high),
    ),
    st.integers(0, 12),
    st.integers(0, 12),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)


def span(name, shares):
    """Part of the range of a setpoint."""
    entry = getattr(SITE.guard, name)
    width = entry.maximum - entry.minimum
    return tuple(entry.minimum + share * width for share in sorted(shares))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(boxes, max_size=4), st.lists(proposals, min_size=1, max_size=8))
def test_no_sequence_enters_a_forbidden_combination_or_breaks_another_rule(
    forbidden, sequence
):
    made = as_boxes(tuple(forbidden))
    active, memory = DESIGN, fresh_memory(-900.0)
    for turn, wanted in enumerate(sequence):
        at = scene_at(turn)
        result = guard(SITE.guard, wanted, active, 900.0 * turn, memory, made, at)
        after, before = np.array(result.setpoints), np.array(active)
        for box in made:
            assert not within(box, after) or within(box, before)
        assert violations(SITE.guard, result.setpoints, active, 900.0) == []
        lowered = [
            n for n, d in COOLING_DIRECTION.items()
            if (getattr(result.setpoints, n) - getattr(active, n)) * d < 0.0
        ]  # fmt: skip
        risk = excess(at, after)
        assert not lowered or risk == 0.0 or risk <= excess(at, before) + 2 * NOTHING_K
        active, memory = result.setpoints, result.memory


MILD_SCENE, HOT_SCENE = scene(MILD), scene(HOT)


def scene_at(turn):
    return HOT_SCENE if turn % 3 == 2 else MILD_SCENE


class Warmer:
    """Wants less cooling from the second cycle on."""

    name = "warmer"

    def decide(self, estimate, forecast, now_s):
        wanted = SITE.design._replace(tcs_supply_c=36.0, air_supply_c=26.0)
        return Decision(wanted, "warmer")


@pytest.mark.parametrize("limit_c", [27.0, 25.5])
def test_in_simulation_the_warmer_is_stopped_where_the_limit_would_go(limit_c):
    site = SITE._replace(limits=SITE.limits._replace(rack_inlet_c=limit_c))
    run = simulate(site, load_scenario(site, "07-15", 3.0), Warmer(), dt_s=300.0)
    held = [e for e in run.guard_events if e.rule == "worst_forecast"]
    inlet_c = run.telemetry["rack_inlet_c"].to_numpy()
    assert inlet_c.max() <= limit_c + 0.05
    assert bool(held) == (limit_c < 27.0)


class Called:
    """A controller without its policy, so that it is called in Python."""

    name = "called"

    def __init__(self, controller):
        self.decide = controller.decide


def test_both_walks_hold_the_same_back():
    """Compiled and called, with a limit so low that the guard has work to do."""
    site = SITE._replace(
        limits=SITE.limits._replace(rack_inlet_c=24.6),
        design=SITE.design._replace(air_supply_c=23.0),
    )
    scenario = load_scenario(site, "07-15", 6.0)
    wanted = site.design._replace(air_supply_c=26.0, tower_cells_on=3.0)
    controller = FixedController(site._replace(design=wanted))
    one = simulate(site, scenario, controller, dt_s=300.0)
    other = simulate(site, scenario, Called(controller), dt_s=300.0)
    for name in ("setpoints.air_supply_c", "setpoints.tower_cells_on", "rack_inlet_c"):
        np.testing.assert_array_equal(one.arrays[name], other.arrays[name])
    assert any(e.rule == "worst_forecast" for e in other.guard_events)
    assert float(one.arrays["rack_inlet_c"].max()) < 24.7
