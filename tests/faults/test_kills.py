"""``kill -9`` at every phase, again and again, against one plant that goes on living.

``WETBULB_KILLS=100 pytest tests/faults/test_kills.py -s`` for a longer series.
"""

import asyncio
import multiprocessing
import os
import signal
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest

from bms_io.daemon.audit import entries, verify_audit
from bms_io.simulated_plant import REMOTE, SensorNoise
from bms_io.virtual_plant import VirtualPlant
from tests.faults.kill_child import PHASES, work
from tests.faults.rig import POINTS, SITE, WatchedPlant, _assert_step
from twin.scenario import load_scenario

pytestmark = pytest.mark.real_time

KILLS = int(os.environ.get("WETBULB_KILLS", "10"))
WITHIN_S = 60.0
TIMEOUT_S = 1800.0  # of the plant's watch on the heartbeat


def killed(context, directory, port, phase, seed):
    """Run a child until it dies; returns the rows that it was told to be stored."""
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=work, args=(directory, port, phase, seed, theirs))
    child.start()
    theirs.close()
    numbers = []
    try:
        while ours.poll(WITHIN_S):
            numbers.append(ours.recv())
    except EOFError:
        pass
    child.join(WITHIN_S)
    code = child.exitcode
    if code is None:
        child.kill()
    assert code == -signal.SIGKILL, f"{phase}: ended with {code}"
    return numbers


@pytest.mark.slow
def test_no_kill_moves_an_actuator_by_a_step_or_loses_a_record(tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.kill_child"])

    async def go():
        scenario = load_scenario(SITE, "07-15", 24.0 * (1.0 + KILLS / 10.0))
        rng = np.random.default_rng(1)
        plant = WatchedPlant(
            SITE.facility, SITE.design, scenario, rng, SensorNoise(), TIMEOUT_S
        )
        server = VirtualPlant(POINTS, plant)
        port = (await server.start("127.0.0.1", 0)).modbus
        told = []
        for number in range(KILLS):
            phase = PHASES[number % len(PHASES)]
            told += await asyncio.to_thread(
                killed, context, tmp_path, port, phase, number
            )
        await server.stop()
        return plant, told

    plant, told = asyncio.run(go())
    stored = {row.number for row in entries(tmp_path / "audit.sqlite")}
    assert set(told) <= stored
    assert len(told) == len(set(told))
    count, _ = verify_audit(tmp_path / "audit.sqlite")
    assert count == len(stored)
    nobody_hot = SimpleNamespace(reports=[])
    moves = 0
    for before, after in zip(plant.course, plant.course[1:], strict=False):
        _assert_step(before, after, frozenset(), nobody_hot)
        moves += before.active != after.active and before.mode == after.mode == REMOTE
    assert moves >= KILLS / 4, "there was hardly anything to interrupt"
    for segment in (tmp_path / "history").glob("*.parquet"):
        duckdb.sql(f"select count(*) from '{segment}'").fetchall()
    print(f"\n{KILLS} kills, {len(told)} rows told, {moves} moves")  # noqa: T201 # figure
