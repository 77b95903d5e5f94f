"""What a point map may say: the YAML schema, checked at the door.

Every key is spelled as in the file; unknown keys are errors. The checks that need more
than one entry (unknown names, overlapping registers) are in ``bms_io.points``.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bms_io.codec import ByteOrder, WireType
from plant.types import NonNegative, Positive

RegisterAddress = Annotated[int, Field(ge=0, le=65535)]
BacnetType = Literal[
    "analog-input", "analog-value", "analog-output", "positive-integer-value"
]
Count = Annotated[int, Field(ge=0)]

Table = Literal["coil", "discrete", "input", "holding"]
BITS = ("coil", "discrete")  # tables of single bits; the others hold 16-bit registers
COMMANDED = ("coil", "holding")  # tables that can be written
DEFAULT_PORTS = {"modbus_tcp": 502, "bacnet_ip": 47808, "mqtt_dsx": 1883}  # IANA
TLS_PORTS = {"modbus_tcp": 802, "mqtt_dsx": 8883}  # registered with IANA too

# First number of each table in the six-digit and five-digit spelling of Modbus
# references: 400001 or 40001 is holding register 0.
_REFERENCE_BASE = {
    "coil": (1, 1),
    "discrete": (100_001, 10_001),
    "input": (300_001, 30_001),
    "holding": (400_001, 40_001),
}


class _Strict(BaseModel):
    """Nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class WireSpec(_Strict):
    """Where the number stands and how it is spelled on the wire."""

    table: Table
    address: RegisterAddress | None = None  # 0-based, as in the request
    reference: int | None = None  # e.g. 40003, the other spelling of the same
    type: WireType
    byte_order: ByteOrder | None = None  # of registers; a bit has none

    @model_validator(mode="after")
    def _bits_and_registers(self) -> Self:
        """A coil holds a bool without order; a register anything else, with one."""
        if (self.table in BITS) != (self.type == "bool"):
            message = "type bool belongs to tables coil and discrete, and only there"
            raise ValueError(message)
        if (self.byte_order is None) != (self.type == "bool"):
            orders = "ABCD, CDAB, BADC or DCBA"
            message = f"byte_order must be {orders} for registers, absent for bits"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _one_spelling(self) -> Self:
        """Exactly one of address and reference, and the reference in its table."""
        if (self.address is None) == (self.reference is None):
            message = "give either address (0-based) or reference (e.g. 40003)"
            raise ValueError(message)
        if self.reference is not None and not self._reference_in_table:
            bases = " or ".join(str(base) for base in _REFERENCE_BASE[self.table])
            message = f"reference of table {self.table} starts at {bases}"
            raise ValueError(message)
        return self

    @property
    def _reference_in_table(self) -> bool:
        """Whether the reference has the first digit of its table."""
        number = self.reference or 0
        six_digits, five_digits = _REFERENCE_BASE[self.table]
        return (
            six_digits <= number < six_digits + 65_536
            or five_digits <= number < five_digits + 9_999
        )

    @property
    def first_register(self) -> int:
        """0-based address of the first register."""
        if self.reference is None:
            return self.address or 0
        six_digits, five_digits = _REFERENCE_BASE[self.table]
        return self.reference - (
            six_digits if self.reference >= six_digits else five_digits
        )


class BacnetSpec(_Strict):
    """Which object of the device holds the number; its present value is meant."""

    object: BacnetType
    instance: Annotated[int, Field(ge=0, le=4_194_302)]  # 22 bits, ASHRAE 135 20.2.14
    # 1-8 belong to life safety, minimum on/off and the operator (ASHRAE 135 19.2)
    priority: Annotated[int, Field(ge=9, le=14)] | None = None


class DsxSpec(_Strict):
    """Which point of a DSX Exchange bus; object type, point type, tag path."""

    path: Annotated[str, Field(pattern=r"^[A-Za-z]+/[A-Za-z]+(/[^/+#]+)+$")]


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
    modbus: WireSpec | None = None  # exactly one of the three
    bacnet: BacnetSpec | None = None
    dsx: DsxSpec | None = None
    unit: str = ""  # pint name; empty is a pure number
    scale: Annotated[float, Field(gt=0)] = 1.0  # value in unit = raw * scale + offset
    offset: float = 0.0
    range: tuple[float, float] | None = None  # in unit; outside is bad.out_of_range
    sentinels: tuple[float, ...] = ()  # raw values that mean "no value"
    stale_s: Positive = 900.0
    rate_max: Positive | None = None  # unit per second; faster is uncertain.spike
    flatline_s: Positive | None = None  # unchanged for longer is uncertain.stuck
    flatline_tol: NonNegative = 0.0  # in unit; a smaller change counts as none
    rests_at: tuple[float, ...] = ()  # values at which standing still is normal
    scan: Literal["fast", "normal", "slow"] = "normal"  # see MapSpec.scan_every
    redundant_with: tuple[str, ...] = ()  # points that measure the same, they vote
    redundant_tol: NonNegative | None = None  # in unit; further apart is disagreement
    brick: str | None = None  # class of https://brickschema.org, without prefix
    tags: tuple[str, ...] = ()  # markers of Project Haystack
    write: WriteSpec | None = None

    @property
    def table(self) -> Table:
        """Whether the point can be written, in the words of Modbus."""
        if self.modbus is not None:
            return self.modbus.table
        if self.dsx is not None:
            return "holding" if self.write else "input"
        return (
            "input"
            if self.bacnet and self.bacnet.object == "analog-input"
            else "holding"
        )

    @model_validator(mode="after")
    def _one_protocol(self) -> Self:
        """Exactly one place, and a priority for what is commanded over BACnet."""
        if [self.modbus, self.bacnet, self.dsx].count(None) != 2:
            message = "give either modbus, bacnet or dsx"
            raise ValueError(message)
        if self.bacnet and self.write and self.bacnet.priority is None:
            message = "bacnet.priority is missing: a writable point needs 9 to 14"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _voters_with_tolerance(self) -> Self:
        """Redundant points need the distance that they may have from each other."""
        if bool(self.redundant_with) != (self.redundant_tol is not None):
            message = "redundant_with and redundant_tol belong together. Give both"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _rests_only_if_watched(self) -> Self:
        """Resting is an exception from the flatline check."""
        if self.flatline_s is None and (self.rests_at or self.flatline_tol):
            message = "rests_at and flatline_tol need flatline_s"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _range_in_order(self) -> Self:
        """Lower end first."""
        if self.range is not None and not self.range[0] < self.range[1]:
            message = f"range must be [low, high] with low < high, not {self.range}"
            raise ValueError(message)
        return self


class TlsSpec(_Strict):
    """Certificates for Modbus/TCP Security; both sides show one. Paths in PEM."""

    ca: str  # who signs the devices, relative to the point map
    certificate: str  # ours
    key: str
    server_name: str | None = None  # in the device's certificate; the host if absent


class CovSpec(_Strict):
    """Notifications between polls (SubscribeCOV); polling stays the truth."""

    lifetime_s: Annotated[int, Field(ge=10)] = 300  # of a subscription; renewed at half
    poll_s: Positive = 30.0  # every value is polled at least this often


class BbmdSpec(_Strict):
    """Broadcast device with which we register as a foreign device."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 47808
    lifetime_s: Annotated[int, Field(ge=10, le=65535)] = 300


class DeviceSpec(_Strict):
    """One device on the network."""

    protocol: Literal["modbus_tcp", "bacnet_ip", "mqtt_dsx"]
    host: str
    port: Annotated[int, Field(ge=0, le=65535)] | None = None  # that of the protocol
    unit: Annotated[int, Field(ge=0, le=247)] = 1
    timeout_s: Positive = 1.0
    max_block: Annotated[int, Field(ge=2, le=125)] = 100  # 125 is the protocol's limit
    plant_timeout_s: Positive = 1800.0  # heartbeat older than this: local control
    device_instance: Annotated[int, Field(ge=0, le=4_194_302)] | None = None  # BACnet
    single_writes: bool = False  # FC5 and FC6 where the type fits, not FC15 and FC16
    tls: TlsSpec | None = None  # Modbus and MQTT
    integration: str | None = None  # MQTT: our name on the bus
    cov: CovSpec | None = None  # BACnet
    bbmd: BbmdSpec | None = None  # BACnet, where the device is in another subnet

    @property
    def port_or_default(self) -> int:
        """Port, or the registered one of the protocol."""
        if self.port is not None:
            return self.port
        return (TLS_PORTS if self.tls else DEFAULT_PORTS)[self.protocol]

    @model_validator(mode="after")
    def _instance_if_bacnet(self) -> Self:
        """Require the number that says which BACnet device is meant."""
        if (self.protocol == "bacnet_ip") != (self.device_instance is not None):
            message = "device_instance belongs to protocol bacnet_ip, and must be there"
            raise ValueError(message)
        if self.tls and self.protocol not in TLS_PORTS:
            message = "tls belongs to protocols modbus_tcp and mqtt_dsx. Remove it"
            raise ValueError(message)
        if (self.protocol == "mqtt_dsx") != (self.integration is not None):
            message = "integration belongs to protocol mqtt_dsx, and must be there"
            raise ValueError(message)
        if (self.cov or self.bbmd) and self.protocol != "bacnet_ip":
            message = "cov and bbmd belong to protocol bacnet_ip. Remove them"
            raise ValueError(message)
        return self


class ScanSpec(_Strict):
    """Every how many cycles each scan group is read."""

    fast: Annotated[int, Field(ge=1, le=1)] = 1
    normal: Annotated[int, Field(ge=1)] = 1
    slow: Annotated[int, Field(ge=1)] = 5


class MapSpec(_Strict):
    """The whole file."""

    version: Literal[1]
    scan_every: ScanSpec = ScanSpec()
    devices: Annotated[dict[str, DeviceSpec], Field(min_length=1)]
    points: Annotated[dict[str, PointSpec], Field(min_length=1)]
