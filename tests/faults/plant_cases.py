"""Faults of data, plant and commands, injected in the simulated plant."""

import struct

from tests.faults.case import BEGIN, END, Case, trick, within
from tests.faults.rig import POINTS, SITE, TURNS, WRITE, Course, Forward, Rig
from tests.faults.wire_cases import never_noticed, recovers

WET, INLET = "inputs.wet_bulb_c", "outputs.rack_inlet_c"
TCS = "tcs_supply_c"


def sensor(**values):
    """Let sensors read something else for a while; a value or a function of the truth."""

    def begin(rig: Rig) -> None:
        def tamper(measured):
            changed = {n.replace("__", "."): v for n, v in values.items()}
            return {
                n: (changed[n](v) if callable(changed[n]) else changed[n])
                if n in changed
                else v
                for n, v in measured.items()
            }

        rig.plant.tamper = tamper

    def end(rig: Rig) -> None:
        rig.plant.tamper = dict

    return {BEGIN: begin, END: end}


def registers(point_name: str, words: tuple[int, ...]):
    """Put other registers into the answers that carry a point."""
    point = POINTS.points[point_name]

    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        answer = await forward()
        if request[7] != 4:
            return [answer]
        first, count = struct.unpack(">HH", request[8:12])
        if not first <= point.address < first + count:
            return [answer]
        at = 9 + 2 * (point.address - first)
        raw = struct.pack(f">{len(words)}H", *words)
        return [answer[:at] + raw + answer[at + len(raw) :]]

    return apply


def swapped_words():
    """Exchange the words of every float of the input table."""
    floats = [p for p in POINTS.points.values() if p.wire_type == "float32"]

    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        answer = bytearray(await forward())
        first, count = struct.unpack(">HH", request[8:12])
        for p in floats:
            if (
                request[7] == 4
                and p.table == "input"
                and first <= p.address < first + count
            ):
                at = 9 + 2 * (p.address - first)
                answer[at : at + 4] = answer[at + 2 : at + 4] + answer[at : at + 2]
        return [bytes(answer)]

    return apply


def cached():
    """A gateway that serves what it saw first."""
    kept: dict[bytes, bytes] = {}

    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        if request[7] != 4:
            return [await forward()]
        key = request[6:]
        if key not in kept:
            kept[key] = await forward()
        return [request[:2] + kept[key][2:]]

    return apply


def refuse_writes_of(name: str):
    address = POINTS.points[f"setpoints.{name}"].address

    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        if request[7] == WRITE and struct.unpack(">H", request[8:10])[0] == address:
            return [request[:4] + struct.pack(">H", 3) + bytes([request[6], 0x90, 3])]
        return [await forward()]

    return apply


def refuse_from(least: int):
    """Refuse whatever reaches into the upper registers of the input table."""

    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        first, count = struct.unpack(">HH", request[8:12])
        if request[7] == 4 and first + count > least:
            return [request[:4] + struct.pack(">H", 3) + bytes([request[6], 0x84, 2])]
        return [await forward()]

    return apply


def held(course: Course) -> str:
    return recovers(course)


def no_reaction(course: Course) -> str:
    assert not any(r.emergency for r in course.reports)
    return never_noticed(course)


def all_held(course: Course) -> str:
    bad = [r for r in course.reports if r.seen.problems]
    assert bad
    assert all(r.sent is None or not r.sent.written for r in bad)
    return f"{len(bad)} turns held"


def given_up(course: Course) -> str:
    assert len(course.events("releases_point")) == 1
    assert course.reports[-1].locked == {TCS}
    frames = course.tcs_frames()
    assert len(frames) <= 8
    assert course.modes[-1] == "auto"
    return "after two mismatches the point is released, the others go on"


def yields(course: Course) -> str:
    during = course.reports[BEGIN + 1 : END]
    assert all(TCS in r.overridden for r in during)
    first = next(e for e in course.rows if e.event == "yields").number
    after = next(e for e in course.rows if e.event == "resumes").number
    written = [
        e for e in course.rows
        if e.event == "intent" and first < e.number < after and TCS in e.details["values"]
    ]  # fmt: skip
    assert written == []
    assert course.modes[-1] == "auto"
    return "not written while the operator holds it, resumed afterwards, auto goes on"


def steps_down(course: Course) -> str:
    turn = next(
        n for n, mode in enumerate(course.modes) if n >= BEGIN and mode != "auto"
    )
    assert turn - BEGIN <= 2
    assert set(course.modes[turn:]) == {"shadow"}
    why = course.events("mode")[-1].details["why"]
    return f"shadow within {turn - BEGIN + 1} turns, stays there: {why}"


def never_in_auto(course: Course) -> str:
    assert set(course.modes) == {"shadow"}
    assert course.wire.writes == []
    missing = "; ".join(course.reports[-1].missing)
    assert "not ours" in missing
    return f"stays in shadow, no write: {missing}"


def cools(course: Course) -> str:
    hot = [r for r in course.reports if r.emergency]
    assert hot
    first = course.reports.index(hot[0])
    assert first - BEGIN <= 2  # the sensor reads it one turn later
    assert course.reports[-1].emergency, "must be latched"
    active = course.plant.course[first].active
    assert abs(active.air_supply_c - SITE.guard.air_supply_c.minimum) < 1e-4
    assert active.tower_pump_speed >= 1.0 - 1e-6
    return "maximum cooling with the second hot reading, latched"


def _foreign_owner(rig: Rig) -> None:
    rig.plant.owner = 4242.0


def _other_host(rig: Rig) -> None:
    rig.plant.owner = 4242.0
    rig.plant.beat(float(len(rig.plant.course) + 1))


def _foreign_value(rig: Rig) -> None:
    point = POINTS.points[f"setpoints.{TCS}"]
    words = struct.unpack(">2H", struct.pack(">f", 27.25))

    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        answer = await forward()
        if request[7] != 3:
            return [answer]
        first, count = struct.unpack(">HH", request[8:12])
        if not first <= point.address < first + count:
            return [answer]
        at = 9 + 2 * (point.address - first)
        return [answer[:at] + struct.pack(">2H", *words) + answer[at + 4 :]]

    rig.plant.request(TCS, 27.25)
    rig.wire.trick = apply


def _reboot(rig: Rig) -> None:
    rig.plant._requested = SITE.design
    rig.plant._go_local()


def _override(rig: Rig) -> None:
    rig.plant.override(TCS, 28.0)


def _give_back(rig: Rig) -> None:
    rig.plant.override(TCS, None)


def _deaf(rig: Rig) -> None:
    rig.plant.deaf.add(TCS)


def _switch_off(rig: Rig) -> None:
    rig.plant.enable_remote(False)


MINE = frozenset({TCS})
PLANT_CASES = [
    Case(24, "single spike of the rack inlet", "plant sensor, one scan",
         "no reaction of any actuator",
         {BEGIN: sensor(outputs__rack_inlet_c=80.0)[BEGIN],
          BEGIN + 1: sensor(outputs__rack_inlet_c=80.0)[END]}, no_reaction),
    Case(26, "not a number", "registers of the wet bulb", "bad, held, recovers",
         trick(registers(WET, (0x7FC0, 0))), held),
    Case(26, "infinite", "registers of the wet bulb", "bad, held, recovers",
         trick(registers(WET, (0x7F80, 0))), held),
    Case(26, "subnormal", "registers of the wet bulb", "bad, held, recovers",
         trick(registers(WET, (0, 0x4198))), held),
    Case(27, "sentinel 0xFFFF", "registers of the cells in service", "bad, held",
         trick(registers("active.tower_cells_on", (0xFFFF,))), held),
    Case(28, "out of physical range", "plant sensor", "bad, never clamped and used",
         sensor(inputs__wet_bulb_c=300.0), held),
    Case(29, "words exchanged after a firmware update", "all floats of the wire",
         "bad, held", trick(swapped_words()), all_held),
    Case(30, "scale changed by ten", "plant sensor", "bad, held",
         sensor(inputs__wet_bulb_c=lambda v: 10.0 * v), held),
    Case(33, "part of the points missing", "proxy refuses upper registers",
         "held as a whole: not decided per equipment",
         trick(refuse_from(130)), all_held),
    Case(36, "gateway serves old values", "proxy answers from its memory",
         "the plant's clock stands still: held", trick(cached()), all_held),
    Case(38, "write acknowledged and ignored", "plant drops the request",
         "retried once, then released with an alarm", {BEGIN: _deaf}, given_up),
    Case(39, "write refused", "proxy, exception 3", "no storm of retries, released",
         {BEGIN: within(refuse_writes_of(TCS))}, given_up),
    Case(42, "operator holds one setpoint", "plant", "that point is left alone",
         {BEGIN: _override, END: _give_back}, yields, moved_by_others=MINE),
    Case(42, "operator takes the plant to local", "plant", "shadow at once",
         {BEGIN: _switch_off}, steps_down),
    Case(44, "second controller takes the lease", "plant", "step down",
         {BEGIN: _foreign_owner}, steps_down),
    Case(44, "second controller writes a setpoint", "plant and proxy", "step down",
         {BEGIN: _foreign_value}, steps_down, moved_by_others=MINE),
    Case(45, "another host has the plant", "lease in the plant", "never arms",
         dict.fromkeys(range(TURNS), _other_host), never_in_auto),
    Case(46, "device reboots and loses its setpoints", "plant",
         "seen, shadow, nothing restored blindly", {BEGIN: _reboot}, steps_down),
    Case(51, "rack inlet critical", "plant sensor, stays for three scans",
         "maximum cooling, latched",
         sensor(outputs__rack_inlet_c=60.0), cools),
]  # fmt: skip
