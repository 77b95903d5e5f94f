"""Study files: YAML in, checked NamedTuples out; every mistake at once."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from annotated_types import Ge, Interval
from pydantic import ConfigDict, TypeAdapter, ValidationError

from optimizer.study.catalogue import UNITS, Catalogue, read_catalogue
from plant.types import Fraction, NonNegative, Positive
from twin.config import Site, declared_range, load_site
from twin.errors import ConfigError, WetbulbError
from twin.resources import resolve
from twin.scenario import WEATHER_SUFFIXES
from twin.yaml_source import Location as Path_
from twin.yaml_source import describe, read_yaml, report

SCHEMA_VERSION = 1
Whole = Annotated[int, Ge(0)]
Redundancy = Literal["N", "N+1", "2N"]


class Envelope(NamedTuple):
    """What building and connections allow."""

    floor_area_m2: Positive
    floor_load_kg_m2: Positive  # distributed load that the slab carries
    total_racks: Annotated[int, Ge(1)]
    utility_limit_w: Positive
    water_limit_kg_s: Positive  # make-up on the design day


class Conditions(NamedTuple):
    """Temperatures for which units are sized."""

    wet_bulb_c: Annotated[float, Interval(ge=-10, le=35)]
    tower_supply_c: Annotated[float, Interval(ge=5, le=45)]
    facility_supply_c: Annotated[float, Interval(ge=5, le=45)]
    tcs_supply_c: Annotated[float, Interval(ge=10, le=50)]
    air_supply_c: Annotated[float, Interval(ge=15, le=35)]
    chilled_water_c: Annotated[float, Interval(ge=4, le=30)]


class Wanted(NamedTuple):
    """Racks of one kind in one year."""

    minimum: Whole = 0
    maximum: Whole = 0


class Phase(NamedTuple):
    """Demand from a year on."""

    year: Annotated[int, Interval(ge=2000, le=2100)]
    racks: dict[str, Wanted]


class Zones(NamedTuple):
    """Micro-modules of the two kinds of area."""

    air_racks_per_module: Annotated[int, Ge(1)] = 20
    liquid_racks_per_module: Annotated[int, Ge(1)] = 20
    increment: Annotated[int, Ge(1)] = 1  # modules that come together


class Spares(NamedTuple):
    """Redundancy by kind of unit."""

    cdu: Redundancy = "N+1"
    in_row: Redundancy = "N+1"
    tower_cell: Redundancy = "N+1"
    exchanger: Redundancy = "N+1"
    chiller: Redundancy = "N+1"
    ups: Redundancy = "N+1"
    transformer: Redundancy = "N+1"


class Economy(NamedTuple):
    """What turns a layout into money and carbon; each value is an assumption."""

    energy_usd_kwh: Positive
    energy_low_usd_kwh: Positive
    energy_high_usd_kwh: Positive
    water_usd_m3: NonNegative
    carbon_kg_kwh: NonNegative
    interest: Fraction
    years: Annotated[int, Interval(ge=1, le=40)]
    load_share: Annotated[float, Interval(gt=0, le=1)]  # mean of the rated IT power
    source: str


class Variables(NamedTuple):
    """Ranges over which layouts are screened around the one of the program."""

    more_tower_cells: tuple[Whole, Whole] = (0, 0)
    more_exchangers: tuple[Whole, Whole] = (0, 0)
    more_cdus: tuple[Whole, Whole] = (0, 0)
    more_in_rows: tuple[Whole, Whole] = (0, 0)
    more_ups: tuple[Whole, Whole] = (0, 0)
    tower_supply_c: tuple[float, float] | None = None
    tcs_supply_c: tuple[float, float] | None = None
    tower_pump_speed: tuple[float, float] | None = None


class Study(NamedTuple):
    """One study, as in its file."""

    name: str
    question: str
    base_site: str
    catalogue: str
    climates: tuple[str, ...]
    maximize: str  # it_power_w, or the name of a rack
    envelope: Envelope
    conditions: Conditions
    phases: tuple[Phase, ...]
    economy: Economy
    zones: Zones = Zones()
    spares: Spares = Spares()
    variables: Variables = Variables()
    existing: dict[str, Whole] = {}  # noqa: RUF012  # NamedTuple default, never written
    at_most: dict[str, Whole] = {}  # noqa: RUF012  # units, e.g. a plant that stays
    feeds_per_rack: Annotated[int, Interval(ge=1, le=2)] = 2
    schema_version: Literal[1] = 1


class Loaded(NamedTuple):
    """Study with everything that it names."""

    study: Study
    site: Site
    catalogue: Catalogue
    path: Path


_ADAPTER: TypeAdapter[Study] = TypeAdapter(
    Study, config=ConfigDict(allow_inf_nan=False)
)
Finding = tuple[Path_, str]


def load_study(name_or_path: str | Path) -> Loaded:
    """Read and check a study, its base site, catalogue and climates.

    Raises
    ------
    ConfigError
        With every finding: file, line, path, what is allowed, repair.
    """
    path = resolve(name_or_path, "studies", ".yaml")
    document = read_yaml(path)
    try:
        study = _ADAPTER.validate_python(document.data)
    except ValidationError as error:
        told = report(path, document.lines, error, lambda at: declared_range(Study, at))
        raise ConfigError(told) from error
    findings: list[Finding] = []
    site, catalogue = None, None
    try:
        site = load_site(study.base_site)
    except WetbulbError as error:
        findings.append((("base_site",), str(error)))
    try:
        catalogue = read_catalogue(study.catalogue)
        findings += _racks(study, catalogue)
    except WetbulbError as error:
        findings.append((("catalogue",), str(error)))
    findings += _files(study) + _units(study) + _order(study)
    if findings or site is None or catalogue is None:
        told = "\n".join(describe(path, document.lines, at, t) for at, t in findings)
        raise ConfigError(told)
    return Loaded(study, site, catalogue, path)


def _racks(study: Study, catalogue: Catalogue) -> list[Finding]:
    """Racks that are known and priced, minima within maxima and the building."""
    findings: list[Finding] = []
    known = [name for name in catalogue.racks if name in catalogue.items]
    for number, phase in enumerate(study.phases):
        for name, wanted in phase.racks.items():
            at: Path_ = ("phases", number, "racks", name)
            if name not in known:
                text = (
                    f"is no rack with nameplate and price. Known: {', '.join(known)}."
                )
                findings.append((at, text))
            if wanted.minimum > wanted.maximum:
                text = (
                    f"minimum {wanted.minimum} is above maximum {wanted.maximum}. "
                    "Raise the maximum."
                )
                findings.append((at, text))
    if study.maximize not in ("it_power_w", *known):
        text = f"is {study.maximize!r}; allowed: it_power_w, {', '.join(known)}."
        findings.append((("maximize",), text))
    return findings


def _files(study: Study) -> list[Finding]:
    """Climates that exist."""
    findings: list[Finding] = []
    if not study.climates:
        findings.append((("climates",), "is empty. Name at least one weather file."))
    for number, name in enumerate(study.climates):
        try:
            resolve(name, "weather", *WEATHER_SUFFIXES)
        except WetbulbError as error:
            findings.append((("climates", number), str(error)))
    return findings


def _units(study: Study) -> list[Finding]:
    """Only known kinds of units."""
    findings: list[Finding] = []
    for section in ("existing", "at_most"):
        for name in getattr(study, section):
            if name not in UNITS:
                text = f"is no unit; allowed: {', '.join(UNITS)}. Change the name."
                findings.append(((section, name), text))
    return findings


def _order(study: Study) -> list[Finding]:
    """Years and temperatures in order."""
    findings: list[Finding] = []
    years = [phase.year for phase in study.phases]
    if not years or years != sorted(set(years)):
        findings.append((("phases",), f"years are {years}: give rising years."))
    chain = study.conditions
    steps = ("wet_bulb_c", "tower_supply_c", "facility_supply_c", "tcs_supply_c")
    for low, high in pairwise(steps):
        if getattr(chain, low) >= getattr(chain, high):
            text = f"must be above {low} {getattr(chain, low):g}. Raise it."
            findings.append((("conditions", high), text))
    if chain.chilled_water_c >= chain.air_supply_c:
        text = f"must be below air_supply_c {chain.air_supply_c:g}. Lower it."
        findings.append((("conditions", "chilled_water_c"), text))
    prices = study.economy
    if not (
        prices.energy_low_usd_kwh <= prices.energy_usd_kwh <= prices.energy_high_usd_kwh
    ):
        findings.append((("economy", "energy_usd_kwh"), "must lie in its own range."))
    for name, bounds in study.variables._asdict().items():
        if bounds is not None and bounds[0] > bounds[1]:
            findings.append(
                (("variables", name), "must be [low, high]. Exchange them.")
            )
    return findings
