"""The one place that knows where the screen's data come from: a folder on disk.

``wetbulb demo`` and ``wetbulb simulate`` leave a ``run.json`` that says what was asked for.
A demo has one folder per controller with tables that grow row by row; a simulation has
Parquet tables beside its ``run.json``. Another source of live data is another maker of
``Recording``.
"""

import json
import time
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from bms_io.daemon.audit import AUDIT_FILE, entries
from bms_io.daemon.historian import FOLDER
from bms_io.daemon.recorded import latest
from bms_io.daemon.service import WHERE_FILE
from optimizer.contestants import shown
from twin.config import Site, load_site
from twin.errors import ConfigError, DataError
from twin.run_store import RUN_FILE
from twin.scenario import Scenario, load_scenario
from twin.signals import Inputs, Outputs, Setpoints

SUMMARY_FILE = "summary.json"
DECISION_COLUMNS = ("time_s", "reason", "status", "solve_s", "predicted_site_power_w")

SHOWN_S = 86400.0  # of a daemon, which has years


class RunInfo(NamedTuple):
    """What a folder holds, and what was asked for."""

    directory: Path
    site: str
    start: str  # MM-DD
    hours: float
    weather: str | None
    load: str | None
    scale_load: bool
    seed: int
    spread: float
    controllers: tuple[str, ...]  # the last one is the candidate
    load_day: float | None = None


class Event(NamedTuple):
    """One line of the journal."""

    time_s: float
    kind: str
    details: dict[str, Any]


class Recording(NamedTuple):
    """What one controller's run left so far; signals in SI."""

    name: str
    telemetry: pd.DataFrame  # time_s at the end of each scan, inputs, outputs
    setpoints: pd.DataFrame  # time_s, setpoints in force from then on
    decisions: pd.DataFrame  # time_s and what was said; empty if nobody wrote it
    events: tuple[Event, ...]


def describe(directory: Path) -> RunInfo:
    """Read what a folder holds.

    Parameters
    ----------
    directory
        ``--out`` of ``wetbulb demo`` or ``wetbulb simulate``.

    Raises
    ------
    ConfigError
        If no run is there.
    """
    path = directory / RUN_FILE
    try:
        asked = json.loads(path.read_text(encoding="utf-8"))["run"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = (
            f"{directory}: no readable {RUN_FILE}, so no run that can be shown. Give the "
            "--out folder of `wetbulb demo` or `wetbulb simulate`."
        )
        raise ConfigError(message) from error
    several = "controllers" in asked
    return RunInfo(
        directory,
        asked["site"],
        asked["date"] if several else asked["start"],
        asked["hours"] if several else 24.0 * asked["days"],
        asked["weather"],
        asked["load"],
        asked["scale_load"],
        asked["seed"],
        asked["spread"],
        tuple(map(shown, asked["controllers"] if several else [asked["controller"]])),
        asked.get("load_day"),
    )


def world(info: RunInfo) -> tuple[Site, Scenario]:
    """Site and what happened to it, from the files that the run names."""
    site = load_site(info.site)
    scenario = load_scenario(
        site,
        info.start,
        info.hours,
        info.weather,
        info.load,
        info.scale_load,
        load_day=info.load_day,
    )
    return site, scenario


def stamp(info: RunInfo, name: str) -> tuple[tuple[str, int, int], ...]:
    """Changes whenever the data of a controller do."""
    folder = _folder(info, name)
    found = []
    for path in sorted([*folder.glob("*"), *folder.glob(f"{FOLDER}/*")]):
        with suppress(FileNotFoundError):  # an hour of history that was just sealed
            facts = path.stat()
            found.append((path.name, facts.st_mtime_ns, facts.st_size))
    return tuple(found)


def last_change_s(info: RunInfo, name: str) -> float:
    """Seconds on the wall clock since the data of a controller changed."""
    changes = [change_ns for _, change_ns, _ in stamp(info, name)]
    return time.time() - max(changes, default=0) / 1e9


def is_running(info: RunInfo) -> bool:
    """Whether rows may still come: a daemon, or a demo that has not been concluded."""
    if (info.directory / WHERE_FILE).exists():
        return True
    several = (info.directory / info.controllers[-1]).is_dir()
    return several and not (info.directory / SUMMARY_FILE).exists()


def read(info: RunInfo, name: str) -> Recording:
    """Everything that one controller's run left so far.

    Raises
    ------
    DataError
        If the tables are not there (yet).
    """
    folder = _folder(info, name)
    telemetry, setpoints = (_table(folder, n) for n in ("telemetry", "setpoints"))
    if (folder / FOLDER).is_dir():
        telemetry, setpoints = latest(folder, SHOWN_S)
    if telemetry is None or setpoints is None or telemetry.empty:
        message = f"{folder}: no telemetry yet. Wait, or choose another run."
        raise DataError(message)
    wanted = {*Inputs._fields, *Outputs._fields, "time_s"} - set(telemetry)
    wanted |= {*Setpoints._fields, "time_s"} - set(setpoints)
    if wanted:
        message = (
            f"{folder}: recorded by another version of wetbulb; {', '.join(sorted(wanted))} "
            "missing. Show it with that version, or run it again."
        )
        raise DataError(message)
    events = _events(folder)
    return Recording(name, telemetry, setpoints, _decisions(events), events)


def _decisions(events: tuple[Event, ...]) -> pd.DataFrame:
    """What was said with each decision."""
    said = [
        {"time_s": event.time_s, **event.details["decision"]}
        for event in events
        if "decision" in event.details
    ]
    return pd.DataFrame(said, columns=list(DECISION_COLUMNS))


def _folder(info: RunInfo, name: str) -> Path:
    """Where the tables of a controller are."""
    own = info.directory / name
    return own if own.is_dir() else info.directory


def _table(folder: Path, name: str) -> pd.DataFrame | None:
    """A table of either kind; a row that is still being written is left out."""
    parquet, text = folder / f"{name}.parquet", folder / f"{name}.csv"
    if parquet.exists():
        table = pd.read_parquet(parquet)
        first = table["scenario"] == 0
        return table[first].drop(columns="scenario").reset_index(drop=True)
    if not text.exists() or not (body := text.read_text(encoding="utf-8")):
        return None
    if not body.endswith("\n"):
        body = body[: body.rfind("\n") + 1]
    return pd.read_csv(StringIO(body))


def _events(folder: Path) -> tuple[Event, ...]:
    """Audit log, oldest first; empty where nobody kept one."""
    path = folder / AUDIT_FILE
    if not path.exists():
        return ()
    return tuple(Event(e.time_s, e.event, e.details) for e in entries(path))
