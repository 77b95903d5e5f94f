"""Slurm accounting: ``sacct --parsable2`` with the fields of ``COMMAND``.

Times are local unless SLURM_TIME_FORMAT prints a zone; give the offset. Lines of job
steps (``123.batch``) belong to the job above them and are left out.

References
----------
https://slurm.schedmd.com/sacct.html, section "Job Accounting Fields".
"""

from pathlib import Path

import numpy as np
import pandas as pd

from twin.job_table import Raw
from twin.readers import fields
from twin.readers.fields import Clock
from twin.readers.tables import raw_table, read_text_table

COMMAND = (
    "sacct --allusers --parsable2 --format=JobID,JobName,Partition,Submit,Start,End,"
    "ElapsedRaw,TimelimitRaw,NNodes,AllocTRES,State"
)
STAMPS = {"submit_s": "Submit", "start_s": "Start", "end_s": "End"}
NUMBERS = {"nodes": ("NNodes", 1.0)}
GPUS = r"gres/gpu(?:[:\w.-]*)?=(-?\d{1,9})"
LIMITS = ("TimelimitRaw", "Timelimit")
ELAPSED = ("ElapsedRaw", "Elapsed")


def read(path: Path, clock: Clock | None = None) -> Raw:
    """Read accounting records.

    Parameters
    ----------
    path
        Output of ``COMMAND``.
    clock
        Offset of times without a zone. [h]

    Raises
    ------
    DataError
        Missing file or column.
    """
    needed = ["JobID", "State", *STAMPS.values(), "NNodes"]
    data = read_text_table(path, needed, "|")
    raw = raw_table(data, STAMPS, NUMBERS, clock)
    state = fields.slurm_state(data["State"])
    is_open = state.isin(["pending", "running"]).to_numpy(dtype=bool)
    end_s = np.where(is_open, np.nan, raw.frame["end_s"])
    elapsed, unreadable = _length(data, ELAPSED, 1.0)
    limit, unreadable_limit = _length(data, LIMITS, 60.0)
    run_s = fields.ended_run(raw.frame["start_s"].to_numpy(), end_s, elapsed)
    frame = raw.frame.assign(
        job_id=fields.text(data["JobID"]),
        job_class=fields.class_of(_words(data)),
        state=state,
        end_s=end_s,
        requested_s=limit,
        run_s=np.where(is_open, np.nan, run_s),
        accelerators=_gpus(data),
        power_w=np.nan,
        user=fields.users(data, ("User", "Account")),
    )
    steps = data["JobID"].str.contains(r"^[^\[]*\.").to_numpy(dtype=bool)
    numbers = raw.faults["unreadable number"] | unreadable | unreadable_limit
    faults = {"step of a job": steps, **raw.faults, "unreadable number": numbers}
    return Raw(frame, faults)


def _words(data: pd.DataFrame) -> pd.Series:
    """Name and partition in one, where they are given."""
    given = [data[name] for name in ("JobName", "Partition") if name in data]
    empty = pd.Series("", index=data.index)
    return sum((part + " " for part in given), start=empty)


def _gpus(data: pd.DataFrame) -> pd.Series:
    """Accelerators, the larger of allocated and requested TRES; a negative one stays."""
    counts = pd.DataFrame({"none": np.zeros(len(data))}, index=data.index)
    for name in ("AllocTRES", "ReqTRES"):
        if name in data:
            found = data[name].str.extract(GPUS, expand=False)
            counts[name] = pd.to_numeric(found, errors="coerce").fillna(0.0)
    least = counts.min(axis=1)
    return counts.max(axis=1).where(least >= 0.0, least)


def _length(
    data: pd.DataFrame, names: tuple[str, str], raw_unit_s: float
) -> tuple[np.ndarray, fields.Mask]:
    """Length of time by its raw column or its clock column [s]."""
    raw_name, clock_name = names
    if raw_name in data:
        found, unreadable = fields.numbers(data[raw_name])
        with np.errstate(over="ignore"):
            length_s = found * raw_unit_s
        return length_s, unreadable | np.isinf(length_s)
    if clock_name in data:
        words = fields.text(data[clock_name])
        return words.map(fields.duration).to_numpy(dtype=float), np.zeros(
            len(data), dtype=bool
        )
    return np.full(len(data), np.nan), np.zeros(len(data), dtype=bool)
