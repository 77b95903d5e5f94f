"""A referee between plan and rules: what each would have cost on the twin on the same day.

Two twins are carried along with the measured weather and load: one under the setpoints
that were in force, one under those that the rules and the guard would have put in force.
Both are the twin, so what it misses of the plant cancels out. When the last day under the
plan cost more than the rules would have, the rules have the plant for a while: a day the
first time, twice as long each time that the plan comes back and is dearer again. So over a
month the plan can cost more than the rules on a few days at most.
"""

from collections import deque
from typing import NamedTuple

import numpy as np

from optimizer.problem import Prices, Weights, bill
from optimizer.rules import RulesController
from twin import guard as guarding
from twin.closed_loop import run_scans
from twin.config import Site
from twin.envelope import Scene, as_boxes
from twin.interfaces import Estimate
from twin.kpis import HOURS_PER_MONTH
from twin.signals import Inputs, Outputs, Setpoints, State

DAY_S = 86400.0
LONGEST_S = 16 * DAY_S  # that the rules keep the plant
MARGIN = 0.002  # of the bill: dearer by less than this is a draw, assumption
STEP_S = 60.0  # of both twins, at most


class Moment(NamedTuple):
    """One control interval of both twins."""

    step_s: float
    inputs: Inputs
    energy_usd_j: float
    carbon_kg_j: float
    setpoints: tuple[Setpoints, Setpoints]  # of the plan, of the rules
    outputs: tuple[Outputs, Outputs]


class Twin(NamedTuple):
    """A twin that is carried along."""

    state: State
    active: Setpoints
    measured: dict[str, float]
    memory: guarding.GuardMemory


class Referee:
    """Compares a day under the plan with the same day under the rules.

    Parameters
    ----------
    site, weights
        What the twin knows, and what things cost.
    rules
        The other side.
    """

    def __init__(self, site: Site, weights: Weights, rules: RulesController) -> None:
        self._site, self._weights, self._rules = site, weights, rules
        self._boxes = as_boxes(site.forbidden)
        self._both: tuple[Twin, Twin] | None = None
        self._now_s = 0.0
        self._inputs: Inputs | None = None
        self._day: deque[Moment] = deque()
        self._until_s = -np.inf
        self._penalty_s = DAY_S

    def state(self) -> dict[str, float]:
        """What must survive a restart; the twins begin anew."""
        until_s = self._until_s if np.isfinite(self._until_s) else -1.0
        return {"until_s": until_s, "penalty_s": self._penalty_s}

    def restore(self, known: dict[str, float]) -> None:
        """Go on from what ``state`` gave."""
        self._until_s, self._penalty_s = known["until_s"], known["penalty_s"]

    def look(self, estimate: Estimate, now_s: float, price: tuple[float, float]) -> str:
        """Carry both twins to now; returns why the rules have the plant, or nothing.

        Parameters
        ----------
        estimate
            The plant now.
        now_s
            Plant clock.
        price
            Of energy [USD/J] and its carbon [kg/J], now.
        """
        if now_s < self._until_s:
            self._both = None
            return f"the rules have the plant until {self._until_s:.0f} s"
        if self._both is None:
            self._begin(estimate, now_s)
            return ""
        self._carry(estimate, now_s, price)
        return self._judge(now_s)

    def forget(self) -> None:
        """Begin anew: the plant was in other hands."""
        self._both = None

    def _begin(self, estimate: Estimate, now_s: float) -> None:
        """Both twins where the plant is."""
        active = Setpoints(*(float(v) for v in estimate.setpoints))
        state = State(*(float(v) for v in estimate.state))
        one = Twin(state, active, dict(estimate.measured), guarding.fresh_memory(now_s))
        self._both, self._now_s = (one, one), now_s
        self._inputs = Inputs(*(float(v) for v in estimate.inputs))
        self._day.clear()

    def _carry(
        self, estimate: Estimate, now_s: float, price: tuple[float, float]
    ) -> None:
        """Both twins over the interval since the last look."""
        assert self._both is not None
        assert self._inputs is not None
        step_s = now_s - self._now_s
        if step_s <= 0.0:
            return
        now = Inputs(*(float(v) for v in estimate.inputs))
        mean = Inputs(*(0.5 * (a + b) for a, b in zip(self._inputs, now, strict=True)))
        plan, rules = self._both
        held = Setpoints(*(float(v) for v in estimate.setpoints))
        moved = self._by_rules(rules)
        after_plan, plan_out = self._advanced(plan._replace(active=held), mean, step_s)
        after_rules, rules_out = self._advanced(moved, mean, step_s)
        self._both, self._now_s, self._inputs = (after_plan, after_rules), now_s, now
        self._day.append(
            Moment(
                step_s,
                mean,
                *price,
                (after_plan.active, after_rules.active),
                (plan_out, rules_out),
            )
        )

    def _by_rules(self, twin: Twin) -> Twin:
        """What rules and guard make of a twin's own readings."""
        assert self._inputs is not None
        seen = Estimate(
            self._now_s, self._inputs, twin.state, twin.active, twin.measured, ()
        )
        wanted = self._rules.decide(seen, None, self._now_s).setpoints
        site = self._site
        scene = Scene(
            site.facility,
            site.limits,
            float(site.spare.spare_units),
            twin.state,
            self._inputs,
        )
        made = guarding.guard(
            site.guard,
            wanted,
            twin.active,
            self._now_s,
            twin.memory,
            self._boxes,
            scene,
        )
        active = Setpoints(*(float(v) for v in made.setpoints))
        return twin._replace(active=active, memory=made.memory)

    def _advanced(
        self, twin: Twin, inputs: Inputs, step_s: float
    ) -> tuple[Twin, Outputs]:
        """One interval at constant setpoints; outputs as a meter reports them."""
        steps = max(int(np.ceil(step_s / STEP_S)), 1)
        row = np.empty((1, len(Outputs._fields)))
        series = np.tile(np.array(inputs, dtype=float)[:, None], (1, steps))
        state = run_scans(
            self._site.facility, twin.state, series, twin.active, step_s / steps, row
        )
        outputs = Outputs(*(float(v) for v in row[0]))
        return twin._replace(state=state, measured=dict(outputs._asdict())), outputs

    def _judge(self, now_s: float) -> str:
        """Compare the last day once there is one."""
        while sum(m.step_s for m in self._day) > DAY_S:
            self._day.popleft()
        if sum(m.step_s for m in self._day) < DAY_S * (1.0 - 1e-6):
            return ""
        plan_usd, rules_usd = self._bill(0), self._bill(1)
        if plan_usd <= rules_usd * (1.0 + MARGIN):
            return ""
        self._until_s = now_s + self._penalty_s
        self._penalty_s = min(2.0 * self._penalty_s, LONGEST_S)
        return (
            f"on the twin the last day cost {plan_usd / rules_usd - 1.0:.1%} more than the "
            f"rules would have: they have the plant until {self._until_s:.0f} s"
        )

    def _bill(self, side: int) -> float:
        """Cost of the day on one side [USD]."""
        day = list(self._day)
        step_s = np.array([m.step_s for m in day])
        hours = float(step_s.sum()) / 3600.0
        prices = Prices(
            np.array([m.energy_usd_j for m in day]),
            np.array([m.carbon_kg_j for m in day]),
            self._site.tariff.demand_charge_usd_w_month * hours / HOURS_PER_MONTH,
        )
        return bill(
            self._site,
            self._weights,
            prices,
            step_s,
            Inputs(*map(np.array, zip(*(m.inputs for m in day), strict=True))),
            Outputs(*map(np.array, zip(*(m.outputs[side] for m in day), strict=True))),
            Setpoints(
                *map(np.array, zip(*(m.setpoints[side] for m in day), strict=True))
            ),
        ).total
