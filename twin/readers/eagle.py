"""NREL Eagle job records (CSV), as published in github.com/NREL/eagle-jobs.

The clock is local time without a zone; give its offset. The tasks of a job array share
one id there; those with the same time of submission are numbered.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from twin.job_table import Raw
from twin.readers import fields
from twin.readers.fields import Clock
from twin.readers.tables import raw_table, read_text_table

STAMPS = {"submit_s": "submit_time", "start_s": "start_time", "end_s": "end_time"}
NUMBERS = {
    "requested_s": ("wallclock_req", 1.0),
    "run_s": ("run_time", 1.0),
    "nodes": ("nodes_req", 1.0),
    "accelerators": ("gpus_req", 1.0),
}


def read(path: Path, clock: Clock | None = None) -> Raw:
    """Read Eagle records.

    Parameters
    ----------
    path
        CSV file.
    clock
        Offset of its clock, -7 for Mountain Standard Time. [h]

    Raises
    ------
    DataError
        Missing file or column.
    """
    columns = [*STAMPS.values(), *(column for column, _ in NUMBERS.values())]
    data = read_text_table(path, ["job_id", "state", "partition", *columns], ",")
    raw = raw_table(data, STAMPS, NUMBERS, clock)
    job_id, notes = _task_ids(data)
    frame = raw.frame.assign(
        job_id=job_id,
        job_class=fields.class_of(data["partition"]),
        state=fields.slurm_state(data["state"]),
        power_w=np.nan,
        user=fields.users(data, ("user", "account")),
    )
    return raw._replace(frame=frame, notes=notes)


def _task_ids(data: pd.DataFrame) -> tuple[pd.Series, tuple[str, ...]]:
    """Ids with the number of the task in its array, and what was assumed."""
    job_id = fields.text(data["job_id"])
    array = [job_id, data["submit_time"]]
    number = job_id.groupby(array).cumcount().astype(str)
    is_task = job_id.groupby(array).transform("size") > 1
    if not is_task.any():
        return job_id, ()
    note = f"{int(is_task.sum())} rows taken as tasks of job arrays: same id and submission"
    return job_id.where(~is_task, job_id + "_" + number), (note,)
