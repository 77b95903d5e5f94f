"""The queue of Slurm now: ``squeue --json`` (also ``sinfo``-style number objects).

Times are Unix seconds. A number may stand plain or as ``{"set": true, "infinite": false,
"number": 5}``. The end of a running job is only its limit, so it is not taken as an end.

References
----------
https://slurm.schedmd.com/rest_api.html, schema ``job_info``.
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import DataError
from twin.job_table import Raw
from twin.readers import fields
from twin.readers.fields import Clock
from twin.readers.slurm_sacct import GPUS
from twin.readers.tables import raw_table

NUMBERS = {
    "submit_s": ("submit_time", 1.0),
    "start_s": ("start_time", 1.0),
    "end_s": ("end_time", 1.0),
    "requested_s": ("time_limit", 60.0),
    "nodes": ("node_count", 1.0),
}


def read(path: Path, clock: Clock | None = None) -> Raw:
    """Read a queue; ``clock`` is not needed, all times are Unix seconds.

    Raises
    ------
    DataError
        Missing file, not JSON, no list ``jobs``.
    """
    entries = _records(path)
    strange = np.array([not isinstance(entry, dict) for entry in entries], dtype=bool)
    records = [entry if isinstance(entry, dict) else {} for entry in entries]
    columns = [column for column, _ in NUMBERS.values()]
    data = pd.DataFrame(
        [{name: _number(row.get(name)) for name in columns} for row in records],
        columns=columns,
        dtype=object,
    )
    raw = raw_table(data, {}, NUMBERS, clock)
    words = pd.Series([_word(row.get("job_state")) for row in records], dtype=object)
    state = fields.slurm_state(words)
    is_open = state.isin(["pending", "running"]).to_numpy(dtype=bool)
    pending = (state == "pending").to_numpy(dtype=bool)
    number = {name: raw.frame[name].to_numpy(dtype=float) for name in raw.frame}
    start_s = np.where(pending | (number["start_s"] <= 0), np.nan, number["start_s"])
    end_s = np.where(is_open | (number["end_s"] <= 0), np.nan, number["end_s"])
    labels = [
        f"{_word(row.get('name'))} {_word(row.get('partition'))}" for row in records
    ]
    frame = raw.frame.assign(
        job_id=[_identifier(row) for row in records],
        job_class=fields.class_of(pd.Series(labels, dtype=object)),
        state=state,
        start_s=start_s,
        end_s=end_s,
        run_s=end_s - start_s,
        accelerators=[_gpus(row) for row in records],
        power_w=np.nan,
        user=[_word(row.get("user_name") or row.get("account")) for row in records],
    )
    return raw._replace(frame=frame, faults={"no object": strange, **raw.faults})


def _records(path: Path) -> list[Any]:
    """The list ``jobs``, whatever is in it."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}). Check the path."
        raise DataError(message) from error
    except (ValueError, RecursionError) as why:
        message = f"{path}: is not JSON ({why}). Write it with squeue --json."
        raise DataError(message) from why
    jobs = document.get("jobs") if isinstance(document, dict) else None
    if not isinstance(jobs, list):
        message = f'{path}: has no list "jobs" of objects. Write it with squeue --json.'
        raise DataError(message)
    return jobs


def _number(value: Any) -> Any:
    """The number of a number object, empty where it is not set or infinite."""
    if isinstance(value, dict):
        unset = value.get("infinite") or not value.get("set", True)
        value = "" if unset else value.get("number", "")
    return value if isinstance(value, int | float | str) else ""


def _identifier(row: dict[str, Any]) -> str:
    """Job number; with the list of its waiting tasks where it stands for an array."""
    waiting = _word(row.get("array_task_string"))
    array = _word(_number(row.get("array_job_id")))
    if waiting and array not in ("", "0"):
        return f"{array}_[{waiting.strip('[]')}]"
    return _word(_number(row.get("job_id")))


def _word(value: Any) -> str:
    """A word, the first one of a list."""
    if isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None else str(value)


def _gpus(row: dict[str, Any]) -> float:
    """Accelerators by the TRES text."""
    text = f"{row.get('tres_alloc_str') or ''} {row.get('tres_req_str') or ''}"
    counts = [float(count) for count in re.findall(GPUS, text)]
    return min(counts) if any(count < 0.0 for count in counts) else max([0.0, *counts])
