"""Drivers of points on a DSX Exchange bus, over MQTT (extra ``mqtt``).

The BMS publishes; we listen and keep the last message of each point. A value counts only
after the metadata of its point has come. Writing is publishing once on the topic that the
metadata gives to our integration, and to no other; whether the BMS follows shows in its
own value. See ``bms_io.dsx_topics``.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from bms_io.driver import WriteResult, judge_raw, permitted, to_release
from bms_io.dsx_topics import (
    GOOD_QUALITY,
    PointValue,
    WrongMessageError,
    metadata_topic,
    owner_of,
    read_value,
    value_message,
    value_topic,
)
from bms_io.modbus_tls import tls_context
from bms_io.points import Device, Point, PointMap
from twin.errors import CommunicationError, ConfigError, GuardRefusedError
from twin.interfaces import Quality, Reading

try:
    import aiomqtt
except ImportError as missing:
    needed = "MQTT needs aiomqtt. pip install 'wetbulb[mqtt]', then call this again."
    raise ConfigError(needed) from missing

_AT_LEAST_ONCE = 1
REPEAT_S = 100.0  # of a value that does not change, BMS Event Bus 1.0


class Kept(NamedTuple):
    """What we want, and when it was last published."""

    raw: float
    at_s: float  # monotonic clock


class _Bus:
    """Connection to one broker, and the last message of each point."""

    def __init__(self, device: Device, points: list[Point]) -> None:
        self.device = device
        self._points = points
        self._client: aiomqtt.Client | None = None
        self._listening: asyncio.Task[None] | None = None
        self.owners: dict[str, str] = {}  # integration by path, from the metadata
        self.values: dict[str, PointValue | str] = {}  # by topic; why not, in words
        self.arrived_s: dict[str, float] = {}  # monotonic, by topic

    @property
    def connected(self) -> bool:
        """Whether messages can come."""
        return self._listening is not None and not self._listening.done()

    def topic(self, point: Point) -> str:
        """Where the value of a point stands: ours where we write it."""
        mine = point.write is not None
        return (
            value_topic(point.dsx or "", self.device.integration)
            if mine
            else value_topic(point.dsx or "")
        )

    def owns(self, point: Point) -> bool:
        """Whether the metadata lets our integration write a point."""
        return self.owners.get(point.dsx or "") == self.device.integration

    async def connect(self) -> None:
        """Connect and subscribe to metadata and values of our points."""
        await self.close()
        device = self.device
        client = aiomqtt.Client(
            device.host,
            device.port,
            timeout=device.timeout_s,
            tls_context=tls_context(device.tls) if device.tls else None,
        )
        try:
            await client.__aenter__()
            self._client = client
            for point in self._points:
                for topic in (metadata_topic(point.dsx or ""), self.topic(point)):
                    await client.subscribe(topic, qos=_AT_LEAST_ONCE)
        except (aiomqtt.MqttError, OSError) as error:
            await self.close()
            message = f"{self}: cannot connect ({error}). Is the broker running?"
            raise CommunicationError(message) from error
        self._listening = asyncio.create_task(self._listen(client))

    async def close(self) -> None:
        """Stop listening and disconnect; nothing old is believed afterwards."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.wait({listening})
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(aiomqtt.MqttError, OSError):
                await client.__aexit__(None, None, None)
        self.owners, self.values, self.arrived_s = {}, {}, {}

    async def publish(self, point: Point, value: float) -> None:
        """Publish a value of ours once."""
        stamp = round(time.time() * 1e3)
        payload = value_message(PointValue(value, stamp, GOOD_QUALITY))
        if self._client is None or not self.connected:
            message = f"{self}: not connected. Connect again."
            raise CommunicationError(message)
        try:
            await self._client.publish(self.topic(point), payload, _AT_LEAST_ONCE)
        except aiomqtt.MqttError as error:
            said = str(error).rstrip(".")
            message = f"{self}: {point.name}: {said}. Whether it arrived is unknown."
            raise CommunicationError(message) from error

    async def _listen(self, client: aiomqtt.Client) -> None:
        """Keep the last message of each point until the connection ends."""
        paths = {metadata_topic(p.dsx or ""): p.dsx or "" for p in self._points}
        with contextlib.suppress(aiomqtt.MqttError):
            async for message in client.messages:
                topic, payload = str(message.topic), message.payload
                body = payload if isinstance(payload, bytes) else b""
                if topic in paths:
                    self._describe(paths[topic], body)
                else:
                    self.values[topic] = _value(body)
                    self.arrived_s[topic] = time.monotonic()

    def _describe(self, path: str, body: bytes) -> None:
        """Take note of metadata; of wrong metadata nothing is believed."""
        try:
            self.owners[path] = owner_of(path, body)
        except WrongMessageError:
            self.owners.pop(path, None)

    def __str__(self) -> str:
        return f"device {self.device.name} ({self.device.host}:{self.device.port})"


def _value(body: bytes) -> PointValue | str:
    """Value of a message, or why there is none."""
    try:
        return read_value(body)
    except WrongMessageError as error:
        return f"refused: {error}"


class MqttReader:
    """Reads the points of a map.

    Parameters
    ----------
    point_map
        Brokers and points.
    """

    def __init__(self, point_map: PointMap) -> None:
        self._map = point_map
        self._buses = {
            name: _Bus(
                device, [p for p in point_map.points.values() if p.device == name]
            )
            for name, device in point_map.devices.items()
        }

    async def connect(self) -> None:
        """Connect to every broker that is not connected.

        Raises
        ------
        CommunicationError
            If one does not answer.
        """
        for bus in self._buses.values():
            if not bus.connected:
                await bus.connect()

    async def close(self) -> None:
        """Close all connections."""
        for bus in self._buses.values():
            await bus.close()

    async def read(self, names: Iterable[str], now_s: float) -> dict[str, Reading]:
        """Last values; trouble is a quality, not an exception.

        Parameters
        ----------
        names
            Points to read.
        now_s
            Plant clock; a reading is as old on it as its time stamp says.

        Returns
        -------
        dict[str, Reading]
            One reading in SI per name; BAD without metadata, without a value, or where
            the BMS does not trust its own.
        """
        points = [self._map.points[name] for name in names]
        return {p.name: _judge(self._buses[p.device], p, now_s) for p in points}


class MqttDriver(MqttReader):
    """Reads and writes the points of a map."""

    def __init__(self, point_map: PointMap) -> None:
        super().__init__(point_map)
        self._kept: dict[str, Kept] = {}

    async def read(self, names: Iterable[str], now_s: float) -> dict[str, Reading]:
        """Last values, see ``MqttReader.read``; publish again what was long ago.

        The contract wants each value every 100 s, and a BMS falls back when they stop.
        They come with the reading of a cycle, so that they stop with the cycles.
        """
        for name, kept in list(self._kept.items()):
            point = self._map.points[name]
            bus = self._buses[point.device]
            due = time.monotonic() - kept.at_s >= REPEAT_S
            if due and bus.connected and bus.owns(point):
                self._kept[name] = kept._replace(at_s=time.monotonic())
                with contextlib.suppress(CommunicationError):  # the reading tells it
                    await bus.publish(point, kept.raw)
        return await super().read(names, now_s)

    async def write(self, values: Mapping[str, float]) -> list[WriteResult]:
        """Publish setpoints, each once.

        Parameters
        ----------
        values
            SI value by point name.

        Raises
        ------
        GuardRefusedError
            If a value is outside its hard limits, or the metadata of a point does not
            name our integration; nothing is published.
        CommunicationError
            If the broker is lost: whether that value arrived is unknown.
        """
        points = {n: permitted(self._map, n, v) for n, v in values.items()}
        for point in points.values():
            self._require_ours(point)
        return [await self._publish(points[n], value) for n, value in values.items()]

    async def write_service(self, name: str, value: int) -> None:
        """Refuse: the bus has no heartbeat, lease or clock of the point map.

        Raises
        ------
        ConfigError
            Always.
        """
        message = (
            f"{self._map.path}: {name}={value}: not on this bus. Use another device."
        )
        raise ConfigError(message)

    async def release(self, names: Collection[str] | None = None) -> list[WriteResult]:
        """Give the plant back: publish the default, and then nothing any more.

        Parameters
        ----------
        names
            Setpoints; those with ``on_exit: default`` if None.

        Raises
        ------
        CommunicationError
            If the broker is lost; the BMS falls back when we stop publishing.
        """
        rules = to_release(self._map, names)
        results = await self.write({n: rule.default for n, rule in rules.items()})
        if names is None:
            self._kept.clear()
        for name in names or ():
            self._kept.pop(name, None)
        return results

    def _require_ours(self, point: Point) -> None:
        """Refuse what the metadata does not give to our integration."""
        bus = self._buses[point.device]
        if not bus.owns(point):
            owner = bus.owners.get(point.dsx or "")
            found = "has not come" if owner is None else f"names {owner or 'nobody'!r}"
            message = (
                f"{point.name}: its metadata {found}; allowed is integration "
                f"{bus.device.integration!r}. Nothing written."
            )
            raise GuardRefusedError(message)

    async def _publish(self, point: Point, value: float) -> WriteResult:
        """Publish one value; the BMS decides whether it follows."""
        raw = (value - point.offset) / point.scale
        await self._buses[point.device].publish(point, raw)
        self._kept[point.name] = Kept(raw, time.monotonic())
        return WriteResult(point.name, value, True, "published")


def _judge(bus: _Bus, point: Point, now_s: float) -> Reading:
    """Turn the last message of a point into a value in SI with its quality."""
    if not bus.connected:
        return Reading(
            math.nan, Quality.BAD, now_s, now_s, f"comm: {bus}: not connected"
        )
    if point.dsx not in bus.owners:
        return Reading(math.nan, Quality.BAD, now_s, now_s, "missing: no metadata yet")
    found = bus.values.get(bus.topic(point), "missing: no value yet")
    if isinstance(found, str):
        return Reading(math.nan, Quality.BAD, now_s, now_s, found)
    age_s = max(time.time() - found.timestamp_ms / 1e3, 0.0)
    waited_s = time.monotonic() - bus.arrived_s[bus.topic(point)]
    reading = judge_raw(point, found.value, now_s)._replace(
        source_time_s=now_s - age_s, receive_time_s=now_s - waited_s
    )
    if found.quality != GOOD_QUALITY:
        detail = f"status flag fault: quality {found.quality} of the BMS"
        return reading._replace(quality=Quality.BAD, detail=detail)
    if age_s > point.stale_s:
        return reading._replace(quality=Quality.BAD, detail=f"stale {age_s:.0f} s")
    return reading
