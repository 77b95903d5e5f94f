"""Jitter of the safety cycle while the historian writes, and growth of memory.

``pytest tests/benchmarks/bench_daemon.py -s``
"""

import asyncio
import contextlib
import multiprocessing
import os
import resource
import socket
import struct
import time

import numpy as np
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

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


def serve_many(count, pipe):
    """A second device with many floats, in a process of its own."""

    async def go():
        words = list(
            struct.unpack(f">{2 * count}H", struct.pack(f">{count}f", *range(count)))
        )
        device = SimDevice(
            id=1,
            simdata=(
                [SimData(0, values=[False] * 8, datatype=DataType.BITS)],
                [SimData(0, values=[False] * 8, datatype=DataType.BITS)],
                [SimData(0, values=[0], datatype=DataType.REGISTERS)],
                [SimData(0, values=words, datatype=DataType.REGISTERS)],
            ),
        )
        server = ModbusTcpServer([device], address=("127.0.0.1", pipe.recv()))
        await server.serve_forever(background=True)
        pipe.send("up")
        await asyncio.to_thread(pipe.recv)

    with contextlib.suppress(EOFError):
        asyncio.run(go())


def test_jitter_with_five_thousand_points_every_five_seconds(tmp_path):
    """In real time, in auto, with the historian writing; ``WETBULB_TURNS`` turns."""
    total, period_s = 5000, 5.0
    turns_wanted = int(os.environ.get("WETBULB_TURNS", "30"))
    turns = []
    historian = Historian(tmp_path / "history")
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    extra = total - len(POINTS.points)
    child = multiprocessing.get_context("spawn").Process(
        target=serve_many, args=(extra, theirs), daemon=True
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child.start()
    ours.send(port)
    assert ours.poll(60.0)

    def watch(report):
        turns.append(time.monotonic())
        historian.put(report.look.snapshot)

    async def go():
        rng = np.random.default_rng(1)
        plant = WatchedPlant(
            SITE.facility, SITE.design, SCENARIO, rng, SensorNoise(), 1800.0
        )
        server = VirtualPlant(POINTS, plant)
        here = POINTS.at("127.0.0.1", (await server.start("127.0.0.1", 0)).modbus)
        server.run_clock(1.0)
        site = SITE._replace(control=SITE.control._replace(scan_interval_s=period_s))
        like = here.points["outputs.chip_c"]._replace(
            device="extra", minimum=-1e9, maximum=1e9, wire_type="float32"
        )
        many = {
            f"outputs.extra_{k}": like._replace(
                name=f"outputs.extra_{k}", address=2 * k
            )
            for k in range(extra)
        }
        bms = next(iter(here.devices.values()))
        device = bms._replace(name="extra", port=port)
        wide = here._replace(
            points={**here.points, **many}, devices={**here.devices, "extra": device}
        )
        setup = unattended(
            site, wide, InThread(Ramp()), make_forecaster(SCENARIO), tmp_path, "bench"
        )
        pace = FreePace(0.0, 1.0, patience_s=1.0)
        loop = ClosedLoop(setup._replace(pace=pace, watchers=(watch,), tables=False))
        await loop.run(period_s * turns_wanted)
        await server.stop()
        return loop

    loop = asyncio.run(go())
    historian.close()
    ours.close()
    child.join(10.0)
    late_s = np.abs(np.diff(turns[3:]) - period_s)
    p99_s = float(np.quantile(late_s, 0.99))
    print(  # noqa: T201 # the figure is the point of a benchmark
        f"\n{total} points every {period_s:g} s, {len(turns)} turns: jitter median "
        f"{np.median(late_s) * 1e3:.0f} ms, p99 {p99_s * 1e3:.0f} ms "
        f"({p99_s / period_s:.1%} of the period, target 10 %), {historian.lost} lost"
    )
    assert len(loop._snapshot.readings) > extra
    assert historian.lost == 0
    assert p99_s < 0.1 * period_s
