"""``wetbulb simulate``: one controller on one site, for hours or a year, without a wire."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import typer

from dashboards import console, controllers, tables
from dashboards.asked import tell_forecast
from dashboards.flexibility import told, windows_s
from dashboards.folders import new_directory
from dashboards.plain import plain
from dashboards.progress import bars
from optimizer.rules_file import tuned_for
from twin.config import Site, load_site
from twin.errors import ConfigError
from twin.held_jobs import Delays
from twin.interfaces import Controller
from twin.kpis import Kpis, kpis
from twin.perturb import perturb
from twin.resources import resolve
from twin.results import Results, write
from twin.run_store import RunStore, file_hash, versions
from twin.scenario import WEATHER_SUFFIXES, Scenario, load_scenario
from twin.simulate import simulate
from twin.workload import SUFFIXES

MOST_DAYS = 366.0  # the weather of a year repeats; longer runs add nothing
FAILED = 1  # exit code


class Request(NamedTuple):
    """What the user asked for."""

    site: str
    weather: str | None
    load: str | None
    scale_load: bool
    load_day: float | None
    controller: str
    start: str
    days: float
    dt_s: float
    seed: int
    spread: float
    out: Path | None  # a new one by time if None
    may_wait: tuple[str, ...] = ()  # CLASS=HOURS
    forecast: Path | None = None  # made by others


def run(request: Request, as_json: bool) -> None:
    """Simulate, write the folder, show the figures.

    Raises
    ------
    WetbulbError
        If an input is wrong or the folder holds another run.
    typer.Exit
        With code 1 if the run ended early; its results so far are written.
    """
    if not 0.0 < request.days <= MOST_DAYS:
        message = (
            f"--days {request.days:g}: give more than 0 and at most {MOST_DAYS:g}."
        )
        raise ConfigError(message)
    site = load_site(request.site)
    scenario = load_scenario(
        site,
        request.start,
        request.days * 24.0,
        request.weather,
        request.load,
        request.scale_load,
        request.load_day,
        windows_s(request.may_wait, "--may-wait"),
        request.forecast,
    )
    tell_forecast(scenario)
    rules = tuned_for(request.site).rules
    (controller,) = controllers.make((request.controller,), site, rules)
    plant = perturb(site.facility, np.random.default_rng(request.seed), request.spread)
    directory = request.out or new_directory(Path("runs"))
    store = _store(request, directory, site, controller)
    begin_s = time.monotonic()
    scans = round(scenario.duration_s / site.control.scan_interval_s)
    with bars([controller.name], scans) as progress:
        results = simulate(
            site,
            scenario,
            controller,
            plant,
            request.dt_s,
            store=store,
            progress=progress[controller.name],
        )
    write(results.arrays, directory)
    store.clear()
    summary = _summary(directory, (site, scenario), results)
    summary["wall_s"] = time.monotonic() - begin_s
    show(summary, as_json)
    if results.status != "ok":
        console.note(f"{results.status}. What came before is in {directory}.")
        raise typer.Exit(FAILED)


def _store(
    request: Request, directory: Path, site: Site, controller: Controller
) -> RunStore:
    """Folder of the run, with everything that decides its numbers."""
    weather = request.weather or site.defaults.weather
    files = {
        "site": resolve(request.site, "sites", ".yaml"),
        "weather": resolve(weather, "weather", *WEATHER_SUFFIXES),
        "load": resolve(request.load or site.defaults.load, "jobs", *SUFFIXES),
        "price": resolve(site.tariff.price_file, "grid", ".csv"),
        "carbon": resolve(site.tariff.carbon_file, "grid", ".csv"),
    }
    if request.forecast is not None:
        files["forecast"] = request.forecast
    asked = request._asdict() | {"forecast": str(request.forecast or "")}
    identity = {
        "run": {name: asked[name] for name in asked if name != "out"},
        "sha256": {name: file_hash(path) for name, path in files.items()},
        "rules": tuned_for(request.site).rules._asdict(),
        "versions": versions(controller),
    }
    try:
        return RunStore(directory, identity)
    except OSError as error:
        message = f"--out {directory}: {error.strerror}. Give another folder."
        raise ConfigError(message) from error


def _summary(
    directory: Path, ran: tuple[Site, Scenario], results: Results
) -> dict[str, Any]:
    """Figures for machines, in SI."""
    site, scenario = ran
    table = results.telemetry
    figures: Kpis | None = None
    if len(table) > 1:
        figures = kpis(site, scenario, table, results.setpoints)
    document: dict[str, Any] = plain(
        {
            "site": site.name,
            "controller": results.name,
            "status": results.status,
            "scans": len(table),
            "kpis": figures,
            "largest_residual": _largest_residual(results),
            "guard_violations": len(results.guard_violations),
            "jobs": results.delays,
            "directory": str(directory),
        }
    )
    return document


def _largest_residual(results: Results) -> float:
    """Largest residual of both balances as a share of the site power."""
    arrays = results.arrays
    parts = [arrays[n] for n in ("electrical_residual_w", "thermal_residual_w")]
    shares = [np.abs(part / arrays["site_power_w"]) for part in parts]
    return float(max((share.max() for share in shares), default=0.0))


def show(summary: dict[str, Any], as_json: bool) -> None:
    """Print the figures for machines or for people."""
    if as_json:
        console.write_json(summary)
        return
    console.write(f"{summary['site']} under {summary['controller']}:")
    if summary["kpis"]:
        figures = Kpis(**summary["kpis"])
        for column in (*tables.COLUMNS, *tables.DETAILS):
            value = column.show(figures)
            console.write(f"  {column.title:18s}{value:>14s} {column.unit}".rstrip())
    if summary["jobs"]:
        for line in told(Delays(**summary["jobs"])):
            console.write(f"  {line}")
    console.write(f"  largest residual {summary['largest_residual']:.1e} of site power")
    console.write(f"  {summary['scans']} scans in {summary['wall_s']:.1f} s")
    console.write(f"results: {summary['directory']}")
