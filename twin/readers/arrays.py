"""Slurm job arrays: one record of the queue stands for all of its waiting tasks.

``2_[3-9%2]`` is tasks 3 to 9 of job 2, of which at most two may run at once; ``0-10:2`` has
a step. Once a task runs it has a record of its own.

References
----------
https://slurm.schedmd.com/job_array.html
"""

import re

import numpy as np

from twin.job_table import Jobs, take

_RECORD = re.compile(r"^(?P<job>\d+)_\[(?P<tasks>[\d,:-]+)(?:%(?P<most>\d+))?\]$")
_CUT = re.compile(r"^\d+_\[.*\.\.\.")
_RANGE = re.compile(r"^(\d+)(?:-(\d+)(?::(\d+))?)?$")
MOST_TASKS = 1_000_000  # of one array; Slurm allows 4,000,001 at the very most


def tasks(text: str) -> list[int]:
    """Task numbers of a list such as ``1,5,7-9``; empty where it is none."""
    found: list[int] = []
    for part in text.split(","):
        match = _RANGE.match(part)
        if match is None:
            return []
        first, last = int(match[1]), int(match[2] or match[1])
        step = int(match[3] or 1)
        if step < 1 or not 0 <= (last - first) // step < MOST_TASKS:
            return []
        found += range(first, last + 1, step)
    return found


def expanded(jobs: Jobs) -> tuple[Jobs, tuple[str, ...]]:
    """Every waiting task of an array as a job of its own.

    Parameters
    ----------
    jobs
        Identifiers as Slurm prints them.

    Returns
    -------
    Jobs, tuple of str
        In the same order, and what is to be told.
    """
    counts = np.ones(len(jobs.job_id), dtype=np.int64)
    names: list[str] = []
    arrays, limited, cut = 0, 0, 0
    for k, name in enumerate(jobs.job_id):
        match = _RECORD.match(name)
        numbers = tasks(match["tasks"]) if match else []
        cut += _CUT.match(name) is not None
        if match is None or not numbers:
            names.append(name)
            continue
        arrays += 1
        limited += match["most"] is not None
        counts[k] = len(numbers)
        names += [f"{match['job']}_{number}" for number in numbers]
    many = take(jobs, np.repeat(np.arange(len(counts)), counts))
    told = []
    if arrays:
        told.append(f"{arrays} arrays stand for {counts[counts > 1].sum()} tasks")
    if limited:
        told.append(f"the limit %N of {limited} arrays on running tasks is not kept")
    if cut:
        told.append(
            f"{cut} arrays are cut with '...' and count as one job each: print them "
            "whole with SLURM_BITSTR_LEN=0"
        )
    return many._replace(job_id=np.asarray(names, dtype=object)), tuple(told)
