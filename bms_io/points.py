"""The point map: which register is which signal.

Names are signal names, see ``bms_io.point_names``. This is the only place where units
are converted: ``value = raw * scale + offset`` gives the SI unit named by the suffix of
the signal, degrees Celsius for temperatures.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from bms_io.codec import ByteOrder, WireType, register_count
from bms_io.point_checks import Entries, check
from bms_io.point_names import affine, si_unit, signal_of
from bms_io.point_parts import Model, trusted
from bms_io.point_schema import (
    COMMANDED,
    BacnetType,
    DeviceSpec,
    MapSpec,
    PointSpec,
    ScanSpec,
    Table,
    WriteSpec,
)
from twin.errors import ConfigError
from twin.yaml_source import (
    Location,
    YamlDocument,
    describe,
    read_loosely,
    report,
)

Protocol = Literal["modbus_tcp", "bacnet_ip", "mqtt_dsx"]


class WriteRule(NamedTuple):
    """Hard limits of a writable point, in SI."""

    minimum: float
    maximum: float
    rate_max_per_min: float
    deadband: float
    min_interval_s: float
    default: float
    readback: str
    readback_tolerance: float
    readback_within_s: float
    on_exit: Literal["default", "hold"]


class BacnetObject(NamedTuple):
    """Where a number stands in a BACnet device."""

    object_type: BacnetType
    instance: int
    priority: int | None  # at which it is commanded; None for what is not

    def __str__(self) -> str:
        return f"{self.object_type},{self.instance}"


class Point(NamedTuple):
    """One number of one device; limits in SI."""

    name: str
    device: str
    table: Table
    address: int  # 0-based
    wire_type: WireType
    byte_order: ByteOrder
    scale: float  # SI value = raw * scale + offset
    offset: float
    minimum: float
    maximum: float
    sentinels: tuple[float, ...]  # raw
    stale_s: float
    rate_max_per_s: float
    write: WriteRule | None
    bacnet: BacnetObject | None = None  # then address, type and order mean nothing
    unit: str = ""  # as in the file, for export
    flatline_s: float = math.inf
    scan: Literal["fast", "normal", "slow"] = "normal"
    brick: str | None = None
    tags: tuple[str, ...] = ()
    flatline_tolerance: float = 0.0  # SI; a smaller change counts as none
    rests_at: tuple[float, ...] = ()  # SI; where standing still is normal
    redundant_with: tuple[str, ...] = ()  # points that vote with this one
    redundant_tolerance: float = math.inf  # SI; further apart is disagreement
    dsx: str | None = None  # path on a DSX Exchange bus; then as with bacnet
    unit_scale: float = 1.0  # SI value = value in unit * unit_scale + unit_offset
    unit_offset: float = 0.0

    @property
    def signal(self) -> str:
        """Signal that the point measures; redundant points share one."""
        return signal_of(self.name)

    @property
    def commanded(self) -> bool:
        """Whether the device lets it be written, if only as a service point."""
        return self.table in COMMANDED

    def in_unit(self, si_value: float) -> float:
        """Value in the unit of the file."""
        return (si_value - self.unit_offset) / self.unit_scale

    def in_si(self, value: float) -> float:
        """SI value of a value in the unit of the file."""
        return value * self.unit_scale + self.unit_offset

    @property
    def registers(self) -> range:
        """Addresses that the point occupies."""
        return range(self.address, self.address + register_count(self.wire_type))


class Tls(NamedTuple):
    """Certificates with which a device and we convince each other."""

    ca: Path
    certificate: Path
    key: Path
    server_name: str | None


class Cov(NamedTuple):
    """Notifications between polls."""

    lifetime_s: int
    poll_s: float


class BroadcastDevice(NamedTuple):
    """BBMD with which we register as a foreign device."""

    host: str
    port: int
    lifetime_s: int


class Device(NamedTuple):
    """One device on the network."""

    name: str
    host: str
    port: int
    unit: int
    timeout_s: float
    max_block: int
    plant_timeout_s: float  # heartbeat older than this: local control
    protocol: Protocol = "modbus_tcp"
    device_instance: int = 0  # BACnet
    device_name: str = ""  # BACnet: its Object_Name; empty: that of the first answer
    single_writes: bool = False  # FC5 and FC6 where the type fits
    tls: Tls | None = None
    integration: str = ""  # MQTT: our name on the bus
    cov: Cov | None = None
    bbmd: BroadcastDevice | None = None


class PointMap(NamedTuple):
    """All devices and points of a site."""

    path: Path
    digest: str  # SHA-256 of the file, goes into the journal
    devices: Mapping[str, Device]
    points: Mapping[str, Point]
    scan_every: Mapping[str, int] = {"fast": 1, "normal": 1, "slow": 5}  # in cycles

    def at(
        self, host: str, port: int, others: Mapping[str, int] | None = None
    ) -> "PointMap":
        """Return the same map with every device at another address.

        Parameters
        ----------
        host, port
            Host of all, port of the first Modbus devices.
        others
            Port of each other device.
        """
        ports = others or {}
        moved = {
            n: d._replace(host=host, port=ports.get(n, port))
            for n, d in self.devices.items()
        }
        return self._replace(devices=moved)

    def speaking(self, protocol: Protocol) -> "PointMap":
        """Return only the devices of one protocol and their points."""
        return self.of(d for d in self.devices.values() if d.protocol == protocol)

    def of(self, some: Iterable[Device]) -> "PointMap":
        """Return only these devices and their points."""
        devices = {device.name: device for device in some}
        points = {n: p for n, p in self.points.items() if p.device in devices}
        return self._replace(devices=devices, points=points)


def load_points(path: Path) -> PointMap:
    """Read and check a point map.

    Parameters
    ----------
    path
        YAML file, version 1.

    Returns
    -------
    PointMap
        Checked map in SI.

    Raises
    ------
    ConfigError
        With one line ``file:line: path: what, allowed, repair`` for every finding.
    """
    document = read_loosely(path)
    entries, lines = _entries(document)
    found = check(entries)
    lines += [describe(path, document.lines, at, text) for at, text in found]
    if lines:
        lines.sort(key=lambda line: int(line[len(f"{path}:") :].partition(":")[0]))
        raise ConfigError("\n".join(lines))
    return PointMap(
        path=path,
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        devices={n: _device(n, d, path.parent) for n, d in entries.devices.items()},
        points={name: _point(name, spec) for name, spec in entries.points.items()},
        scan_every=ScanSpec.model_validate(
            document.data.get("scan_every", {})
        ).model_dump(),
    )


def missing_files(point_map: PointMap) -> list[str]:
    """What a map needs beside itself and is not there, one line of error each."""
    return [
        f"{point_map.path}: devices.{name}.tls.{key}: {file} is not there. Put it there."
        for name, device in point_map.devices.items()
        for key, file in (device.tls._asdict() if device.tls else {}).items()
        if isinstance(file, Path) and not file.is_file()
    ]


def _entries(document: YamlDocument) -> tuple[Entries, list[str]]:
    """What is right in every entry, and what is wrong in any by itself."""
    broken: list[Location] = []
    lines = list(document.repeated)
    try:
        MapSpec.model_validate(document.data)
    except ValidationError as error:
        lines += report(document.path, document.lines, error).splitlines()
        broken = [entry["loc"] for entry in error.errors()]
    data = document.data
    entries = Entries(
        _trusted(data, "devices", DeviceSpec, broken),
        _trusted(data, "points", PointSpec, broken),
    )
    return entries, lines


def _trusted(
    data: Any, key: str, model: type[Model], broken: list[Location]
) -> dict[str, Model]:
    """Entries of a section of the file, as far as they have the right shape."""
    section = data.get(key) if isinstance(data, dict) else None
    entries = section.items() if isinstance(section, dict) else ()
    below: dict[Any, list[Location]] = {}
    for at in broken:
        if at[:1] == (key,) and len(at) > 2:
            below.setdefault(at[1], []).append(at[2:])
    return {
        str(name): trusted(model, entry, below.get(name, []))
        for name, entry in entries
        if isinstance(entry, dict)
    }


def _device(name: str, spec: DeviceSpec, folder: Path) -> Device:
    """Nameplate of a checked device; files of it are relative to the folder."""
    tls = None
    if spec.tls:
        files = (spec.tls.ca, spec.tls.certificate, spec.tls.key)
        ca, certificate, key = (folder / file for file in files)
        tls = Tls(ca, certificate, key, spec.tls.server_name)
    return Device(
        name=name,
        host=spec.host,
        port=spec.port_or_default,
        unit=spec.unit,
        timeout_s=spec.timeout_s,
        max_block=spec.max_block,
        plant_timeout_s=spec.plant_timeout_s,
        protocol=spec.protocol,
        device_instance=spec.device_instance or 0,
        device_name=spec.device_name or "",
        single_writes=spec.single_writes,
        tls=tls,
        integration=spec.integration or "",
        cov=Cov(**spec.cov.model_dump()) if spec.cov else None,
        bbmd=BroadcastDevice(**spec.bbmd.model_dump()) if spec.bbmd else None,
    )


def _point(name: str, spec: PointSpec) -> Point:
    """Convert a checked entry to SI."""
    slope, zero = affine(spec.unit, si_unit(name))
    low, high = spec.range or (-math.inf, math.inf)
    rate = math.inf if spec.rate_max is None else spec.rate_max * slope
    point = Point(
        name=name,
        device=spec.device,
        table=spec.table,
        address=0,
        wire_type="float32",
        byte_order="ABCD",
        scale=spec.scale * slope,
        offset=spec.offset * slope + zero,
        minimum=low * slope + zero,
        maximum=high * slope + zero,
        sentinels=spec.sentinels,
        stale_s=spec.stale_s,
        rate_max_per_s=rate,
        write=None if spec.write is None else _write_rule(spec.write, slope, zero),
        unit=spec.unit,
        flatline_s=spec.flatline_s or math.inf,
        scan=spec.scan,
        brick=spec.brick,
        tags=spec.tags,
        flatline_tolerance=spec.flatline_tol * slope,
        rests_at=tuple(value * slope + zero for value in spec.rests_at),
        redundant_with=spec.redundant_with,
        redundant_tolerance=(
            math.inf if spec.redundant_tol is None else spec.redundant_tol * slope
        ),
        unit_scale=slope,
        unit_offset=zero,
    )
    if spec.bacnet is not None:
        place = BacnetObject(
            spec.bacnet.object, spec.bacnet.instance, spec.bacnet.priority
        )
        return point._replace(bacnet=place)
    if spec.dsx is not None:
        return point._replace(dsx=spec.dsx.path)
    if spec.modbus is None:
        message = "a point without a place passed the schema"
        raise AssertionError(message)
    return point._replace(
        address=spec.modbus.first_register or 0,
        wire_type=spec.modbus.type,
        byte_order=spec.modbus.byte_order or "ABCD",
    )


def _write_rule(spec: WriteSpec, slope: float, zero: float) -> WriteRule:
    """Convert limits; differences take the slope only."""
    return WriteRule(
        minimum=spec.min * slope + zero,
        maximum=spec.max * slope + zero,
        rate_max_per_min=spec.rate_max_per_min * slope,
        deadband=spec.deadband * slope,
        min_interval_s=spec.min_interval_s,
        default=spec.default * slope + zero,
        readback=spec.readback,
        readback_tolerance=spec.readback_tol * slope,
        readback_within_s=spec.readback_within_s,
        on_exit=spec.on_exit,
    )
