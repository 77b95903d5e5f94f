"""The zoning program: whole racks, modules and units by year (Pyomo, HiGHS).

Every family of limits is one named block, so that a limit can be lifted alone: that gives
shadow prices of whole numbers by solving again, and the smallest set of limits that
contradict each other by leaving out one after the other.
"""

from typing import Any, NamedTuple

import pyomo.environ as pe
from pyomo.contrib.solver.solvers.highs import Highs

from optimizer.study.capacity import Capacities, Needs, capacities, needs, taps_of
from optimizer.study.schema import Loaded
from twin.errors import ConfigError

KINDS = ("cdu", "in_row", "tower_cell", "exchanger", "chiller", "ups", "transformer")
MODULES = ("air_module", "liquid_module")
ZONES = ("air", "liquid")
W = 1e-6  # the program counts in MW
MOST_UNITS = 100_000
LEAST_W = 200.0  # a unit that carries less carries nothing (tolerance of the search)
TIME_LIMIT_S = 20.0
GAP = 1e-4


class Inputs(NamedTuple):
    """Numbers of the program."""

    loaded: Loaded
    capacity: Capacities
    needs: Needs


class Limits(NamedTuple):
    """Right-hand sides that a shadow price relaxes, in the units of the study file."""

    floor_area_m2: float
    floor_load_kg_m2: float
    total_racks: float
    utility_limit_w: float
    water_limit_kg_s: float


def inputs_of(loaded: Loaded) -> Inputs:
    """Capacities and needs from the nameplates of the base site.

    Raises
    ------
    ConfigError
        If a kind of unit carries nothing at the conditions of the study.
    """
    at = loaded.study.conditions
    found = capacities(loaded.site, at)
    nothing = [name for name, watts in found._asdict().items() if watts < LEAST_W]
    plant = loaded.site.facility
    optional = {
        "cdu": plant.technology.cdu_count,
        "exchanger": plant.heat_rejection.exchanger_count,
        "chiller": plant.trim_chillers.chiller_count,
    }
    useless = [name for name in nothing if optional.get(name, 1.0) > 0]
    if useless:
        message = (
            f"{loaded.path}: conditions: {', '.join(useless)} of {loaded.study.base_site} "
            "can carry nothing at these temperatures. Put more kelvin between the steps "
            "of wet_bulb_c, tower_supply_c, facility_supply_c and tcs_supply_c, or between "
            "chilled_water_c and air_supply_c."
        )
        raise ConfigError(message)
    return Inputs(loaded, found, needs(loaded.site, at))


def build(given: Inputs, limits: Limits | None = None) -> Any:
    """Model of all phases.

    Parameters
    ----------
    given
        Study, capacities.
    limits
        Other limits than the envelope's.
    """
    study = given.loaded.study
    m = pe.ConcreteModel()
    m.limits = limits or Limits(*study.envelope)
    kinds = sorted({name for phase in study.phases for name in phase.racks})
    m.P = pe.RangeSet(0, len(study.phases) - 1)
    m.R = pe.Set(initialize=kinds)
    m.K = pe.Set(initialize=KINDS)
    m.M = pe.Set(initialize=MODULES)
    m.racks = pe.Var(
        m.P, m.R, ZONES, domain=pe.NonNegativeIntegers, bounds=(0, MOST_UNITS)
    )
    m.units = pe.Var(m.P, m.K, domain=pe.NonNegativeIntegers, bounds=(0, MOST_UNITS))
    m.steps = pe.Var(m.P, m.M, domain=pe.NonNegativeIntegers, bounds=(0, MOST_UNITS))
    m.added = pe.Var(m.P, m.R, domain=pe.NonNegativeReals)
    m.some = pe.Var(m.P, m.K, domain=pe.Binary)
    for make in (_demand, _areas, _building, _cooling, _power, _growth, _kept):
        make(m, given)
    _objectives(m, given)
    return m


def group(m: Any, name: str) -> Any:
    """Constraints of one name."""
    if not hasattr(m, name):
        setattr(m, name, pe.ConstraintList())
    return getattr(m, name)


def _count(m: Any, p: int, rack: str) -> Any:
    return sum(m.racks[p, rack, zone] for zone in ZONES)


def _it(m: Any, p: int, given: Inputs) -> Any:
    """Rated power of all racks in a phase [MW]."""
    racks = given.loaded.catalogue.racks
    return sum(_count(m, p, r) * racks[r].rated_power_w * W for r in m.R)


def _demand(m: Any, given: Inputs) -> None:
    """Racks between what must and what may be placed."""
    for p, phase in enumerate(given.loaded.study.phases):
        for rack in m.R:
            wanted = phase.racks.get(rack)
            most = wanted.maximum if wanted else 0
            group(m, "demand_maximum").add(_count(m, p, rack) <= most)
            if wanted and wanted.minimum:
                name = f"minimum_{rack}_{phase.year}"
                group(m, name).add(_count(m, p, rack) >= wanted.minimum)


def _modules(m: Any, p: int, module: str, given: Inputs) -> Any:
    return m.steps[p, module] * given.loaded.study.zones.increment


def _areas(m: Any, given: Inputs) -> None:
    """Air area: no liquid racks; a place in a module for every rack."""
    zones, racks = given.loaded.study.zones, given.loaded.catalogue.racks
    sizes = (zones.air_racks_per_module, zones.liquid_racks_per_module)
    for p in m.P:
        for zone, module, size in zip(ZONES, MODULES, sizes, strict=True):
            placed = sum(m.racks[p, r, zone] for r in m.R)
            group(m, "places").add(placed <= size * _modules(m, p, module, given))
        for r in m.R:
            if racks[r].liquid_fraction > 0:
                group(m, "places").add(m.racks[p, r, "air"] == 0)


def _mass(m: Any, p: int, given: Inputs, field: str) -> Any:
    """Sum of a catalogue column over everything on the floor."""
    items = given.loaded.catalogue.items
    each = {name: getattr(item, field) for name, item in items.items()}
    modules = sum(each[k] * _modules(m, p, k, given) for k in MODULES)
    indoors = [k for k in KINDS if k not in ("tower_cell", "transformer")]
    return modules + sum(each[k] * m.units[p, k] for k in indoors)


def _building(m: Any, given: Inputs) -> None:
    """Floor area, floor load, rack places. Racks stand inside their module's area."""
    items = given.loaded.catalogue.items
    study = given.loaded.study
    pairs = [
        ("air_module", "air", study.zones.air_racks_per_module),
        ("liquid_module", "liquid", study.zones.liquid_racks_per_module),
    ]
    for p in m.P:
        total = sum(_count(m, p, r) for r in m.R)
        group(m, "total_racks").add(total <= m.limits.total_racks)
        area = _mass(m, p, given, "footprint_m2")
        group(m, "floor_area_m2").add(area <= m.limits.floor_area_m2)
        for module, zone, _ in pairs:
            weight = sum(items[r].mass_kg * m.racks[p, r, zone] for r in m.R)
            frame = items[module].mass_kg * _modules(m, p, module, given)
            carried = items[module].footprint_m2 * _modules(m, p, module, given)
            group(m, "floor_load_kg_m2").add(
                weight + frame <= m.limits.floor_load_kg_m2 * carried
            )


class Standing(NamedTuple):
    """What decides duties: variables of the program, or numbers."""

    it: Any  # rated [MW]
    liquid: Any  # of it to cold plates [MW]
    cdus: Any
    in_rows: Any
    tower_cells: Any


def _air(given: Inputs, now: Standing) -> Any:
    """Heat of the racks and the power chain to the air [MW]."""
    to_air = given.loaded.site.facility.power.loss_to_air
    return now.it * (1.0 + to_air * given.needs.chain_loss_ratio) - now.liquid


def duties(given: Inputs, now: Standing) -> dict[str, Any]:
    """Duty of every kind of unit on the design day [MW]."""
    need = given.needs
    fans = now.in_rows * (need.in_row_power_w * W)
    air = _air(given, now) + fans
    pumps = now.cdus * ((need.cdu_power_w + need.fws_power_per_cdu_w) * W)
    pumps += now.in_rows * (need.fws_power_per_in_row_w * W)
    trim = need.trim_per_air_heat * air
    has_exchangers = given.loaded.site.facility.heat_rejection.exchanger_count > 0
    exchanged = now.liquid + air + pumps - trim
    return {
        "cdu": now.liquid,
        "in_row": air,
        "chiller": trim,
        "exchanger": exchanged if has_exchangers else 0.0 * now.it,
        "tower_cell": now.liquid + air + pumps + need.chiller_power_ratio * trim,
        "ups": now.it * (1.0 + need.chain_loss_ratio) + fans,
        "transformer": drawn(given, now),
    }


def drawn(given: Inputs, now: Standing) -> Any:
    """Site power on the design day [MW]."""
    need = given.needs
    per_cdu = need.cdu_power_w + need.fws_power_per_cdu_w
    per_row = need.in_row_power_w + need.fws_power_per_in_row_w
    units = now.cdus * (per_cdu * W) + now.in_rows * (per_row * W)
    units += now.tower_cells * (need.tower_cell_power_w * W)
    site = given.loaded.site.facility
    scale = now.it / (site.it.racks.rated_power_w * W)
    house = site.power.house_power_w * W * scale
    chillers = need.chiller_power_ratio * need.trim_per_air_heat * _air(given, now)
    return now.it * (1.0 + need.chain_loss_ratio) + units + chillers + house


def _standing(m: Any, p: int, given: Inputs) -> Standing:
    racks = given.loaded.catalogue.racks
    liquid = sum(
        _count(m, p, r) * racks[r].rated_power_w * racks[r].liquid_fraction * W
        for r in m.R
    )
    units = (m.units[p, k] for k in ("cdu", "in_row", "tower_cell"))
    return Standing(_it(m, p, given), liquid, *units)


def _cooling(m: Any, given: Inputs) -> None:
    """Units carry their duty with the asked redundancy; water within its limit."""
    spares = given.loaded.study.spares._asdict()
    for p in m.P:
        found = duties(given, _standing(m, p, given))
        for kind in KINDS:
            _carried(m, p, kind, found[kind], spares[kind], given)
        water = found["tower_cell"] / W * given.needs.water_per_heat_kg_j
        group(m, "water_limit_kg_s").add(water <= m.limits.water_limit_kg_s)


def _carried(
    m: Any, p: int, kind: str, duty: Any, redundancy: str, given: Inputs
) -> None:
    """N, N+1 or 2N of one kind; nothing is needed where there is no duty."""
    each = max(getattr(given.capacity, kind) * W, 1e-9)
    units, rule = m.units[p, kind], group(m, f"units_{kind}")
    top = given.loaded.study.envelope.utility_limit_w * W * 4.0
    rule.add(duty <= top * m.some[p, kind])
    if redundancy == "2N":
        rule.add(each * units >= 2.0 * duty)
    elif redundancy == "N+1":
        rule.add(each * (units - m.some[p, kind]) >= duty)
    else:
        rule.add(each * units >= duty)


def _power(m: Any, given: Inputs) -> None:
    """Connection of the utility."""
    for p in m.P:
        limit = m.limits.utility_limit_w * W
        drawn_mw = drawn(given, _standing(m, p, given))
        group(m, "utility_limit_w").add(drawn_mw <= limit)


def _growth(m: Any, given: Inputs) -> None:
    """What is built stays."""
    for p in list(m.P)[1:]:
        for kind in KINDS:
            group(m, "built_stays").add(m.units[p, kind] >= m.units[p - 1, kind])
        for module in MODULES:
            group(m, "built_stays").add(m.steps[p, module] >= m.steps[p - 1, module])


def _kept(m: Any, given: Inputs) -> None:
    """Units that stand already, and most that may stand."""
    study = given.loaded.study
    for p in m.P:
        for name, count in study.existing.items():
            _bound(m, p, name, count, given, least=True)
        for name, count in study.at_most.items():
            _bound(m, p, name, count, given, least=False)


def _bound(
    m: Any, p: int, name: str, count: int, given: Inputs, *, least: bool
) -> None:
    if name == "tap":
        return
    held = m.units[p, name] if name in KINDS else _modules(m, p, name, given)
    if least:
        group(m, f"existing_{name}").add(held >= count)
    else:
        group(m, f"at_most_{name}").add(held <= count)


def _objectives(m: Any, given: Inputs) -> None:
    """What to have most of, summed over the phases; then the least price."""
    study, items = given.loaded.study, given.loaded.catalogue.items
    if study.maximize == "it_power_w":
        most = sum(_it(m, p, given) for p in m.P)
    else:
        most = sum(_count(m, p, study.maximize) for p in m.P)
    first = study.phases[0].year
    price = 0.0
    for p, phase in enumerate(study.phases):
        rate = (1.0 + study.economy.interest) ** -(phase.year - first)
        for name in (*KINDS, *MODULES, *m.R):
            price += rate * items[name].price_usd * 1e-6 * _bought(m, p, name, given)
        price += rate * _tap_price(m, p, given)
    m.most = pe.Objective(expr=most, sense=pe.maximize)
    m.price = pe.Objective(expr=price, sense=pe.minimize)
    m.price.deactivate()


def _held(m: Any, p: int, name: str, given: Inputs) -> Any:
    """Units that stand in a phase."""
    if name in KINDS:
        return m.units[p, name]
    if name in MODULES:
        return _modules(m, p, name, given)
    return _count(m, p, name)


def _bought(m: Any, p: int, name: str, given: Inputs) -> Any:
    """Units added in a phase; racks that leave earn nothing."""
    if p == 0:
        return _held(m, 0, name, given) - given.loaded.study.existing.get(name, 0)
    more = _held(m, p, name, given) - _held(m, p - 1, name, given)
    if name not in m.R:
        return more
    group(m, "added_racks").add(m.added[p, name] >= more)
    return m.added[p, name]


def _tap_price(m: Any, p: int, given: Inputs) -> Any:
    racks, each = given.loaded.catalogue.racks, given.loaded.catalogue.items["tap"]
    feeds = given.loaded.study.feeds_per_rack
    return sum(
        taps_of(racks[r].rated_power_w).outlets
        * feeds
        * each.price_usd
        * 1e-6
        * _bought(m, p, r, given)
        for r in m.R
    )


def solver() -> Highs:
    """HiGHS on one thread, so that results repeat."""
    highs = Highs()
    highs.config.threads = 1
    highs.config.time_limit = TIME_LIMIT_S
    highs.config.rel_gap = GAP
    highs.config.load_solutions = False
    highs.config.raise_exception_on_nonoptimal_result = False
    return highs
