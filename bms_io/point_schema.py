"""What a point map may say: the YAML schema, checked at the door.

Every key is spelled as in the file; unknown keys are errors. The checks that need more
than one entry (unknown names, overlapping registers) are in ``bms_io.points``.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bms_io.codec import ByteOrder, WireType
from plant.types import NonNegative, Positive

RegisterAddress = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(ge=0)]

# First register number of each table in the six-digit and five-digit spelling of
# Modbus references: 400001 or 40001 is holding register 0.
_REFERENCE_BASE = {"input": (300_001, 30_001), "holding": (400_001, 40_001)}


class _Strict(BaseModel):
    """Nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class WireSpec(_Strict):
    """Where the number stands and how it is spelled on the wire."""

    table: Literal["input", "holding"]
    address: RegisterAddress | None = None  # 0-based, as in the request
    reference: int | None = None  # e.g. 40003, the other spelling of the same
    type: WireType
    byte_order: ByteOrder

    @model_validator(mode="after")
    def _one_spelling(self) -> Self:
        """Exactly one of address and reference, and the reference in its table."""
        if (self.address is None) == (self.reference is None):
            message = "give either address (0-based) or reference (e.g. 40003)"
            raise ValueError(message)
        if self.reference is not None and not 0 <= self.first_register <= 65535:
            bases = " or ".join(str(base) for base in _REFERENCE_BASE[self.table])
            message = f"reference of table {self.table} starts at {bases}"
            raise ValueError(message)
        return self

    @property
    def first_register(self) -> int:
        """0-based address of the first register."""
        if self.reference is None:
            return self.address or 0
        six_digits, five_digits = _REFERENCE_BASE[self.table]
        return self.reference - (
            six_digits if self.reference >= six_digits else five_digits
        )


class WriteSpec(_Strict):
    """Hard limits of a writable point, in its own unit; nothing has a default."""

    min: float
    max: float
    rate_max_per_min: Positive
    deadband: NonNegative  # smaller changes are not written
    min_interval_s: NonNegative  # on the plant clock
    default: float  # neutral value, written on exit
    readback: str  # point that holds the value in force
    readback_tol: NonNegative
    readback_within_s: Positive  # on the wall clock
    on_exit: Literal["default", "hold"]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        """Limits in order and the default between them."""
        if not self.min < self.max:
            message = f"min {self.min:g} must be below max {self.max:g}"
            raise ValueError(message)
        if not self.min <= self.default <= self.max:
            message = f"default {self.default:g} must lie in {self.min:g}..{self.max:g}"
            raise ValueError(message)
        return self


class PointSpec(_Strict):
    """One point."""

    device: str
    modbus: WireSpec
    unit: str = ""  # pint name; empty is a pure number
    scale: Annotated[float, Field(gt=0)] = 1.0  # value in unit = raw * scale + offset
    offset: float = 0.0
    range: tuple[float, float] | None = None  # in unit; outside is bad.out_of_range
    sentinels: tuple[float, ...] = ()  # raw values that mean "no value"
    stale_s: Positive = 900.0
    rate_max: Positive | None = None  # unit per second; faster is uncertain.spike
    write: WriteSpec | None = None

    @model_validator(mode="after")
    def _range_in_order(self) -> Self:
        """Lower end first."""
        if self.range is not None and not self.range[0] < self.range[1]:
            message = f"range must be [low, high] with low < high, not {self.range}"
            raise ValueError(message)
        return self


class DeviceSpec(_Strict):
    """One Modbus TCP device."""

    protocol: Literal["modbus_tcp"]
    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    unit: Annotated[int, Field(ge=0, le=247)] = 1
    timeout_s: Positive = 1.0
    max_block: Annotated[int, Field(ge=2, le=125)] = 100  # 125 is the protocol's limit
    plant_timeout_s: Positive = 1800.0  # heartbeat older than this: local control


class MapSpec(_Strict):
    """The whole file."""

    version: Literal[1]
    devices: Annotated[dict[str, DeviceSpec], Field(min_length=1)]
    points: Annotated[dict[str, PointSpec], Field(min_length=1)]
