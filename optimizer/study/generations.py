"""Generations of racks in one building: elastic modules against a fixed design.

Elastic: modules and units are added phase by phase. Fixed: everything is built in the first
year for the first generation, and later racks live with it. Racks are bought in both.
"""

from typing import NamedTuple

from optimizer.study.climate import Bins
from optimizer.study.judge import annuity, duties_of
from optimizer.study.layout import choice_of, load_of
from optimizer.study.program import Inputs
from optimizer.study.schema import Phase, Study, Wanted
from optimizer.study.screen import YEAR_H, screen
from optimizer.study.zoning import Answer, LayoutPhase, answer

STRANDED = ("in_row", "cdu", "ups")


class Generation(NamedTuple):
    """One design in one phase."""

    design: str  # elastic or fixed
    year: int
    it_power_w: float
    unused_air_cooling_w: float  # spares not counted
    unused_liquid_cooling_w: float
    unused_ups_w: float
    pue: float


class Course(NamedTuple):
    """One design over all phases."""

    design: str
    phases: list[Generation]
    price_usd: float  # present value of what is bought
    energy_usd: float  # present value
    it_kwh: float  # served over the years of the study
    tco_usd_it_kwh: float  # price and energy over the IT energy served


def courses(given: Inputs, bins: Bins, elastic: Answer) -> list[Course]:
    """Both designs; empty where there is only one generation.

    Parameters
    ----------
    given
        Study, prices.
    bins
        Climate and load.
    elastic
        Answer of the zoning program, which may build in every phase.
    """
    if len(given.loaded.study.phases) < 2:
        return []
    fixed = fixed_design(given)
    return [
        _course("elastic", given, bins, elastic),
        _course("fixed", given, bins, fixed),
    ]


def fixed_design(given: Inputs) -> Answer:
    """Build for the first generation, then place what fits."""
    study = given.loaded.study
    first = answer(_with(given, study._replace(phases=study.phases[:1])), shadow=False)
    built = {**first.phases[0].units, **first.phases[0].modules}
    later = tuple(
        Phase(p.year, {r: Wanted(0, w.maximum) for r, w in p.racks.items()})
        for p in study.phases[1:]
    )
    bound = study._replace(
        phases=(study.phases[0], *later), existing=built, at_most=built
    )
    found = answer(_with(given, bound), shadow=False)
    items = given.loaded.catalogue.items
    plant_usd = sum(
        items[name].price_usd * max(count - study.existing.get(name, 0), 0)
        for name, count in built.items()
    )
    return found._replace(price_usd=found.price_usd + plant_usd)


def _with(given: Inputs, study: Study) -> Inputs:
    return given._replace(loaded=given.loaded._replace(study=study))


def _course(design: str, given: Inputs, bins: Bins, found: Answer) -> Course:
    """Energy and unused capacity of every phase."""
    money, site = given.loaded.study.economy, given.loaded.site
    first = found.phases[0].year
    ends = [p.year - first for p in found.phases[1:]] + [money.years]
    energy_usd, it_kwh, rows = 0.0, 0.0, []
    for phase, end in zip(found.phases, ends, strict=True):
        start = phase.year - first
        load = load_of(phase, given.loaded.catalogue)
        at = given.loaded.study.conditions
        choice = choice_of(phase, site.design, at)
        year = screen(site, at, load, choice, bins)
        years = max(end - start, 0)
        worth = annuity(money.interest, years) * (1.0 + money.interest) ** -start
        hours_k = YEAR_H * 1e-3
        energy_usd += worth * year.site_power_w * hours_k * money.energy_usd_kwh
        it_kwh += years * year.it_power_w * hours_k
        unused = _unused(given, phase)
        air, liquid, ups = (unused[kind] for kind in STRANDED)
        rows.append(
            Generation(design, phase.year, phase.it_power_w, air, liquid, ups, year.pue)
        )
    total = found.price_usd + energy_usd
    return Course(design, rows, found.price_usd, energy_usd, it_kwh, total / it_kwh)


def _unused(given: Inputs, phase: LayoutPhase) -> dict[str, float]:
    """Capacity beyond duty and spares of coolers, CDUs and UPS modules [W]."""
    load = load_of(phase, given.loaded.catalogue)
    choice = choice_of(phase, given.loaded.site.design, given.loaded.study.conditions)
    duties = duties_of(given, load, choice)
    spares = given.loaded.study.spares._asdict()
    unused = {}
    for kind in STRANDED:
        count = phase.units[kind]
        usable = {"N": count, "N+1": max(count - 1, 0), "2N": count / 2}[spares[kind]]
        unused[kind] = max(usable * getattr(given.capacity, kind) - duties[kind], 0.0)
    return unused
