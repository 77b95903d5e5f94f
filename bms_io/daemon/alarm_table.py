"""The table of alarms, read from one file."""

from functools import cache
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from plant.types import NonNegative, Positive
from twin.errors import ConfigError
from twin.resources import data_path
from twin.yaml_source import read_yaml, report

SHIFT_S = 8 * 3600.0  # assumption


class Alarm(NamedTuple):
    """One row."""

    name: str
    priority: int  # 1 is the highest
    consequence: str
    response: str
    respond_within_min: float
    on_delay_s: float
    off_delay_s: float
    deadband: float  # in the unit of the measured value
    latch: bool
    suppressed_by: str  # or empty
    most_shelved_s: float = SHIFT_S


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    priority: Annotated[int, Field(ge=1, le=3)]
    consequence: str
    response: str
    respond_within_min: Positive
    on_delay_s: NonNegative = 0.0
    off_delay_s: NonNegative = 0.0
    deadband: NonNegative = 0.0
    latch: bool = False
    suppressed_by: str = ""
    most_shelved_s: Positive = SHIFT_S


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    alarms: dict[str, _Row]

    @model_validator(mode="after")
    def _known(self) -> "_File":
        above = {row.suppressed_by for row in self.alarms.values()} - {""}
        if not above <= set(self.alarms):
            message = (
                f"suppressed_by unknown alarms: {sorted(above - set(self.alarms))}"
            )
            raise ValueError(message)
        return self


@cache
def alarm_table() -> dict[str, Alarm]:
    """Shipped table, by name.

    Raises
    ------
    ConfigError
        If the file is wrong.
    """
    path = data_path("alarms.yaml")
    document = read_yaml(path)
    try:
        spec = _File.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(report(path, document.lines, error)) from error
    return {n: Alarm(name=n, **row.model_dump()) for n, row in spec.alarms.items()}
