"""A loop in auto that kills itself, hard, at a chosen moment of its work."""

import asyncio
import os
import random
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from bms_io.daemon.audit import AuditLog
from bms_io.daemon.desk import InThread
from bms_io.daemon.hands import Hands
from bms_io.daemon.historian import Historian
from bms_io.daemon.pace import SteppedPace
from bms_io.daemon.setup import unattended
from bms_io.loop import ClosedLoop
from bms_io.modbus_client import ModbusClient
from tests.faults.rig import POINTS, SCENARIO, SITE, Ramp
from twin.interfaces import Decision
from twin.simulate import make_forecaster

PHASES = (
    "before intent", "after intent", "in the write", "after a write", "before result",
    "after result", "before beat", "after beat", "any moment", "before history",
)  # fmt: skip
TURNS = 400


class Saw(Ramp):
    """Up and down for ever, a write in every cycle."""

    def decide(self, estimate, forecast, now_s):
        wanted_c = 30.0 + 0.4 * abs(now_s // 900.0 % 24.0 - 12.0)
        return Decision(estimate.setpoints._replace(tcs_supply_c=wanted_c), "saw")


class Resumed(SteppedPace):
    """Goes on where the clock of the plant stands."""

    async def begin(self) -> float:
        await self._driver.connect()
        return await self._clock(0.0)


class Trap:
    """Counts down the occasions of a phase, and ends the process at zero."""

    def __init__(self, phase: str, count: int) -> None:
        self._phase, self._count = phase, count

    def at(self, phase: str) -> None:
        if phase == self._phase:
            self._count -= 1
            if self._count == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def work(directory: Path, port: int, phase: str, seed: int, told: Connection) -> None:
    """Run until killed; tells the number of every audit row that was acknowledged."""
    rng = random.Random(seed)
    trap = Trap(phase, rng.randint(1, 8))
    _hook(trap, told)
    historian = Historian(directory / "history")
    loop = ClosedLoop(
        unattended(
            SITE, POINTS.at("127.0.0.1", port), InThread(Saw()),
            make_forecaster(SCENARIO), directory, "test",
        )._replace(pace=Resumed(POINTS.at("127.0.0.1", port)), tables=False)
    )  # fmt: skip

    def watch(report):
        historian.put(report.look.snapshot)
        trap.at("before history")
        if report.mode != "auto":
            loop.command("arm", "test")  # as a person would, after each start
        elif phase == "any moment" and not timers:
            timers.append(threading.Timer(rng.uniform(0.0, 0.3), _end))
            timers[0].start()

    timers: list[threading.Timer] = []
    loop._setup = loop._setup._replace(watchers=(watch,))
    asyncio.run(loop.run(TURNS * 300.0))


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hook(trap: Trap, told: Connection) -> None:
    """Put the trap around everything that leaves a trace outside."""
    record, write, beat = AuditLog.record, ModbusClient.write, Hands.beat

    def hooked_record(self, event, time_s, **details):
        trap.at(f"before {event}")
        number = record(self, event, time_s, **details)
        told.send(number)
        trap.at(f"after {event}")
        return number

    async def hooked_write(self, address, registers, *rest):
        task = asyncio.ensure_future(write(self, address, registers, *rest))
        await asyncio.sleep(0)  # it is on the wire, or nearly
        if len(registers) > 1:
            trap.at("in the write")
        done = await task
        if len(registers) > 1:
            trap.at("after a write")
        return done

    async def hooked_beat(self):
        trap.at("before beat")
        await beat(self)
        trap.at("after beat")

    AuditLog.record = hooked_record  # type: ignore[method-assign]
    ModbusClient.write = hooked_write  # type: ignore[method-assign,assignment]
    Hands.beat = hooked_beat  # type: ignore[method-assign]
