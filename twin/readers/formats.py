"""All formats of job records by name, and the one way to read any of them."""

from collections.abc import Callable
from pathlib import Path

from twin.errors import ConfigError
from twin.job_table import NEEDED, ImportReport, Jobs, Raw, from_frame, normalise
from twin.readers import alibaba, eagle, pm100, slurm_queue, slurm_sacct, swf
from twin.readers.arrays import expanded
from twin.readers.fields import Clock

FORMATS: dict[str, Callable[[Path, Clock | None], Raw]] = {
    "sacct": slurm_sacct.read,
    "squeue": slurm_queue.read,
    "eagle": eagle.read,
    "swf": swf.read,
    "alibaba2023": alibaba.read,
    "pm100": pm100.read,
}


def read_jobs(
    path: Path, form: str, clock: Clock | None = None
) -> tuple[Jobs, ImportReport]:
    """Read job records.

    Parameters
    ----------
    path
        File.
    form
        Key of ``FORMATS``.
    clock
        Offset of the file's clock where its times name no zone; without it such rows
        are left out. [h]

    Returns
    -------
    Jobs, ImportReport

    Raises
    ------
    ConfigError
        Unknown format.
    DataError
        Not a file of this format, or no usable row.
    """
    if form not in FORMATS:
        message = f"--format {form}: unknown. Known: {', '.join(FORMATS)}."
        raise ConfigError(message)
    jobs, report = normalise(FORMATS[form](path, clock), path.name)
    every, told = expanded(jobs)
    return every, report._replace(notes=(*report.notes, *told))


def read_table(path: Path) -> Jobs:
    """Jobs that ``write_parquet`` stored.

    Raises
    ------
    DataError
        Not such a file.
    """
    return from_frame(pm100.read_parquet(path, list(NEEDED)))
