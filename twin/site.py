"""What a site is: nameplates, design, limits, pace, tariff. Values as in its file."""

from typing import Annotated, NamedTuple

from annotated_types import Ge, Interval
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetPydanticSchema,
    create_model,
)
from pydantic_core import core_schema

from plant.types import NonNegative, Positive
from twin.signals import ALL_UNITS, NO_CAP_W, Setpoints
from twin.topology import Facility

SCHEMA_VERSION = 1
MOST_STARTS = (
    6  # of a lever of whole numbers within an hour; the guard remembers as many
)


def _setpoint(name: str) -> str:
    """Only names of setpoints pass."""
    if name not in Setpoints._fields:
        message = f"is no setpoint; allowed are {', '.join(Setpoints._fields)}"
        raise ValueError(message)
    return name


def _ordered(bounds: tuple[float, float]) -> tuple[float, float]:
    """Only a range from low to high passes."""
    if not bounds[0] <= bounds[1]:
        message = f"{bounds[0]:g} to {bounds[1]:g}: the first must be the lower one"
        raise ValueError(message)
    return bounds


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
    starts_per_hour: Annotated[int, Interval(ge=1, le=MOST_STARTS)] = MOST_STARTS


# A site file that does not name a lever leaves it alone.
_ALL_STAY = SetpointLimits(ALL_UNITS, ALL_UNITS, 1.0, 0.5, whole_number=True)
_NO_CAP = SetpointLimits(NO_CAP_W, NO_CAP_W, 1.0, 0.0)


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
    air_units_on: SetpointLimits = _ALL_STAY
    ups_modules_on: SetpointLimits = _ALL_STAY
    it_power_cap_w: SetpointLimits = _NO_CAP


_Named = Annotated[str, AfterValidator(_setpoint)]
_Range = Annotated[tuple[float, float], AfterValidator(_ordered)]


class Forbidden(NamedTuple):
    """Two setpoints that may not be in these ranges at the same time."""

    first: _Named
    first_range: _Range
    second: _Named
    second_range: _Range


class Spare(NamedTuple):
    """What the guard keeps in hand, see ``twin.envelope``."""

    spare_units: Annotated[int, Interval(ge=0, le=2)] = 1  # N+1
    # Of the forecast; longer than a setpoint needs to come back at its rate.
    outlook_s: Annotated[float, Interval(gt=0, le=86400)] = 7200.0


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
    **{n: (float, Setpoints._field_defaults.get(n, ...)) for n in Setpoints._fields},
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
    spare: Spare = Spare()
    forbidden: tuple[Forbidden, ...] = ()
    schema_version: Annotated[int, Ge(1)] = SCHEMA_VERSION
