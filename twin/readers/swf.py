"""Standard Workload Format, plain or gzipped.

18 numbers per line, -1 for unknown; header comments begin with ``;``. Times are seconds
after ``UnixStartTime`` of the header (0 if it is not given). A processor counts as a node.
Where the wait is not recorded, a job starts when it is submitted.

References
----------
D. Feitelson, Parallel Workloads Archive, "The Standard Workload Format", version 2.2.
"""

import gzip
import re
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError
from twin.job_table import Raw
from twin.readers import fields
from twin.readers.fields import Clock

FIELDS = 18
STATES = {-1: "completed", 0: "failed", 1: "completed", 5: "cancelled"}
PARTIAL = (2, 3, 4)
MAXIMUM_BYTES = 2_000_000_000


def read(path: Path, clock: Clock | None = None) -> Raw:
    """Read a workload; ``clock`` is not needed, the header has Unix time.

    Raises
    ------
    DataError
        Missing file, not text, no lines of 18 fields.
    """
    lines = _text(path).splitlines()
    header = "\n".join(line for line in lines if line.lstrip().startswith(";"))
    rows = [line.split() for line in lines if line.strip() and line.lstrip()[0] != ";"]
    if not rows:
        message = f"{path}: has no job lines. Give a Standard Workload Format file."
        raise DataError(message)
    short = np.array([len(row) < FIELDS for row in rows])
    text = pd.DataFrame([(row + [""] * FIELDS)[:FIELDS] for row in rows], dtype=str)
    found = [fields.numbers(text[column]) for column in range(FIELDS)]
    table = np.stack([values for values, _ in found], axis=1)
    unreadable = np.logical_or.reduce([bad for _, bad in found])
    match = re.search(r"UnixStartTime:\s*(\d{1,11})\b", header)
    raw = _raw(table, text[0], float(match.group(1)) if match else 0.0)
    notes: tuple[str, ...] = ()
    notes += () if match else ("no UnixStartTime in the header: times count from 1970",)
    waits = int(np.sum(table[:, 2] == -1))
    if waits:
        notes += (f"{waits} jobs without a wait time start when they are submitted",)
    faults = {"less than 18 fields": short, "unreadable number": unreadable}
    return Raw(raw.frame, {**faults, **raw.faults}, notes)


def _raw(table: NDArray[np.float64], names: pd.Series, start_unix_s: float) -> Raw:
    """Meaning of the 18 numbers."""
    known = np.where(table == -1, np.nan, table)
    state = pd.Series(table[:, 10]).map(STATES).astype(object).fillna("")
    partial = np.isin(table[:, 10], PARTIAL)
    submit_s = table[:, 1] + start_unix_s
    run_s = known[:, 3]
    never_ran = np.isnan(run_s)
    start_s = np.where(never_ran, np.nan, submit_s + np.nan_to_num(known[:, 2]))
    processors = np.where(np.isnan(known[:, 4]), known[:, 7], known[:, 4])
    frame = pd.DataFrame(
        {
            "job_id": names,
            "job_class": "general",
            "state": state.where(~partial, "completed"),
            "submit_s": submit_s,
            "start_s": start_s,
            "end_s": start_s + run_s,
            "requested_s": known[:, 8],
            "run_s": run_s,
            "nodes": processors,
            "accelerators": 0.0,
            "power_w": np.nan,
            "user": _users(table[:, 11]),
        }
    )
    lost = never_ran & (state.to_numpy() == "completed")
    return Raw(
        frame, {"part of a checkpointed job": partial, "completed without a run": lost}
    )


def _users(number: NDArray[np.float64]) -> NDArray[np.object_]:
    """User ids as text; negative or unreadable ones are nobody's."""
    return np.array([f"{n:.0f}" if n >= 0 else "" for n in number], dtype=object)


def _text(path: Path) -> str:
    """Text of a plain or gzipped file."""
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            with gzip.open(path) as stream:
                content = stream.read(MAXIMUM_BYTES)
        return content.decode("utf-8", errors="strict")
    except gzip.BadGzipFile as why:
        message = f"{path}: is not a readable gzip file ({why})."
        raise DataError(message) from why
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}). Check the path."
        raise DataError(message) from error
    except (EOFError, ValueError, zlib.error) as why:
        message = f"{path}: is damaged or no text ({why})."
        raise DataError(message) from why
