"""Faults that only a second look finds: drift, bias, noise, exchange, jammed actuators."""

import itertools
import math
import sqlite3
import struct

import numpy as np

from tests.faults.case import BEGIN, END, Case, trick
from tests.faults.plant_cases import WET, registers, sensor
from tests.faults.rig import QUICK, SITE, Course, Ramp, Rig
from tests.faults.wire_cases import never_noticed
from twin.signals import Setpoints

LONG = 20  # turns, so that a fault that stays is seen to the end
COUNTS = ("tower_cells_on", "air_units_on", "ups_modules_on", "ups_eco")


class Restless(Ramp):
    """Wants other numbers of units in every cycle, up and down."""

    def decide(self, estimate, forecast, now_s):
        decision = super().decide(estimate, forecast, now_s)
        up = now_s // 900.0 % 2
        counts = {
            name: (limits.maximum if up else limits.minimum)
            for name, limits in SITE.guard._asdict().items()
            if name in COUNTS
        }
        return decision._replace(setpoints=decision.setpoints._replace(**counts))


def wanting_units():
    return {"controller": Restless(), "turns": 36}


def growing(per_turn_k):
    """A sensor that drifts from now on."""

    def begin(rig: Rig) -> None:
        begin_s = rig.plant.time_s

        def tamper(measured):
            drift_k = per_turn_k * (rig.plant.time_s - begin_s) / 300.0
            return {n: v + (drift_k if n == WET else 0.0) for n, v in measured.items()}

        rig.plant.tamper = tamper

    return {BEGIN: begin}


def noisy(rig: Rig) -> None:
    """Ten times the usual noise on the outdoor air."""
    rng = np.random.default_rng(3)

    def tamper(measured):
        return {
            n: v + (rng.normal() * 1.0 if n.endswith("bulb_c") else 0.0)
            for n, v in measured.items()
        }

    rig.plant.tamper = tamper


def exchanged(rig: Rig) -> None:
    """Supply and return of the coolant loop on each other's terminals."""
    one, other = "outputs.tcs_supply_c", "outputs.tcs_return_c"
    rig.plant.tamper = lambda m: {**m, one: m[other], other: m[one]}


def frozen_wet_bulb(rig: Rig) -> None:
    value = rig.plant.measured[WET]
    rig.plant.tamper = lambda m: {**m, WET: value}


def with_flatline():
    point = QUICK.points[WET]._replace(flatline_s=900.0)
    return {"wired": QUICK._replace(points={**QUICK.points, WET: point})}


def jam(**values):
    def begin(rig: Rig) -> None:
        rig.plant.jammed = values

    def end(rig: Rig) -> None:
        rig.plant.jammed = {}

    return {BEGIN: begin, END + 3: end}


def found(name: str, most_turns: int):
    """The contradiction is named in time, and nothing is written on it."""

    def check(course: Course) -> str:
        at = [
            n for n, r in enumerate(course.reports)
            if any(p.startswith(name) for p in r.seen.problems)
        ]  # fmt: skip
        assert at, "never found"
        assert at[0] - BEGIN <= most_turns
        told = [r for r in course.reports if r.seen.problems]
        assert all(r.plan is None or r.plan.rung != "optimize" for r in told)
        problem = next(p for p in course.reports[at[0]].seen.problems if name in p)
        return f"turn {at[0] - BEGIN}: {problem}; at the end {course.modes[-1]}"

    return check


def no_hunting(course: Course) -> str:
    steps = np.diff([seen.active.tcs_supply_c for seen in course.plant.course])
    moves = steps[np.abs(steps) > 1e-6]
    home = [r for r in course.reports if r.change is not None]
    turns = int((np.sign(moves[1:]) != np.sign(moves[:-1])).sum())
    assert turns <= 1 + len(home)
    seen = found(WET, 10)(course)
    return f"{turns} reversals of the coolant; {seen}"


def stuck(course: Course) -> str:
    details = [r.look.snapshot.readings[WET] for r in course.reports]
    marked = [n for n, r in enumerate(details) if "stuck" in r.detail]
    assert marked
    assert marked[0] - BEGIN <= 5
    assert details[marked[0]].quality == "uncertain"
    return f"uncertain from turn {marked[0] - BEGIN} on"


def keeps_going(course: Course) -> str:
    never_noticed(course)
    inlet_c = max(seen.inlet_c for seen in course.plant.course)
    return f"no wind-up, auto goes on, rack inlet at most {inlet_c:.1f} degC"


def rested(course: Course) -> str:
    """Every lever of whole numbers rests as long as its file says."""
    told = []
    for name in COUNTS:
        limits = getattr(SITE.guard, name)
        values = [(s.time_s, getattr(s.active, name)) for s in course.plant.course]
        moved_s = [b[0] for a, b in itertools.pairwise(values) if a[1] != b[1]]
        waits_s = np.diff(moved_s)
        assert (waits_s >= limits.minimum_interval_s).all(), (name, waits_s)
        told.append(f"{name} {len(moved_s)}")
    assert any(not part.endswith(" 0") for part in told), "nothing was asked"
    return f"moves: {', '.join(told)}; each after its minimum interval"


def out_of_table(course: Course) -> str:
    during = [r.look.remote for r in course.reports[BEGIN + 1 : END]]
    assert {(r.quality, r.detail) for r in during} == {("bad", "out_of_range 0 to 1")}
    never_noticed(course)
    return "bad, out_of_range; auto goes on by lease and read-back"


def recorded_after(course: Course) -> str:
    held = [r.held for r in course.reports if "record" in r.held]
    assert len(course.reports) >= 16
    return f"{len(held)} turns without a record; modes {sorted(set(course.modes))}"


def not_there(course: Course) -> str:
    reports = course.reports[BEGIN + 1 : END + 1]
    assert all(
        "clock.time_s" in " ".join(r.seen.problems) for r in (reports[0], reports[2])
    )
    assert all(r.sent is None or not r.sent.written for r in reports if r.seen.problems)
    assert all(math.isfinite(r.time_s) for r in course.reports)
    return "held at the jump, and from the third look on because it stands still"


def lock_database(rig: Rig) -> None:
    """Another process holds the write lock of the audit log."""
    other = sqlite3.connect(rig.loop.audit.path, timeout=0.1)
    other.execute("BEGIN IMMEDIATE")
    _LOCKS.append(other)


def unlock_database(rig: Rig) -> None:
    while _LOCKS:
        _LOCKS.pop().close()


_LOCKS: list[sqlite3.Connection] = []
FUTURE = struct.unpack(">2H", struct.pack(">I", 0xFFFF_FF00))
EMPTY_TOWER = {"tower_cells_on": SITE.guard.tower_cells_on.minimum}
assert set(COUNTS) <= set(Setpoints._fields)

DATA_CASES = [
    Case(21, "stuck wet bulb", "plant sensor", "uncertain.stuck after flatline_s",
         {BEGIN: frozen_wet_bulb}, stuck, with_flatline),
    Case(22, "slow drift of the wet bulb", "plant sensor, 0.5 K per turn",
         "found by the other outdoor sensors before 5 K", growing(0.5),
         found(WET, 9), lambda: {"turns": LONG}),
    Case(23, "wet bulb reads 3 K too much", "plant sensor", "found, held, out of auto",
         sensor(inputs__wet_bulb_c=lambda v: v + 3.0), found(WET, 5),
         lambda: {"turns": LONG}),
    Case(25, "noise ten times larger", "plant sensors of the outdoor air",
         "found, no hunting", {BEGIN: noisy}, no_hunting, lambda: {"turns": LONG}),
    Case(31, "supply and return exchanged", "plant sensors of the coolant",
         "sign of the heat balance", {BEGIN: exchanged},
         found("outputs.tcs_supply_c", 5), lambda: {"turns": LONG}),
    Case(32, "clock of the plant frozen", "registers of the clock", "values are old: held",
         trick(registers("clock.time_s", (0, 0))), not_there),
    Case(32, "clock of the plant far ahead", "registers of the clock",
         "values are old: held", trick(registers("clock.time_s", FUTURE)), not_there),
    Case(35, "mode out of its table", "registers of the mode", "not taken for remote",
         trick(registers("plant.mode", (7,))), out_of_table),
    Case(47, "valve of the coolant jammed", "plant actuator", "no wind-up",
         jam(tcs_supply_c=30.0), keeps_going),
    Case(48, "tower cells trip", "plant actuator", "limits kept, auto goes on",
         jam(**EMPTY_TOWER), keeps_going),
    Case(49, "optimizer starts and stops units in every cycle", "controller",
         "minimum times and starts per hour kept", {}, rested, wanting_units),
    Case(65, "audit log locked by another process", "SQLite write lock",
         "loop goes on, no write without a record",
         {BEGIN: lock_database, END: unlock_database}, recorded_after),
]  # fmt: skip
