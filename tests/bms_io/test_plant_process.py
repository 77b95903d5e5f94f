"""The plant as a process: found by its line, ended by its id, never an orphan."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bms_io.modbus_client import Address, ModbusClient
from bms_io.plant_process import running_plant
from bms_io.plant_server import PlantJob
from twin.errors import ConfigError, PlantLostError

pytestmark = pytest.mark.real_time

JOB = PlantJob("hybrid_10mw", "07-15", 1.0)
PARENT = """
import asyncio, sys
from pathlib import Path
from bms_io.plant_process import running_plant
from bms_io.plant_server import PlantJob
async def main():
    async with running_plant(PlantJob(*{job!r}), Path(sys.argv[1])) as at:
        sys.stdout.write(str(at.pid) + "\\n"); sys.stdout.flush()
        await asyncio.sleep(60)
asyncio.run(main())
"""


def alive(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def gone_within(pid, seconds):
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


def test_it_answers_while_it_is_wanted_and_is_gone_afterwards(tmp_path):
    async def run():
        async with asyncio.timeout(120):
            async with running_plant(JOB, tmp_path / "plant.log") as at:
                client = ModbusClient(Address("bms", at.host, at.port, 1), 5.0)
                await client.connect()
                answer = await client.read("input", 0, 2)
                await client.close()
            return at, answer

    at, answer = asyncio.run(run())
    assert answer == [0, 0]
    assert not alive(at.pid)


def test_it_ends_when_its_parent_is_killed(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(job=tuple(JOB)), str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, ["."]))},
    )
    try:
        pid = int(parent.stdout.readline())
        assert alive(pid)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
    assert gone_within(pid, 10.0)


def test_a_job_that_is_refused_says_why(tmp_path):
    async def run():
        async with running_plant(JOB._replace(site="nowhere"), tmp_path / "log"):
            pass

    with pytest.raises(ConfigError, match="nowhere"):
        asyncio.run(asyncio.wait_for(run(), 60))


def test_a_child_that_says_nothing_in_time_is_ended(tmp_path):
    async def run():
        async with running_plant(JOB, tmp_path / "log", ready_within_s=0.01):
            pass

    with pytest.raises(PlantLostError, match=r"said nothing within 0\.01 s") as caught:
        asyncio.run(asyncio.wait_for(run(), 60))
    pid = int(str(caught.value).split("process ")[1].split(")")[0])
    assert not alive(pid)


def test_interrupted_it_ends_without_a_word(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-m", "bms_io.plant_server", json.dumps(JOB._asdict())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert json.loads(child.stdout.readline())["pid"] == child.pid
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=20)
    finally:
        child.kill()
        child.wait()
    assert (child.returncode, said) == (0, "")


def test_a_child_killed_while_it_starts_says_what_to_do(tmp_path):
    """The child is killed as soon as it is there, long before it answers."""
    log = tmp_path / "plant.log"

    async def kill_the_child():
        while not (pids := children()):
            await asyncio.sleep(0.005)
        os.kill(pids[0], signal.SIGKILL)

    async def run():
        killer = asyncio.create_task(kill_the_child())
        async with running_plant(JOB, log):
            pass
        await killer

    with pytest.raises(PlantLostError) as caught:
        asyncio.run(asyncio.wait_for(run(), 60))
    said = str(caught.value)
    assert "was killed by SIGKILL while it started" in said
    assert "run again" in said
    assert str(log) in said


def children():
    """Process ids of our children that serve a plant; Linux only."""
    if not sys.platform.startswith("linux"):
        pytest.skip("finds the plant process in /proc")
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            command = (folder / "cmdline").read_text()
            if int(parent) == os.getpid() and "bms_io.plant_server" in command:
                found.append(int(folder.name))
    return found
