"""The daemon: loop, monitor, historian, API and signals in one process."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bms_io.daemon.api import Answer, Api, Route, read_tokens
from bms_io.daemon.early import EarlyWatch
from bms_io.daemon.gates import brief
from bms_io.daemon.historian import FOLDER, Historian
from bms_io.daemon.instance import InstanceLock
from bms_io.daemon.logs import JsonLog
from bms_io.daemon.modes import Mode
from bms_io.daemon.monitor import Monitor
from bms_io.daemon.notify import notify
from bms_io.daemon.pace import FreePace
from bms_io.daemon.setup import Setup, TurnReport
from bms_io.loop import ClosedLoop
from bms_io.point_names import CLOCK_POINT
from bms_io.points import PointMap
from bms_io.site_driver import SiteReader
from twin.errors import AuditError, CommunicationError, ConfigError
from twin.interfaces import Quality

WHERE_FILE, TOKEN_FILE, LOCK_FILE = "control.json", "tokens.json", "lock"
READY_AGE_S = 60.0  # a loop that has not turned for longer is not alive, least value


class Settings(NamedTuple):
    """How a daemon runs."""

    directory: Path
    scan_s: float  # plant time between looks
    speed: float = 1.0  # plant seconds per second
    api_port: int = 0
    duration_s: float = float("inf")
    edited: Callable[[], str] = str  # what was edited in the files, or empty


Build = Callable[[FreePace, Monitor], Setup]


async def plant_time(point_map: PointMap) -> float | None:
    """Clock of the plant, or None if it has none or does not answer."""
    if CLOCK_POINT not in point_map.points:
        return None
    reader = SiteReader(point_map)
    try:
        await reader.connect()
        reading = (await reader.read([CLOCK_POINT], 0.0))[CLOCK_POINT]
    except CommunicationError:
        return None
    finally:
        await reader.close()
    return None if reading.quality is Quality.BAD else reading.value


async def serve(
    settings: Settings, point_map: PointMap, site: Any, build: Build
) -> None:
    """Run a daemon until it is told to stop.

    Parameters
    ----------
    settings
        How.
    point_map
        Where the plant answers.
    site
        Limits of the alarms.
    build
        Makes the setup of the loop, given its pace and its monitor.

    Raises
    ------
    InstanceError
        If another daemon has this plant.
    ConfigError
        If the API port is taken or the token file is open to others.
    """
    directory = settings.directory
    directory.mkdir(parents=True, exist_ok=True)
    lock = InstanceLock(directory / LOCK_FILE)
    historian = Historian(directory / FOLDER)
    log = JsonLog(sys.stderr)
    monitor = Monitor(site, historian, log, settings.edited, EarlyWatch(directory))
    start_s = await plant_time(point_map)
    patience_s = 0.3 * settings.scan_s / settings.speed
    pace = FreePace(start_s or 0.0, settings.speed, patience_s)
    setup = build(pace, monitor)
    if start_s is None and CLOCK_POINT in point_map.points:
        setup = setup._replace(watchers=(*setup.watchers, _tie_once(pace)))
    loop = ClosedLoop(setup)
    monitor.audit = loop.audit
    api = Api(_routes(loop, monitor), read_tokens(directory / TOKEN_FILE))
    port = await api.start(settings.api_port)
    where: dict[str, Any] = {"host": "127.0.0.1", "port": port, "pid": os.getpid()}
    (directory / WHERE_FILE).write_text(json.dumps(where))
    stop = _stopper(loop, pace)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    log.say("info", "starts", **where, plant_time_s=start_s)
    notify("READY=1")
    try:
        await loop.run(settings.duration_s)
    finally:
        log.say("info", "ends", why=loop.why_ends)
        await api.close()
        historian.close()
        with contextlib.suppress(OSError):
            (directory / WHERE_FILE).unlink()
        lock.close()


def _tie_once(pace: FreePace) -> Callable[[TurnReport], None]:
    """For a plant that was not there at the start: take its clock when it comes."""
    tied: list[float] = []

    def watch(report: TurnReport) -> None:
        clock = report.look.snapshot.readings[CLOCK_POINT]
        if not tied and clock.quality is Quality.GOOD:
            tied.append(clock.value)
            pace.tie(clock.value)

    return watch


def _stopper(loop: ClosedLoop, pace: FreePace) -> Callable[[int], None]:
    """What a signal does: the turn ends, the plant is given back, then we end."""

    def stop(number: int) -> None:
        notify("STOPPING=1")
        loop.why_ends = f"signal {signal.Signals(number).name}"
        loop.stopping.set()
        pace.wake.set()

    return stop


def _routes(loop: ClosedLoop, monitor: Monitor) -> dict[str, Route]:
    """Everything that can be asked for."""

    def status(who: str, body: dict[str, Any]) -> Answer:
        return Answer(200, _json(monitor.status()))

    def alive(who: str, body: dict[str, Any]) -> Answer:
        return Answer(200, '{"alive": true}')

    def ready(who: str, body: dict[str, Any]) -> Answer:
        problems = (
            [brief(monitor.last.seen.problems)] if monitor.last else ["no turn yet"]
        )
        return Answer(200 if monitor.ready else 503, _json({"problems": problems}))

    def metrics(who: str, body: dict[str, Any]) -> Answer:
        return Answer(200, monitor.metrics(), "text/plain; version=0.0.4")

    def command(name: str) -> Callable[[str, dict[str, Any]], Answer]:
        def act(who: str, body: dict[str, Any]) -> Answer:
            wanted = str(body.get("mode", Mode.SHADOW))
            if wanted not in list(Mode):
                message = f"mode {wanted}: allowed are {', '.join(Mode)}"
                return Answer(400, _json({"error": message}))
            loop.command(name, who, Mode(wanted))
            reply: dict[str, Any] = {"done": name, "next_turn": True}
            if name == "mode" and wanted == Mode.AUTO and monitor.last is not None:
                reply["missing"] = list(monitor.last.missing)
            return Answer(200, _json(reply))

        return act

    def acknowledge(who: str, body: dict[str, Any]) -> Answer:
        return _on_alarm(monitor, "acknowledge", who, body)

    def shelve(who: str, body: dict[str, Any]) -> Answer:
        return _on_alarm(monitor, "shelve", who, body)

    commands = ("arm", "disarm", "mode", "exit-to-local")
    return {
        "/healthz": Route("GET", "", alive),
        "/readyz": Route("GET", "", ready),
        "/metrics": Route("GET", "", metrics),
        "/status": Route("GET", "viewer", status),
        **{f"/{name}": Route("POST", "operator", command(name)) for name in commands},
        "/approve": Route("POST", "operator", _approve(loop)),
        "/accept": Route("POST", "operator", _answer(monitor, "accept")),
        "/reject": Route("POST", "operator", _answer(monitor, "reject")),
        "/reset": Route("POST", "engineer", command("reset")),
        "/acknowledge": Route("POST", "operator", acknowledge),
        "/shelve": Route("POST", "operator", shelve),
    }


def _approve(loop: ClosedLoop) -> Callable[[str, dict[str, Any]], Answer]:
    """What a person says to changed limits."""

    def act(who: str, body: dict[str, Any]) -> Answer:
        try:
            return Answer(200, _json({"done": loop.approve(who, str(body["role"]))}))
        except ConfigError as error:
            return Answer(409, _json({"error": str(error)}))
        except AuditError as error:
            return Answer(503, _json({"error": f"{error}; it does not count"}))

    return act


def _answer(monitor: Monitor, verb: str) -> Callable[[str, dict[str, Any]], Answer]:
    """What the operator says to a recommendation."""

    def act(who: str, body: dict[str, Any]) -> Answer:
        if monitor.last is None or monitor.audit is None:
            return Answer(503, _json({"error": "no turn yet"}))
        now_s = monitor.last.time_s
        try:
            reply = monitor.advice.answer(body, verb, who, now_s, monitor.audit)
        except AuditError as error:
            return Answer(503, _json({"error": f"{error}; it does not count"}))
        key = "done" if reply.code == 200 else "error"
        return Answer(reply.code, _json({key: reply.text}))

    return act


def _on_alarm(monitor: Monitor, act: str, who: str, body: dict[str, Any]) -> Answer:
    """Acknowledge or shelve an alarm; both are recorded with who did it."""
    name = str(body.get("alarm", ""))
    if name not in monitor.alarms.entries:
        message = f"alarm {name!r}: allowed are {', '.join(monitor.alarms.entries)}"
        return Answer(400, _json({"error": message}))
    now_s = monitor.last.time_s if monitor.last else 0.0
    if act == "acknowledge":
        monitor.alarms.acknowledge(name, now_s)
        monitor.record("alarm_acknowledge", now_s, alarm=name, who=who)
        return Answer(200, _json({"done": f"{name} is acknowledged", "alarm": name}))
    for_s = body.get("for_s", 3600.0)
    if not isinstance(for_s, int | float) or not 0.0 < for_s < float("inf"):
        message = f"for_s {for_s!r}: must be a number of seconds above 0"
        return Answer(400, _json({"error": message}))
    given_s = monitor.alarms.shelve(name, who, now_s, float(for_s))
    monitor.record("alarm_shelve", now_s, alarm=name, who=who, for_s=given_s)
    done = f"{name} is put away for {given_s / 3600.0:g} h"
    return Answer(200, _json({"done": done, "alarm": name, "for_s": given_s}))


def _json(value: Any) -> str:
    return json.dumps(value, default=str)
