"""``wetbulb demo``: one day, one virtual plant per controller, everything over Modbus.

Each controller gets its own plant process with the same errors and noise; all run at the
same time. Only telemetry that crossed a socket goes into the figures.
"""

import asyncio
import json
import time
import webbrowser
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from bms_io.daemon.audit import AUDIT_FILE
from bms_io.daemon.desk import InThread
from bms_io.daemon.setup import LoopResult, Progress, unattended
from bms_io.loop import ClosedLoop
from bms_io.plant_process import running_plant
from bms_io.plant_server import PlantJob
from bms_io.points import PointMap, load_points
from bms_io.spoken import Spoken, speak
from dashboards import console, controllers, dashboard, output
from dashboards.asked import check_hours, tell_inputs
from dashboards.folders import new_directory
from dashboards.progress import bars
from dashboards.results import Run, Settings, Study
from dashboards.undecided import refuse_undecided
from dashboards.warm import warm_up
from optimizer.rules_file import tuned_for
from twin.config import Site, load_site
from twin.errors import ConfigError, GuardRefusedError, WetbulbError
from twin.interfaces import Controller
from twin.kpis import kpis
from twin.resources import resolve
from twin.run_forecast import forecasters
from twin.run_store import RUN_FILE
from twin.scenario import Scenario, load_scenario
from twin.site_forecast import SiteForecaster

# Files of a run, in its folder or in that of a controller.
RECORDED = (
    RUN_FILE,
    "summary.json",
    "report.html",
    f"*/{AUDIT_FILE}",
    "*/telemetry.csv",
    "*/plant.log",
)


_SPOKEN = {
    "as-mapped": "the protocols of its point map",
    "modbus": "Modbus TCP",
    "bacnet": "BACnet/IP",
    "both": "Modbus TCP and BACnet/IP",
}


class Request(NamedTuple):
    """What the user asked for."""

    hours: float
    date: str
    site: str
    weather: str | None
    load: str | None
    controllers: tuple[str, ...]
    seed: int
    spread: float
    out: Path | None
    browser: bool
    scale_load: bool = True
    load_day: float | None = None
    forecast: Path | None = None  # made by others
    spoken: Spoken = "as-mapped"
    dashboard_port: int = 0  # no dashboard if 0


class Prepared(NamedTuple):
    """Everything checked, nothing started."""

    request: Request
    site: Site
    scenario: Scenario
    points: PointMap
    controllers: list[Controller]
    directory: Path
    forecaster: Callable[[], SiteForecaster]  # one for each controller


def run(request: Request, as_json: bool) -> None:
    """Run the demo and show what came of it.

    Raises
    ------
    WetbulbError
        If an input is wrong, the plant is lost or the second verifier refused a write;
        what was recorded until then is on disk.
    """
    if not request.dashboard_port:
        _carry_out(prepare(request), as_json)
        return
    dashboard.check_installed()
    prepared = prepare(request)
    with dashboard.serving(prepared.directory, request.dashboard_port) as server:
        _carry_out(prepared, as_json)
        dashboard.stay(server)


def _carry_out(prepared: Prepared, as_json: bool) -> None:
    """Run every controller, write and show the study."""
    begin_s, request = time.monotonic(), prepared.request
    tell_inputs(prepared.scenario)
    console.note(
        f"{', '.join(request.controllers)}: {request.hours:g} h from {request.date}, "
        f"each against its own plant over {_SPOKEN[request.spoken]}; "
        f"recording to {prepared.directory}"
    )
    rules = tuned_for(request.site).rules
    spare = controllers.make(request.controllers, prepared.site, rules)
    warm_up(prepared.site, prepared.scenario, spare, prepared.forecaster())
    try:
        results = asyncio.run(_run_all(prepared))
    except KeyboardInterrupt:
        console.note(f"What was recorded so far is in {prepared.directory}.")
        raise
    refuse_undecided(prepared.site.control, results)
    study = conclude(prepared, results, time.monotonic() - begin_s)
    report = output.save(study)
    output.show(study, report, as_json)
    if request.browser and not as_json and console.has_screen():
        webbrowser.open(report.absolute().as_uri())
    _refuse_violations(results)


def prepare(request: Request) -> Prepared:
    """Check every input before anything starts."""
    site = load_site(request.site)
    mapped = load_points(resolve(site.defaults.points, "points", ".yaml"))
    points = speak(mapped, request.spoken)
    check_hours(request.hours, site)
    scenario = load_scenario(
        site,
        request.date,
        request.hours,
        request.weather,
        request.load,
        request.scale_load,
        request.load_day,
        forecast_file=request.forecast,
    )
    rules = tuned_for(request.site).rules
    chosen = controllers.make(request.controllers, site, rules)
    directory = request.out or new_directory(Path("runs"))
    _check_unused(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"--out {directory}: {error.strerror}. Give another folder."
        raise ConfigError(message) from error
    _describe(request, directory)
    maker = forecasters(scenario)
    return Prepared(request, site, scenario, points, chosen, directory, maker)


def _describe(request: Request, directory: Path) -> None:
    """Say in the folder what is run there, for the dashboard and for later."""
    forecast = request.forecast and str(request.forecast)
    asked = request._asdict() | {"forecast": forecast}
    beside = ("out", "browser", "dashboard_port")
    run = {name: asked[name] for name in asked if name not in beside}
    text = json.dumps({"run": run}, indent=2, sort_keys=True) + "\n"
    (directory / RUN_FILE).write_text(text, encoding="utf-8")


def _check_unused(directory: Path) -> None:
    """Refuse a folder with an earlier run, so that no record is touched."""
    found = (path for name in RECORDED for path in directory.glob(name))
    taken = next(found, None)
    if taken is not None:
        message = (
            f"--out {directory}: already holds a run ({taken}). Nothing was changed. "
            "Give a new folder, or move this one away."
        )
        raise ConfigError(message)


async def _run_all(prepared: Prepared) -> list[LoopResult]:
    """Run every controller at the same time; the first error ends all."""
    turns = round(prepared.scenario.duration_s / prepared.site.control.scan_interval_s)
    failed: list[WetbulbError] = []
    tasks: list[asyncio.Task[LoopResult]] = []
    with bars(prepared.request.controllers, turns) as progress:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(_run_one(prepared, one, progress[one.name]))
                    for one in prepared.controllers
                ]
        except* WetbulbError as errors:
            failed = [e for e in errors.exceptions if isinstance(e, WetbulbError)]
    if failed:
        raise failed[0]
    return [task.result() for task in tasks]


async def _run_one(
    prepared: Prepared, controller: Controller, progress: Progress
) -> LoopResult:
    """One controller against a plant process of its own."""
    request = prepared.request
    directory = prepared.directory / controller.name
    directory.mkdir(exist_ok=True)
    job = PlantJob(
        site=request.site,
        start=request.date,
        hours=request.hours,
        weather=request.weather,
        load=request.load,
        seed=request.seed,
        spread=request.spread,
        scale_load=request.scale_load,
        load_day=request.load_day,
        spoken=request.spoken,
    )
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(
            running_plant(job, directory / "plant.log")
        )
        setup = unattended(
            prepared.site,
            prepared.points.at(where.host, where.port, where.others),
            InThread(controller),
            prepared.forecaster(),
            directory,
            armed_by="demo",
        )
        loop = ClosedLoop(setup._replace(progress=progress))
        return await loop.run(prepared.scenario.duration_s)


def conclude(prepared: Prepared, results: list[LoopResult], wall_s: float) -> Study:
    """Figures of every run, side by side."""
    request = prepared.request
    runs = tuple(_as_run(prepared, result) for result in results)
    settings = Settings(
        request.site, request.date, request.hours, request.seed, request.spread
    )
    return Study(
        settings, prepared.site, prepared.scenario, runs, prepared.directory, wall_s
    )


def _as_run(prepared: Prepared, result: LoopResult) -> Run:
    """What the tables and figures need of a run."""
    figures = kpis(prepared.site, prepared.scenario, result.telemetry, result.setpoints)
    return Run(
        name=result.name,
        telemetry=result.telemetry,
        setpoints=result.setpoints,
        kpis=figures,
        guard_events=result.guard_events,
        guard_violations=len(result.guard_violations),
        writes=result.writes,
        readback_mismatches=len(result.readback_mismatches),
        fallbacks=int((result.decisions["status"] != "ok").sum()),
        held=result.held,
    )


def _refuse_violations(results: list[LoopResult]) -> None:
    """Say so if the second verifier had to refuse what the guard let through."""
    refused = [
        f"{result.name}: {entry}"
        for result in results
        for entry in result.guard_violations
    ]
    if refused:
        message = "writes refused by the second verifier:\n" + "\n".join(refused)
        raise GuardRefusedError(message)
