"""Faults of communication, injected by the proxy between loop and plant."""

import asyncio
import struct

from tests.faults.case import Case, trick, within
from tests.faults.rig import POINTS, TIMEOUT_S, WRITE, Course, Forward, Rig

CUT = None


def is_read(request: bytes) -> bool:
    return request[7] in (3, 4)


def on_reads(change):
    """Tamper with every answer to a read."""

    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        answer = await forward()
        return change(answer) if is_read(request) else [answer]

    return apply


async def cut_reads(request: bytes, forward: Forward) -> list[bytes] | None:
    return CUT if is_read(request) else [await forward()]


async def black_hole(request: bytes, forward: Forward) -> list[bytes] | None:
    await asyncio.sleep(60)
    return CUT


async def jitter(request: bytes, forward: Forward) -> list[bytes] | None:
    await asyncio.sleep(0.001 * (request[1] % 40))
    return [await forward()]


async def late(request: bytes, forward: Forward) -> list[bytes] | None:
    answer = await forward()
    if is_read(request):
        await asyncio.sleep(1.2 * TIMEOUT_S)
    return [answer]


def cut_first_setpoint_write():
    done = []

    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        answer = await forward()
        address = struct.unpack(">H", request[8:10])[0]
        if request[7] == WRITE and address >= 10 and not done:
            done.append(address)
            return CUT
        return [answer]

    return apply


def shortened(answer: bytes) -> list[bytes]:
    """One register where more were asked for."""
    return [answer[:4] + struct.pack(">H", 5) + answer[6:8] + b"\x02" + answer[9:11]]


def exception(code: int):
    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        if not is_read(request):
            return [await forward()]
        body = bytes([request[6], request[7] | 0x80, code])
        return [request[:4] + struct.pack(">H", len(body)) + body]

    return apply


def refuse_address(point_name: str):
    point = POINTS.points[point_name]

    async def apply(request: bytes, forward: Forward) -> list[bytes] | None:
        first, count = struct.unpack(">HH", request[8:12])
        if request[7] == 4 and first <= point.address < first + count:
            return [request[:4] + struct.pack(">H", 3) + bytes([request[6], 0x84, 2])]
        return [await forward()]

    return apply


def starts_in_shadow_and_comes_up(course: Course) -> str:
    assert course.modes[0] == "shadow"
    assert course.modes[-1] == "auto"
    return f"shadow for {course.modes.index('auto')} turns, then auto"


def recovers(course: Course) -> str:
    """Bad while it lasts, held, nothing written; good within two turns after."""
    bad = [bool(r.seen.problems) for r in course.reports]
    assert any(bad), "the fault was not noticed"
    assert not any(bad[8:]), "did not recover within two turns"
    assert all(
        r.sent is None or not r.sent.written for r in course.reports if r.seen.problems
    )
    assert course.modes[-1] == "auto"
    return f"{sum(bad)} turns bad and held, then good"


def never_noticed(course: Course) -> str:
    assert not any(r.seen.problems for r in course.reports)
    assert set(course.modes) == {"auto"}
    return "no reading bad, in auto throughout"


def beats_stop(course: Course) -> str:
    silent = [r for r in course.reports if not r.complete]
    assert silent
    assert max(r.spent_s for r in course.reports) < 10.0, "a turn hung"
    return f"{len(silent)} turns without heartbeat; {recovers(course)}"


def sent_once(course: Course) -> str:
    assert len(course.events("unknown")) == 1
    frames = course.tcs_frames()
    first_default = frames.index(frames[-1])
    assert len(set(frames[:first_default])) == len(frames[:first_default])
    assert course.modes[-1] == "auto"
    return "outcome unknown in the audit log, looked up, no value sent twice"


def only_that_point(course: Course) -> str:
    name = "outputs.chiller_part_load_ratio"
    reading = course.reports[5].look.snapshot.readings[name]
    others = [
        r for n, r in course.reports[5].look.snapshot.readings.items() if n != name
    ]
    assert reading.quality == "bad"
    assert all(r.quality != "bad" for r in others)
    assert set(course.modes) == {"auto"}
    return "that point bad, all others good, auto goes on"


def at_start(rig: Rig) -> None:
    rig.wire.down = True


def back(rig: Rig) -> None:
    rig.wire.down = False


def one_connection(rig: Rig) -> None:
    rig.wire.one_only = True


WIRE_CASES = [
    Case(
        1,
        "device unreachable at start",
        "proxy closes every connection",
        "shadow, connects by itself, auto afterwards",
        {0: at_start, 2: back},
        starts_in_shadow_and_comes_up,
    ),
    Case(2, "reset in the middle of a read", "proxy", "bad, held, recovers",
         trick(cut_reads), recovers),
    Case(3, "reset in the middle of a write", "proxy, before the answer",
         "unknown, looked up, never sent again blindly",
         {4: within(cut_first_setpoint_write())}, sent_once),
    Case(4, "black hole", "proxy answers nothing", "turns end, heartbeat stops, recovers",
         trick(black_hole), beats_stop),
    Case(5, "latency jitter", "proxy delays each answer", "nothing noticed",
         trick(jitter), never_noticed),
    Case(6, "answer after the time-out", "proxy delays reads", "not taken for the next",
         trick(late), recovers),
    Case(7, "wrong transaction", "proxy", "rejected",
         trick(on_reads(lambda a: [bytes([a[0] ^ 1]) + a[1:]])), recovers),
    Case(7, "wrong unit", "proxy", "rejected",
         trick(on_reads(lambda a: [a[:6] + bytes([9]) + a[7:]])), recovers),
    Case(7, "wrong function code", "proxy", "rejected",
         trick(on_reads(lambda a: [a[:7] + bytes([a[7] ^ 7]) + a[8:]])), recovers),
    Case(8, "short answer", "proxy", "rejected",
         trick(on_reads(shortened)), recovers),
    Case(9, "garbage before the frame", "proxy", "connection dropped, recovers",
         trick(on_reads(lambda a: [b"\xde\xad\xbe\xef" + a])), recovers),
    Case(9, "truncated frame", "proxy", "time-out, recovers",
         trick(on_reads(lambda a: [a[:-3]])), recovers),
    Case(9, "split into single bytes", "proxy", "nothing noticed",
         trick(on_reads(lambda a: [bytes([b]) for b in a])), never_noticed),
    Case(10, "duplicate answers", "proxy", "second never taken for another",
         trick(on_reads(lambda a: [a, a])), recovers),
    *(
        Case(11, f"exception {code} on reads", "proxy", "typed bad quality, recovers",
             trick(exception(code)), recovers)
        for code in (2, 3, 4, 6, 11)
    ),
    Case(13, "gateway allows one connection", "proxy refuses a second one",
         "one shared connection, no flapping", {0: one_connection}, never_noticed),
    Case(14, "one illegal address in a block", "proxy", "only that point bad",
         trick(refuse_address("outputs.chiller_part_load_ratio")), only_that_point),
    Case(41, "torn 32-bit write", "asserted on every frame of every case",
         "FC16 with both registers only", {}, never_noticed),
]  # fmt: skip
