"""The verifier's own limits: a file apart from the site's guard.

Two files that two people keep, so that one slip of the pen does not pass both looks.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from plant.types import Positive
from twin.config import Site
from twin.errors import ConfigError
from twin.signals import Setpoints
from twin.yaml_source import read_yaml, report

EMERGENCY_MARGIN_K = 5.0  # above the site's limit where no file says, assumption

# Toward more cooling, or toward the safe state of what is electrical.
_SAFER: dict[str, Literal["up", "down"]] = {
    "tower_supply_c": "down",
    "tower_cells_on": "up",
    "tower_pump_speed": "up",
    "fws_pressure_pa": "up",
    "tcs_supply_c": "down",
    "tcs_pressure_pa": "up",
    "chilled_water_c": "down",
    "air_supply_c": "down",
    "ups_eco": "down",
    "battery_power_w": "down",
    "air_units_on": "up",
    "ups_modules_on": "up",
    "it_power_cap_w": "up",
}


class Limit(NamedTuple):
    """What the verifier lets pass for one setpoint."""

    minimum: float
    maximum: float
    rate_per_minute: float
    default: float
    safer: Literal["up", "down"]


class Limits(NamedTuple):
    """What the verifier knows of a site."""

    rack_inlet_c: float  # an emergency above it
    chip_c: float  # likewise
    setpoints: Mapping[str, Limit]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _LimitSpec(_Strict):
    minimum: float
    maximum: float
    rate_per_minute: Positive
    default: float
    safer: Literal["up", "down"]

    @model_validator(mode="after")
    def _ordered(self) -> "_LimitSpec":
        if not self.minimum <= self.default <= self.maximum:
            message = "minimum <= default <= maximum must hold"
            raise ValueError(message)
        return self


class _EmergencySpec(_Strict):
    rack_inlet_c: float
    chip_c: float


class _FileSpec(_Strict):
    version: Literal[1]
    emergency: _EmergencySpec
    setpoints: Annotated[dict[str, _LimitSpec], Field(min_length=1)]

    @model_validator(mode="after")
    def _complete(self) -> "_FileSpec":
        wrong = set(self.setpoints) ^ set(Setpoints._fields)
        if wrong:
            message = f"missing or unknown setpoints: {', '.join(sorted(wrong))}"
            raise ValueError(message)
        return self


def load_limits(path: Path) -> Limits:
    """Read and check a limits file.

    Raises
    ------
    ConfigError
        With one line per finding.
    """
    document = read_yaml(path)
    try:
        spec = _FileSpec.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(report(path, document.lines, error)) from error
    entries = {n: Limit(**e.model_dump()) for n, e in spec.setpoints.items()}
    return Limits(spec.emergency.rack_inlet_c, spec.emergency.chip_c, entries)


def limits_of(site: Site) -> Limits:
    """Limits of a site that has no file of its own: those of its guard."""
    guard, design = site.guard._asdict(), site.design._asdict()
    entries = {
        name: Limit(
            entry.minimum,
            entry.maximum,
            entry.rate_per_minute,
            float(design[name]),
            _SAFER[name],
        )
        for name, entry in guard.items()
    }
    return Limits(
        site.limits.rack_inlet_c + EMERGENCY_MARGIN_K,
        site.limits.chip_c + EMERGENCY_MARGIN_K,
        entries,
    )
