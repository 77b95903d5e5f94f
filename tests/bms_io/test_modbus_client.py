"""The strict client against a server that answers wrongly in every way we know."""

import asyncio
import contextlib
import struct
import time

import pytest

from bms_io.modbus_client import Address, DeviceRefusedError, ModbusClient
from twin.errors import CommunicationError

pytestmark = pytest.mark.real_time

TIMEOUT_S = 0.3


def frame(transaction, pdu, unit=1, protocol=0):
    return struct.pack(">HHHB", transaction, protocol, len(pdu) + 1, unit) + pdu


def good(transaction, pdu):
    """What a sound device with registers 0, 1, 2, ... answers."""
    if pdu[0] == 16:
        return frame(transaction, pdu[:5])
    _, address, count = struct.unpack(">BHH", pdu)
    values = struct.pack(f">{count}H", *range(address, address + count))
    return frame(transaction, bytes([pdu[0], 2 * count]) + values)


class FaultyDevice:
    """A TCP server whose answers are made by ``answer``; counts what it received."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(7)
                transaction, _, length, _ = struct.unpack(">HHHB", head)
                pdu = await reader.readexactly(length - 1)
                self.requests.append(pdu)
                await self.answer(writer, transaction, pdu)
        writer.close()


def against(answer, job, timeout_s=TIMEOUT_S):
    """Run ``job(client, device)`` against a device, all bounded in time."""

    async def run():
        device = FaultyDevice(answer)
        server = await asyncio.start_server(device.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = ModbusClient(Address("plc", "127.0.0.1", port, 1), timeout_s)
        try:
            async with asyncio.timeout(10):
                await client.connect()
                return await job(client, device)
        finally:
            await client.close()
            server.close()

    return asyncio.run(run())


def sends(make):
    """Answer that sends the bytes made from transaction and request."""

    async def answer(writer, transaction, pdu):
        writer.write(make(transaction, pdu))
        await writer.drain()

    return answer


async def in_single_bytes(writer, transaction, pdu):
    for byte in good(transaction, pdu):
        writer.write(bytes([byte]))
        await writer.drain()


async def reset(writer, transaction, pdu):
    writer.transport.abort()


async def silence(writer, transaction, pdu):
    return


async def cut_off(writer, transaction, pdu):
    writer.write(good(transaction, pdu)[:-1])
    writer.close()


WRONG_READS = {
    "other function": sends(lambda t, p: frame(t, bytes([3, 4]) + good(t, p)[9:])),
    "too few registers": sends(lambda t, p: frame(t, bytes([4, 2, 0, 0]))),
    "too many registers": sends(lambda t, p: frame(t, bytes([4, 6, 0, 0, 0, 0, 0, 0]))),
    "byte count lies": sends(lambda t, p: frame(t, bytes([4, 6, 0, 0, 0, 0]))),
    "other unit": sends(lambda t, p: frame(t, good(t, p)[7:], unit=2)),
    "other transaction": sends(lambda t, p: frame(t + 1, good(t, p)[7:])),
    "other protocol": sends(lambda t, p: frame(t, good(t, p)[7:], protocol=1)),
    "garbage first": sends(lambda t, p: b"\xde\xad\xbe\xef" + good(t, p)),
    "length too long": sends(lambda t, p: struct.pack(">HHHB", t, 0, 999, 1) + p),
    "reset": reset,
    "silence": silence,
    "cut off": cut_off,
}


@pytest.mark.parametrize("answer", WRONG_READS.values(), ids=WRONG_READS.keys())
def test_a_wrong_answer_is_an_error_and_closes_the_connection(answer):
    async def job(client, device):
        with pytest.raises(CommunicationError, match=r"device plc \(127\.0\.0\.1:\d+"):
            await client.read("input", 0, 2)
        assert not client.connected
        assert len(device.requests) == 1

    against(answer, job)


def test_a_reset_fails_at_once_not_after_the_timeout():
    async def job(client, device):
        begin = time.monotonic()
        with pytest.raises(CommunicationError):
            await client.read("input", 0, 2)
        return time.monotonic() - begin

    assert against(reset, job, timeout_s=5.0) < 1.0


@pytest.mark.parametrize("answer", [sends(good), in_single_bytes])
def test_a_sound_answer_is_read_however_it_is_cut(answer):
    async def job(client, device):
        return await client.read("holding", 5, 3), device.requests

    registers, requests = against(answer, job)
    assert registers == [5, 6, 7]
    assert requests == [bytes([3, 0, 5, 0, 3])]


def test_a_late_answer_never_reaches_the_next_request():
    async def late_then_good(writer, transaction, pdu):
        if pdu[2] == 0:
            await asyncio.sleep(2 * TIMEOUT_S)
        writer.write(good(transaction, pdu))

    async def job(client, device):
        with pytest.raises(CommunicationError, match="no answer in time"):
            await client.read("input", 0, 2)
        await client.connect()
        await asyncio.sleep(2 * TIMEOUT_S)
        return await client.read("input", 40, 2)

    assert against(late_then_good, job) == [40, 41]


def test_a_write_is_one_request_with_all_registers():
    async def job(client, device):
        await client.write(10, [0x41AC, 0])
        return device.requests

    assert against(sends(good), job) == [bytes([16, 0, 10, 0, 2, 4, 0x41, 0xAC, 0, 0])]


@pytest.mark.parametrize(
    "answer", [reset, silence, sends(lambda t, p: frame(t, bytes([16, 0, 11, 0, 2])))]
)
def test_a_write_without_proper_answer_is_never_sent_again(answer):
    async def job(client, device):
        with pytest.raises(CommunicationError):
            await client.write(10, [1, 2])
        await asyncio.sleep(0.2)
        return len(device.requests)

    assert against(answer, job) == 1


OTHER_WRITES = {
    "coil, FC5": ("coil", [1], True, "0500080000"),
    "register, FC6": ("holding", [7], True, "0600080008"),
    "coils, FC15": ("coil", [1, 0, 1], False, "0f00080002"),
    "register, FC16": ("holding", [7], False, "1000090001"),
}


@pytest.mark.parametrize(
    ("table", "values", "single", "echo"),
    OTHER_WRITES.values(),
    ids=OTHER_WRITES.keys(),
)
def test_an_echo_of_something_else_is_an_error_and_sent_once(
    table, values, single, echo
):
    async def job(client, device):
        with pytest.raises(CommunicationError, match="Read back before writing"):
            await client.write(8, values, table, single)
        return len(device.requests), client.connected

    wrong = sends(lambda t, p: frame(t, bytes.fromhex(echo)))
    assert against(wrong, job) == (1, False)


@pytest.mark.parametrize("table", ["coil", "discrete"])
@pytest.mark.parametrize("answer", ["0100", "01020000", "01010000", "0104000000"])
def test_bits_of_another_number_are_an_error(table, answer):
    async def job(client, device):
        with pytest.raises(CommunicationError):
            await client.read(table, 0, 3)
        return client.connected

    function = 1 if table == "coil" else 2
    made = bytes([function]) + bytes.fromhex(answer)[1:]
    wrong = sends(lambda t, p: frame(t, made))
    assert against(wrong, job) is False


def test_an_exception_answer_has_its_code_and_keeps_the_connection():
    async def job(client, device):
        with pytest.raises(DeviceRefusedError, match="illegal data value") as caught:
            await client.write(10, [1, 2])
        return client.connected, caught.value.code

    refuse = sends(lambda t, p: frame(t, bytes([p[0] | 0x80, 3])))
    assert against(refuse, job) == (True, 3)


def test_two_requests_at_the_same_time_wait_for_each_other():
    async def job(client, device):
        return await asyncio.gather(*(client.read("input", n, 1) for n in range(20)))

    assert against(sends(good), job) == [[n] for n in range(20)]


def test_a_cancelled_request_leaves_no_answer_behind():
    async def job(client, device):
        pending = asyncio.create_task(client.read("input", 0, 2))
        await asyncio.sleep(0.05)
        pending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pending
        return client.connected

    assert against(silence, job, timeout_s=5.0) is False


def test_nobody_there_says_who_and_what_next():
    async def run():
        client = ModbusClient(Address("plc", "127.0.0.1", 1, 1), TIMEOUT_S)
        with pytest.raises(
            CommunicationError, match=r"plc .*cannot connect.*running\?"
        ):
            await client.connect()
        with pytest.raises(CommunicationError, match="not connected"):
            await client.read("input", 0, 1)

    asyncio.run(run())
