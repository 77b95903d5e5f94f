"""PM100-style Parquet: jobs of a Slurm machine with their measured node power.

``node_power_consumption`` (or ``power_consumption``) holds the samples of all nodes of a
job together [W]; their mean is the power of the job.

References
----------
F. Antici et al. (2023), "PM100: A Job Power Consumption Dataset of a Large-scale
Production HPC System", SC-W 2023, doi:10.1145/3624062.3624263.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from twin.errors import DataError
from twin.job_table import Raw
from twin.readers import fields
from twin.readers.fields import Clock
from twin.readers.tables import raw_table

STAMPS = {"submit_s": "submit_time", "start_s": "start_time", "end_s": "end_time"}
NUMBERS = {
    "requested_s": ("time_limit", 60.0),
    "run_s": ("run_time", 1.0),
    "nodes": ("num_nodes_alloc", 1.0),
    "accelerators": ("num_gpus_alloc", 1.0),
}
POWER = ("node_power_consumption", "power_consumption")


def read(path: Path, clock: Clock | None = None) -> Raw:
    """Read a job table.

    Parameters
    ----------
    path
        Parquet file.
    clock
        Offset of times without a zone. [h]

    Raises
    ------
    DataError
        Missing file or column, not Parquet.
    """
    needed = [
        "job_id",
        "job_state",
        *STAMPS.values(),
        *(c for c, _ in NUMBERS.values()),
    ]
    data = read_parquet(path, needed)
    text = pd.DataFrame({name: fields.text(data[name]) for name in needed})
    raw = raw_table(text, STAMPS, NUMBERS, clock)
    power = next((data[name] for name in POWER if name in data), None)
    names = data["partition"] if "partition" in data else text["job_state"]
    frame = raw.frame.assign(
        job_id=fields.text(text["job_id"]),
        job_class=fields.class_of(names),
        state=fields.slurm_state(text["job_state"]),
        user=fields.users(data, ("user_id", "user", "user_name")),
        power_w=np.nan if power is None else [_mean(samples) for samples in power],
    )
    return raw._replace(frame=frame)


def read_parquet(path: Path, needed: list[str]) -> pd.DataFrame:
    """Read a Parquet file and make sure of its columns.

    Raises
    ------
    DataError
        Missing file or column, not Parquet.
    """
    try:
        table = pq.read_table(path)
        columns = list(table.column_names)
        data = table.to_pandas()
    except OSError as error:
        message = f"{path}: cannot be read ({error}). Check the path."
        raise DataError(message) from error
    except (pa.ArrowException, ValueError, TypeError) as why:
        message = f"{path}: is not a readable Parquet file ({why})."
        raise DataError(message) from why
    missing = [name for name in needed if name not in data]
    if missing:
        message = (
            f"{path}: no column {', '.join(missing)}; found {', '.join(columns[:8])}."
        )
        raise DataError(message)
    frame: pd.DataFrame = data.reset_index(drop=True)
    return frame


def _mean(samples: Any) -> float:
    """Mean of a list of samples or of one value; nan if there is none."""
    values = pd.to_numeric(np.atleast_1d(np.asarray(samples, dtype=object)), "coerce")
    finite = values[np.isfinite(values.astype(float))].astype(float)
    return float(finite.mean()) if len(finite) and finite.mean() >= 0 else float("nan")
