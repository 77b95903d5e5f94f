"""How the driver gets along with devices: requests, notifications, states, networks."""

import asyncio
import math
import socket

import pytest
from bacpypes3.basetypes import IPMode

import bms_io.bacnet_habits as habits
from bms_io.bacnet import BacnetDriver, BacnetReader
from bms_io.points import BroadcastDevice
from bms_io.site_driver import SiteReader
from tests.bms_io.bacnet_device import HOST, device, small_map
from twin.errors import CommunicationError
from twin.interfaces import Quality

pytestmark = pytest.mark.real_time


def free_port(host=HOST):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


@pytest.fixture
def beside():
    """Run ``job(reader, device)`` beside a small device."""

    def run(job, count=8, cov=None):
        async def both():
            port = free_port()
            small = device(port, count)
            reader = BacnetReader(small_map(port, count, cov))
            try:
                async with asyncio.timeout(30):
                    await reader.connect()
                    return await job(reader, small)
            finally:
                await reader.close()
                small.close()

        return asyncio.run(both())

    return run


async def sweep(reader, count=8):
    found = await reader.read([f"p{n}" for n in range(count)], 0.0)
    return [found[f"p{n}"] for n in range(count)]


def values(readings):
    return [r.value for r in readings]


def test_one_request_for_all(beside):
    async def job(reader, small):
        single = small.single
        readings = await sweep(reader)
        return values(readings), small.multiple, small.single - single

    assert beside(job) == ([float(n) for n in range(8)], [8], 0)


def test_a_device_without_the_service_is_asked_one_by_one_and_again_later(
    beside, monkeypatch
):
    async def job(reader, small):
        small.knows_rpm = False
        first = values(await sweep(reader))
        asked = len(small.multiple)
        again = values(await sweep(reader))
        assert len(small.multiple) == asked, "asked again at once"
        monkeypatch.setattr(habits, "BELIEVED_S", -1.0)
        reader._clients["small"]._habits.too_many(2, 0.0)  # that long ago
        small.knows_rpm = True
        later = values(await sweep(reader))
        return first, again, later, small.multiple[asked:]

    first, again, later, multiple = beside(job)
    assert first == again == later == [float(n) for n in range(8)]
    assert multiple == [8]


def test_one_refused_object_spoils_nothing_for_the_others(beside):
    async def job(reader, small):
        small.poison = frozenset({5})
        first = await sweep(reader)
        asked = len(small.multiple)
        single = small.single
        second = await sweep(reader)
        return first, second, small.multiple[asked:], small.single - single

    first, second, multiple, single = beside(job)
    assert values(first) == values(second) == [float(n) for n in range(8)]
    assert sum(multiple) >= 6, "the others are read together"
    assert single <= 4  # two objects at most, two properties each


def test_batches_shrink_to_what_the_device_can_send(beside):
    async def job(reader, small):
        small.most = 3
        first = values(await sweep(reader))
        asked = len(small.multiple)
        second = values(await sweep(reader))
        return first, second, small.multiple[asked:]

    first, second, multiple = beside(job)
    assert first == second == [float(n) for n in range(8)]
    assert multiple == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("flags", "reliability", "quality", "detail"),
    [
        ([0, 0, 0, 0], "noFaultDetected", Quality.GOOD, ""),
        ([1, 0, 0, 0], "noFaultDetected", Quality.GOOD, ""),
        ([0, 1, 0, 0], "noSensor", Quality.BAD, "status flag fault no-sensor"),
        ([0, 1, 0, 0], "openLoop", Quality.BAD, "status flag fault open-loop"),
        ([0, 0, 1, 0], "noFaultDetected", Quality.UNCERTAIN, "overridden"),
        ([0, 0, 0, 1], "noFaultDetected", Quality.BAD, "out of service"),
    ],
)
def test_states_of_an_object_become_qualities(
    beside, flags, reliability, quality, detail
):
    async def job(reader, small):
        small.inputs[3].statusFlags = flags
        small.inputs[3].reliability = reliability
        return (await sweep(reader))[3]

    reading = beside(job)
    assert (reading.quality, reading.detail) == (quality, detail)


def test_notifications_spare_polls_and_bring_the_new_value(beside):
    async def job(reader, small):
        await sweep(reader)  # polls and subscribes
        asked = len(small.multiple)
        small.inputs[2].presentValue = 50.0
        await asyncio.sleep(0.2)
        readings = await sweep(reader)
        return readings, small.multiple[asked:]

    readings, polls = beside(job, cov=(60, 30.0))
    found = values(readings)
    # the device vouches that they are still so, and each came when it came
    assert {r.source_time_s for r in readings} == {readings[0].source_time_s}
    ages_s = [r.source_time_s - r.receive_time_s for r in readings]
    assert ages_s[2] < ages_s[1]
    assert found == [0.0, 1.0, 50.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert polls == []


def test_a_lost_subscription_is_caught_by_the_next_poll(beside):
    async def job(reader, small):
        await sweep(reader)
        small.forget_subscriptions()
        small.inputs[2].presentValue = 50.0
        await asyncio.sleep(0.2)
        before = values(await sweep(reader))[2]
        await asyncio.sleep(0.4)
        return before, values(await sweep(reader))[2]

    assert beside(job, cov=(60, 0.5)) == (2.0, 50.0)


def test_subscriptions_are_renewed_and_expired_ones_are_polled(beside):
    async def job(reader, small):
        await sweep(reader)
        first = small.subscriptions
        watch = reader._watches["small"]
        watch._renew_s = dict.fromkeys(watch._renew_s, 0.0)  # half of its life is over
        await sweep(reader)
        asked = len(small.multiple)
        watch._ends_s = dict.fromkeys(watch._ends_s, 0.0)  # all of it
        await sweep(reader)
        return first, small.subscriptions, small.multiple[asked:]

    assert beside(job, cov=(60, 30.0)) == (8, 16, [8])


def test_a_device_without_notifications_is_polled(beside):
    async def job(reader, small):
        small.do_SubscribeCOVRequest = None  # answers: unrecognized service
        first = values(await sweep(reader))
        small.inputs[2].presentValue = 50.0
        return first, values(await sweep(reader)), small.multiple

    first, second, multiple = beside(job, cov=(60, 30.0))
    assert first[2] == 2.0
    assert second[2] == 50.0
    assert multiple == [8, 8]


def test_a_dead_device_costs_the_others_nothing():
    """The living one is connected and read although the dead one comes first."""

    async def run():
        port = free_port()
        small = device(port)
        alive = small_map(port)
        dead = alive.devices["small"]._replace(
            name="a-dead", host="127.0.0.32", port=free_port("127.0.0.32")
        )
        lost = alive.points["p0"]._replace(name="lost", device="a-dead")
        reader = SiteReader(
            alive._replace(
                devices={"a-dead": dead, **alive.devices},
                points={"lost": lost, **alive.points},
            )
        )
        try:
            with pytest.raises(CommunicationError, match="a-dead"):
                await reader.connect()
            return await reader.read(["lost", "p1"], 0.0)
        finally:
            await reader.close()
            small.close()

    found = asyncio.run(run())
    assert found["lost"].quality is Quality.BAD
    assert math.isnan(found["lost"].value)
    assert found["p1"].value == 1.0


def test_a_reader_and_its_clients_have_no_write_at_all():
    reader = SiteReader(small_map(47808))
    writers = BacnetDriver(small_map(47808))
    for one in (
        reader,
        *reader._parts.values(),
        *BacnetReader(small_map(1))._clients.values(),
    ):
        assert not hasattr(one, "write")
        assert not hasattr(one, "release")
    assert hasattr(writers, "write")


def bbmd_device(port, host="127.0.0.41", instance=3001):
    """A device that is its network's BBMD and accepts foreign devices."""
    return device(
        port,
        host=host,
        instance=instance,
        bacnetIPMode=IPMode.bbmd,
        bbmdAcceptFDRegistrations=True,
        bbmdBroadcastDistributionTable=[],
        bbmdForeignDeviceTable=[],
    )


@pytest.mark.parametrize("found_at", ["its address", "another address"])
def test_a_foreign_device_registers_and_finds_its_device(found_at):
    async def run():
        host = "127.0.0.41"
        port = free_port(host)
        home = bbmd_device(port)
        wrong = free_port(host)
        bbmd = BroadcastDevice(host, port, 30)
        at = port if found_at == "its address" else wrong
        reader = BacnetReader(small_map(at, host=host, bbmd=bbmd))
        try:
            await reader.connect()
            return (await reader.read(["p1"], 0.0))["p1"].value
        finally:
            await reader.close()
            home.close()

    if found_at == "its address":
        assert asyncio.run(run()) == 1.0
    else:
        with pytest.raises(CommunicationError, match="moved to"):
            asyncio.run(run())


def test_a_bbmd_that_does_not_answer_is_said():
    async def run():
        port = free_port()
        small = device(port)
        bbmd = BroadcastDevice("127.0.0.42", free_port("127.0.0.42"), 30)
        reader = BacnetReader(small_map(port, bbmd=bbmd))
        try:
            with pytest.raises(CommunicationError, match="who-is"):
                await reader.connect()
        finally:
            await reader.close()
            small.close()

    asyncio.run(run())
