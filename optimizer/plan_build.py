"""Variables, constraints and objective of the plan, see ``optimizer.plan_model``."""

from typing import Any

import numpy as np
import pyomo.environ as pe
from numpy.typing import NDArray

from optimizer.linearize import LEVERS, LIMITED, POINTS, STRESS_STEPS, WHOLE
from optimizer.plan_problem import PlanPrices
from optimizer.problem import Weights, wear_prices
from plant.power.battery import Battery
from twin.config import Site
from twin.topology import Facility

Array = NDArray[np.float64]

_NUMBERS = (
    "soc_now",
    "soc_at_anchor",
    "soc_at_end",
    "refill",
    "eco_now",
    "battery_now",
    "peak_now",
    "demand",
    "jump_share",
)
W_PER_MW = 1e6  # the program counts in MW, so that its numbers are of order one
ECO_DWELL_S = 3600.0  # at most one change of ECO mode within this


def build(step_s: Array, site: Site, weights: Weights, whole_s: float) -> Any:
    """Model with every parameter at zero.

    Parameters
    ----------
    step_s
        Lengths of the steps. [s]
    site
        Battery, and the least time between two moves of a lever.
    weights
        Prices.
    whole_s
        Units and ECO are whole numbers for steps that start before this.
    """
    starts = np.concatenate([[0.0], np.cumsum(step_s)[:-1]])
    whole = [t for t in range(len(step_s)) if starts[t] < whole_s]
    battery = site.facility.power.battery
    m = pe.ConcreteModel()
    m.T = pe.RangeSet(0, len(step_s) - 1)
    m.I = pe.RangeSet(0, len(LEVERS) - 1)
    m.U = pe.Set(initialize=WHOLE)
    m.K = pe.RangeSet(0, POINTS - 1)
    m.J = pe.RangeSet(0, len(LIMITED) - 1)
    m.S = pe.RangeSet(0, STRESS_STEPS - 1)
    _parameters(m)
    _levers(m, whole)
    _units(m, starts, site)
    _modes(m, step_s)
    _battery(m, step_s, battery)
    _deferred(m, step_s)
    _power(m, site.facility.power.grid_limit_w)
    _temperatures(m)
    _objective(m, step_s, site.facility, weights)
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
        "points": (m.T, m.I, m.K),
        "eco_least": (m.T,),
        "eco_most": (m.T,),
        "units_now": (m.U,),
        "defer_least": (m.T,),
        "defer_most": (m.T,),
        "defer_site": (m.T,),
        "defer_room": (m.T,),
        "jump": (m.T,),
        "anchor": (m.T,),
    }.items():
        setattr(m, name, pe.Param(*sets, initialize=0.0, mutable=True))
    for name in _NUMBERS:
        setattr(m, name, pe.Param(initialize=0.0, mutable=True))


def _levers(m: Any, whole: list[int]) -> None:
    """Mixtures of sampled values; counts of units and ECO mode are whole at first."""
    m.mix = pe.Var(m.T, m.I, m.K, bounds=(0, 1))
    m.eco = pe.Var(m.T, bounds=(0, 1))
    for t in whole:
        m.eco[t].domain = pe.Binary
        for i in m.U:
            for k in m.K:
                m.mix[t, i, k].domain = pe.Binary
    m.one = pe.Constraint(
        m.T, m.I, rule=lambda m, t, i: sum(m.mix[t, i, k] for k in m.K) == 1
    )


def _units(m: Any, starts_s: Array, site: Site) -> None:
    """Units of one kind as one count, with least times in and out of service.

    Of :math:`n` units in service those that were started within the least time are still
    running, and of those out of service those that were stopped within it are still
    standing: the exact description for units that take turns.
    """
    m.units = pe.Var(m.T, m.U)
    m.started = pe.Var(m.T, m.U, domain=pe.NonNegativeReals)
    m.stopped = pe.Var(m.T, m.U, domain=pe.NonNegativeReals)
    limits = {i: getattr(site.guard, LEVERS[i]) for i in WHOLE}

    def recent(t: int, i: int) -> list[int]:
        least_s = limits[i].minimum_interval_s
        return [s for s in range(t + 1) if starts_s[t] - starts_s[s] < least_s]

    def moves(m: Any, t: int, i: int) -> Any:
        before = m.units[t - 1, i] if t else m.units_now[i]
        return m.units[t, i] - before == m.started[t, i] - m.stopped[t, i]

    def runs_on(m: Any, t: int, i: int) -> Any:
        return sum(m.started[s, i] for s in recent(t, i)) <= m.units[t, i]

    def stands(m: Any, t: int, i: int) -> Any:
        out_of_service = limits[i].maximum - m.units[t, i]
        return sum(m.stopped[s, i] for s in recent(t, i)) <= out_of_service

    m.units_are = pe.Constraint(
        m.T,
        m.U,
        rule=lambda m, t, i: (
            m.units[t, i] == sum(m.value[t, i, k] * m.mix[t, i, k] for k in m.K)
        ),
    )
    for name, rule in (("moves", moves), ("runs_on", runs_on), ("stands", stands)):
        if any(recent(0, i) for i in WHOLE) or name == "moves":
            setattr(m, name, pe.Constraint(m.T, m.U, rule=rule))


def _modes(m: Any, step_s: Array) -> None:
    """ECO mode: where it may be, where it must stay, and its dwell."""
    ends = np.cumsum(step_s)

    def dwell(m: Any, t: int) -> Any:
        recent = [s for s in range(t + 1) if ends[t] - ends[s] < ECO_DWELL_S]
        return sum(m.eco_switch[s] for s in recent) <= 1

    def switching(sign: int) -> Any:
        def rule(m: Any, t: int) -> Any:
            before = m.eco[t - 1] if t else m.eco_now
            return m.eco_switch[t] >= sign * (m.eco[t] - before)

        return rule

    m.eco_switch = pe.Var(m.T, domain=pe.NonNegativeReals)
    m.eco_up = pe.Constraint(m.T, rule=switching(1))
    m.eco_down = pe.Constraint(m.T, rule=switching(-1))
    m.eco_may = pe.Constraint(m.T, rule=lambda m, t: m.eco[t] <= m.eco_most[t])
    m.eco_must = pe.Constraint(m.T, rule=lambda m, t: m.eco[t] >= m.eco_least[t])
    m.dwell = pe.Constraint(m.T, rule=dwell)


def _turn(m: Any, t: int) -> Any:
    """Change of the battery's power against the step before."""
    before = m.discharge[t - 1] - m.charge[t - 1] if t else m.battery_now
    return m.discharge[t] - m.charge[t] - before


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
    m.turn = pe.Var(m.T, domain=pe.NonNegativeReals)
    m.turn_up = pe.Constraint(m.T, rule=lambda m, t: m.turn[t] >= _turn(m, t))
    m.turn_down = pe.Constraint(m.T, rule=lambda m, t: m.turn[t] >= -_turn(m, t))

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


def _deferred(m: Any, step_s: Array) -> None:
    """Energy of jobs that may wait, between two cumulative curves."""
    m.defer = pe.Var(m.T, domain=pe.NonNegativeReals)

    def taken(m: Any, t: int) -> Any:
        return sum(float(step_s[s]) * m.defer[s] for s in range(t + 1))

    m.defer_late = pe.Constraint(m.T, rule=lambda m, t: taken(m, t) >= m.defer_least[t])
    m.defer_fits = pe.Constraint(m.T, rule=lambda m, t: m.defer[t] <= m.defer_room[t])
    m.defer_soon = pe.Constraint(m.T, rule=lambda m, t: taken(m, t) <= m.defer_most[t])


def _power(m: Any, grid_limit_w: float) -> None:
    """Power at the meter, its peak, and what is beyond the connection."""
    m.site_mw = pe.Var(m.T)
    m.over_mw = pe.Var(m.T, domain=pe.NonNegativeReals)
    m.over_is = pe.Constraint(
        m.T, rule=lambda m, t: m.over_mw[t] >= m.site_mw[t] - grid_limit_w / W_PER_MW
    )

    def power(m: Any, t: int) -> Any:
        moved = sum(m.site[t, i, k] * m.mix[t, i, k] for i in m.I for k in m.K)
        return m.site_mw[t] == (
            m.base[t]
            + moved
            + m.defer_site[t] * m.defer[t]
            - m.saving[t] * m.eco[t]
            - m.discharge[t]
            + m.charge[t]
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


def _wear(m: Any, step_s: Array, facility: Facility, weights: Weights) -> Any:
    """Energy through the battery and its turns, changes of mode, units switched."""
    p, price = PlanPrices(), wear_prices(facility, weights)
    through = weights.battery_wear_usd_j * W_PER_MW
    wear = sum(through * float(step_s[t]) * m.discharge[t] for t in m.T)
    wear += sum(p.battery_turn_usd_w * W_PER_MW * m.turn[t] for t in m.T)
    wear += sum(price.mode_change * m.eco_switch[t] for t in m.T)
    starts = (price.cell_start, price.air_unit_start, price.module_start)  # as UNITS
    for i, start_usd in zip(WHOLE, starts, strict=True):
        switch_usd = p.switch_share * start_usd
        wear += sum(switch_usd * (m.started[t, i] + m.stopped[t, i]) for t in m.T)
    return wear


def _objective(m: Any, step_s: Array, facility: Facility, weights: Weights) -> None:
    dt = step_s
    energy = sum(float(dt[t]) * m.weight[t] * m.site_mw[t] for t in m.T)
    warm = sum(
        weights.exceedance_usd_k_s * float(dt[t]) * m.slack[t, j]
        for t in m.T
        for j in m.J
    )
    beyond = weights.over_grid_usd_j * W_PER_MW
    warm += sum(beyond * float(dt[t]) * m.over_mw[t] for t in m.T)
    wear = _wear(m, step_s, facility, weights)
    points = sum(
        m.points[t, i, k] * m.mix[t, i, k] for t in m.T for i in m.I for k in m.K
    )
    peaks = m.demand * m.peak + m.jump_share * m.demand * m.jump_peak
    reserve = _reserve(m, step_s, facility.power.battery)
    m.cost = pe.Objective(expr=energy + peaks + warm + wear + points + reserve)
