"""A site's IT load made of jobs: the power they draw, and the queue behind it.

The clock of the load counts from the midnight before its first submission, local to the
site. Its units are the most that were ever busy: a record of jobs does not say how large
the machine was.
"""

from typing import NamedTuple

import numpy as np

from twin.errors import DataError
from twin.forecast import DAY_S, Series
from twin.job_table import Jobs, size, take
from twin.jobs import FRONTIER, Grid, Mode, power_series

STEP_S = 300.0
UNIX_WEEKDAY = 3.0  # 1 January 1970 was a Thursday; 0 is Monday
LONGEST_S = 3 * 366 * DAY_S  # assumption: a longer record is a broken time


class JobLoad(NamedTuple):
    """Jobs that ran, and the pool that they ran on."""

    jobs: Jobs  # times from the midnight at which the load begins
    units: float
    first_weekday: float  # of that day; 0 is Monday
    scale: float = 1.0  # of the power, to the site
    most_w: float = np.inf  # IT power that the site can carry
    window_s: tuple[tuple[str, float], ...] = ()  # class, how long its jobs may wait


def job_load(jobs: Jobs, utc_offset_h: float, source: str) -> tuple[JobLoad, Series]:
    """Load of the jobs of a table.

    Parameters
    ----------
    jobs
        Those that never started draw nothing.
    utc_offset_h
        Offset of the clock by which people come and go. [h]
    source
        For messages.

    Returns
    -------
    JobLoad, ndarray
        And its power at the rack inputs in steps of ``STEP_S`` from its midnight,
        unscaled. [W]

    Raises
    ------
    DataError
        No job has run, or the times span more than three years.
    """
    ran = np.isfinite(jobs.start_s) & (jobs.run_s > 0)
    if not ran.any():
        message = (
            f"{source}: no job has run, so there is no power. Schedule the table first "
            "with `wetbulb jobs simulate TABLE --out FILE`."
        )
        raise DataError(message)
    first_day = np.floor((jobs.submit_s[0] / 3600.0 + utc_offset_h) / 24.0)
    shift_s = first_day * DAY_S - utc_offset_h * 3600.0
    moved = jobs._replace(
        submit_s=jobs.submit_s - shift_s,
        start_s=jobs.start_s - shift_s,
        end_s=np.where(ran, jobs.start_s + jobs.run_s, jobs.end_s) - shift_s,
    )
    end_s = float(moved.end_s[ran].max())
    if end_s > LONGEST_S:
        message = (
            f"{source}: its jobs span {end_s / DAY_S:,.0f} days; at most "
            f"{LONGEST_S / DAY_S:,.0f} can be a load. Leave out the stray ones."
        )
        raise DataError(message)
    load = JobLoad(
        moved, _most_busy(take(moved, ran)), float(np.mod(first_day + UNIX_WEEKDAY, 7))
    )
    grid = Grid(0.0, STEP_S, int(np.ceil(end_s / STEP_S)))
    return load, power_series(moved, grid, load.units, FRONTIER, Mode())


def _most_busy(ran: Jobs) -> float:
    """Most units that ran at the same time."""
    time_s = np.concatenate([ran.start_s, ran.start_s + ran.run_s])
    change = np.concatenate([size(ran), -size(ran)])
    order = np.lexsort((change, time_s))  # who leaves makes room first
    return float(np.cumsum(change[order]).max())


def from_run_start(load: JobLoad, begin_s: float) -> JobLoad:
    """The same load on the clock of a run that starts at a later midnight."""
    jobs = load.jobs
    moved = jobs._replace(
        submit_s=jobs.submit_s - begin_s,
        start_s=jobs.start_s - begin_s,
        end_s=jobs.end_s - begin_s,
    )
    weekday = float(np.mod(load.first_weekday + begin_s / DAY_S, 7.0))
    return load._replace(jobs=moved, first_weekday=weekday)
