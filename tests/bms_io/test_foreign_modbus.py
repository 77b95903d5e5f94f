"""Modbus programs of other people against our plant, and our driver against theirs."""

import asyncio
import contextlib
import json
import shutil
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from bms_io.codec import encode
from bms_io.modbus import ModbusDriver
from bms_io.points import Device
from twin.interfaces import Quality

pytestmark = pytest.mark.real_time

PEERS = Path(__file__).parent / "peers"
CHIP, TCS = "outputs.chip_c", "setpoints.tcs_supply_c"
SWITCH, BEAT, SPEED = (
    "plant.remote_enable",
    "plant.heartbeat",
    "outputs.tower_fan_speed",
)
ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"]
WANTED, TOO_HOT, VALUE_REFUSED = 31.5, 60.0, 3
HOST, PEER_WITHIN_S = "127.0.0.1", 40

try:
    from pyModbusTCP.client import ModbusClient as PyModbusTcpClient
    from pyModbusTCP.server import DataBank, ModbusServer
except ImportError:
    PyModbusTcpClient = None

needs_mbpoll = pytest.mark.skipif(
    shutil.which("mbpoll") is None,
    reason="mbpoll is not installed (Debian: apt-get install mbpoll)",
)
needs_libmodbus = pytest.mark.skipif(
    shutil.which("gcc") is None or not Path("/usr/include/modbus/modbus.h").is_file(),
    reason="libmodbus or gcc is not installed (Debian: apt-get install libmodbus-dev gcc)",
)
needs_py = pytest.mark.skipif(
    PyModbusTcpClient is None, reason="pyModbusTCP is not installed (extra dev)"
)
needs_js = pytest.mark.skipif(
    shutil.which("node") is None or not (PEERS / "node_modules/modbus-serial").is_dir(),
    reason="modbus-serial is not installed (npm ci --prefix tests/bms_io/peers)",
)


def program(*command):
    """Run a foreign program to its end; what it said as JSON."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=PEERS, capture_output=True, text=True, timeout=PEER_WITHIN_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stderr)
    return json.loads(done.stdout)


def in_order(points, order):
    """The reference map with a sensor and a setpoint in another byte order."""
    changed = {n: points.points[n]._replace(byte_order=order) for n in (CHIP, TCS)}
    return points._replace(points={**points.points, **changed})


@pytest.fixture
def at_plant(on_bench, points):
    """Run ``peer(port, input, order, holding)`` beside our plant in remote mode.

    The peer reads the sensor, writes 31.5 degC, reads that back, and tries 60 degC.
    """

    def run(peer, order, precision=1e-6):
        point_map = in_order(points, order)

        async def job(bench):
            await bench.driver.write_service(BEAT, 1)
            places = [point_map.points[n].address for n in (CHIP, TCS)]
            arguments = (bench.port, places[0], order, places[1])
            said = await asyncio.to_thread(peer, *arguments)
            return said, bench.plant.measured[CHIP], bench.plant.active.tcs_supply_c

        said, chip_c, in_force = on_bench(job, point_map=point_map)
        assert said["read"] == pytest.approx(chip_c, rel=precision)
        assert said["back"] == in_force == WANTED
        assert said["refused"] == VALUE_REFUSED

    return run


@pytest.fixture(scope="session")
def libmodbus_client(tmp_path_factory):
    """The C program, compiled."""
    binary = tmp_path_factory.mktemp("libmodbus") / "client"
    command = ["gcc", "-Wall", "-Werror", "-o", binary, PEERS / "libmodbus_client.c"]
    subprocess.run(
        [*command, "-I/usr/include/modbus", "-lmodbus"], check=True, timeout=60
    )
    return binary


@needs_libmodbus
@pytest.mark.parametrize("order", ORDERS)
def test_libmodbus_reads_writes_and_is_refused(at_plant, libmodbus_client, order):
    def peer(port, *places):
        return program(libmodbus_client, HOST, port, *places, WANTED, TOO_HOT)

    at_plant(peer, order)


@needs_js
@pytest.mark.parametrize("order", ORDERS)
def test_modbus_serial_reads_writes_and_is_refused(at_plant, order):
    def peer(port, *places):
        command = ("node", "modbus_client.js", HOST, port)
        return program(*command, *places, WANTED, TOO_HOT)

    at_plant(peer, order)


def shuffled(number, order):
    """Bytes of a float as they travel; the letters say which byte goes where."""
    straight = struct.pack(">f", number)
    return bytes(straight["ABCD".index(letter)] for letter in order)


def straightened(travelled, order):
    """Float of bytes that travelled in some order."""
    straight = bytes(travelled[order.index(letter)] for letter in "ABCD")
    return struct.unpack(">f", straight)[0]


@needs_py
@pytest.mark.parametrize("order", ORDERS)
def test_pymodbustcp_reads_writes_and_is_refused(at_plant, order):
    def peer(port, sensor, order, setpoint):
        client = PyModbusTcpClient(HOST, port, unit_id=1, timeout=10.0)
        words = client.read_input_registers(sensor, 2)
        read = straightened(struct.pack(">2H", *words), order)
        wanted = struct.unpack(">2H", shuffled(WANTED, order))
        assert client.write_multiple_registers(setpoint, wanted)
        back = client.read_holding_registers(setpoint, 2)
        hot = struct.unpack(">2H", shuffled(TOO_HOT, order))
        assert not client.write_multiple_registers(setpoint, hot)
        code = client.last_except
        client.close()
        back = straightened(struct.pack(">2H", *back), order)
        return {"read": read, "back": back, "refused": code}

    at_plant(peer, order)


@needs_mbpoll
@pytest.mark.parametrize(("order", "flag"), [("ABCD", ["-B"]), ("CDAB", [])])
def test_mbpoll_reads_writes_and_is_refused(at_plant, order, flag):
    def mbpoll(port, table, address, *value):
        where = ["-p", port, HOST, *value]
        command = ["mbpoll", "-0", "-1", "-q", "-a", 1, *flag, "-t", f"{table}:float"]
        command = [*command, "-r", address, *where]
        return subprocess.run(
            list(map(str, command)),
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip

    def shown(done):
        return float(done.stdout.split("]:")[1].split()[0])

    def peer(port, sensor, order, setpoint):
        read = shown(mbpoll(port, 3, sensor))
        assert mbpoll(port, 4, setpoint, WANTED).returncode == 0
        back = shown(mbpoll(port, 4, setpoint))
        hot = mbpoll(port, 4, setpoint, TOO_HOT)
        refused = "Illegal data value" in hot.stderr + hot.stdout
        return {"read": read, "back": back, "refused": refused * VALUE_REFUSED}

    at_plant(peer, order, precision=1e-5)  # it shows six digits


def memory(order):
    """Tables of a foreign device: what our map says stands there."""
    sensor, wanted = encode(61.7, "float32", order), encode(30.0, "float32", order)
    return {
        "input": {0: sensor[0], 1: sensor[1], 2: 4250},
        "holding": {0: wanted[0], 1: wanted[1]},
        "discrete": {3: 1},
        "coil": {5: 0},
    }


def foreign_map(points, order, port, single_writes):
    """Points of the foreign device, and one that it does not have."""
    float32 = {"device": "foreign", "wire_type": "float32", "byte_order": order}
    bit = {"device": "foreign", "wire_type": "bool"}
    placed = {
        CHIP: points.points[CHIP]._replace(table="input", address=0, **float32),
        TCS: points.points[TCS]._replace(table="holding", address=0, **float32),
        SPEED: points.points[SPEED]._replace(device="foreign", address=2),
        SWITCH: points.points[SWITCH]._replace(table="discrete", address=3, **bit),
        BEAT: points.points[BEAT]._replace(table="coil", address=5, **bit),
        "outputs.pue": points.points[CHIP]._replace(
            name="outputs.pue", address=900, **float32
        ),
    }
    device = Device("foreign", HOST, port, 1, 5.0, 100, 1800.0)
    device = device._replace(single_writes=single_writes)
    return points._replace(devices={"foreign": device}, points=placed)


def check_driver(point_map):
    """Our driver reads all four tables, writes both kinds, and is refused."""

    async def job():
        driver = ModbusDriver(point_map)
        async with asyncio.timeout(PEER_WITHIN_S):
            try:
                await driver.connect()
                before = await driver.read(point_map.points, 0.0)
                (result,) = await driver.write({TCS: WANTED})
                await driver.write_service(BEAT, 1)
                return before, result, await driver.read([TCS, BEAT], 0.0)
            finally:
                await driver.close()

    before, result, after = asyncio.run(job())
    assert before[CHIP].value == pytest.approx(61.7, rel=1e-6)
    assert before[SPEED].value == pytest.approx(0.425)
    assert (before[SWITCH].value, before[BEAT].value) == (1.0, 0.0)
    assert before["outputs.pue"].quality is Quality.BAD
    assert before["outputs.pue"].detail.startswith("refused")
    assert result.accepted
    assert (after[TCS].value, after[BEAT].value) == (WANTED, 1.0)


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@needs_py
@pytest.mark.parametrize(
    ("order", "single"), [*((order, True) for order in ORDERS), ("ABCD", False)]
)
def test_our_driver_at_a_server_of_pymodbustcp(points, order, single):
    tables = memory(order)
    bank = DataBank(
        coils_size=8, d_inputs_size=8, h_regs_size=8, i_regs_size=8
    )  # other addresses do not exist
    for at, word in tables["input"].items():
        bank.set_input_registers(at, [word])
    for at, word in tables["holding"].items():
        bank.set_holding_registers(at, [word])
    bank.set_discrete_inputs(3, [True])
    port = free_port()
    server = ModbusServer(HOST, port, no_block=True, data_bank=bank)
    server.start()
    try:
        check_driver(foreign_map(points, order, port, single))
    finally:
        server.stop()


@contextlib.contextmanager
def js_server(tables):
    """A server of modbus-serial in a process of its own; it ends with its input."""
    port = free_port()
    command = ["node", "modbus_server.js", HOST, str(port), json.dumps(tables)]
    with subprocess.Popen(
        command, cwd=PEERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline().strip() == str(port)
            yield port
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()


@needs_js
@pytest.mark.parametrize(
    ("order", "single"), [*((order, True) for order in ORDERS), ("ABCD", False)]
)
def test_our_driver_at_a_server_of_modbus_serial(points, order, single):
    with js_server(memory(order)) as port:
        check_driver(foreign_map(points, order, port, single))
