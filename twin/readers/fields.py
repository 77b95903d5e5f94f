"""Fields that several formats share: times, numbers, lengths of time, classes, states."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.forecast import Series

Mask = NDArray[np.bool_]
EMPTY = ("", "unknown", "none", "n/a", "nan", "null", "invalid", "nat")
Clock = float | str  # hours ahead of UTC, or the name of a zone
LARGEST = 1e18  # of any number of a job record
UNLIMITED = ("unlimited", "infinite", "partition_limit", "not_set")
ZONE = r"(?:[zZ]|[+-]\d{2}:?\d{2}|\s*UTC)$"
ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?"
# State words of Slurm; a "+" or "by UID" may follow.
SLURM_STATES = {
    "PENDING": "pending",
    "REQUEUED": "pending",
    "SUSPENDED": "running",
    "CONFIGURING": "running",
    "COMPLETING": "running",
    "RESIZING": "running",
    "RUNNING": "running",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "NODE_FAIL": "failed",
    "OUT_OF_MEMORY": "failed",
    "BOOT_FAIL": "failed",
    "CANCELLED": "cancelled",
    "PREEMPTED": "cancelled",
    "REVOKED": "cancelled",
    "TIMEOUT": "timeout",
    "DEADLINE": "timeout",
}
# Assumption: what the name of a job, partition or account says about its class.
CLASS_WORDS = (
    ("inference", r"infer|serv(?:e|ing)|chat"),
    ("finetuning", r"fine.?tun|sft|lora|rlhf"),
    ("pretraining", r"pre.?train|llm|train"),
)


def text(values: pd.Series) -> pd.Series:
    """Text without surrounding blanks; what is missing becomes empty."""
    plain = values.astype(object).where(values.notna(), "").astype(str)
    return plain.str.strip()


def users(data: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """Names by the first of these columns that there is; empty where there is none."""
    found = next((data[name] for name in columns if name in data), None)
    return pd.Series("", index=data.index) if found is None else text(found)


def is_empty(words: pd.Series) -> Mask:
    """Where a field says that there is no value."""
    return np.asarray(words.str.lower().isin(EMPTY), dtype=bool)


def times(values: pd.Series, clock: Clock | None) -> tuple[Series, Mask, Mask]:
    """Dates as Unix seconds UTC.

    Parameters
    ----------
    values
        ISO dates with or without zone.
    clock
        Of dates without a zone; None where it is not known.

    Returns
    -------
    seconds, unreadable, zone missing
        Empty fields are nan and no fault.
    """
    words = text(values)
    empty = is_empty(words)
    zoned = np.asarray(words.str.contains(ZONE, regex=True), dtype=bool)
    shaped = words.str.fullmatch(ISO + r"(?:\s*" + ZONE[:-1] + r")?").to_numpy(bool)
    stamps = pd.to_datetime(
        words.where(shaped), format="ISO8601", utc=True, errors="coerce"
    )
    since = (stamps - pd.Timestamp("1970-01-01", tz="UTC")).dt.total_seconds()
    seconds: Series = np.asarray(since, dtype=np.float64)
    unreadable: Mask = np.isnan(seconds) & ~empty
    nowhere = ~zoned & ~empty & ~unreadable
    if isinstance(clock, str):
        local = _in_zone(stamps, clock)
        seconds = np.where(nowhere, local, seconds)
        nowhere &= np.isnan(local)
    elif clock is not None:
        seconds = np.where(nowhere, seconds - clock * 3600.0, seconds)
        nowhere = np.zeros_like(nowhere)
    return seconds, unreadable, nowhere


def _in_zone(stamps: "pd.Series[pd.Timestamp]", zone: str) -> Series:
    """Dates of a zone's clock as Unix seconds; nan in hours that stand twice or never."""
    local = stamps.dt.tz_localize(None)
    known = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    since = known - pd.Timestamp("1970-01-01", tz="UTC")
    return np.asarray(since.dt.total_seconds(), dtype=np.float64)


def numbers(values: pd.Series) -> tuple[Series, Mask]:
    """Numbers and where they are unreadable; empty and unlimited are nan.

    What no field of a job can hold is unreadable too, so that sums of them are finite.
    """
    words = text(values)
    empty = is_empty(words) | words.str.lower().isin(UNLIMITED).to_numpy(dtype=bool)
    found = pd.to_numeric(words.where(~empty), errors="coerce").to_numpy(dtype=float)
    finite = np.where(np.abs(found) < LARGEST, found, np.nan)
    return finite, np.isnan(finite) & ~empty


def duration(word: str) -> float:
    """Seconds of ``[days-]hours:minutes:seconds`` or ``minutes:seconds``; nan else."""
    match = re.fullmatch(
        r"(?:(\d{1,6})-)?(?:(\d{1,6}):)?(\d{1,6}):(\d{1,6})(?:\.\d+)?", word
    )
    if match is None:
        return float("nan")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 86400.0 * days + 3600.0 * hours + 60.0 * minutes + seconds


def slurm_state(values: pd.Series) -> pd.Series:
    """Our word for each state of Slurm; empty where it has none."""
    first = text(values).str.upper().str.extract(r"^([A-Z_]+)", expand=False)
    return first.map(SLURM_STATES).astype(object).fillna("")


def class_of(names: pd.Series) -> pd.Series:
    """Class of each job by the words in its name, partition and account."""
    lower = text(names).str.lower()
    found = pd.Series("general", index=names.index, dtype=object)
    for name, pattern in reversed(CLASS_WORDS):
        found = found.mask(lower.str.contains(pattern, regex=True), name)
    return found


def ended_run(start_s: Series, end_s: Series, run_s: Series) -> Series:
    """Run time, from start and end where it is not given [s]."""
    return np.where(np.isnan(run_s), end_s - start_s, run_s)


def gathered(faults: dict[str, list[Mask]]) -> dict[str, Mask]:
    """Rows with a fault in any of their fields, by kind."""
    return {kind: np.logical_or.reduce(masks) for kind, masks in faults.items()}
