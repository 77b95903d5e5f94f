"""A day of the plant at high speed with a fault every ten minutes, over the daemon's loop.

``WETBULB_HOURS=24 pytest tests/benchmarks/bench_faults.py -s`` (2 hours unless told).
Also measured: time to local control after the heartbeat stops, turns until the plant is
controlled again after a device returned, memory at the start and at the end.
"""

import os
import random
import resource

import numpy as np

from tests.faults.case import within
from tests.faults.data_cases import exchanged, noisy
from tests.faults.plant_cases import cached, registers, swapped_words
from tests.faults.rig import POINTS, SITE, Rig, assert_invariants, run
from tests.faults.wire_cases import WIRE_CASES
from twin.scenario import load_scenario

HOURS = float(os.environ.get("WETBULB_HOURS", "2"))
TURN_S, EVERY = 300.0, 2  # a fault every ten minutes of plant time
WET = "inputs.wet_bulb_c"


def test_faults_every_ten_minutes_and_no_violation_of_ours(tmp_path, monkeypatch):
    turns = round(HOURS * 3600.0 / TURN_S)
    chance = random.Random(5)
    kinds = [begin for case in WIRE_CASES for begin in list(case.steps.values())[:1]]
    kinds += [
        within(registers(WET, (0x7FC0, 0))),
        within(swapped_words()),
        within(cached()),
        noisy,
        exchanged,
    ]
    memory_kb = []
    faults = []

    def heal(rig: Rig) -> None:
        """Take every fault back, and re-arm as a person would."""
        rig.wire.trick, rig.wire.down, rig.wire.one_only = None, False, False
        rig.plant.tamper = dict
        if rig.loop.keeper.mode != "auto":
            rig.loop.command("arm", "bench")
            rig.loop.command("mode", "bench", "auto")
        memory_kb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    def hurt(rig: Rig) -> None:
        kind = chance.choice(kinds)
        faults.append(kind)
        kind(rig)

    steps = {n: (hurt if n % EVERY else heal) for n in range(2, turns)}
    scenario = load_scenario(SITE, "07-15", HOURS + 1.0)
    monkeypatch.setattr("tests.faults.rig.SCENARIO", scenario)
    monkeypatch.setattr("tests.faults.rig.ANSWER_WITHIN_S", 3000)
    course = run(tmp_path, steps, turns=turns)
    assert_invariants(course)
    auto = course.modes.count("auto") / len(course.modes)
    print(  # noqa: T201 # the figures are the point of a benchmark
        f"\n{turns * TURN_S / 3600.0:g} simulated hours, {len(faults)} faults of "
        f"{len(set(kinds))} kinds: 0 violations, {auto:.0%} of the turns in auto, memory "
        f"{memory_kb[2] / 1024:.0f} to {memory_kb[-1] / 1024:.0f} MiB"
    )
    assert memory_kb[-1] < 1.15 * memory_kb[2]


def test_heartbeat_loss_and_return_of_the_device(tmp_path):
    """The plant is local within its time-out; control is back within two turns."""
    down, up = 5, 14

    def cut(rig: Rig) -> None:
        rig.wire.down = True

    def mend(rig: Rig) -> None:
        beats_s.append(rig.plant._beat_s)
        rig.wire.down = False

    beats_s: list[float] = []
    course = run(tmp_path, {down: cut, up: mend}, turns=20)
    modes = [(seen.time_s, seen.mode) for seen in course.plant.course]
    local_s = next(t for t, mode in modes if mode == 0.0 and t > down * TURN_S)
    lost_s = local_s - beats_s[0]
    timeout_s = next(iter(POINTS.devices.values())).plant_timeout_s
    good = [not r.seen.problems for r in course.reports]
    back = next(n for n in range(up, 20) if good[n]) - up
    print(  # noqa: T201
        f"\nlocal {lost_s:g} s after the last beat (time-out {timeout_s:g}, seen every "
        f"{TURN_S:g}); readings good {back} turns after the device returned"
    )
    assert lost_s <= timeout_s + TURN_S
    assert np.isfinite(course.plant.course[-1].inlet_c)
    assert back <= 2
