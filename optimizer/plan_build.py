"""Variables, constraints and objective of the plan, see ``optimizer.plan_model``."""

from typing import Any

import numpy as np
import pyomo.environ as pe
from numpy.typing import NDArray

from optimizer.linearize import CELLS, LEVERS, LIMITED, POINTS, STRESS_STEPS
from optimizer.plan_problem import PlanPrices
from plant.power.battery import Battery

Array = NDArray[np.float64]

_NUMBERS = (
    "soc_now",
    "soc_at_anchor",
    "soc_at_end",
    "refill",
    "cells_now",
    "eco_now",
    "peak_now",
    "demand",
    "jump_share",
)
W_PER_MW = 1e6  # the program counts in MW, so that its numbers are of order one
ECO_DWELL_S = 3600.0  # at most one change of ECO mode within this


def build(step_s: Array, battery: Battery, whole_s: float) -> Any:
    """Model with every parameter at zero.

    Parameters
    ----------
    step_s
        Lengths of the steps. [s]
    battery
        Nameplate.
    whole_s
        Cells and ECO are whole numbers for steps that start before this.
    """
    starts = np.concatenate([[0.0], np.cumsum(step_s)[:-1]])
    whole = [t for t in range(len(step_s)) if starts[t] < whole_s]
    m = pe.ConcreteModel()
    m.T = pe.RangeSet(0, len(step_s) - 1)
    m.I = pe.RangeSet(0, len(LEVERS) - 1)
    m.K = pe.RangeSet(0, POINTS - 1)
    m.J = pe.RangeSet(0, len(LIMITED) - 1)
    m.S = pe.RangeSet(0, STRESS_STEPS - 1)
    _parameters(m)
    _levers(m, whole)
    _switches(m, step_s)
    _battery(m, step_s, battery)
    _power(m)
    _temperatures(m)
    _objective(m, step_s, battery)
    return m


def _parameters(m: Any) -> None:
    """Everything that changes between two solves."""
    for name, sets in {
        "value": (m.T, m.I, m.K),
        "site": (m.T, m.I, m.K),
        "warm": (m.T, m.I, m.K, m.J),
        "base": (m.T,),
        "saving": (m.T,),
        "headroom": (m.T, m.J),
        "stress": (m.S, m.I, m.K, m.J),
        "stress_headroom": (m.S, m.J),
        "weight": (m.T,),
        "first": (m.S, m.I, m.K),
        "eco_allowed": (m.T,),
        "jump": (m.T,),
        "anchor": (m.T,),
    }.items():
        setattr(m, name, pe.Param(*sets, initialize=0.0, mutable=True))
    for name in _NUMBERS:
        setattr(m, name, pe.Param(initialize=0.0, mutable=True))


def _levers(m: Any, whole: list[int]) -> None:
    """Mixtures of sampled values, whole cells and ECO mode with dwell."""
    m.mix = pe.Var(m.T, m.I, m.K, bounds=(0, 1))
    m.eco = pe.Var(m.T, bounds=(0, 1))
    for t in whole:
        m.eco[t].domain = pe.Binary
        for k in m.K:
            m.mix[t, CELLS, k].domain = pe.Binary
    m.one = pe.Constraint(
        m.T, m.I, rule=lambda m, t, i: sum(m.mix[t, i, k] for k in m.K) == 1
    )
    m.cells = pe.Var(m.T)
    m.cells_are = pe.Constraint(
        m.T,
        rule=lambda m, t: (
            m.cells[t] == sum(m.value[t, CELLS, k] * m.mix[t, CELLS, k] for k in m.K)
        ),
    )


def _switches(m: Any, step_s: Array) -> None:
    """Costs of changing cells and ECO mode, and the dwell of the latter."""
    ends = np.cumsum(step_s)

    def dwell(m: Any, t: int) -> Any:
        recent = [s for s in range(t + 1) if ends[t] - ends[s] < ECO_DWELL_S]
        return sum(m.eco_switch[s] for s in recent) <= 1

    m.cell_switch = pe.Var(m.T, domain=pe.NonNegativeReals)
    m.eco_switch = pe.Var(m.T, domain=pe.NonNegativeReals)
    for sign, tag in ((1, "up"), (-1, "down")):
        _switching(m, sign, tag)
    m.eco_may = pe.Constraint(m.T, rule=lambda m, t: m.eco[t] <= m.eco_allowed[t])
    m.dwell = pe.Constraint(m.T, rule=dwell)


def _switching(m: Any, sign: int, tag: str) -> None:
    """Switches are the absolute change from step to step."""

    def cells(m: Any, t: int) -> Any:
        before = m.cells[t - 1] if t else m.cells_now
        return m.cell_switch[t] >= sign * (m.cells[t] - before)

    def eco(m: Any, t: int) -> Any:
        before = m.eco[t - 1] if t else m.eco_now
        return m.eco_switch[t] >= sign * (m.eco[t] - before)

    setattr(m, f"cells_{tag}", pe.Constraint(m.T, rule=cells))
    setattr(m, f"eco_{tag}", pe.Constraint(m.T, rule=eco))


def _battery(m: Any, step_s: Array, battery: Battery) -> None:
    """Charge over time between reserve and full; full at a fixed time of the day.

    A condition at the sliding end alone is never met: a plan may always recharge in its
    last steps, which never become its first.
    """
    eta = battery.one_way_efficiency
    energy = max(battery.energy_j, 1.0) / W_PER_MW
    exists = 1.0 if battery.energy_j > 0 else 0.0
    m.discharge = pe.Var(m.T, bounds=(0, battery.discharge_power_w / W_PER_MW * exists))
    m.charge = pe.Var(m.T, bounds=(0, battery.charge_power_w / W_PER_MW * exists))
    m.soc = pe.Var(m.T, bounds=(0, 1))

    def balance(m: Any, t: int) -> Any:
        before = m.soc[t - 1] if t else m.soc_now
        flow = m.discharge[t] / eta - m.charge[t] * eta
        return m.soc[t] == before - flow * float(step_s[t]) / energy

    m.soc_is = pe.Constraint(m.T, rule=balance)
    m.anchor_short = pe.Var(domain=pe.NonNegativeReals)
    at_anchor = sum(m.anchor[t] * m.soc[t] for t in m.T)
    m.soc_anchor = pe.Constraint(expr=at_anchor + m.anchor_short >= m.soc_at_anchor)
    m.end_short = pe.Var(domain=pe.NonNegativeReals)
    last = len(step_s) - 1
    m.soc_end = pe.Constraint(expr=m.soc[last] + m.end_short >= m.soc_at_end)

    # The charge read back may lie outside by its noise: never ask for the impossible.
    m.soc_short = pe.Var(m.T, domain=pe.NonNegativeReals)
    m.soc_low = pe.Constraint(
        m.T, rule=lambda m, t: m.soc[t] + m.soc_short[t] >= battery.soc_minimum
    )
    m.soc_high = pe.Constraint(
        m.T, rule=lambda m, t: m.soc[t] - m.soc_short[t] <= battery.soc_maximum
    )


def _power(m: Any) -> None:
    """Power at the meter and its peak."""
    m.site_mw = pe.Var(m.T)

    def power(m: Any, t: int) -> Any:
        moved = sum(m.site[t, i, k] * m.mix[t, i, k] for i in m.I for k in m.K)
        return m.site_mw[t] == (
            m.base[t] + moved - m.saving[t] * m.eco[t] - m.discharge[t] + m.charge[t]
        )

    m.power_is = pe.Constraint(m.T, rule=power)
    m.peak = pe.Var(domain=pe.NonNegativeReals)
    m.peak_is = pe.Constraint(m.T, rule=lambda m, t: m.peak >= m.site_mw[t])
    m.peak_was = pe.Constraint(expr=m.peak >= m.peak_now)
    m.jump_peak = pe.Var(domain=pe.NonNegativeReals)
    m.jump_was = pe.Constraint(expr=m.jump_peak >= m.peak_now)
    m.jump_is = pe.Constraint(
        m.T,
        rule=lambda m, t: m.jump_peak >= m.jump[t] - m.discharge[t] + m.charge[t],
    )


def _temperatures(m: Any) -> None:
    """Limits, with slack so that a plan always exists."""
    m.slack = pe.Var(m.T, m.J, domain=pe.NonNegativeReals)

    def rise(m: Any, warm: Any, t: int, j: int) -> Any:
        return sum(warm[t, i, k, j] * m.mix[t, i, k] for i in m.I for k in m.K)

    m.limit = pe.Constraint(
        m.T,
        m.J,
        rule=lambda m, t, j: rise(m, m.warm, t, j) <= m.headroom[t, j] + m.slack[t, j],
    )
    m.stress_limit = pe.Constraint(
        m.S,
        m.J,
        rule=lambda m, t, j: (
            rise(m, m.stress, t, j) <= m.stress_headroom[t, j] + m.slack[t, j]
        ),
    )


def _reserve(m: Any, step_s: Array, battery: Battery) -> Any:
    """What missing charge costs: over time, at the anchor, and at the horizon's end."""
    p = PlanPrices()
    missing = sum(float(step_s[t]) * (battery.soc_maximum - m.soc[t]) for t in m.T)
    outside = m.anchor_short + sum(m.soc_short[t] for t in m.T)
    held = p.reserve_usd_j_s * battery.energy_j * missing
    late = p.anchor_usd_j * battery.energy_j * outside
    return held + late + m.refill * m.end_short


def _objective(m: Any, step_s: Array, battery: Battery) -> None:
    p, dt = PlanPrices(), step_s
    energy = sum(float(dt[t]) * m.weight[t] * m.site_mw[t] for t in m.T)
    warm = sum(p.slack_usd_k_s * float(dt[t]) * m.slack[t, j] for t in m.T for j in m.J)
    wear = sum(
        p.battery_wear_usd_j * W_PER_MW * float(dt[t]) * m.discharge[t] for t in m.T
    )
    switch = sum(
        p.cell_switch_usd * m.cell_switch[t] + p.eco_switch_usd * m.eco_switch[t]
        for t in m.T
    )
    first = sum(
        m.first[t, i, k] * m.mix[t, i, k] for t in m.S for i in m.I for k in m.K
    )
    peaks = m.demand * m.peak + m.jump_share * m.demand * m.jump_peak
    reserve = _reserve(m, step_s, battery)
    m.cost = pe.Objective(expr=energy + peaks + warm + wear + switch + first + reserve)
