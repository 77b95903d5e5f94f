"""Another device at the address of ours: told, not read, never written to."""

import asyncio

import pytest
from bacpypes3.basetypes import HostNPort

import bms_io.bacnet_identity as identity
from bms_io.bacnet import BacnetReader
from bms_io.bacnet_client import BacnetAddress
from bms_io.bacnet_writer import BacnetWriter
from bms_io.modbus_client import DeviceRefusedError
from bms_io.points import BroadcastDevice
from tests.bms_io.bacnet_device import HOST, INSTANCE, device, small_map
from tests.bms_io.test_bacnet_manners import bbmd_device, free_port, sweep, values
from twin.errors import CommunicationError
from twin.interfaces import Quality

pytestmark = pytest.mark.real_time

SETPOINT, PRIORITY = "analog-value,1", 10
STRANGERS = {
    "same instance, another name": {"name": "stranger"},
    "another instance, same name": {"instance": INSTANCE + 1},
}


async def exchanged(old, port, **stranger):
    """Take a device off its address and put another one there."""
    old.close()
    await asyncio.sleep(0.05)
    return device(port, **stranger)


@pytest.fixture(autouse=True)
def _asked_often(monkeypatch):
    monkeypatch.setattr(identity, "BELIEVED_S", 0.1)


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize("silent", [False, True], ids=["at once", "after a silence"])
def test_a_stranger_is_not_read_and_ours_is_again(stranger, silent):
    async def run():
        port = free_port()
        here = device(port)
        reader = BacnetReader(small_map(port))
        try:
            await reader.connect()
            before = await sweep(reader)
            if silent:
                here.close()
                await asyncio.sleep(0.05)
                assert {r.quality for r in await sweep(reader)} == {Quality.BAD}
            here = await exchanged(here, port, **stranger)
            await asyncio.sleep(
                1.2
            )  # the longest wait after one silence, and the belief
            during = await sweep(reader)
            assert here.multiple == []
            here = await exchanged(here, port)
            await asyncio.sleep(1.2)
            return before, during, await sweep(reader)
        finally:
            await reader.close()
            here.close()

    before, during, after = asyncio.run(run())
    assert values(before) == values(after) == [float(n) for n in range(8)]
    assert {r.quality for r in during} == {Quality.BAD}
    wanted = "says it is 'stranger', not 'small'" if "name" in stranger else "3001"
    assert wanted in during[0].detail


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_is_never_written_to(stranger):
    async def run():
        port = free_port()
        here = device(port)
        writer = BacnetWriter(BacnetAddress("small", HOST, port, INSTANCE), 0.5)
        try:
            await writer.connect()
            await writer.write(SETPOINT, 25.0, PRIORITY)
            assert await writer.priorities(SETPOINT) == {PRIORITY: 25.0}
            here = await exchanged(here, port, **stranger)
            await asyncio.sleep(0.15)
            with pytest.raises(DeviceRefusedError):
                await writer.write(SETPOINT, 27.0, PRIORITY)
            there = {str(o.objectIdentifier): o for o in here.objectIdentifier.values()}
            return float(there[SETPOINT].presentValue)
        finally:
            writer.close()
            here.close()

    assert asyncio.run(run()) == 20.0


def test_a_name_of_the_map_must_be_said_from_the_start():
    async def run():
        port = free_port()
        here = device(port)
        named = BacnetAddress("small", HOST, port, INSTANCE, "AHU-7")
        writer = BacnetWriter(named, 0.5)
        try:
            await writer.connect()
        finally:
            writer.close()
            here.close()

    with pytest.raises(CommunicationError, match="is 'small', not 'AHU-7'"):
        asyncio.run(run())


def test_an_instance_that_two_devices_have_is_refused():
    """One is in the BBMD's network, the other is registered there as we are."""

    async def run():
        home_host, other_host = "127.0.0.41", "127.0.0.43"
        port, other_port = free_port(home_host), free_port(other_host)
        home = bbmd_device(port)
        other = device(
            other_port,
            host=other_host,
            name="double",
            bacnetIPMode="foreign",
            fdBBMDAddress=HostNPort(f"{home_host}:{port}"),
            fdSubscriptionLifetime=30,
        )
        bbmd = BroadcastDevice(home_host, port, 30)
        reader = BacnetReader(small_map(port, host=home_host, bbmd=bbmd))
        try:
            await asyncio.sleep(0.3)
            await reader.connect()
        finally:
            await reader.close()
            other.close()
            home.close()

    with pytest.raises(CommunicationError, match="is there twice"):
        asyncio.run(run())
