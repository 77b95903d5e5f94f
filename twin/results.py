"""What a run left behind: named arrays over scenarios and time, tables, files.

Variables of the arrays are signal names: inputs and outputs bare over ``(scenario,
time)``, setpoints in force as ``setpoints.<name>`` and the guard's vetoes as
``overruled.<name>`` over ``(scenario, control_time)``. Times are seconds since the start
of the run, at the end of each scan and at the start of each control cycle.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.guard import GuardEvent
from twin.held_jobs import Delays
from twin.interfaces import Decision
from twin.signals import Inputs, Outputs, Setpoints

if TYPE_CHECKING:
    import xarray as xr  # the daemon has no use for it, and no memory to spare

Block = NDArray[np.float64]
SCAN_SIGNALS = (*Inputs._fields, *Outputs._fields)
SET, OVERRULED = "setpoints.", "overruled."


class Course(NamedTuple):
    """Raw numbers of one scenario."""

    time_s: Block  # (scans,)
    signals: Block  # (scans, inputs and outputs)
    control_s: Block  # (cycles,)
    setpoints: Block  # (cycles, setpoints)
    overruled: Block  # (cycles, setpoints), 1 where the guard changed the wish


class Results(NamedTuple):
    """A finished, stopped or failed run of one controller."""

    name: str
    arrays: xr.Dataset
    decisions: list[Decision]  # of controllers that are called from Python
    guard_events: list[GuardEvent]  # likewise
    guard_violations: list[str]
    status: str = "ok"  # or what ended the run early
    delays: Delays | None = None  # of jobs, where some could wait for a plan

    @property
    def telemetry(self) -> pd.DataFrame:
        """First scenario: time_s at the end of each scan, inputs, outputs."""
        return telemetry(self.arrays)

    @property
    def setpoints(self) -> pd.DataFrame:
        """First scenario: time_s, setpoints in force from then on."""
        return setpoints(self.arrays)


def telemetry(arrays: xr.Dataset, scenario: int = 0) -> pd.DataFrame:
    """Table of one scenario: time_s at the end of each scan, inputs, outputs."""
    columns = {n: arrays[n].values[scenario] for n in SCAN_SIGNALS if n in arrays}
    return pd.DataFrame({"time_s": arrays["time"].values, **columns})


def setpoints(arrays: xr.Dataset, scenario: int = 0) -> pd.DataFrame:
    """Table of one scenario: time_s, setpoints in force from then on."""
    columns = {n: arrays[SET + n].values[scenario] for n in Setpoints._fields}
    return pd.DataFrame({"time_s": arrays["control_time"].values, **columns})


def as_arrays(
    courses: list[Course], names: tuple[str, ...] = SCAN_SIGNALS
) -> xr.Dataset:
    """Named arrays of scenarios on one clock.

    Parameters
    ----------
    courses
        One per scenario, all on the same times.
    names
        Of the columns of their signals.
    """
    import xarray as xr

    scan, cycle = ("scenario", "time"), ("scenario", "control_time")
    named = {
        name: (scan, np.stack([course.signals[:, at] for course in courses]))
        for at, name in enumerate(names)
    }
    for at, name in enumerate(Setpoints._fields):
        moves = np.stack([course.setpoints[:, at] for course in courses])
        vetoes = np.stack([course.overruled[:, at] for course in courses])
        named[SET + name] = (cycle, moves)
        named[OVERRULED + name] = (cycle, vetoes)
    axes = {
        "scenario": np.arange(len(courses), dtype=np.int32),
        "time": courses[0].time_s,
        "control_time": courses[0].control_s,
    }
    return xr.Dataset(named, coords=axes)


def joined(parts: list[Course]) -> Course:
    """Stretches of one scenario, one after the other."""
    columns = zip(*parts, strict=True)
    return Course(*(np.concatenate(column) for column in columns))


def write(arrays: xr.Dataset, directory: Path, name: str = "results") -> list[Path]:
    """Write arrays as NetCDF and tables as Parquet.

    Parameters
    ----------
    arrays
        Of a run.
    directory
        Existing folder.
    name
        Stem of the NetCDF file.

    Returns
    -------
    list of Path
        ``<name>.nc`` (NetCDF 3, 64-bit offsets), ``telemetry.parquet`` and
        ``setpoints.parquet`` with a column ``scenario``. The same arrays give the same
        bytes.
    """
    netcdf = directory / f"{name}.nc"
    arrays.to_netcdf(netcdf, engine="scipy", format="NETCDF3_64BIT")
    written = [netcdf]
    for kind, table in (("telemetry", telemetry), ("setpoints", setpoints)):
        count = arrays.sizes["scenario"]
        tables = [table(arrays, k).assign(scenario=k) for k in range(count)]
        path = directory / f"{kind}.parquet"
        pd.concat(tables).to_parquet(path, engine="pyarrow", index=False)
        written.append(path)
    return written
