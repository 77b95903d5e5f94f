"""Answers of the zoning program: layout by phase, binding limits, contradictions."""

from typing import Any, NamedTuple

import pyomo.environ as pe

from optimizer.study.capacity import taps_of
from optimizer.study.program import (
    KINDS,
    MODULES,
    ZONES,
    Inputs,
    Limits,
    W,
    build,
    solver,
)
from twin.errors import ConfigError

SHARE = 0.05  # by which a limit is widened for its shadow price
FIXED = ("demand_maximum", "places", "built_stays", "added_racks")
UNITS = {
    "floor_area_m2": (1.0, "m2 of floor"),
    "floor_load_kg_m2": (1.0, "kg/m2 of floor load"),
    "total_racks": (1.0, "rack places"),
    "utility_limit_w": (W, "MW of utility connection"),
    "water_limit_kg_s": (1.0, "kg/s of make-up water"),
}


class LayoutPhase(NamedTuple):
    """What stands in one phase."""

    year: int
    racks: dict[str, dict[str, int]]  # kind -> zone -> count
    units: dict[str, int]
    modules: dict[str, int]
    taps: dict[str, int]  # rating in A -> outlets
    it_power_w: float


class Binding(NamedTuple):
    """One limit, and what more of it would bring."""

    name: str
    limit: float
    widened_by: float
    gain: float  # of the maximized quantity, summed over the phases
    words: str


class Answer(NamedTuple):
    """Optimum of the zoning program."""

    maximized: float
    price_usd: float  # present value of what is bought
    phases: list[LayoutPhase]
    binding: list[Binding]


def answer(given: Inputs, *, shadow: bool = True) -> Answer:
    """Most of what is asked for, at the least price.

    Raises
    ------
    ConfigError
        If limits contradict each other; names the smallest set that does.
    """
    m = build(given)
    most = _best(m)
    if most is None:
        raise ConfigError(_contradiction(given))
    best = float(pe.value(m.most))
    m.most.deactivate()
    m.price.activate()
    m.keep = pe.Constraint(expr=m.most.expr >= best * (1.0 - 1e-6))
    if _best(m) is None:
        message = "zoning: the cheapest layout was not found in time. Narrow the study."
        raise ConfigError(message)
    found = [_phase(m, p, given) for p in m.P]
    price = float(pe.value(m.price)) / W
    binding = _binding(given, best) if shadow else []
    return Answer(best, price, found, binding)


def _best(m: Any) -> float | None:
    """Solve and load; None where nothing is feasible."""
    result = solver().solve(m)
    if result.incumbent_objective is None:
        return None
    result.solution_loader.load_vars()
    return float(result.incumbent_objective)


def _phase(m: Any, p: int, given: Inputs) -> LayoutPhase:
    study, racks = given.loaded.study, given.loaded.catalogue.racks
    counts = {r: {z: round(pe.value(m.racks[p, r, z])) for z in ZONES} for r in m.R}
    taps: dict[str, int] = {}
    for name, zones in counts.items():
        outlets = taps_of(racks[name].rated_power_w)
        rating = f"{outlets.rating_a:g}"
        added = outlets.outlets * study.feeds_per_rack * sum(zones.values())
        taps[rating] = taps.get(rating, 0) + added
    return LayoutPhase(
        study.phases[p].year,
        counts,
        {k: round(pe.value(m.units[p, k])) for k in KINDS},
        {k: round(pe.value(m.steps[p, k])) * study.zones.increment for k in MODULES},
        taps,
        sum(sum(z.values()) * racks[r].rated_power_w for r, z in counts.items()),
    )


def _binding(given: Inputs, best: float) -> list[Binding]:
    """Widen one limit at a time and solve again."""
    study = given.loaded.study
    what = _unit(study.maximize)
    found = []
    for name, limit in study.envelope._asdict().items():
        more = max(SHARE * limit, 1.0 if name == "total_racks" else 0.0)
        wide = Limits(*study.envelope)._replace(**{name: limit + more})
        value = _best(build(given, wide))
        gain = max((value if value is not None else best) - best, 0.0)
        factor, unit = UNITS[name]
        if gain > 1e-4 * abs(best):
            words = (
                f"{name} binds: {more * factor:.4g} more {unit} would bring "
                f"{gain:.4g} more {what} over all phases "
                f"({gain / (more * factor):.3g} per unit)."
            )
            found.append(Binding(name, limit, more, gain, words))
    found += _units_that_bind(given, best, what)
    return sorted(found, key=lambda entry: -entry.gain)


def _units_that_bind(given: Inputs, best: float, what: str) -> list[Binding]:
    """One unit more of each kind that may not grow."""
    study = given.loaded.study
    found = []
    for name, count in study.at_most.items():
        wider = study._replace(at_most={**study.at_most, name: count + 1})
        value = _best(build(given._replace(loaded=given.loaded._replace(study=wider))))
        gain = (value if value is not None else best) - best
        if gain > 1e-4 * abs(best):
            words = (
                f"at_most.{name} binds: one more would bring {gain:.4g} more {what}."
            )
            found.append(Binding(f"at_most.{name}", count, 1.0, gain, words))
    return found


def _unit(maximized: str) -> str:
    return "MW of racks" if maximized == "it_power_w" else maximized


def _contradiction(given: Inputs) -> str:
    """Smallest set of limits that cannot hold together (deletion filter)."""
    m = build(given)
    names = [
        c.name
        for c in m.component_objects(pe.Constraint, active=True)
        if c.name not in FIXED
    ]
    needed = []
    for name in names:
        getattr(m, name).deactivate()
        if _best(m) is not None:
            getattr(m, name).activate()
            needed.append(name)
    told = ", ".join(_told(name, given) for name in needed)
    return (
        f"{given.loaded.path}: these cannot hold together: {told}. "
        "Without any one of them the rest can; lower a minimum or widen a limit."
    )


def _told(name: str, given: Inputs) -> str:
    """Limit with its value."""
    envelope = given.loaded.study.envelope._asdict()
    if name in envelope:
        return f"{name} = {envelope[name]:g}"
    for phase in given.loaded.study.phases:
        for rack, wanted in phase.racks.items():
            if name == f"minimum_{rack}_{phase.year}":
                return f"at least {wanted.minimum} {rack} in {phase.year}"
    return name
