"""Jitter of the safety cycle while the historian writes, and growth of memory.

``pytest tests/benchmarks/bench_daemon.py -s``
"""

import asyncio
import resource
import time

import numpy as np

from bms_io.daemon.desk import InThread
from bms_io.daemon.historian import Historian
from bms_io.daemon.pace import FreePace
from bms_io.daemon.setup import unattended
from bms_io.loop import ClosedLoop
from bms_io.simulated_plant import SensorNoise
from bms_io.virtual_plant import VirtualPlant
from tests.faults.rig import POINTS, SCENARIO, SITE, Ramp, WatchedPlant
from twin.simulate import make_forecaster

PERIOD_S, TURNS = 0.5, 120
SPEED = 60.0 / PERIOD_S


def test_jitter_of_the_safety_cycle(tmp_path):
    """Every 0.5 s a look at every point of the site, in auto, history written."""
    turns = []
    memory_kb = []
    historian = Historian(tmp_path / "history")

    def watch(report):
        turns.append(time.monotonic())
        memory_kb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        historian.put(report.look.snapshot)

    async def go():
        rng = np.random.default_rng(1)
        plant = WatchedPlant(
            SITE.facility, SITE.design, SCENARIO, rng, SensorNoise(), 1800.0
        )
        server = VirtualPlant(POINTS, plant)
        here = POINTS.at("127.0.0.1", (await server.start("127.0.0.1", 0)).modbus)
        server.run_clock(SPEED)
        site = SITE._replace(control=SITE.control._replace(scan_interval_s=60.0))
        setup = unattended(
            site, here, InThread(Ramp()), make_forecaster(SCENARIO), tmp_path, "bench"
        )
        pace = FreePace(0.0, SPEED, patience_s=0.1)
        loop = ClosedLoop(setup._replace(pace=pace, watchers=(watch,), tables=False))
        await loop.run(60.0 * TURNS)
        await server.stop()

    asyncio.run(go())
    historian.close()
    late_s = np.abs(np.diff(turns[10:]) - PERIOD_S)
    p99_s = float(np.quantile(late_s, 0.99))
    print(  # noqa: T201 # the figure is the point of a benchmark
        f"\n{len(POINTS.points)} points every {PERIOD_S} s, {len(turns)} turns: jitter "
        f"median {np.median(late_s) * 1e3:.1f} ms, p99 {p99_s * 1e3:.1f} ms "
        f"({p99_s / PERIOD_S:.1%} of the period, target 10 %); memory "
        f"{memory_kb[20] / 1024:.0f} MiB after 20 turns, "
        f"{memory_kb[-1] / 1024:.0f} MiB at the end"
    )
    assert historian.lost == 0
    assert memory_kb[-1] < 1.05 * memory_kb[20]
