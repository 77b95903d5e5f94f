"""``wetbulb jobs``: import records, look at them, simulate a queue."""

from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import numpy as np

from dashboards import console
from twin.errors import ConfigError
from twin.job_table import (
    CLASSES,
    STATES,
    Jobs,
    describe,
    size,
    take,
    write_parquet,
)
from twin.jobs import (
    FRONTIER,
    Grid,
    Mode,
    busy_units,
    power_series,
)
from twin.readers.fields import Clock
from twin.readers.formats import read_jobs, read_table
from twin.series_forecast import starts

HOUR_S = 3600.0


def clock_of(utc_offset_h: float | None, zone: str | None) -> Clock | None:
    """The clock that was given.

    Raises
    ------
    ConfigError
        Both, or no such zone.
    """
    if zone is None:
        return utc_offset_h
    if utc_offset_h is not None:
        message = "--zone and --utc-offset: give one of them."
        raise ConfigError(message)
    if zone not in available_timezones():
        message = f"--zone {zone}: unknown. Give an IANA name, e.g. America/Denver."
        raise ConfigError(message)
    return zone


def import_file(
    path: Path, form: str, clock: Clock | None, out: Path, as_json: bool
) -> None:
    """Read records, store the good ones, and account for the others."""
    jobs, report = read_jobs(path, form, clock)
    write_parquet(jobs, out)
    if as_json:
        console.write_json({**report._asdict(), "out": str(out)})
        return
    console.write(f"{report.source}: {report.kept} of {report.rows} rows kept in {out}")
    for line in (*describe(report), *report.notes):
        console.write(f"  {line}")


def show(table: Path, plot: Path | None, as_json: bool) -> None:
    """Summary of a job table, and a figure of its load and power."""
    jobs = read_table(table)
    console_summary(_summary(jobs), as_json)
    if plot is None:
        return
    grid, busy, power = _course(until_now(jobs))
    from dashboards.job_figures import save_course

    save_course(plot, starts(grid.steps, grid.step_s), busy, power)
    console.note(f"figure: {plot}")


def console_summary(summary: dict[str, Any], as_json: bool) -> None:
    """A flat summary for people or machines."""
    if as_json:
        console.write_json(summary)
        return
    for key, value in summary.items():
        console.write(f"{key.replace('_', ' ')}: {value}")


def until_now(jobs: Jobs) -> Jobs:
    """Jobs that still run, as if they ended at the last time that the table knows."""
    last_s = np.nanmax(np.concatenate([jobs.submit_s, jobs.start_s, jobs.end_s]))
    runs = np.isfinite(jobs.start_s) & np.isnan(jobs.run_s)
    return jobs._replace(run_s=np.where(runs, last_s - jobs.start_s, jobs.run_s))


def _summary(jobs: Jobs) -> dict[str, Any]:
    """Counts and totals of a table."""
    ran = np.isfinite(jobs.start_s) & (jobs.run_s > 0)
    hours = size(jobs)[ran] * jobs.run_s[ran] / HOUR_S
    first = np.datetime64(int(jobs.submit_s[0]), "s")
    wait = (jobs.start_s - jobs.submit_s)[ran]
    return {
        "jobs": len(jobs.job_id),
        "first_submission_utc": f"{first}Z",
        "days": round(float(np.ptp(jobs.submit_s)) / 86400.0, 2),
        "unit_hours": round(float(hours.sum()), 1),
        "largest_job_units": float(size(jobs).max()),
        "median_run_h": round(float(np.median(jobs.run_s[ran])) / HOUR_S, 3)
        if ran.any()
        else None,
        "mean_wait_h": round(float(wait.mean()) / HOUR_S, 3) if ran.any() else None,
        "classes": _counts(jobs.job_class, CLASSES),
        "states": _counts(jobs.state, STATES),
    }


def _counts(codes: Any, names: tuple[str, ...]) -> dict[str, int]:
    """Jobs by word, those that occur."""
    found = np.bincount(codes, minlength=len(names))
    return {name: int(n) for name, n in zip(names, found, strict=True) if n}


def _course(jobs: Jobs) -> tuple[Grid, Any, Any]:
    """Busy units and power over time, in 200 to 4,000 steps."""
    ran = np.isfinite(jobs.start_s) & (jobs.run_s > 0)
    if not ran.any():
        message = "no job of the table has started: nothing to draw. Simulate it first."
        raise ConfigError(message)
    begin = float(jobs.start_s[ran].min())
    span = float((jobs.start_s + jobs.run_s)[ran].max()) - begin
    step_s = max(900.0, np.ceil(span / 4000.0 / 900.0) * 900.0)
    grid = Grid(begin, step_s, max(int(np.ceil(span / step_s)), 1))
    edges = begin + step_s * np.arange(grid.steps)
    busy = busy_units(jobs, edges)
    power = power_series(jobs, grid, float(busy.max()), FRONTIER, Mode())
    return grid, busy, power


def with_run_times(jobs: Jobs) -> Jobs:
    """Jobs that can be replayed; others are left out and counted."""
    known = np.isfinite(jobs.run_s)
    if not known.all():
        console.note(f"{int((~known).sum())} jobs without a run time are left out")
    if not known.any():
        message = "no job of the table has a run time. Import finished jobs."
        raise ConfigError(message)
    return take(jobs, known)
