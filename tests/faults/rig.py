"""A loop in auto, a plant that is watched, and a wire that can be tampered with."""

import asyncio
import contextlib
import struct
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import numpy as np

from bms_io.daemon.audit import Entry, entries, verify_audit
from bms_io.daemon.desk import InThread
from bms_io.daemon.pace import SteppedPace
from bms_io.daemon.setup import LoopResult, TurnReport, unattended
from bms_io.loop import ClosedLoop
from bms_io.points import load_points
from bms_io.simulated_plant import REMOTE, SensorNoise, SimulatedPlant
from bms_io.virtual_plant import VirtualPlant
from twin.config import load_site
from twin.interfaces import Decision
from twin.resources import resolve
from twin.scenario import load_scenario
from twin.simulate import make_forecaster

SITE = load_site("hybrid_10mw")
HOURS = 4.0
SCENARIO = load_scenario(SITE, "07-15", HOURS)
POINTS = load_points(resolve("hybrid_10mw", "points", ".yaml"))
TIMEOUT_S = 1.0  # generous: loop, plant and proxy share one thread
QUICK = POINTS._replace(
    devices={n: d._replace(timeout_s=TIMEOUT_S) for n, d in POINTS.devices.items()}
)
TURNS = 16
WRITE = 16
ANSWER_WITHIN_S = 90

Forward = Callable[[], Awaitable[bytes]]
Trick = Callable[[bytes, Forward], Awaitable[list[bytes] | None]]


class Ramp:
    """Wants half a kelvin more in every cycle, so that there is always a write."""

    name = "ramp"

    def decide(self, estimate: Any, forecast: Any, now_s: float) -> Decision:
        wanted = 30.5 + 0.5 * (now_s // 900.0)
        return Decision(
            estimate.setpoints._replace(tcs_supply_c=min(wanted, 36.0)), "up"
        )


class Seen(NamedTuple):
    """The plant after one move of its clock, as the observer saw it."""

    time_s: float
    mode: float
    active: Any
    inlet_c: float


class WatchedPlant(SimulatedPlant):
    """Plant with an independent observer, and sensors that can be tampered with."""

    def __init__(self, *arguments: Any) -> None:
        self.course: list[Seen] = []
        self.tamper: Callable[[dict[str, float]], dict[str, float]] = dict
        self.deaf: set[str] = set()  # requests that are acknowledged and ignored
        self.jammed: dict[str, float] = {}  # actuators that do not follow
        self.truth_inlet_c = 0.0
        super().__init__(*arguments)

    def advance(self, target_s: float) -> None:
        super().advance(target_s)
        self.course.append(
            Seen(self.time_s, self.mode, self.active, self.truth_inlet_c)
        )

    def request(self, field: str, value: float) -> None:
        if field not in self.deaf:
            super().request(field, value)

    def _run(self, from_s: float, to_s: float) -> Any:
        held, self._overrides = self._overrides, {**self._overrides, **self.jammed}
        try:
            return super()._run(from_s, to_s)
        finally:
            self._overrides = held

    def _measure(self, out: Any) -> dict[str, float]:
        measured = super()._measure(out)
        self.truth_inlet_c = measured["outputs.rack_inlet_c"]
        return self.tamper(measured)


class Written(NamedTuple):
    """A write on the wire."""

    address: int
    words: tuple[int, ...]
    allowed: bool  # the loop was in auto, or handing over


class Wire:
    """Proxy between loop and plant."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self.trick: Trick | None = None
        self.down = False
        self.one_only = False
        self.connections = 0
        self.writes: list[Written] = []
        self.foreign_functions: list[int] = []
        self.is_allowed: Callable[[], bool] = lambda: False

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            if not self.down and not (self.one_only and self.connections > 1):
                await self._pass(reader, writer)
        finally:
            self.connections -= 1
            self._tasks.discard(task)
            writer.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await self._exchange(reader, writer, up_reader, up_writer)
        finally:
            up_writer.transport.abort()

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while not self.down:
                request = await frame(reader)
                self._note(request)

                async def forward(request: bytes = request) -> bytes:
                    up_writer.write(request)
                    return await frame(up_reader)

                if self.trick is None:
                    answer: list[bytes] | None = [await forward()]
                else:
                    answer = await self.trick(request, forward)
                if answer is None:
                    break
                for part in answer:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)

    def _note(self, request: bytes) -> None:
        function, address = struct.unpack(">BH", request[7:10])
        if function == WRITE:
            words = struct.unpack(f">{(len(request) - 13) // 2}H", request[13:])
            self.writes.append(Written(address, words, self.is_allowed()))
        elif function not in (3, 4):
            self.foreign_functions.append(function)

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def frame(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(7)
    return head + await reader.readexactly(struct.unpack(">HHHB", head)[2] - 1)


class Rig(NamedTuple):
    """What a fault can reach."""

    plant: WatchedPlant
    wire: Wire
    loop: ClosedLoop
    direct: Any  # point map of the plant itself, past the wire


class Course(NamedTuple):
    """What was seen of a run."""

    result: LoopResult
    rows: list[Entry]
    reports: list[TurnReport]
    plant: WatchedPlant
    wire: Wire
    loop: ClosedLoop

    def events(self, name: str) -> list[Entry]:
        return [row for row in self.rows if row.event == name]

    @property
    def modes(self) -> list[str]:
        return [str(report.mode) for report in self.reports]

    def tcs_frames(self) -> list[float]:
        """Values of the coolant setpoint on the wire."""
        point = POINTS.points["setpoints.tcs_supply_c"]
        found = [w.words for w in self.wire.writes if w.address == point.address]
        return [struct.unpack(">f", struct.pack(">2H", *words))[0] for words in found]


Step = Callable[[Rig], Any]


def run(
    directory: Any,
    steps: dict[int, Step],
    turns: int = TURNS,
    controller: Any = None,
    **others: Any,
) -> Course:
    """Run a loop; ``steps[n]`` happens after the n-th turn, 0 before the first."""

    async def go() -> Course:
        rng = np.random.default_rng(1)
        plant = WatchedPlant(
            SITE.facility, SITE.design, SCENARIO, rng, SensorNoise(), 1800.0
        )
        server = VirtualPlant(POINTS, plant)
        port, _ = await server.start("127.0.0.1", 0)
        wire = Wire(port)
        proxy = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
        wired = others.pop("wired", QUICK)
        through = wired.at("127.0.0.1", proxy.sockets[0].getsockname()[1])
        direct = POINTS.at("127.0.0.1", port)
        reports: list[TurnReport] = []
        decider = others.pop("decider", None) or InThread(controller or Ramp())
        setup = unattended(
            SITE,
            through,
            decider,
            others.pop("forecaster", None) or make_forecaster(SCENARIO),
            directory,
            armed_by="test",
        )._replace(pace=SteppedPace(direct), watchers=(reports.append,), **others)

        def progress(done: int, total: int) -> None:
            if done in steps:
                steps[done](rig)

        loop = ClosedLoop(setup._replace(progress=progress))
        rig = Rig(plant, wire, loop, direct)
        wire.is_allowed = lambda: (
            loop.keeper.mode == "auto" or loop._handover.hands is not None
        )
        if 0 in steps:
            steps[0](rig)
            await server._front.publish()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                result = await loop.run(turns * 300.0)
        finally:
            await wire.close()
            proxy.close()
            await server.stop()
            await asyncio.sleep(0.02)
        rows = list(entries(directory / "audit.sqlite"))
        return Course(result, rows, reports, plant, wire, loop)

    return asyncio.run(go())


def assert_invariants(
    course: Course, moved_by_others: frozenset[str] = frozenset()
) -> None:
    """What must hold in every run, whatever the fault."""
    assert all(written.allowed for written in course.wire.writes), "write outside auto"
    assert course.wire.foreign_functions == [], "other function codes on the wire"
    assert course.result.guard_violations == [], "verifier had to refuse"
    verify_audit(course.result.directory / "audit.sqlite")
    _assert_announced(course)
    for before, after in zip(
        course.plant.course, course.plant.course[1:], strict=False
    ):
        _assert_step(before, after, moved_by_others, course)
    assert (
        max(seen.inlet_c for seen in course.plant.course)
        < SITE.limits.rack_inlet_c + 2.0
    )


def _assert_step(
    before: Seen, after: Seen, others: frozenset[str], course: Course
) -> None:
    """Limits and rates at the actuators, but for what leads home or is an emergency."""
    hot = any(report.emergency for report in course.reports)
    for name, value in after.active._asdict().items():
        entry, old = getattr(SITE.guard, name), getattr(before.active, name)
        if name in others:
            continue
        slack = 1e-4 * max(abs(entry.minimum), abs(entry.maximum))
        assert entry.minimum - slack <= value <= entry.maximum + slack, (name, value)
        home = abs(value - getattr(SITE.design, name)) <= slack
        remote = before.mode == after.mode == REMOTE
        largest = entry.rate_per_minute * 15.0 + slack
        assert abs(value - old) <= largest or home or hot or not remote, (
            name,
            old,
            value,
        )


def _assert_announced(course: Course) -> None:
    """Every setpoint on the wire is whole, and was announced before, as often as sent."""
    points = {
        p.address: p for n, p in POINTS.points.items() if n.startswith("setpoints.")
    }
    announced: list[tuple[str, float]] = []
    for row in course.rows:
        if row.event in ("intent", "release"):
            announced += [(n, float(v)) for n, v in row.details["values"].items()]
        elif row.event == "releases_point":
            announced.append((row.details["point"], float(row.details["value"])))
    for written in course.wire.writes:
        point = points.get(written.address)
        if point is None:
            continue  # heartbeat and lease
        assert len(written.words) == len(point.registers), f"{point.name} was torn"
        value = _value(point, written.words)
        name = point.name.removeprefix("setpoints.")
        near = [a for a in announced if a[0] == name and _near(a[1], value)]
        assert near, f"{name} = {value} on the wire was never announced, or sent twice"
        announced.remove(near[0])


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-5 * max(abs(one), abs(other), 1.0)


def _value(point: Any, words: tuple[int, ...]) -> float:
    raw = (
        struct.unpack(">f", struct.pack(">2H", *words))[0]
        if len(words) == 2
        else words[0]
    )
    return float(raw * point.scale + point.offset)
