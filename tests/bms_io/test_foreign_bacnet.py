"""BACnet programs of other people against our plant, and our driver against theirs.

Every party has a UDP port of its own: some of them take every address of the machine.
"""

import asyncio
import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from bms_io.bacnet import BacnetDriver
from bms_io.points import BacnetObject, WriteRule
from bms_io.spoken import speak
from tests.bms_io.bacnet_device import small_map
from twin.errors import CommunicationError
from twin.interfaces import Quality

pytestmark = pytest.mark.real_time

PEERS = Path(__file__).parent / "peers"
SENSOR, POINT = "outputs.chip_c", "setpoints.tower_supply_c"
LOOPBACK = "127.0.0.1"

try:
    import rusty_bacnet as rusty
except ImportError:
    rusty = None

needs_rusty = pytest.mark.skipif(
    rusty is None, reason="rusty-bacnet is not installed (extra dev, Linux and macOS)"
)
needs_js = pytest.mark.skipif(
    shutil.which("node") is None or not (PEERS / "node_modules/@bacnet-js").is_dir(),
    reason="@bacnet-js/client is not installed (npm ci --prefix tests/bms_io/peers)",
)


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


@pytest.fixture
def on_plant(on_bench, points):
    """Run ``job(bench, port, sensor instance, setpoint instance)`` beside our plant."""
    spoken = speak(points, "bacnet")

    def run(job):
        async def there(bench):
            (device,) = bench.points.devices.values()
            places = [bench.points.points[n].bacnet.instance for n in (SENSOR, POINT)]
            return await job(bench, device.port, *places)

        return on_bench(there, point_map=spoken)

    return run


@needs_js
def test_bacnet_js_reads_commands_takes_back_and_subscribes(on_plant, points):
    limit = points.points[POINT].write

    async def job(bench, port, sensor, setpoint):
        design = bench.plant.active.tower_supply_c
        arguments = [port, free_udp_port(), sensor, setpoint, design + 1.0]
        arguments.append(limit.maximum + 50.0)
        found = await asyncio.to_thread(
            subprocess.run,
            ["node", "bacnet_client.js", LOOPBACK, *map(str, arguments)],
            cwd=PEERS, capture_output=True, text=True, timeout=40, check=False,
        )  # fmt: skip
        assert found.returncode == 0, found.stderr
        return json.loads(found.stdout), bench.plant.measured[SENSOR], design

    seen, truth, design = on_plant(job)
    assert seen["read"] == pytest.approx(truth, rel=1e-6)
    assert seen["multiple"] == pytest.approx([truth, design], rel=1e-6)
    assert seen["default"] == pytest.approx(design)
    assert seen["commanded"] == pytest.approx(design + 1.0)
    assert "37" in seen["refusal"], "value-out-of-range"
    assert seen["relinquished"] == pytest.approx(design)
    assert seen["notified"] == pytest.approx(truth, rel=1e-6)


@needs_rusty
def test_rusty_bacnet_reads_commands_takes_back_and_subscribes(on_plant, points):
    limit = points.points[POINT].write
    value, flags = (
        rusty.PropertyIdentifier.PRESENT_VALUE,
        rusty.PropertyIdentifier.STATUS_FLAGS,
    )
    real = rusty.PropertyValue.real

    async def job(bench, port, sensor, setpoint):
        at = f"{LOOPBACK}:{port}"
        measured = rusty.ObjectIdentifier(rusty.ObjectType.ANALOG_INPUT, sensor)
        wanted = rusty.ObjectIdentifier(rusty.ObjectType.ANALOG_VALUE, setpoint)
        design = bench.plant.active.tower_supply_c
        seen = {"truth": bench.plant.measured[SENSOR], "design": design}
        client = rusty.BACnetClient(
            LOOPBACK, free_udp_port(), broadcast_address=LOOPBACK, apdu_timeout_ms=3000
        )
        async with client:
            seen["read"] = (await client.read_property(at, measured, value)).value
            specs = [
                (measured, [(value, None), (flags, None)]),
                (wanted, [(value, None)]),
            ]
            seen["multiple"] = await client.read_property_multiple(at, specs)
            await client.write_property(at, wanted, value, real(design + 1.0), 10)
            seen["commanded"] = (await client.read_property(at, wanted, value)).value
            with pytest.raises(rusty.BacnetProtocolError) as refusal:
                await client.write_property(
                    at, wanted, value, real(limit.maximum + 50), 10
                )
            seen["refusal"] = str(refusal.value)
            with pytest.raises(rusty.BacnetProtocolError) as denied:
                await client.write_property(at, measured, value, real(1.0), 10)
            seen["denied"] = str(denied.value)
            await client.write_property(
                at, wanted, value, rusty.PropertyValue.null(), 10
            )
            seen["relinquished"] = (await client.read_property(at, wanted, value)).value
            news = await client.cov_notifications()
            await client.subscribe_cov(at, 1, measured, False, 60)
            first = await asyncio.wait_for(anext(news), 10)
            seen["notified"] = [v["value"].value for v in first.values]
        return seen

    seen = on_plant(job)
    same = pytest.approx(seen["truth"], rel=1e-6)
    assert seen["read"] == same
    assert len(seen["multiple"]) == 2
    assert seen["commanded"] == pytest.approx(seen["design"] + 1.0)
    assert seen["refusal"].endswith("class=2 code=37"), "value-out-of-range"
    assert seen["denied"].endswith("class=2 code=40"), "write-access-denied"
    assert seen["relinquished"] == pytest.approx(seen["design"])
    assert seen["notified"][0] == same


def commandable(point_map):
    """The map of a small device with an analog value beside its input."""
    rule = WriteRule(0.0, 100.0, 10.0, 0.1, 0.0, 20.0, "p1", 0.1, 5.0, "default")
    setpoint = point_map.points["p1"]._replace(
        table="holding", write=rule, bacnet=BacnetObject("analog-value", 1, 10)
    )
    return point_map._replace(points={**point_map.points, "p1": setpoint})


@needs_rusty
@pytest.mark.parametrize("cov", [None, (60, 30.0)])
def test_our_driver_with_the_server_of_rusty_bacnet(cov):
    async def run():
        port = free_udp_port()
        server = rusty.BACnetServer(
            3001, "theirs", LOOPBACK, port, broadcast_address=LOOPBACK
        )
        server.add_analog_input(0, "sensor", 62, 21.5)
        server.add_analog_value(1, "setpoint")
        await server.start()
        driver = BacnetDriver(commandable(small_map(port, 2, cov, LOOPBACK)))
        try:
            async with asyncio.timeout(30):
                await driver.connect()
                first = await driver.read(["p0", "p1"], 0.0)
                wrote = await driver.write({"p1": 42.5})
                back = (await driver.read(["p1"], 0.0))["p1"].value
                slots = await driver.priorities("p1")
                await driver.release()
                after = await driver.priorities("p1")
                await asyncio.sleep(0.2)
                last = await driver.read(["p0", "p1"], 0.0)
        finally:
            await driver.close()
            await server.stop()
        with pytest.raises(CommunicationError):
            await driver.connect()
        return first, wrote, back, slots, after, last

    first, wrote, back, slots, after, last = asyncio.run(run())
    assert first["p0"].value == 21.5
    assert first["p0"].quality is Quality.GOOD
    assert wrote[0].accepted
    assert back == 42.5
    assert slots == {10: 42.5}
    assert after == {}
    assert last["p0"].value == 21.5
    assert last["p1"].value == 0.0
