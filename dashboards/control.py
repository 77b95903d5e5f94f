"""``wetbulb control``: the daemon, and what a person asks of it."""

import asyncio
import functools
import getpass
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple, cast

from bms_io.daemon.approval import ConfigWatch, Rules, rules_of
from bms_io.daemon.audit import AUDIT_FILE, verify_audit
from bms_io.daemon.modes import Mode
from bms_io.daemon.monitor import Monitor
from bms_io.daemon.pace import FreePace
from bms_io.daemon.postgres import PostgresSink
from bms_io.daemon.service import TOKEN_FILE, WHERE_FILE, Settings, serve
from bms_io.daemon.setup import Setup, TurnReport
from bms_io.daemon.worker import Worker
from bms_io.limits import Limits, limits_of, load_limits
from bms_io.points import PointMap
from bms_io.spoken import Spoken
from dashboards import console, controllers
from dashboards.places import Where, located
from optimizer.rules import RulesController
from optimizer.rules_file import tuned_for
from twin.ahead import make_ready
from twin.config import Site, load_site
from twin.errors import CommunicationError, ConfigError
from twin.interfaces import Controller
from twin.resources import available, resolve
from twin.run_forecast import make_forecaster
from twin.run_store import RUN_FILE
from twin.scenario import load_scenario
from twin.versions import in_force

FORECAST_HOURS = 24.0
MEMORY_FILE = "mpc_memory.json"


class Request(NamedTuple):
    """What the user asked for."""

    site: str
    points: str | None
    limits: str | None
    controller: str
    mode: str
    date: str
    weather: str | None
    load: str | None
    host: str | None
    port: int | None
    scan_s: float | None
    speed: float
    deadline_s: float
    good_cycles: int
    api_port: int
    hours: float | None
    memory_mib: int
    postgres: str | None
    directory: Path
    store: Path | None = None  # of versions of the fitted numbers
    bacnet_port: int | None = None
    spoken: Spoken = "as-mapped"


def make_controller(
    site: str, name: str, directory: Path, store: Path | None = None
) -> Controller:
    """Make a controller, in the process that asks; what it remembers is kept on disk."""
    known = in_force(load_site(site), store)
    made = controllers.make((name,), known, tuned_for(site).rules)[0]
    if not hasattr(made, "restore"):
        return made
    from optimizer.remembered import Remembered, WithMemory

    return Remembered(cast("WithMemory", made), directory / MEMORY_FILE, known.name)


class Sources(NamedTuple):
    """What bounds a plant, as its files say."""

    site: Site
    points: PointMap
    limits: Limits


def read_sources(request: Request) -> Sources:
    """Read and check site, point map and limits.

    Raises
    ------
    ConfigError
        If one of them is wrong.
    """
    site = in_force(load_site(request.site), request.store)
    where = (request.host, request.port, request.bacnet_port, request.spoken)
    points = located(Where(str(_points_path(request, site)), *where))
    path = _limits_path(request)
    return Sources(site, points, load_limits(path) if path else limits_of(site))


def _points_path(request: Request, site: Site) -> Path:
    return resolve(request.points or site.defaults.points, "points", ".yaml")


def _limits_path(request: Request) -> Path | None:
    """File of the verifier's limits; None where the site's guard stands in."""
    if not request.limits and request.site not in available("limits", ".yaml"):
        return None
    return resolve(request.limits or request.site, "limits", ".yaml")


def watch_files(request: Request, sources: Sources) -> ConfigWatch:
    """Make what tells when one of the files is edited."""
    site = resolve(request.site, "sites", ".yaml")
    paths = (site, _points_path(request, sources.site), _limits_path(request))

    def read() -> Rules:
        now = read_sources(request)
        return rules_of(now.site, now.limits, now.points)

    before = rules_of(sources.site, sources.limits, sources.points)
    return ConfigWatch(tuple(p for p in paths if p), read, before)


def run(request: Request) -> None:
    """Run the daemon until Ctrl-C or SIGTERM.

    Raises
    ------
    WetbulbError
        If an input is wrong or another daemon has this plant.
    """
    site, points, limits = sources = read_sources(request)
    if request.mode not in list(Mode):
        message = f"--mode {request.mode}: allowed are {', '.join(Mode)}."
        raise ConfigError(message)
    _check_numbers(request)
    controllers.make((request.controller,), site)  # refused here, not in the child
    hours = request.hours or FORECAST_HOURS
    scenario = load_scenario(site, request.date, hours, request.weather, request.load)
    scan_s = request.scan_s or site.control.scan_interval_s
    control_s = max(site.control.control_interval_s, scan_s)
    site = site._replace(
        control=site.control._replace(
            scan_interval_s=scan_s, control_interval_s=control_s
        )
    )
    sink = PostgresSink(request.postgres, site.name) if request.postgres else None
    forecaster = make_forecaster(scenario)
    make_ready(site)
    forecaster.prepare()  # learning takes seconds; a decision does not wait for it
    worker = Worker(
        request.controller,
        functools.partial(
            make_controller,
            request.site,
            request.controller,
            request.directory,
            request.store,
        ),
        request.memory_mib << 20,
    )

    def copies_to(report: TurnReport) -> None:
        if sink is not None:
            sink.put(report.look.snapshot)

    def build(pace: FreePace, monitor: Monitor) -> Setup:
        worker.start()
        return Setup(
            site,
            points,
            pace,
            worker,
            forecaster,
            request.directory,
            limits,
            fallback=RulesController(site, tuned_for(request.site).rules),
            wanted=Mode(request.mode),
            good_cycles=request.good_cycles,
            tables=False,
            deadline_s=request.deadline_s,
            watchers=(monitor.turn, copies_to),
        )

    _describe(request, hours)
    duration_s = float("inf") if request.hours is None else request.hours * 3600.0
    settings = Settings(
        request.directory,
        scan_s,
        request.speed,
        request.api_port,
        duration_s,
        watch_files(request, sources),
    )
    try:
        asyncio.run(serve(settings, points, site, build))
    finally:
        if sink is not None:
            sink.close()


def _check_numbers(request: Request) -> None:
    """Refuse times that are none, and a folder that cannot be made.

    Raises
    ------
    ConfigError
        Naming the option.
    """
    times = {"--hours": request.hours, "--scan": request.scan_s}
    times |= {"--speed": request.speed, "--deadline": request.deadline_s}
    for option, value in times.items():
        if value is not None and not 0.0 < value < float("inf"):
            message = f"{option} {value:g}: must be a number above 0."
            raise ConfigError(message)
    try:
        request.directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = (
            f"--directory {request.directory}: cannot be made ({error.strerror}). "
            "Give a folder that you may write to."
        )
        raise ConfigError(message) from error


def _describe(request: Request, hours: float) -> None:
    """Say in the folder what is controlled there, for the dashboard."""
    run = {
        "site": request.site,
        "start": request.date,
        "days": hours / 24.0,
        "weather": request.weather,
        "load": request.load,
        "scale_load": True,
        "controller": request.controller,
        "seed": 0,
        "spread": 0.0,
    }
    text = json.dumps({"run": run}, indent=2, sort_keys=True) + "\n"
    (request.directory / RUN_FILE).write_text(text, encoding="utf-8")


def ask(directory: Path, command: str, role: str, **body: Any) -> dict[str, Any]:
    """Ask a running daemon.

    Parameters
    ----------
    directory
        Where it runs.
    command
        Path of the API, e.g. ``status``.
    role
        Whose token to use.
    **body
        For a command; None for a question.

    Raises
    ------
    CommunicationError
        If it does not answer.
    ConfigError
        If there is none, or it refuses.
    """
    try:
        where = json.loads((directory / WHERE_FILE).read_text())
        token = json.loads((directory / TOKEN_FILE).read_text())[role]
    except (OSError, ValueError, KeyError) as error:
        message = (
            f"--directory {directory}: no daemon runs there, or its tokens are not "
            f"readable ({error}). Start one with `wetbulb control SITE`."
        )
        raise ConfigError(message) from error
    data = json.dumps({"who": getpass.getuser(), **body}).encode() if body else None
    request = urllib.request.Request(
        f"http://{where['host']}:{where['port']}/{command}",
        data=data,
        headers={"Authorization": f"Bearer {token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        with error:
            said = json.loads(error.read())
            raise ConfigError(str(said["error"])) from error
    except OSError as error:
        message = (
            f"--directory {directory}: the daemon (process {where['pid']}) does not "
            f"answer ({error}). If it was killed, the plant goes to local control when "
            "its heartbeat time-out is over: see plant.mode with `wetbulb points read`. "
            "Start it again with `wetbulb control SITE`; it comes up in shadow."
        )
        raise CommunicationError(message) from error


def show_status(directory: Path, as_json: bool) -> None:
    """Print what a daemon says of itself."""
    said = ask(directory, "status", "viewer")
    if as_json:
        console.write_json(said)
        return
    for name in ("mode", "wanted", "armed_by", "time_s", "rung", "reason", "held"):
        console.write(f"{name:10} {said.get(name, '')}")
    for need in said.get("auto_needs", []):
        console.write(f"auto needs {need}")
    for alarm in said.get("alarms", []):
        line = f"alarm P{alarm['priority']} {alarm['alarm']} ({alarm['standing']})"
        console.write(f"{line}: {alarm['detail']}. To do: {alarm['response']}")
    shown = said.get("recommendation") or {}
    if shown.get("open"):
        console.write(f"recommendation {shown['number']} until {shown['until_s']:g} s")
    active, advice = said.get("active", {}), said.get("advice", {})
    for name, value in advice.items():
        console.write(f"{name:18} active {active[name]:>12g}  wanted {value:>12g}")


def show_verified(path: Path, as_json: bool) -> None:
    """Check an audit log and print its length and digest."""
    log = path / AUDIT_FILE if path.is_dir() else path
    count, digest = verify_audit(log)
    if as_json:
        console.write_json({"rows": count, "digest": digest, "sound": True})
    else:
        console.write(f"{log}: {count} rows, chain sound, last digest {digest}")
