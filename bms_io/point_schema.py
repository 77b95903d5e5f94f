"""What a point map may say: the YAML schema, checked at the door.

Every key is spelled as in the file; unknown keys are errors. What needs more than one key
is in ``bms_io.point_relations``, what needs more than one entry in
``bms_io.point_checks``.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from bms_io.codec import ByteOrder, WireType
from plant.types import NonNegative, Positive

LAST_REGISTER = 65_535
RegisterAddress = Annotated[int, Field(ge=0, le=LAST_REGISTER)]
BacnetType = Literal[
    "analog-input", "analog-value", "analog-output", "positive-integer-value"
]
HostName = Annotated[str, Field(pattern=r"^[^\s/]+$")]

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

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what pydantic would take for 1 or 0."""
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, bool) and field.annotation is not bool:
            message = "should not be yes, no, true or false"
            raise ValueError(message)
        return value


class WireSpec(_Strict):
    """Where the number stands and how it is spelled on the wire."""

    table: Table
    address: RegisterAddress | None = None  # 0-based, as in the request
    reference: int | None = None  # e.g. 40003, the other spelling of the same
    type: WireType
    byte_order: ByteOrder | None = None  # of registers; a bit has none

    @property
    def first_references(self) -> tuple[int, int]:
        """Number of the first register in the six-digit and the five-digit spelling."""
        return _REFERENCE_BASE[self.table]

    @property
    def first_register(self) -> int | None:
        """0-based address of the first register, None if the reference is elsewhere."""
        if self.reference is None:
            return self.address
        six_digits, five_digits = self.first_references
        if six_digits <= self.reference <= six_digits + LAST_REGISTER:
            return self.reference - six_digits
        if five_digits <= self.reference < five_digits + 9_999:
            return self.reference - five_digits
        return None


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

    host: HostName
    port: Annotated[int, Field(ge=1, le=65535)] = 47808
    lifetime_s: Annotated[int, Field(ge=10, le=65535)] = 300


class DeviceSpec(_Strict):
    """One device on the network."""

    protocol: Literal["modbus_tcp", "bacnet_ip", "mqtt_dsx"]
    host: HostName
    port: Annotated[int, Field(ge=1, le=65535)] | None = None  # that of the protocol
    unit: Annotated[int, Field(ge=0, le=247)] = 1
    timeout_s: Positive = 1.0
    max_block: Annotated[int, Field(ge=2, le=125)] = 100  # 125 is the protocol's limit
    plant_timeout_s: Positive = 1800.0  # heartbeat older than this: local control
    device_instance: Annotated[int, Field(ge=0, le=4_194_302)] | None = None  # BACnet
    device_name: Annotated[str, Field(min_length=1)] | None = None  # its Object_Name
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
