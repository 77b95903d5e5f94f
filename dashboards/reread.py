"""A study from what a run left on disk, so that its report can be made again."""

import json
from pathlib import Path
from typing import Any

from dashboards.app import recording
from dashboards.app.recording import Recording
from dashboards.results import Run, Settings, Study
from twin.config import Site
from twin.errors import DataError
from twin.guard import GuardEvent
from twin.kpis import kpis
from twin.scenario import Scenario


def study(directory: Path) -> Study:
    """Everything that a report shows of a finished run.

    Parameters
    ----------
    directory
        ``--out`` of ``wetbulb demo`` or ``wetbulb simulate``.

    Raises
    ------
    ConfigError, DataError
        If no finished run is there.
    """
    info = recording.describe(directory)
    if recording.is_running(info):
        message = (
            f"{directory}: the run is not finished (no {recording.SUMMARY_FILE}). Wait "
            "for it, or look at it with `wetbulb dashboard`."
        )
        raise DataError(message)
    site, scenario = recording.world(info)
    counted = _counted(directory)
    runs = tuple(
        _run(site, scenario, recording.read(info, name), counted.get(name, {}))
        for name in info.controllers
    )
    wall_s = float(counted.get("", {}).get("wall_s", 0.0))
    settings = Settings(info.site, info.start, info.hours, info.seed, info.spread)
    return Study(settings, site, scenario, runs, directory, wall_s)


def _counted(directory: Path) -> dict[str, dict[str, Any]]:
    """What the run counted, by controller; the whole summary under the empty name."""
    path = directory / recording.SUMMARY_FILE
    if not path.exists():
        return {}
    summary = json.loads(path.read_text(encoding="utf-8"))
    return {"": summary, **{run["controller"]: run for run in summary["runs"]}}


def _run(
    site: Site, scenario: Scenario, kept: Recording, counted: dict[str, Any]
) -> Run:
    """One controller's run; what a simulation does not count is zero."""
    events = [
        GuardEvent(**event)
        for line in kept.events
        for event in line.details.get("guard_events", ())
    ]
    names = ("guard_violations", "writes", "readback_mismatches", "fallbacks", "held")
    return Run(
        name=kept.name,
        telemetry=kept.telemetry,
        setpoints=kept.setpoints,
        kpis=kpis(site, scenario, kept.telemetry, kept.setpoints),
        guard_events=events,
        **{name: int(counted.get(name, 0)) for name in names},
    )
