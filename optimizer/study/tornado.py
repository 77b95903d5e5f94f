"""What flips the answer: every price at both ends of its range; where liquid pays."""

from typing import NamedTuple

import numpy as np

from optimizer.study.climate import Year
from optimizer.study.judge import all_counts, annuity, capex, duties_of, fixed_counts
from optimizer.study.layout import Choice, Load, load_of
from optimizer.study.program import KINDS, Inputs
from optimizer.study.screen import YEAR_H, Figures, full_year
from optimizer.study.zoning import LayoutPhase


class Swing(NamedTuple):
    """One assumption at both ends of its range."""

    name: str
    low: float
    high: float
    tco_low_usd: float
    tco_high_usd: float
    flips: bool  # another finalist becomes the cheapest


class BreakEven(NamedTuple):
    """Liquid against air for the same IT power in one climate."""

    climate: str
    air_rack: str
    liquid_rack: str
    air_pue: float
    liquid_pue: float
    air_capex_usd: float
    liquid_capex_usd: float
    energy_usd_kwh: float  # above it liquid is cheaper; 0: always, infinite: never


class Bill(NamedTuple):
    """Price and yearly needs of one finalist."""

    counts: dict[str, float]
    kwh: float
    water_m3: float


def bill_of(fixed: dict[str, float], choice: Choice, found: Figures) -> Bill:
    """What the present value of a layout is made of."""
    kwh = found.site_power_w * 1e-3 * YEAR_H
    return Bill(all_counts(fixed, choice), kwh, found.makeup_kg_s * 3.6 * YEAR_H)


def tornado(given: Inputs, bills: list[Bill]) -> list[Swing]:
    """Swing of the first finalist's TCO, largest first.

    Parameters
    ----------
    given
        Prices and their ranges.
    bills
        Finalists, the answer first.
    """
    study, items = given.loaded.study, given.loaded.catalogue.items
    money = study.economy
    ranges = {
        f"price {name}": (item.price_low_usd, item.price_high_usd)
        for name, item in items.items()
        if any(name in bill.counts for bill in bills)
    }
    ranges["energy_usd_kwh"] = (money.energy_low_usd_kwh, money.energy_high_usd_kwh)
    found = []
    for name, ends in ranges.items():
        costs = [_costs(given, bills, name, value) for value in ends]
        flips = any(int(np.argmin(c)) != 0 for c in costs)
        found.append(Swing(name, *ends, costs[0][0], costs[1][0], flips))
    return sorted(found, key=lambda s: -abs(s.tco_high_usd - s.tco_low_usd))


def _costs(given: Inputs, bills: list[Bill], name: str, value: float) -> list[float]:
    """TCO of all finalists with one number replaced [USD]."""
    study, items = given.loaded.study, dict(given.loaded.catalogue.items)
    money = study.economy
    if name == "energy_usd_kwh":
        money = money._replace(energy_usd_kwh=value)
    else:
        item = name.removeprefix("price ")
        items[item] = items[item]._replace(price_usd=value)
    worth = annuity(money.interest, money.years)
    return [
        capex(items, bill.counts, study.existing)
        + worth * (bill.kwh * money.energy_usd_kwh + bill.water_m3 * money.water_usd_m3)
        for bill in bills
    ]


def least_choice(given: Inputs, load: Load, pattern: Choice) -> Choice:
    """Fewest units, one spare each, that carry a load on the design day."""
    choice = pattern._replace(**dict.fromkeys(KINDS, 0.0))
    for _ in range(20):  # fans and pumps of the units are themselves load
        duties = duties_of(given, load, choice)
        counts = {
            kind: float(np.ceil(duty / getattr(given.capacity, kind) - 1e-9) + 1)
            if duty > 1.0
            else 0.0
            for kind, duty in duties.items()
        }
        choice = choice._replace(**counts)
    return choice


def break_even(
    given: Inputs, it_power_w: float, pattern: Choice, years: dict[str, Year]
) -> list[BreakEven]:
    """All air against all liquid, by climate and by density of the racks."""
    racks = given.loaded.catalogue.racks
    named = {name for phase in given.loaded.study.phases for name in phase.racks}
    air = sorted(name for name in named if racks[name].liquid_fraction == 0)
    liquid = sorted(name for name in named if racks[name].liquid_fraction > 0)
    return [
        _pair(given, (cold, wet), it_power_w, pattern, (climate, year))
        for climate, year in years.items()
        for cold in air
        for wet in liquid
    ]


def _pair(
    given: Inputs,
    names: tuple[str, str],
    it_power_w: float,
    pattern: Choice,
    place: tuple[str, Year],
) -> BreakEven:
    bills, pues, prices = [], [], []
    study, items = given.loaded.study, given.loaded.catalogue.items
    for name in names:
        phase = _alone(given, name, it_power_w)
        load = load_of(phase, given.loaded.catalogue)
        choice = least_choice(given, load, pattern)
        found, _ = full_year(
            given.loaded.site, study.conditions, load, choice, place[1]
        )
        # Both serve the same IT energy: rounding to whole racks is divided out.
        share = it_power_w / load.it_power_w
        bill = bill_of(fixed_counts(given, phase), choice, found)
        bills.append(Bill(bill.counts, bill.kwh * share, bill.water_m3 * share))
        pues.append(found.pue)
        prices.append(capex(items, bill.counts, {}) * share)
    worth = annuity(study.economy.interest, study.economy.years)
    dearer = prices[1] - prices[0]
    dearer += (
        worth * study.economy.water_usd_m3 * (bills[1].water_m3 - bills[0].water_m3)
    )
    saved_kwh = worth * (bills[0].kwh - bills[1].kwh)
    if saved_kwh > 0:
        at = max(dearer / saved_kwh, 0.0)
    else:
        at = 0.0 if dearer <= 0 else float("inf")
    return BreakEven(
        place[0], names[0], names[1], pues[0], pues[1], prices[0], prices[1], at
    )


def _alone(given: Inputs, name: str, it_power_w: float) -> LayoutPhase:
    """Phase with racks of one kind."""
    plate, zones = given.loaded.catalogue.racks[name], given.loaded.study.zones
    count = max(round(it_power_w / plate.rated_power_w), 1)
    wet = plate.liquid_fraction > 0
    size = zones.liquid_racks_per_module if wet else zones.air_racks_per_module
    modules = {"air_module": 0, "liquid_module": 0}
    modules["liquid_module" if wet else "air_module"] = -(-count // size)
    placed = {"air": 0 if wet else count, "liquid": count if wet else 0}
    return LayoutPhase(0, {name: placed}, {}, modules, {}, count * plate.rated_power_w)
