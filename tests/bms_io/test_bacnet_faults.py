"""BACnet driver and a real device with a proxy between them that tampers."""

import asyncio
from typing import NamedTuple

import pytest

from bms_io.command import CommandPath
from bms_io.daemon.audit import AuditLog, entries
from bms_io.limits import limits_of
from bms_io.modbus_client import DeviceRefusedError
from bms_io.site_driver import SiteDriver
from bms_io.spoken import speak
from bms_io.verifier import Verifier
from tests.bms_io.udp_proxy import (
    ABORT,
    COMPLEX_ACK,
    ERROR,
    READ,
    READ_MULTIPLE,
    REJECT,
    SIMPLE_ACK,
    WRITE,
    UdpProxy,
    apdu,
    frame,
    pass_on,
)
from twin.errors import CommunicationError
from twin.interfaces import Quality

pytestmark = pytest.mark.real_time

TIMEOUT_S = 0.25
POINT, SENSOR, OTHER = "setpoints.tower_supply_c", "outputs.chip_c", "inputs.wet_bulb_c"


class Line(NamedTuple):
    bench: object
    driver: SiteDriver
    proxy: UdpProxy


@pytest.fixture
def on_line(on_bench, points):
    """Run ``job(line)`` with a proxy between driver and plant."""
    spoken = speak(points, "bacnet")

    def run(job):
        async def through(bench):
            (name,) = bench.points.devices
            proxy = UdpProxy(
                "127.0.0.1", ("127.0.0.1", bench.points.devices[name].port)
            )
            await proxy.start()
            here = bench.points.devices[name]._replace(
                port=proxy.port, timeout_s=TIMEOUT_S
            )
            driver = SiteDriver(bench.points._replace(devices={name: here}))
            try:
                await driver.connect()
                return await job(Line(bench, driver, proxy))
            finally:
                await driver.close()
                proxy.stop()

        return on_bench(through, point_map=spoken)

    return run


def ack_of(kind):
    return lambda datagram: apdu(datagram)[:1] and apdu(datagram)[0] >> 4 == kind


def tampered(change, kind=COMPLEX_ACK):
    """Change answers of one kind, pass on others."""
    concerned = ack_of(kind)
    return lambda answer: change(answer) if concerned(answer) else pass_on(answer)


def with_byte(position, change):
    """Answer with one byte of the APDU changed."""

    def apply(answer):
        pdu = bytearray(apdu(answer))
        pdu[position] = change(pdu[position])
        return [(0.0, frame(bytes(pdu)))]

    return apply


def split(answer):
    half = len(answer) // 2
    return [(0.0, answer[:half]), (0.0, answer[half:])]


GARBAGE = bytes(range(40))
TRICKS = {
    "late but in time": (lambda a: [(TIMEOUT_S / 3, a)], True),
    "duplicated": (lambda a: [(0.0, a), (0.0, a)], True),
    "garbage before": (lambda a: [(0.0, GARBAGE), (0.0, a)], True),
    "split": (split, False),
    "late": (lambda a: [(2 * TIMEOUT_S, a)], False),
    "dropped": (lambda a: [], False),
    "truncated": (lambda a: [(0.0, a[:-2])], False),
    "garbage": (lambda a: [(0.0, GARBAGE)], False),
    "empty": (lambda a: [(0.0, b"")], False),
    "wrong invoke id": (with_byte(1, lambda b: (b + 7) % 256), False),
    "wrong service": (with_byte(2, lambda b: 26), False),
}


LATE_S = 2.5 * TIMEOUT_S  # after this nothing is under way any more


def test_an_answer_about_another_object_is_bad(on_line):
    async def job(line):
        line.proxy.trick = tampered(with_byte(7, lambda b: b + 1))
        return await line.driver.read([SENSOR, OTHER], 0.0)

    found = on_line(job)
    assert found[SENSOR].quality is Quality.BAD or found[OTHER].quality is Quality.BAD


def test_a_single_answer_about_another_object_is_bad(on_line):
    async def job(line):
        line.proxy.trick = tampered(with_byte(7, lambda b: b + 1))
        return await line.driver.read([SENSOR], 0.0)

    assert on_line(job)[SENSOR].quality is Quality.BAD


async def write_under(line, trick, wanted):
    """Whether a write is known to have arrived, and whether it has."""
    line.proxy.trick = tampered(trick, SIMPLE_ACK)
    try:
        (result,) = await line.driver.write({POINT: wanted})
        known = result.accepted
    except DeviceRefusedError:
        raise
    except CommunicationError:
        known = None
    line.proxy.trick = pass_on
    return known, line.bench.plant._requested.tower_supply_c == pytest.approx(wanted)


async def read_back_first(line, wanted):
    """Write again; says what went over the wire for it."""
    first = len(line.proxy.services)
    await line.driver.write({POINT: wanted})
    services = line.proxy.services[first:]
    return services[0] in (READ, READ_MULTIPLE), services.count(WRITE)


def test_every_trick_on_the_answer_to_a_write_leaves_one_write_on_the_wire(on_line):
    async def job(line):
        seen = {}
        value = line.bench.plant.active.tower_supply_c
        for name, (trick, _) in TRICKS.items():
            value += 0.25
            before = line.proxy.writes
            told = await write_under(line, trick, value)
            await asyncio.sleep(LATE_S if name == "late" else 0.0)
            seen[name] = (*told, line.proxy.writes - before)
            seen[name] += await read_back_first(line, value)
        return seen

    for name, found in on_line(job).items():
        good = TRICKS[name][1]
        assert found == (good or None, True, 1, not good, 1), name


REASONS = [*range(12), 64, 65, 66, 255]


def test_an_aborted_write_is_unknown_and_read_back_before_anything_else(on_line):
    """The device has applied it and aborts: neither refused nor acknowledged."""

    def abort(reason):
        def apply(answer):
            pdu = bytes([ABORT << 4 | 1, apdu(answer)[1], reason])
            return [(0.0, frame(pdu))]

        return apply

    async def job(line):
        seen = {}
        value = line.bench.plant.active.tower_supply_c
        for reason in REASONS:
            value += 0.2
            before = line.proxy.writes
            told = await write_under(line, abort(reason), value)
            seen[reason] = (*told, line.proxy.writes - before)
            seen[reason] += await read_back_first(line, value)
        return seen

    assert on_line(job) == dict.fromkeys(REASONS, (None, True, 1, True, 1))


def test_what_cannot_be_read_back_is_not_written_again(on_line):
    async def job(line):
        wanted = line.bench.plant.active.tower_supply_c + 1.0
        line.proxy.down = True
        for _ in range(3):
            with pytest.raises(CommunicationError):
                await line.driver.write({POINT: wanted})
        return line.proxy.writes

    assert on_line(job) == 1


@pytest.mark.parametrize(
    "answer",
    [bytes([REJECT << 4, 0, 6]), bytes([ERROR << 4, 0, WRITE, 0x91, 2, 0x91, 40])],
    ids=["reject", "error"],
)
def test_a_refused_write_is_a_result(on_line, answer):
    def refuse(good):
        return [(0.0, frame(answer[:1] + apdu(good)[1:2] + answer[2:]))]

    async def job(line):
        line.proxy.trick = tampered(refuse, SIMPLE_ACK)
        wanted = line.bench.plant.active.tower_supply_c
        return await line.driver.write({POINT: wanted}), line.proxy.writes

    results, writes = on_line(job)
    assert not results[0].accepted
    assert writes == 1


def test_a_device_that_went_away_is_left_alone_and_comes_back(on_line):
    async def job(line):
        line.proxy.down = True
        sent = len(line.proxy.services)
        begin_s = asyncio.get_running_loop().time()
        for _ in range(50):
            during = await line.driver.read([SENSOR], 0.0)
        spent_s = asyncio.get_running_loop().time() - begin_s
        asked = len(line.proxy.services) - sent
        line.proxy.down = False
        await asyncio.sleep(2 * TIMEOUT_S)
        return during, asked, spent_s, await line.driver.read([SENSOR], 0.0)

    during, asked, spent_s, after = on_line(job)
    assert during[SENSOR].quality is Quality.BAD
    assert during[SENSOR].detail.startswith("comm")
    assert asked <= 3
    assert spent_s < 5 * TIMEOUT_S
    assert after[SENSOR].quality is Quality.GOOD


def test_a_setpoint_whose_outcome_is_open_is_not_sent_before_it_was_seen(
    on_line, site, tmp_path
):
    async def job(line):
        log = AuditLog(tmp_path / "audit.sqlite")
        verifier = Verifier(limits_of(site), line.bench.points, site.design, -900.0)
        path = CommandPath(line.driver, line.bench.points, log, verifier)
        wanted = site.design._replace(tower_supply_c=site.design.tower_supply_c + 1.0)
        line.proxy.trick = tampered(lambda answer: [], SIMPLE_ACK)
        with pytest.raises(CommunicationError):
            await path.send(wanted, site.design, 0.0)
        line.proxy.trick = pass_on
        again = await path.send(wanted, site.design, 900.0)
        writes = line.proxy.writes
        slots = await line.driver.read([POINT], 900.0)
        path.settle({"tower_supply_c": slots[POINT]})
        log.close()
        return again.written, writes, path.written

    written, writes, known = on_line(job)
    assert (written, writes) == (0, 1)
    assert known == {"tower_supply_c": pytest.approx(site.design.tower_supply_c + 1.0)}
    events = [row.event for row in entries(tmp_path / "audit.sqlite")]
    assert events == ["intent", "unknown"]
