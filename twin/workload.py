"""IT load at the door: a measured power series, scaled to a site.

A CSV with a column ``time`` (seconds from its start) and one or more columns
``power[...]`` in watts, which are summed (Frontier, 25 groups), or one ``power_w``; or a
record of jobs (Parquet of ``wetbulb jobs import``, Standard Workload Format, NREL Eagle
CSV), whose power comes from ``twin.jobs``.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.errors import ConfigError, DataError
from twin.forecast import DAY_S, Series
from twin.held_jobs import HeldJobs
from twin.job_load import STEP_S, JobLoad, from_run_start, job_load
from twin.job_table import Jobs
from twin.jobs import FRONTIER, Grid, Mode, power_series
from twin.readers.formats import read_jobs, read_table
from twin.tables import read_csv


class Workload(NamedTuple):
    """Electrical power of the racks over time; the series repeats after its end."""

    source: str
    time_s: Series  # shape (n,), from 0, ascending
    power_w: Series  # shape (n,)
    period_s: float
    begin_s: float = 0.0  # of the run, on the clock of the series
    queue: JobLoad | None = None  # the jobs behind it, on the clock of the run


SUFFIXES = (".csv", ".parquet", ".swf", ".swf.gz")
EAGLE_COLUMNS = {"job_id", "submit_time"}
MOST_PAST_DAYS = 42.0  # of jobs, that a forecast learns from


def read_load(path: Path, utc_offset_h: float) -> Workload:
    """Read a power series or a record of jobs, by its form.

    Parameters
    ----------
    path
        File.
    utc_offset_h
        Of the site; jobs come and go by its clock. [h]

    Raises
    ------
    DataError
        Not such a file, or nothing in it draws power.
    """
    jobs = _jobs_in(path, utc_offset_h)
    if jobs is None:
        return read_workload(path)
    queue, power_w = job_load(jobs, utc_offset_h, path.name)
    time_s = np.asarray((np.arange(len(power_w)) + 0.5) * STEP_S, dtype=np.float64)
    return Workload(path.name, time_s, power_w, len(power_w) * STEP_S, queue=queue)


def _jobs_in(path: Path, utc_offset_h: float) -> Jobs | None:
    """Jobs of a record; None if the file is a power series."""
    if path.suffix == ".parquet":
        return read_table(path)
    if path.name.endswith((".swf", ".swf.gz")):
        return read_jobs(path, "swf")[0]
    columns = set(read_csv(path, [], lambda name: True).columns)
    if not columns >= EAGLE_COLUMNS:
        return None
    return read_jobs(path, "eagle", utc_offset_h)[0]


def begin_at(load: Workload, load_day: float | None, hours: float) -> Workload:
    """The load with the start of the run some days into it.

    Parameters
    ----------
    load
        As read.
    load_day
        Days before the run, which the forecast may learn from. By default 0 for a power
        series; for jobs as many as there are, at most ``MOST_PAST_DAYS``, so that the
        run still lies in the record.
    hours
        Length of the run. [h]

    Raises
    ------
    ConfigError
        The record does not reach so far.
    """
    span = load.period_s / DAY_S
    room = np.floor(span - hours / 24.0)
    day = load_day
    if day is None:
        day = 0.0 if load.queue is None else float(np.clip(room, 0.0, MOST_PAST_DAYS))
    is_whole = day >= 0.0 and day == np.floor(day)
    if not is_whole or day >= span or (load.queue is not None and day > max(room, 0.0)):
        message = (
            f"--load-day {day:g}: {load.source} spans {span:.1f} days and the run takes "
            f"{hours / 24.0:g}. Give a whole number of days from 0 to "
            f"{max(np.floor(min(room, span)), 0.0):g}, or a shorter run."
        )
        raise ConfigError(message)
    queue = load.queue and from_run_start(load.queue, day * DAY_S)
    return load._replace(begin_s=day * DAY_S, queue=queue)


def may_wait(load: Workload, window_s: dict[str, float], until_s: float) -> Workload:
    """The load with jobs that may wait for a plan, scheduled anew from the run's start.

    Nobody waits for a plan in its power: it is what a run without one meets, so that
    runs with and without differ by the plan alone.

    Parameters
    ----------
    load
        That begins where the run does, unscaled.
    window_s
        Class -> how long its jobs may wait; none if empty. [s]
    until_s
        End of the run; the load is none beyond a day later.

    Raises
    ------
    ConfigError
        The load is not made of jobs.
    """
    if not window_s:
        return load
    if load.queue is None:
        message = (
            f"--may-wait: {load.source} is a power series, and only jobs can wait. Give "
            "a job table as --load, e.g. one made by `wetbulb jobs import`."
        )
        raise ConfigError(message)
    plain = HeldJobs(load.queue, {})
    plain.advance(until_s + DAY_S)
    steps = int(np.ceil(load.period_s / STEP_S))
    grid = Grid(-load.begin_s, STEP_S, steps)
    power_w = power_series(plain.jobs, grid, load.queue.units, FRONTIER, Mode())
    time_s = np.asarray((np.arange(steps) + 0.5) * STEP_S, dtype=np.float64)
    queue = load.queue._replace(window_s=tuple(window_s.items()))
    period_s = steps * STEP_S
    return load._replace(time_s=time_s, power_w=power_w, period_s=period_s, queue=queue)


def read_workload(path: Path) -> Workload:
    """Read a power series.

    Parameters
    ----------
    path
        CSV file.

    Returns
    -------
    Workload
        Sum of all power columns, unscaled. [W]

    Raises
    ------
    DataError
        Missing file or column, missing or negative power, times not ascending.
    """
    data = read_csv(path, ["time"], _is_power, "power_w or power[...] [W]")
    columns = [name for name in data.columns if _is_power(name)]
    if "power_w" in columns and len(columns) > 1:
        message = (
            f"{path}: has power_w and {columns[-1]}, so the load would count twice. "
            "Keep power_w, or the power[...] columns, not both."
        )
        raise DataError(message)
    table = data[["time", *columns]].apply(pd.to_numeric, errors="coerce")
    _check(path, table, columns)
    time_s = table["time"].to_numpy(dtype=float)
    power_w = table[columns].sum(axis=1).to_numpy(dtype=float)
    step_s = float(np.median(np.diff(time_s)))
    start_s = float(time_s[0])
    return Workload(path.name, time_s - start_s, power_w, time_s[-1] - start_s + step_s)


def _is_power(column: str) -> bool:
    return column == "power_w" or column.startswith("power[")


def _check(path: Path, table: pd.DataFrame, columns: list[str]) -> None:
    """Name the first offending row of each kind."""
    findings = []
    power = table[columns]
    unknown = ~np.isfinite(table.to_numpy())  # time first
    if len(table) and unknown[:, 0].all():
        message = (
            f"{path}: time: no row is a number. Give seconds from the start of the "
            "series, which begins at a midnight of the site; dates are not read."
        )
        raise DataError(message)
    for what, bad in (
        *(
            (f"{name}: missing or not a number", unknown[:, k])
            for k, name in enumerate(table)
        ),
        ("negative power", (power < 0).any(axis=1).to_numpy()),
        ("time not ascending", table["time"].diff().fillna(1.0).to_numpy() <= 0),
    ):
        if bad.any():
            row = int(np.argmax(bad)) + 1
            findings.append(
                f"{path}: {what} in {int(bad.sum())} rows, first data row {row}. "
                "Repair or remove these rows."
            )
    if len(table) < 2:
        findings.append(f"{path}: {len(table)} rows, at least 2 are needed.")
    if findings:
        raise DataError("\n".join(findings))


def scale_to(workload: Workload, peak_w: float) -> Workload:
    """The same profile with another peak.

    Raises
    ------
    DataError
        If the series has no power at all.
    """
    largest = float(workload.power_w.max())
    if largest <= 0:
        message = f"{workload.source}: all power is zero. Give a series with load."
        raise DataError(message)
    scale = peak_w / largest
    queue = workload.queue and workload.queue._replace(scale=scale)
    return workload._replace(power_w=workload.power_w * scale, queue=queue)


def within(workload: Workload, most_w: float) -> Workload:
    """The same load, whose queue knows what the site can carry [W]."""
    queue = workload.queue and workload.queue._replace(most_w=most_w)
    return workload._replace(queue=queue)


def power_at(workload: Workload, time_s: Series | float) -> Series:
    """Power at a time of the run, linear between rows, the series repeating [W]."""
    at_s = np.asarray(time_s) + workload.begin_s
    return np.asarray(
        np.interp(at_s, workload.time_s, workload.power_w, period=workload.period_s)
    )
