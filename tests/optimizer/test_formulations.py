"""One small instance, written three ways, against the enumeration of every plan.

Two kinds of units over four hours: sampled powers per count, a cost per switch, a peak
that was already reached and a demand charge. No battery, no temperatures.
"""

import itertools

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from optimizer.linearize import (
    LEVERS,
    LIMITED,
    POINTS,
    STRESS_STEPS,
    WHOLE,
    Response,
    Samples,
)
from optimizer.plan_model import PlanModel
from optimizer.plan_problem import PlanPrices, PlanProblem
from optimizer.problem import Weights, wear_prices
from twin.config import load_site
from twin.signals import State

STEPS = 4
STEP_S = np.full(STEPS, 3600.0)
WEAR = wear_prices(load_site("hybrid_10mw").facility, Weights())
STARTS_USD = np.array([WEAR.cell_start, WEAR.module_start])  # as KINDS
SWITCH_USD = PlanPrices().switch_share * STARTS_USD
PRICE = np.array([30.0, 90.0, 40.0, 150.0]) / 3.6e9
DEMAND_USD_W = 2e-5
PEAK_W = 1.02e6
KINDS = (WHOLE[0], WHOLE[2])
COUNTS = np.arange(2, 2 + POINTS)  # of either kind
NOW = np.array([4.0, 3.0])


def site_of():
    site = load_site("hybrid_10mw")
    battery = site.facility.power.battery._replace(energy_j=0.0)
    power = site.facility.power._replace(battery=battery)
    free = {
        LEVERS[i]: getattr(site.guard, LEVERS[i])._replace(minimum_interval_s=0.0)
        for i in WHOLE
    }
    return site._replace(
        facility=site.facility._replace(power=power), guard=site.guard._replace(**free)
    )


def powers(rng):
    """Convex powers over the count that change from hour to hour, (time, kind, point)."""
    best = rng.uniform(2.0, 6.0, (STEPS, 2, 1))
    return 4e3 * (COUNTS - best) ** 2


def planned(power_w):
    """As the controller does: sampled points, persistent model, HiGHS."""
    values = np.zeros((STEPS, len(LEVERS), POINTS))
    site_w = np.zeros_like(values)
    for k, lever in enumerate(KINDS):
        values[:, lever], site_w[:, lever] = COUNTS, power_w[:, k]
    nothing = np.zeros((STEPS, len(LEVERS), POINTS, len(LIMITED)))
    state = State(*(np.zeros(STEPS) for _ in State._fields))
    base = Response(np.full(STEPS, 1e6), np.zeros((STEPS, 3)), np.zeros(STEPS), state)
    hard = Response(
        np.zeros(STRESS_STEPS),
        np.zeros((STRESS_STEPS, 3)),
        np.zeros(STRESS_STEPS),
        state,
    )
    samples = Samples(
        values=values,
        site_w=site_w,
        limited_k=nothing,
        beside_usd_s=np.zeros_like(values),
        stressed_w=site_w[:STRESS_STEPS],
        stressed_usd_s=np.zeros_like(site_w[:STRESS_STEPS]),
        stressed_k=nothing[:STRESS_STEPS],
        base=base,
        stressed=hard,
        eco_saving_w=np.zeros(STEPS),
    )
    units = np.zeros(len(WHOLE))
    units[[0, 2]] = NOW
    problem = PlanProblem(
        step_s=STEP_S,
        energy_usd_j=PRICE,
        points_usd=np.zeros_like(values),
        samples=samples,
        headroom_k=np.full((STEPS, 3), 9.0),
        stress_headroom_k=np.full((STRESS_STEPS, 3), 9.0),
        eco_bounds=(np.zeros(STEPS), np.zeros(STEPS)),
        soc=0.95,
        soc_full=0.95,
        anchor_s=STEP_S.sum(),
        refill_usd_j=0.0,
        units_now=units,
        eco_now=0.0,
        battery_now_w=0.0,
        peak_so_far_w=PEAK_W,
        demand_usd_w=DEMAND_USD_W,
        jump_share=0.0,
    )
    found = PlanModel(STEP_S, site_of()).solve(problem, gap_usd=1e-6)
    counts = np.stack([found.levers[:, lever] for lever in KINDS], axis=1)
    return found.cost_usd, counts


def cost_of(counts, power_w):
    """Plain arithmetic; counts of shape (..., time, kind)."""
    at = np.round(counts - COUNTS[0]).astype(int)
    drawn = 1e6 + sum(power_w[np.arange(STEPS), k, at[..., k]] for k in (0, 1))
    before = np.broadcast_to(NOW, (*counts.shape[:-2], 1, 2))
    moved = np.abs(np.diff(np.concatenate([before, counts], axis=-2), axis=-2))
    highest = np.maximum(drawn.max(axis=-1), PEAK_W)
    energy = (drawn * PRICE * STEP_S).sum(axis=-1)
    switching = (SWITCH_USD * moved.sum(axis=-2)).sum(axis=-1)
    return energy + switching + DEMAND_USD_W * highest


def enumerated(power_w):
    pairs = np.array(list(itertools.product(COUNTS, COUNTS)), dtype=float)
    index = np.array(list(itertools.product(range(len(pairs)), repeat=STEPS)))
    return float(cost_of(pairs[index], power_w).min())


class Rows:
    """Columns by name and rows of a program, for the two formulations below."""

    def __init__(self):
        self.cost, self.low, self.high, self.whole = [], [], [], []
        self.rows, self.least, self.most = [], [], []

    def column(self, cost, low=0.0, high=np.inf, whole=0):
        for target, value in zip(
            (self.cost, self.low, self.high, self.whole),
            (cost, low, high, whole),
            strict=True,
        ):
            target.append(value)
        return len(self.cost) - 1

    def row(self, terms, least, most):
        self.rows.append(terms)
        self.least.append(least)
        self.most.append(most)

    def solve(self):
        matrix = np.zeros((len(self.rows), len(self.cost)))
        for k, terms in enumerate(self.rows):
            for column, value in terms:
                matrix[k, column] += value
        found = milp(
            np.array(self.cost),
            constraints=LinearConstraint(matrix, self.least, self.most),
            bounds=Bounds(self.low, self.high),
            integrality=np.array(self.whole),
            options={"mip_rel_gap": 0.0},
        )
        assert found.status == 0
        return float(found.fun)

    def switches(self, now, before, kind):
        """Column that is at least the change between two linear expressions."""
        column, value = self.column(SWITCH_USD[kind]), NOW[kind]
        constant = value if before is None else 0.0
        for sign in (1.0, -1.0):
            terms = [(c, -sign * v) for c, v in now] + [(column, 1.0)]
            terms += [(c, sign * v) for c, v in before or []]
            self.row(terms, -sign * constant, np.inf)


def by_pairs(power_w):
    """One binary per step and pair of counts."""
    program = Rows()
    peak = program.column(DEMAND_USD_W, low=PEAK_W)
    pairs = list(itertools.product(range(POINTS), repeat=2))
    before = [None, None]
    for t in range(STEPS):
        drawn = {p: 1e6 + power_w[t, 0, p[0]] + power_w[t, 1, p[1]] for p in pairs}
        at = {
            p: program.column(PRICE[t] * 3600.0 * drawn[p], high=1, whole=1)
            for p in pairs
        }
        program.row([(at[p], 1.0) for p in pairs], 1.0, 1.0)
        program.row([(peak, 1.0)] + [(at[p], -drawn[p]) for p in pairs], 0.0, np.inf)
        for k in (0, 1):
            count = [(at[p], float(COUNTS[p[k]])) for p in pairs]
            program.switches(count, before[k], k)
            before[k] = count
    return program.solve()


def by_cuts(power_w):
    """An integer per kind under the chords of its convex power."""
    program = Rows()
    peak = program.column(DEMAND_USD_W, low=PEAK_W)
    before = [None, None]
    for t in range(STEPS):
        over = [(peak, 1.0)]
        for k in (0, 1):
            count = program.column(0.0, COUNTS[0], COUNTS[-1], whole=1)
            above = program.column(PRICE[t] * 3600.0)
            for one in range(POINTS - 1):
                slope = power_w[t, k, one + 1] - power_w[t, k, one]
                at_zero = power_w[t, k, one] - slope * COUNTS[one]
                program.row([(above, 1.0), (count, -slope)], at_zero, np.inf)
            over.append((above, -1.0))
            program.switches([(count, 1.0)], before[k], k)
            before[k] = [(count, 1.0)]
        program.row(over, 1e6, np.inf)
    return program.solve() + float(np.sum(PRICE * 3600.0 * 1e6))


@pytest.mark.parametrize("seed", range(4))
def test_three_formulations_agree_with_every_plan_there_is(seed):
    power_w = powers(np.random.default_rng(seed))
    best_usd = enumerated(power_w)
    cost_usd, counts = planned(power_w)
    assert cost_usd == pytest.approx(best_usd, abs=2e-3)
    assert cost_of(counts, power_w) == pytest.approx(best_usd, abs=2e-3)
    assert by_pairs(power_w) == pytest.approx(best_usd, abs=2e-3)
    assert by_cuts(power_w) == pytest.approx(best_usd, abs=2e-3)
