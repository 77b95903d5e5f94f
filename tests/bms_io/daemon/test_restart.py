"""Shadow on the wire, and what happens after a kill: shadow again, reconciled, no jump."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bms_io.daemon.audit import AuditLog, entries, unresolved, verify_audit
from bms_io.daemon.desk import InThread
from bms_io.daemon.modes import Mode
from bms_io.daemon.pace import FreePace
from bms_io.daemon.setup import unattended
from bms_io.loop import ClosedLoop
from bms_io.modbus import ModbusDriver
from bms_io.plant_process import running_plant
from bms_io.plant_server import PlantJob
from bms_io.simulated_plant import SensorNoise
from bms_io.virtual_plant import VirtualPlant
from tests.faults.rig import POINTS, SCENARIO, SITE, Ramp, WatchedPlant, Wire
from twin.simulate import make_forecaster

pytestmark = pytest.mark.real_time

FUNCTION_WRITES = (5, 6, 15, 16, 22, 23)
WITHIN_S = 150.0  # a busy machine that compiles first
COMMAND = [sys.executable, "-c", "from dashboards.cli import main; main()", "control"]


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.SHADOW, Mode.ADVISE])
def test_outside_auto_no_write_is_on_the_wire(mode, tmp_path):
    async def go():
        rng = np.random.default_rng(1)
        plant = WatchedPlant(
            SITE.facility, SITE.design, SCENARIO, rng, SensorNoise(), 1800.0
        )
        server = VirtualPlant(POINTS, plant)
        wire = Wire((await server.start("127.0.0.1", 0)).modbus)
        server.run_clock(speed=6000.0)  # by itself: nobody needs to write its clock
        proxy = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
        through = POINTS.at("127.0.0.1", proxy.sockets[0].getsockname()[1])
        setup = unattended(
            SITE, through, InThread(Ramp()), make_forecaster(SCENARIO), tmp_path, "test"
        )
        pace = FreePace(0.0, 6000.0, patience_s=1.0)
        loop = ClosedLoop(setup._replace(pace=pace, wanted=mode))
        async with asyncio.timeout(WITHIN_S):
            await loop.run(7200.0)
        await wire.close()
        proxy.close()
        await server.stop()
        return wire, loop, plant

    wire, loop, plant = asyncio.run(go())
    assert loop.keeper.mode is mode
    assert wire.writes == []
    assert wire.foreign_functions == []
    assert {tuple(seen.active) for seen in plant.course} == {tuple(SITE.design)}
    advised = [
        row for row in entries(tmp_path / "audit.sqlite") if row.event == "advice"
    ]
    assert bool(advised) == (mode is not Mode.OFF)


def test_a_restart_reconciles_what_was_announced_but_never_answered(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    log.record("starts", 0.0)
    first = log.record("intent", 0.0, values={"tcs_supply_c": 30.5})
    log.record("result", 0.0, intent=first)
    log.record("intent", 900.0, values={"tcs_supply_c": 31.0, "air_supply_c": 24.5})
    log.close()  # killed here
    assert unresolved(log.path) == {"tcs_supply_c": 31.0, "air_supply_c": 24.5}

    async def go():
        rng = np.random.default_rng(1)
        plant = WatchedPlant(
            SITE.facility, SITE.design, SCENARIO, rng, SensorNoise(), 1800.0
        )
        server = VirtualPlant(POINTS, plant)
        here = POINTS.at("127.0.0.1", (await server.start("127.0.0.1", 0)).modbus)
        setup = unattended(
            SITE, here, InThread(Ramp()), make_forecaster(SCENARIO), tmp_path, ""
        )
        loop = ClosedLoop(setup)
        await loop.run(900.0)
        await server.stop()
        return loop.keeper.mode

    assert asyncio.run(go()) is Mode.SHADOW  # nobody armed it again
    (row,) = [r for r in entries(log.path) if r.event == "reconciles"]
    assert row.details["intended"] == {"tcs_supply_c": 31.0, "air_supply_c": 24.5}
    assert row.details["found"]["tcs_supply_c"] == pytest.approx(30.0)
    verify_audit(log.path)


def ask(directory, *words):
    done = subprocess.run(
        [*COMMAND, *words, "--directory", str(directory)],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=True,
    )
    return done.stdout


def status(directory):
    return json.loads(ask(directory, "status", "--json"))


def wait_for(directory, condition):
    end = time.monotonic() + WITHIN_S
    said = None
    while time.monotonic() < end:
        if (directory / "control.json").exists() and condition(
            said := status(directory)
        ):
            return said
        time.sleep(0.3)
    message = f"never: {said}\n{(directory / 'log').read_text()[-2000:]}"
    raise AssertionError(message)


@pytest.fixture
def start(tmp_path):
    """Start a daemon; whatever happens, none outlives the test."""
    running = []

    def begin(directory, at):
        directory.mkdir(exist_ok=True)
        options = (
            f"--port {at.port} --controller rules --date 07-15 --scan 60 --speed 60"
        )
        with (directory / "log").open("a") as log:
            words = [*options.split(), "--directory", str(directory)]
            running.append(
                subprocess.Popen([*COMMAND, "hybrid_10mw", *words], stderr=log)
            )
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.wait()


async def read(at, *names):
    driver = ModbusDriver(POINTS.at(at.host, at.port))
    await driver.connect()
    readings = await driver.read(names, 0.0)
    await driver.close()
    return [readings[name].value for name in names]


def arming_again(directory):
    """True in auto; an arming that lapsed on the way is given again, as a person would."""

    def there(said):
        if not said["armed_by"] and said["mode"] != "auto":
            ask(directory, "arm")
        return said["mode"] == "auto"

    return there


@pytest.mark.slow
def test_from_shadow_to_auto_killed_and_back_to_local(tmp_path, start):
    """Two daemons, one after the other, against a plant that runs by itself."""
    directory = tmp_path / "control"

    async def go():
        job = PlantJob("hybrid_10mw", "07-15", 12.0, speed=60.0)
        async with running_plant(job, tmp_path / "plant.log") as at:
            first = start(directory, at)
            said = await asyncio.to_thread(
                wait_for, directory, lambda s: s["mode"] == "shadow" and s["turns"] > 3
            )
            assert await read(at, "plant.mode", "plant.owner") == [0.0, 0.0]
            ask(directory, "arm")
            ask(directory, "mode", "auto")
            await asyncio.to_thread(wait_for, directory, lambda s: s["mode"] == "auto")
            assert (await read(at, "plant.mode"))[0] == 1.0
            second = subprocess.run(
                [*COMMAND, "hybrid_10mw", "--directory", str(directory)],
                capture_output=True,
                timeout=WITHIN_S,
            )
            assert second.returncode == 75
            first.send_signal(signal.SIGKILL)
            first.wait()
            (directory / "control.json").unlink()
            again = start(directory, at)
            said = await asyncio.to_thread(
                wait_for, directory, lambda s: s["mode"] == "shadow"
            )
            assert said["armed_by"] == ""
            ask(directory, "arm")
            ask(directory, "mode", "auto")
            # the lease of the dead one stands until the plant misses its heartbeat
            await asyncio.to_thread(wait_for, directory, arming_again(directory))
            again.send_signal(signal.SIGTERM)
            assert again.wait(timeout=WITHIN_S) == 0
            assert (await read(at, "plant.owner"))[0] == 0.0
            active = await read(at, "active.tcs_supply_c", "active.ups_eco")
            assert active == [SITE.design.tcs_supply_c, SITE.design.ups_eco]
            verify_audit(directory / "audit.sqlite")

    asyncio.run(asyncio.wait_for(go(), 4 * WITHIN_S))
    events = [row.event for row in entries(directory / "audit.sqlite")]
    assert events.count("starts") == 2
    assert (directory / "tokens.json").stat().st_mode & 0o077 == 0
    assert not Path(directory / "control.json").exists()
