"""Points on a DSX Exchange bus: a real broker, and a BMS made of another client."""

import asyncio
import contextlib
import json
import logging
import socket
import time
import warnings

import paho.mqtt.client as paho
import pytest

from bms_io.dsx_topics import PointValue, read_value, value_message, value_topic
from bms_io.mqtt import MqttDriver, MqttReader
from bms_io.points import load_points
from bms_io.site_driver import SiteDriver, SiteReader
from twin.errors import CommunicationError, ConfigError, GuardRefusedError
from twin.interfaces import Quality

pytestmark = pytest.mark.real_time

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the broker's own imports
    from amqtt.broker import Broker

SUPPLY, FORCE, WANTED = (
    "outputs.tcs_supply_c",
    "active.tcs_supply_c",
    "setpoints.tcs_supply_c",
)
ASKED = "CDU/LiquidTemperatureSpRequest/site1/row3/cdu5"
IN_FORCE = "CDU/LiquidTemperature/site1/row3/cdu5/sp"
MEASURED = "CDU/LiquidTemperature/site1/row3/cdu5/supply"
DEADLINE_S, MAP = (
    30,
    f"""\
version: 1
devices:
  bus: {{protocol: mqtt_dsx, host: 127.0.0.1, port: PORT, integration: WETBULB}}
points:
  {SUPPLY}:
    {{device: bus, dsx: {{path: {MEASURED}}}, unit: degF, range: [32, 150], stale_s: 300}}
  {FORCE}:
    {{device: bus, dsx: {{path: {IN_FORCE}}}, unit: degC}}
  {WANTED}:
    device: bus
    dsx: {{path: {ASKED}}}
    unit: degC
    write: {{min: 15, max: 45, rate_max_per_min: 1, deadband: 0.1, min_interval_s: 0,
      default: 30, readback: {FORCE}, readback_tol: 0.05, readback_within_s: 2,
      on_exit: default}}
""",
)


class Bms:
    """The other side: publishes metadata and values, follows requests in range."""

    def __init__(self, port, owner="WETBULB"):
        self.heard = []
        self.owner = owner
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_message = self._follow
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("BMS/v1/+/Value/CDU/LiquidTemperatureSpRequest/#", qos=1)

    def describe(self, path, **fields):
        kind, point = path.split("/")[:2]
        told = {"objectType": kind, "pointType": point, "objectName": "cdu5", **fields}
        self._send(f"BMS/v1/PUB/Metadata/{path}", json.dumps(told), retain=True)

    def tell(self, path, value, quality=1, age_s=0.0):
        stamp = round((time.time() - age_s) * 1e3)
        told = {"value": value, "timestamp": stamp, "quality": quality}
        self._send(f"BMS/v1/PUB/Value/{path}", json.dumps(told))

    def start(self):
        for path in (MEASURED, IN_FORCE):
            self.describe(path)
        self.describe(ASKED, **({"integration": self.owner} if self.owner else {}))

    def _send(self, topic, text, retain=False):
        self.client.publish(topic, text, qos=1, retain=retain)

    def _follow(self, client, _, message):
        if message.topic.startswith("BMS/v1/PUB"):
            return
        self.heard.append((message.topic, json.loads(message.payload)))
        self.tell(IN_FORCE, json.loads(message.payload)["value"])

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def on_bus(tmp_path):
    """Run ``job(driver, bms)`` on a bus, bounded in time."""
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)

    async def bounded(job, owner, make):
        port = free_port()
        broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {
                        "allow_anonymous": True
                    }
                },
            }
        )
        await broker.start()
        path = tmp_path / "points.yaml"
        path.write_text(MAP.replace("PORT", str(port)))
        driver, bms = make(load_points(path)), await asyncio.to_thread(Bms, port, owner)
        try:
            async with asyncio.timeout(DEADLINE_S):
                bms.start()
                await driver.connect()
                return await job(driver, bms)
        finally:
            await driver.close()
            await asyncio.to_thread(bms.stop)
            with contextlib.suppress(Exception):  # theirs, when it is already down
                await broker.shutdown()

    def run(job, owner="WETBULB", make=SiteDriver):
        return asyncio.run(bounded(job, owner, make))

    return run


async def until(driver, name, wanted):
    """Reading of a point as soon as it is as wanted; the last one otherwise."""
    for _ in range(100):
        reading = (await driver.read([name], 1000.0))[name]
        if wanted(reading):
            return reading
        await asyncio.sleep(0.05)
    return reading


def good(reading):
    return reading.quality is Quality.GOOD


def test_values_are_read_with_unit_time_and_quality(on_bus):
    async def job(driver, bms):
        before = await until(driver, SUPPLY, lambda r: "value" in r.detail)
        bms.tell(MEASURED, 86.0, age_s=20.0)
        sound = await until(driver, SUPPLY, good)
        bms.tell(MEASURED, 86.0, quality=0)
        doubted = await until(driver, SUPPLY, lambda r: "quality 0" in r.detail)
        bms.tell(MEASURED, None)
        none = await until(driver, SUPPLY, lambda r: r.detail == "nan")
        bms.tell(MEASURED, 800.0)
        hot = await until(driver, SUPPLY, lambda r: r.detail.startswith("out_of"))
        bms.tell(MEASURED, 86.0, age_s=400.0)
        stale = await until(driver, SUPPLY, lambda r: r.detail.startswith("stale"))
        bms._send(f"BMS/v1/PUB/Value/{MEASURED}", "{")
        torn = await until(driver, SUPPLY, lambda r: r.detail.startswith("refused"))
        return before, sound, [doubted, none, hot, stale, torn]

    before, sound, bad = on_bus(job)
    assert before.detail == "missing: no value yet"
    assert sound.value == pytest.approx(30.0)
    assert sound.source_time_s == pytest.approx(980.0, abs=5.0)
    assert sound.receive_time_s == pytest.approx(1000.0, abs=5.0)
    assert {r.quality for r in bad} == {Quality.BAD}
    assert not any("missing" in r.detail for r in bad)


def test_a_request_goes_to_our_topic_once_and_the_bms_confirms(on_bus):
    async def job(driver, bms):
        slot = await until(driver, WANTED, lambda r: "no value" in r.detail)
        (result,) = await driver.write({WANTED: 31.5})
        in_force = await until(driver, FORCE, lambda r: r.value == 31.5)
        await driver.release()
        released = await until(driver, FORCE, lambda r: r.value == 30.0)
        mine = await until(driver, WANTED, lambda r: r.value == 30.0)
        await asyncio.sleep(0.3)
        return slot, result, in_force, released, mine, list(bms.heard)

    slot, result, in_force, released, mine, heard = on_bus(job)
    assert slot.detail == "missing: no value yet"
    assert result.accepted
    assert good(in_force)
    assert good(released)
    assert mine.value == 30.0
    assert [topic for topic, _ in heard] == [f"BMS/v1/WETBULB/Value/{ASKED}"] * 2
    assert [body["value"] for _, body in heard] == [31.5, 30.0]
    assert all(body["quality"] == 1 for _, body in heard)
    assert all(abs(body["timestamp"] / 1e3 - time.time()) < 60 for _, body in heard)


def test_a_value_is_repeated_with_the_cycles_and_stops_with_them(on_bus, monkeypatch):
    monkeypatch.setattr("bms_io.mqtt.REPEAT_S", 0.2)

    async def job(driver, bms):
        await until(driver, WANTED, lambda r: "no value" in r.detail)
        await driver.write({WANTED: 31.5})
        for _ in range(12):
            await driver.read([FORCE], 0.0)
            await asyncio.sleep(0.1)
        cycles = len(bms.heard)
        await asyncio.sleep(0.6)
        silence = len(bms.heard)
        await driver.release()
        for _ in range(6):
            await driver.read([FORCE], 0.0)
            await asyncio.sleep(0.1)
        return cycles, silence, [body["value"] for _, body in bms.heard]

    cycles, silence, values = on_bus(job)
    assert 4 <= cycles <= 8
    assert silence <= cycles + 1
    assert values[-1] == 30.0
    assert set(values[:-1]) == {31.5}


@pytest.mark.parametrize(("owner", "found"), [("MEPAI", "'MEPAI'"), ("", "'nobody'")])
def test_a_point_of_somebody_else_is_never_written(on_bus, owner, found):
    async def job(driver, bms):
        await until(driver, WANTED, lambda r: "no value" in r.detail)
        with pytest.raises(GuardRefusedError, match=f"names {found}.*Nothing written"):
            await driver.write({WANTED: 31.5})
        await asyncio.sleep(0.3)
        return bms.heard

    assert on_bus(job, owner=owner) == []


def test_without_metadata_and_out_of_limits_nothing_is_written(on_bus):
    async def job(driver, bms):
        await until(driver, WANTED, lambda r: "no value" in r.detail)
        with pytest.raises(GuardRefusedError, match="outside the hard limits"):
            await driver.write({WANTED: 46.0})
        bms.describe(ASKED, pointType="Status", integration="WETBULB")
        await until(driver, WANTED, lambda r: "no metadata" in r.detail)
        with pytest.raises(GuardRefusedError, match="metadata has not come"):
            await driver.write({WANTED: 31.0})
        with pytest.raises(ConfigError, match="not on this bus"):
            await driver._drivers["mqtt_dsx"].write_service("plant.heartbeat", 1)
        return bms.heard

    assert on_bus(job) == []


def test_a_reader_cannot_write_and_says_what_it_reads(on_bus):
    async def job(reader, bms):
        bms.tell(MEASURED, 86.0)
        return await until(reader, SUPPLY, good)

    assert on_bus(job, make=SiteReader).value == pytest.approx(30.0)
    assert not hasattr(MqttReader, "write")
    assert hasattr(MqttDriver, "write")


def test_no_broker_is_said(tmp_path):
    path = tmp_path / "points.yaml"
    path.write_text(MAP.replace("PORT", "1"))

    async def job():
        reader = SiteReader(load_points(path))
        try:
            with pytest.raises(CommunicationError, match="Is the broker running"):
                await reader.connect()
            return await reader.read([SUPPLY], 0.0)
        finally:
            await reader.close()

    assert asyncio.run(job())[SUPPLY].detail.startswith("comm")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (", integration: WETBULB", "", "devices.bus.integration: is missing"),
        (f"path: {MEASURED}", "path: CDU/LiquidTemperature", "should match pattern"),
        (f"path: {MEASURED}", "path: CDU/LiquidTemperature/#", "should match pattern"),
        (f"path: {MEASURED}", f"path: {IN_FORCE}", "is also used by"),
    ],
)
def test_mistakes_in_the_map_are_told(tmp_path, old, new, said):
    path = tmp_path / "points.yaml"
    path.write_text(MAP.replace("PORT", "1883").replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_points(path)
    assert said in str(caught.value)


def test_messages_go_there_and_back():
    message = PointValue(21.5, 1_767_225_600_000, 1)
    assert read_value(value_message(message)) == message
    assert b"null" in value_message(message._replace(value=float("nan")))
    assert value_topic(ASKED, "MEPAI") == f"BMS/v1/MEPAI/Value/{ASKED}"
