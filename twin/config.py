"""Site files: YAML in, validated NamedTuples out.

A site is checked once, here. Everything behind this door trusts its numbers.
"""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

from annotated_types import Ge, Interval
from pydantic import (
    BaseModel,
    ConfigDict,
    GetPydanticSchema,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from plant.types import NonNegative, Positive
from twin.errors import ConfigError
from twin.resources import resolve
from twin.signals import Setpoints
from twin.topology import Facility
from twin.yaml_source import describe, read_yaml, report

SCHEMA_VERSION = 1


class Location(NamedTuple):
    """Where the site stands."""

    latitude_deg: Annotated[float, Interval(ge=-90, le=90)]
    longitude_deg: Annotated[float, Interval(ge=-180, le=180)]
    elevation_m: Annotated[float, Interval(ge=-430, le=5000)]
    utc_offset_h: Annotated[float, Interval(ge=-12, le=14)]  # standard time


class SetpointLimits(NamedTuple):
    """What the guard allows for one setpoint, in the unit of its signal."""

    minimum: float
    maximum: float
    rate_per_minute: Positive
    deadband: NonNegative
    minimum_interval_s: NonNegative = 0.0
    whole_number: bool = False


class GuardLimits(NamedTuple):
    """One entry per setpoint, with the names of ``Setpoints``."""

    tower_supply_c: SetpointLimits
    tower_cells_on: SetpointLimits
    tower_pump_speed: SetpointLimits
    fws_pressure_pa: SetpointLimits
    tcs_supply_c: SetpointLimits
    tcs_pressure_pa: SetpointLimits
    chilled_water_c: SetpointLimits
    air_supply_c: SetpointLimits
    ups_eco: SetpointLimits
    battery_power_w: SetpointLimits


class TemperatureLimits(NamedTuple):
    """What the plant must keep; exceedance counts as violation in K h."""

    rack_inlet_c: float  # at most
    chip_c: float  # at most
    tcs_supply_c: float  # at most


class Control(NamedTuple):
    """Pace of the supervisory loop."""

    scan_interval_s: Positive = 300.0
    control_interval_s: Positive = 900.0


class Tariff(NamedTuple):
    """What energy costs; the files are names under ``data/grid`` or paths."""

    price_file: str
    carbon_file: str
    demand_charge_usd_w_month: NonNegative


class Defaults(NamedTuple):
    """Inputs used when the command names none."""

    weather: str
    load: str
    points: str


# In a file a setpoint is one number; inside the twin it may be an array.
_DesignInFile: type[BaseModel] = create_model(  # type: ignore[call-overload]  # dynamic
    "Design",
    __config__=ConfigDict(extra="forbid", allow_inf_nan=False),
    **dict.fromkeys(Setpoints._fields, (float, ...)),
)
DesignSetpoints = Annotated[
    Setpoints,
    GetPydanticSchema(
        lambda _, handler: core_schema.no_info_after_validator_function(
            lambda model: Setpoints(**model.model_dump()), handler(_DesignInFile)
        )
    ),
]


class Site(NamedTuple):
    """One site, ready for use."""

    name: str
    description: str
    location: Location
    facility: Facility
    design: DesignSetpoints  # fixed setpoints the plant was designed for
    guard: GuardLimits
    limits: TemperatureLimits
    control: Control
    tariff: Tariff
    defaults: Defaults
    schema_version: Annotated[int, Ge(1)] = SCHEMA_VERSION


_STRICT = ConfigDict(allow_inf_nan=False, arbitrary_types_allowed=True)
_ADAPTER: TypeAdapter[Site] = TypeAdapter(Site, config=_STRICT)


def load_site(name_or_path: str | Path) -> Site:
    """Read and check a site.

    Parameters
    ----------
    name_or_path
        Name of a shipped site, e.g. ``hybrid_10mw``, or a path to a YAML file.

    Returns
    -------
    Site
        Checked values.

    Raises
    ------
    ConfigError
        With every finding: file, line, path, what is allowed, repair.
    """
    path = resolve(name_or_path, "sites", ".yaml")
    document = read_yaml(path)
    try:
        site = _ADAPTER.validate_python(document.data)
    except ValidationError as error:
        raise ConfigError(report(path, document.lines, error)) from error
    findings = [
        describe(path, document.lines, at, message) for at, message in check(site)
    ]
    if findings:
        raise ConfigError("\n".join(findings))
    return site


Finding = tuple[tuple[str, ...], str]


def check(site: Site) -> list[Finding]:
    """Rules between values that no single field can know.

    Returns
    -------
    list of (path, message)
        Empty if the site is consistent.
    """
    return [*_check_guard(site), *_check_power(site), *_check_water(site)]


def _check_guard(site: Site) -> list[Finding]:
    """Limits in order, and the design within them."""
    findings: list[Finding] = []
    for name in Setpoints._fields:
        limits: SetpointLimits = getattr(site.guard, name)
        value: float = getattr(site.design, name)
        if limits.minimum > limits.maximum:
            message = (
                f"minimum {limits.minimum:g} is above maximum {limits.maximum:g}. "
                "Exchange them."
            )
            findings.append((("guard", name), message))
        elif not limits.minimum <= value <= limits.maximum:
            message = (
                f"is {value:g}, outside the guard's {limits.minimum:g} to "
                f"{limits.maximum:g}. Change the design value or guard.{name}."
            )
            findings.append((("design", name), message))
    cells = site.facility.heat_rejection.tower_cell_count
    if site.guard.tower_cells_on.maximum > cells:
        message = (
            f"is {site.guard.tower_cells_on.maximum:g}, but the site has {cells:g} "
            "cells. Lower it, or raise facility.heat_rejection.tower_cell_count."
        )
        findings.append((("guard", "tower_cells_on", "maximum"), message))
    return findings


def _check_power(site: Site) -> list[Finding]:
    """UPS and transformers carry the racks."""
    chain = site.facility.power
    it_w = site.facility.it.racks.rated_power_w
    findings: list[Finding] = []
    for name, each_w, count in (
        ("ups_count", chain.ups.rated_power_w, chain.ups_count),
        ("transformer_count", chain.transformer.rated_power_w, chain.transformer_count),
    ):
        if each_w * count < it_w:
            needed = int(-(-it_w // each_w))
            message = (
                f"{count:g} units of {each_w / 1e6:g} MW do not carry "
                f"{it_w / 1e6:g} MW of racks. Take at least {needed}, or larger units."
            )
            findings.append((("facility", "power", name), message))
    return findings


def _check_water(site: Site) -> list[Finding]:
    """Water goes downhill: coils colder than the air that they make."""
    findings: list[Finding] = []
    design = site.design
    if design.chilled_water_c >= design.air_supply_c:
        message = (
            f"is {design.chilled_water_c:g} degC, but must be below the supply air "
            f"design.air_supply_c {design.air_supply_c:g}. Lower it."
        )
        findings.append((("design", "chilled_water_c"), message))
    liquid = site.facility.it.racks.liquid_fraction
    if liquid > 0 and site.facility.technology.cdu_count < 1:
        message = (
            f"there is no CDU for a liquid fraction of {liquid:g}. Give "
            "facility.technology.cdu_count at least 1, or set "
            "facility.it.racks.liquid_fraction to 0."
        )
        findings.append((("facility", "technology", "cdu_count"), message))
    return findings


class _ByFieldName(GenerateJsonSchema):
    """NamedTuples as objects with their field names, as site files write them."""

    def named_tuple_schema(self, schema: Any) -> JsonSchemaValue:
        """Describe the fields of a NamedTuple."""
        return self.kw_arguments_schema(schema["fields"], None)

    def arguments_schema(self, schema: Any) -> JsonSchemaValue:
        """Do the same with pydantic before 2.14."""
        return self.kw_arguments_schema(schema["arguments_schema"], None)


def schema() -> dict[str, Any]:
    """JSON Schema of a site file, for editors."""
    return _ADAPTER.json_schema(schema_generator=_ByFieldName)
