"""What a layout costs, emits, strands and survives."""

from typing import NamedTuple

import numpy as np

from optimizer.study.capacity import taps_of
from optimizer.study.catalogue import Item
from optimizer.study.layout import Choice, Load
from optimizer.study.program import KINDS, Inputs, Standing, W, duties
from optimizer.study.screen import YEAR_H, Figures
from optimizer.study.zoning import LayoutPhase

POWER, COOLING = (
    ("ups", "transformer"),
    ("cdu", "in_row", "tower_cell", "exchanger", "chiller"),
)


class Verdict(NamedTuple):
    """Figures of one layout by which it is judged."""

    tco_usd: float  # price and the present value of energy and water
    capex_usd: float
    pue: float
    wue_l_kwh: float
    carbon_kg: float  # embodied and of energy, over the study's years
    stranded_w: float  # IT power that power or cooling could carry and the other cannot
    after_failure: float  # least share of the IT power after any single failure
    keeps_limits: float  # 1 if all temperatures and the connection are kept


def annuity(interest: float, years: int) -> float:
    """Present value of one unit a year."""
    if interest == 0.0:
        return float(years)
    return float((1.0 - (1.0 + interest) ** -years) / interest)


def fixed_counts(given: Inputs, phase: LayoutPhase) -> dict[str, float]:
    """Racks, modules and outlets of a phase."""
    racks = given.loaded.catalogue.racks
    feeds = given.loaded.study.feeds_per_rack
    counts = {name: float(sum(zones.values())) for name, zones in phase.racks.items()}
    outlets = sum(
        feeds * taps_of(racks[name].rated_power_w).outlets * count
        for name, count in counts.items()
    )
    modules = {name: float(count) for name, count in phase.modules.items()}
    return {**counts, **modules, "tap": float(outlets)}


def all_counts(fixed: dict[str, float], choice: Choice) -> dict[str, float]:
    """Everything that stands."""
    return {**fixed, **{kind: float(getattr(choice, kind)) for kind in KINDS}}


def capex(
    items: dict[str, Item], counts: dict[str, float], existing: dict[str, int]
) -> float:
    """Price of what does not stand yet [USD]."""
    return sum(
        items[name].price_usd * max(count - existing.get(name, 0), 0.0)
        for name, count in counts.items()
    )


def duties_of(given: Inputs, load: Load, choice: Choice) -> dict[str, float]:
    """Duty of every kind on the design day [W]."""
    it = load.it_power_w * W
    now = Standing(
        it, it * load.liquid_fraction, choice.cdu, choice.in_row, choice.tower_cell
    )
    return {kind: float(duty) / W for kind, duty in duties(given, now).items()}


def shares(given: Inputs, load: Load, choice: Choice, out: int = 0) -> dict[str, float]:
    """Capacity over duty by kind with some units out; infinite without duty."""
    found = {}
    for kind, duty in duties_of(given, load, choice).items():
        left = max(getattr(choice, kind) - out, 0.0)
        each = getattr(given.capacity, kind)
        found[kind] = left * each / duty if duty > 1.0 else np.inf
    return found


def verdict(
    given: Inputs,
    load: Load,
    choice: Choice,
    found: Figures,
    fixed: dict[str, float],
) -> Verdict:
    """Judge one layout.

    Parameters
    ----------
    given
        Study, prices, capacities.
    load, choice
        The layout.
    found
        Its year.
    fixed
        Racks, modules, outlets, see ``fixed_counts``.
    """
    study, items = given.loaded.study, given.loaded.catalogue.items
    money = study.economy
    counts = all_counts(fixed, choice)
    price = capex(items, counts, study.existing)
    kwh = found.site_power_w * 1e-3 * YEAR_H
    water_m3 = found.makeup_kg_s * 3.6 * YEAR_H
    yearly = kwh * money.energy_usd_kwh + water_m3 * money.water_usd_m3
    embodied = sum(
        items[name].embodied_carbon_kg * max(n - study.existing.get(name, 0), 0.0)
        for name, n in counts.items()
    )
    sound, broken = shares(given, load, choice), shares(given, load, choice, out=1)
    power = min(sound[kind] for kind in POWER)
    cooling = min(sound[kind] for kind in COOLING)
    kept = [getattr(found, name) <= c + 0.1 for name, c in _limits(given).items()]
    kept.append(found.peak_power_w <= study.envelope.utility_limit_w)
    return Verdict(
        price + annuity(money.interest, money.years) * yearly,
        price,
        found.pue,
        found.wue_l_kwh,
        embodied + money.years * kwh * money.carbon_kg_kwh,
        abs(power - cooling) * load.it_power_w,
        min(1.0, *broken.values()),
        float(all(kept)),
    )


def _limits(given: Inputs) -> dict[str, float]:
    limits = given.loaded.site.limits
    return dict(limits._asdict())


def pareto(table: np.ndarray) -> np.ndarray:
    """Rows that no other row beats in every column (less is better).

    Parameters
    ----------
    table
        Shape (layouts, objectives).

    Returns
    -------
    ndarray
        Mask of shape (layouts,).
    """
    order = np.lexsort(table.T[::-1])
    kept: list[int] = []
    front = np.empty((0, table.shape[1]))
    for row in order:
        beaten = (front <= table[row]).all(axis=1).any() if len(front) else False
        if not beaten:
            kept.append(int(row))
            front = table[kept]
    mask = np.zeros(len(table), dtype=bool)
    mask[kept] = True
    return mask
