"""``wetbulb compare``: controllers on the same hours in one process, without a wire."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dashboards import console, controllers, output, tables
from dashboards.asked import check_hours, tell_inputs
from dashboards.flexibility import told, windows_s
from dashboards.plain import plain
from optimizer.compare import Compared, compare
from optimizer.rules_file import tuned_for
from twin.config import load_site
from twin.errors import GuardRefusedError
from twin.perturb import perturb
from twin.scenario import load_scenario


class Request(NamedTuple):
    """What the user asked for."""

    site: str
    date: str
    hours: float
    weather: str | None
    load: str | None
    scale_load: bool
    load_day: float | None
    controllers: tuple[str, ...]
    seed: int
    spread: float
    may_wait: tuple[str, ...] = ()  # CLASS=HOURS
    forecast: Path | None = None  # made by others


def run(request: Request, as_json: bool) -> None:
    """Compare and show the table.

    Raises
    ------
    WetbulbError
        If an input is wrong, a run ended early, or a setpoint left the guard's limits.
    """
    begin_s = time.monotonic()
    site = load_site(request.site)
    rules = tuned_for(request.site).rules
    chosen = controllers.make(request.controllers, site, rules)
    check_hours(request.hours, site)
    scenario = load_scenario(
        site,
        request.date,
        request.hours,
        request.weather,
        request.load,
        request.scale_load,
        request.load_day,
        windows_s(request.may_wait, "--may-wait"),
        request.forecast,
    )
    tell_inputs(scenario)
    plant = perturb(site.facility, np.random.default_rng(request.seed), request.spread)
    found = compare(site, scenario, chosen, plant)
    if as_json:
        console.write_json(_summary(request, found, time.monotonic() - begin_s))
    else:
        _show(found)
    broken = [f"{one.name}: {entry}" for one in found for entry in one.guard_violations]
    if broken:
        message = "setpoints left the guard's limits:\n" + "\n".join(broken)
        raise GuardRefusedError(message)


def _show(found: list[Compared]) -> None:
    """Table and counts for people."""
    output.show_comparison(found)
    for one in found:
        console.write(
            f"{one.name}: {one.cycles} control cycles, {one.fallbacks} fall-backs, "
            f"{one.guard_changes} setpoints changed by the guard, "
            f"{len(one.guard_violations)} guard violations"
        )
        if one.results.delays is not None:
            for line in told(one.results.delays):
                console.write(f"  {line}")


def _summary(request: Request, found: list[Compared], wall_s: float) -> dict[str, Any]:
    """Everything for machines, in SI."""
    runs = [
        {
            "controller": one.name,
            **one.kpis._asdict(),
            "cycles": one.cycles,
            "fallbacks": one.fallbacks,
            "guard_changes": one.guard_changes,
            "guard_violations": len(one.guard_violations),
            "jobs": one.results.delays,
        }
        for one in found
    ]
    document: dict[str, Any] = plain(
        {
            "settings": request,
            "runs": runs,
            "savings": {s.against: s for s in tables.savings(found)},
            "wall_s": wall_s,
        }
    )
    return document
