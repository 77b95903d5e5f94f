"""One table for jobs of any origin, and the account of what was left out of it.

Each reader of ``twin/readers`` hands over a raw frame with the columns below; here every
row is judged, and only rows without a fault go on. A row is counted once, under the first
fault it has, in the order of ``FAULTS``.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError
from twin.forecast import Series

CLASSES = ("general", "pretraining", "finetuning", "inference")
STATES = ("pending", "running", "completed", "failed", "cancelled", "timeout")
TIMES = ("submit_s", "start_s", "end_s")
NUMBERS = (*TIMES, "requested_s", "run_s", "nodes", "accelerators", "power_w")
MAXIMUM_SIZE = 1e8  # more units than any machine has: an unlimited or broken field
LARGEST_TIME_S = 1e11  # year 5138
NOBODY = -1


class Jobs(NamedTuple):
    """Jobs in the order of their submission; arrays of shape (jobs,)."""

    job_id: NDArray[np.object_]
    job_class: NDArray[np.int8]  # index into CLASSES
    state: NDArray[np.int8]  # index into STATES
    submit_s: Series  # Unix time, UTC; all times likewise
    start_s: Series  # nan: not started
    end_s: Series  # nan: not ended
    requested_s: Series  # nan: no limit given
    run_s: Series  # nan: not ended
    nodes: Series
    accelerators: Series  # fractions are shares of one
    power_w: Series  # mean of the whole job, nan where not measured
    user: NDArray[np.int64]  # number made from the name, NOBODY where not known


NEEDED = tuple(name for name in Jobs._fields if name != "user")  # older files lack it
NO_NAME = ("", "-1", "nan", "none", "null", "(null)", "unknown")


class ImportReport(NamedTuple):
    """What became of the rows of a file."""

    source: str
    rows: int
    kept: int
    left_out: dict[str, int]  # by kind of fault
    first_row: dict[str, int]  # data row, from 1, of the first of each kind
    notes: tuple[str, ...]  # what was assumed


class Raw(NamedTuple):
    """What a reader found: values as numbers, faults it saw itself by name."""

    frame: pd.DataFrame  # columns job_id, job_class, state and NUMBERS
    faults: dict[str, NDArray[np.bool_]]  # each of shape (rows,)
    notes: tuple[str, ...] = ()


def size(jobs: Jobs) -> Series:
    """Units a job occupies: accelerators where it has any, else nodes."""
    return np.where(jobs.accelerators > 0, jobs.accelerators, jobs.nodes)


def take(jobs: Jobs, at: NDArray[np.bool_] | NDArray[np.int64]) -> Jobs:
    """Some of the jobs, by mask or index."""
    kept = {name: field[at] for name, field in jobs._asdict().items()}
    return Jobs(**kept)


def normalise(raw: Raw, source: str) -> tuple[Jobs, ImportReport]:
    """Judge every row and keep the good ones.

    Parameters
    ----------
    raw
        From a reader.
    source
        Name of the file, for messages.

    Returns
    -------
    Jobs, ImportReport

    Raises
    ------
    DataError
        No row can be used.
    """
    faults = {**raw.faults, **_faults(raw.frame)}
    bad = np.zeros(len(raw.frame), dtype=bool)
    counts, first = {}, {}
    for kind, found in faults.items():
        new = found & ~bad
        if new.any():
            counts[kind] = int(new.sum())
            first[kind] = int(np.argmax(new)) + 1
        bad |= found
    report = ImportReport(source, len(bad), int((~bad).sum()), counts, first, raw.notes)
    if report.kept == 0:
        told = "; ".join(describe(report)) or "it has no rows"
        message = f"{source}: no job can be used: {told}. Check the format."
        raise DataError(message)
    return from_frame(raw.frame[~bad]), report


def describe(report: ImportReport) -> list[str]:
    """One line for each kind of row that was left out."""
    lines = [
        f"{count} rows left out: {kind} (first: data row {report.first_row[kind]})"
        for kind, count in report.left_out.items()
    ]
    if "time zone missing" in report.left_out:
        lines.append(
            "give the file's clock: --utc-offset -7, or --zone America/Denver; the hour "
            "that stands twice in autumn is known by a printed zone only"
        )
    if "end before start" in report.left_out:
        lines.append(
            "if the file's clock changes to winter time, have the zone printed with each "
            "time (Slurm: SLURM_TIME_FORMAT=%FT%T%z)"
        )
    return lines


def _faults(frame: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    """Rows that contradict themselves, by kind."""
    column = {name: frame[name].to_numpy(dtype=float) for name in NUMBERS}
    submit, start, end = (column[name] for name in TIMES)
    units = np.stack([column["nodes"], column["accelerators"]])
    ended = ~np.isin(frame["state"], ("pending", "running"))
    times = np.stack([submit, start, end])
    with np.errstate(invalid="ignore"):
        return {
            "duplicated id": frame["job_id"].duplicated().to_numpy(),
            "unknown state": ~np.isin(frame["state"], STATES),
            "no submit time": np.isnan(submit),
            "time out of range": (np.abs(times) > LARGEST_TIME_S).any(axis=0),
            "negative size": (units < 0).any(axis=0),
            "no size": ~((units > 0) & (units < MAXIMUM_SIZE)).any(axis=0),
            "start before submit": start < submit,
            "end before start": end < start,
            "negative run time": column["run_s"] < 0,
            "ended without a run time": ended
            & np.isnan(column["run_s"])
            & ~np.isnan(start),
        }


def to_frame(jobs: Jobs) -> pd.DataFrame:
    """Table for files, classes and states as words."""
    words = {
        "job_class": np.asarray(CLASSES, dtype=object)[jobs.job_class],
        "state": np.asarray(STATES, dtype=object)[jobs.state],
    }
    return pd.DataFrame({**jobs._asdict(), **words})


def from_frame(frame: pd.DataFrame) -> Jobs:
    """Jobs from a table with words, sorted by submission.

    Raises
    ------
    DataError
        A column is missing or a word is unknown.
    """
    missing = [name for name in NEEDED if name not in frame]
    if missing:
        message = f"job table: no column {', '.join(missing)}. Import the file again."
        raise DataError(message)
    frame = frame.sort_values("submit_s", kind="stable")
    try:
        number = {name: frame[name].to_numpy(dtype=np.float64) for name in NUMBERS}
    except (TypeError, ValueError) as why:
        message = f"job table: a column of numbers holds something else ({why})."
        raise DataError(message) from why
    number["nodes"] = np.nan_to_num(number["nodes"])
    number["accelerators"] = np.nan_to_num(number["accelerators"])
    return Jobs(
        job_id=frame["job_id"].astype(str).to_numpy(dtype=object),
        job_class=_codes(frame["job_class"], CLASSES),
        state=_codes(frame["state"], STATES),
        **number,
        user=_users(frame),
    )


def _users(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Numbers of the users: the same name gives the same number in every file."""
    if "user" not in frame:
        return np.full(len(frame), NOBODY, dtype=np.int64)
    if pd.api.types.is_integer_dtype(frame["user"]):
        return np.asarray(frame["user"].to_numpy(dtype=np.int64))
    names = frame["user"].fillna("").astype(str).str.strip()
    number = pd.util.hash_array(names.to_numpy(dtype=object)) >> np.uint64(1)
    nobody = names.str.lower().isin(NO_NAME).to_numpy(dtype=bool)
    return np.where(nobody, NOBODY, number.astype(np.int64))


def _codes(words: pd.Series, known: tuple[str, ...]) -> NDArray[np.int8]:
    """Index of each word."""
    codes = pd.Categorical(words, categories=list(known)).codes
    if (codes < 0).any():
        message = f"job table: {words.name} knows {', '.join(known)} only."
        raise DataError(message)
    return np.asarray(codes, dtype=np.int8)


def write_parquet(jobs: Jobs, path: Path) -> None:
    """Store the table; the folder must exist.

    Raises
    ------
    DataError
        The file cannot be written.
    """
    try:
        to_frame(jobs).to_parquet(path, index=False)
    except OSError as error:
        message = f"{path}: cannot be written ({error}). Check the folder."
        raise DataError(message) from error
