"""Sweeps of 5,000 points over Modbus TCP and BACnet/IP; memory over many sweeps.

``pytest tests/benchmarks/bench_bms.py -s``; the servers are processes of their own. The
long run of the memory is ``python -m tests.benchmarks.memory_run --minutes 60``.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from bms_io.bacnet_plant import BacnetPlant
from bms_io.modbus_client import Address, ModbusClient
from bms_io.points import Device, PointMap
from bms_io.site_driver import SiteReader
from tests.benchmarks.memory_run import grown_kb, sweep_for
from tests.bms_io.bacnet_device import INSTANCE, small_map
from twin.errors import CommunicationError
from twin.interfaces import Quality

POINTS = 5000
HOST = "127.0.0.51"
SWEEP_S = 15.0
MODBUS_TARGET_S, BACNET_TARGET_S, BLOCKS_TARGET_HZ = 1.0, 5.0, 1000.0


async def serve_modbus(port):
    # it writes recent traffic to the console with every message it logs
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    registers = np.arange(POINTS, dtype=">f4").view(">u2").tolist()
    table = [SimData(0, values=registers, datatype=DataType.REGISTERS)]
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    unit = SimDevice(id=1, simdata=(bits, list(bits), table, list(table)))
    await ModbusTcpServer([unit], address=(HOST, port)).serve_forever()


class Numbers:
    """What a plant shows: point ``p7`` is 7."""

    def __init__(self):
        self.listeners = []

    def value(self, point):
        return float(point.name.removeprefix("p"))

    async def attend(self, _):
        """Answer at once."""


async def serve_bacnet(port):
    server = BacnetPlant(small_map(port, POINTS, host=HOST), "small", Numbers())
    await server.start(HOST, port)
    await asyncio.Event().wait()


async def serve_rusty(port):
    import rusty_bacnet

    there = rusty_bacnet.BACnetServer(
        INSTANCE, "small", "127.0.0.1", port, broadcast_address="127.0.0.1"
    )
    for number in range(POINTS):
        there.add_analog_input(number, f"input {number}", 95, float(number))
    await there.start()
    await asyncio.Event().wait()


SERVERS = {"modbus": serve_modbus, "bacnet": serve_bacnet, "rusty": serve_rusty}


def be_server(kind, port):
    asyncio.run(SERVERS[kind](port))


@contextlib.contextmanager
def server(kind):
    """A server in a process of its own; ends with the benchmark."""
    type_ = socket.SOCK_STREAM if kind == "modbus" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, type_) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=be_server, args=(kind, port), daemon=True)
    child.start()
    try:
        yield port
    finally:
        child.terminate()
        child.join(10)


def modbus_map(port, count=POINTS):
    bacnet = small_map(port, count)
    points = {
        n: p._replace(bacnet=None, address=2 * i, device="plc")
        for i, (n, p) in enumerate(bacnet.points.items())
    }
    plc = Device("plc", HOST, port, 1, 2.0, 125, 1800.0)
    return PointMap(Path("bench.yaml"), "", {"plc": plc}, points)


async def connected(reader, patience_s=60.0):
    """Wait for the server."""
    begin_s = time.monotonic()
    while True:
        try:
            return await reader.connect()
        except CommunicationError:
            if time.monotonic() - begin_s > patience_s:
                raise
            await asyncio.sleep(0.2)


async def sweep(reader, names):
    begin_s = time.perf_counter()
    found = await reader.read(names, 0.0)
    spent_s = time.perf_counter() - begin_s
    alive = [n for n in names if not n.startswith("dead")]
    assert all(found[n].quality is Quality.GOOD for n in alive)
    assert found["p4999"].value == 4999.0
    return spent_s


async def sweeps(point_map, count):
    reader = SiteReader(point_map)
    await connected(reader)
    try:
        return [await sweep(reader, list(point_map.points)) for _ in range(count)]
    finally:
        await reader.close()


def report(text):
    print(f"\n{text}")  # noqa: T201 # the figure is the point of a benchmark


def test_sweep_over_modbus():
    with server("modbus") as port:
        spent_s = np.median(asyncio.run(sweeps(modbus_map(port), 7)))
    report(f"{POINTS} points over Modbus TCP: {spent_s:.3f} s")
    assert spent_s <= MODBUS_TARGET_S


def bacnet_sweep(kind, host):
    """Median time of a sweep, and of it the processor time of our driver."""
    with server(kind) as port:
        there = small_map(port, POINTS, host=host)
        slow = {n: d._replace(timeout_s=5.0) for n, d in there.devices.items()}
        before_s = time.process_time()
        spent_s = asyncio.run(sweeps(there._replace(devices=slow), 3))
        own_s = (time.process_time() - before_s) / len(spent_s)
    report(
        f"{POINTS} points over BACnet ReadPropertyMultiple from a server of {kind}: "
        f"{np.median(spent_s):.2f} s, {own_s:.2f} s of it processor time of the driver"
    )
    return np.median(spent_s)


def test_sweep_over_bacnet_from_a_fast_device():
    pytest.importorskip("rusty_bacnet")
    assert bacnet_sweep("rusty", "127.0.0.1") <= BACNET_TARGET_S


def test_sweep_over_bacnet_from_our_plant():
    assert bacnet_sweep("bacnet", HOST) <= BACNET_TARGET_S


def test_block_reads_on_one_connection():
    async def run(port):
        client = ModbusClient(Address("plc", HOST, port, 1), 2.0)
        await connected(client)
        begin_s = time.perf_counter()
        for _ in range(2000):
            await client.read("input", 0, 100)
        rate_hz = 2000 / (time.perf_counter() - begin_s)
        await client.close()
        return rate_hz

    with server("modbus") as port:
        rate_hz = asyncio.run(run(port))
    report(f"blocks of 100 registers on one connection: {rate_hz:.0f} per s")
    assert rate_hz >= BLOCKS_TARGET_HZ


def test_a_dead_device_costs_the_others_nothing():
    """Median of sweeps with a silent BACnet device and a closed Modbus port beside."""

    async def run(point_map):
        reader = SiteReader(point_map)
        with contextlib.suppress(CommunicationError):
            await reader.connect()
        await reader.read(list(point_map.points), 0.0)
        spent_s = [await sweep(reader, list(point_map.points)) for _ in range(9)]
        await reader.close()
        return np.median(spent_s)

    with server("modbus") as port:
        asyncio.run(sweeps(modbus_map(port), 1))
        alone = modbus_map(port)
        plc, sensor = alone.devices["plc"], small_map(9).points["p0"]
        lost = {
            "dead-plc": plc._replace(name="dead-plc", port=9),
            "dead-ahu": small_map(9, host="127.0.0.52")
            .devices["small"]
            ._replace(name="dead-ahu"),
        }
        dead = {
            "dead1": alone.points["p0"]._replace(name="dead1", device="dead-plc"),
            "dead2": sensor._replace(name="dead2", device="dead-ahu"),
        }
        beside = alone._replace(
            devices={**lost, **alone.devices}, points={**dead, **alone.points}
        )
        alone_s = asyncio.run(run(alone))
        beside_s = asyncio.run(run(beside))
    report(f"sweep alone {alone_s:.3f} s, beside two dead devices {beside_s:.3f} s")
    assert beside_s <= 1.5 * alone_s + 0.05


def test_memory_is_flat():
    async def run(port):
        point_map = modbus_map(port)
        reader = SiteReader(point_map)
        await connected(reader)
        seen = await sweep_for(reader, list(point_map.points), SWEEP_S)
        await reader.close()
        return seen

    with server("modbus") as port:
        seen = asyncio.run(run(port))
    grown = grown_kb(seen)
    report(
        f"{len(seen)} sweeps in {SWEEP_S:g} s: {grown} kB more after the first third"
    )
    assert all(sound for *_, sound in seen)
    assert grown < 4096
