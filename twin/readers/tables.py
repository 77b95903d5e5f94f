"""Text tables of job records: read as text, so that every field can be judged."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import DataError
from twin.job_table import Raw
from twin.readers import fields
from twin.readers.fields import Clock

MOST_FIELDS = 1000  # more is no table of jobs

BEYOND = "fields beyond the header"  # column of what a row has too many of


def read_text_table(path: Path, needed: Sequence[str], separator: str) -> pd.DataFrame:
    """Read a table with a header, every field as text.

    A row with more fields than the header keeps what is too much in the column
    ``BEYOND``; ``raw_table`` leaves it out and says so.

    Raises
    ------
    DataError
        Missing file, not such a table, missing column.
    """
    try:
        data = _every_field(path, separator)
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}). Check the path."
        raise DataError(message) from error
    except UnicodeDecodeError as why:
        message = (
            f"{path}: is not text ({why.reason} at byte {why.start}). If it is compressed, "
            "unpack it first, e.g. gunzip."
        )
        raise DataError(message) from why
    except ValueError as why:  # parser errors are among them
        message = f"{path}: is not a table separated by '{separator}' ({why})."
        raise DataError(message) from why
    missing = [name for name in needed if name not in data]
    if missing:
        found = ", ".join(str(name) for name in data.columns[:8])
        message = (
            f"{path}: no column {', '.join(missing)}; found {found}. "
            "Is the format right?"
        )
        raise DataError(message)
    return data


def _every_field(path: Path, separator: str) -> pd.DataFrame:
    """All rows, as wide as the widest line."""
    mark = separator.encode()
    with path.open("rb") as lines:
        widest = max((line.count(mark) for line in lines), default=0) + 1
    if widest > MOST_FIELDS:
        message = f"a line of {widest} fields"
        raise ValueError(message)
    # Slurm does not quote: a single " in a name would swallow the lines after it.
    quoting = csv.QUOTE_NONE if separator == "|" else csv.QUOTE_MINIMAL
    options: Any = {
        "sep": separator,
        "dtype": str,
        "keep_default_na": False,
        "quoting": quoting,
    }
    with path.open(encoding="utf-8-sig") as lines:
        before = 0
        while not (first := lines.readline()).strip() and first:
            before += 1
    head = pd.read_csv(io.StringIO(first), index_col=False, **options).columns.to_list()
    more = [f"{BEYOND} {n}" for n in range(widest - len(head))]
    # Without header=None the parser would take the width of the header's line.
    data: pd.DataFrame = pd.read_csv(
        path,
        header=None,
        skiprows=before + 1,
        names=[*head, *more],
        index_col=False,
        **options,
    )
    beyond = data[more].fillna("").agg("".join, axis=1) if more else ""
    data[BEYOND] = beyond
    return data.drop(columns=more)


def raw_table(
    data: pd.DataFrame,
    stamps: Mapping[str, str],
    numbers: Mapping[str, tuple[str, float]],
    clock: Clock | None,
) -> Raw:
    """Times and numbers of a text table under our names.

    Parameters
    ----------
    data
        Every field as text.
    stamps
        Our name of a time -> its column.
    numbers
        Our name -> its column and the factor to our unit.
    clock
        Of dates without a zone; None where it is not known.

    Returns
    -------
    Raw
        Without id, class and state.
    """
    found: dict[str, fields.Mask | np.ndarray] = {}
    beyond = data[BEYOND] if BEYOND in data else pd.Series("", index=data.index)
    faults: dict[str, list[fields.Mask]] = {
        "more fields than the header": [(beyond != "").to_numpy(dtype=bool)],
        "unreadable time": [],
        "time zone missing": [],
        "unreadable number": [],
    }
    none = np.zeros(len(data), dtype=bool)
    for name, column in stamps.items():
        found[name], unreadable, nowhere = fields.times(data[column], clock)
        faults["unreadable time"].append(unreadable)
        faults["time zone missing"].append(nowhere)
    for name, (column, factor) in numbers.items():
        values, unreadable = fields.numbers(data[column])
        with np.errstate(over="ignore"):
            scaled = values * factor
        found[name] = scaled
        faults["unreadable number"].append(unreadable | np.isinf(scaled))
    faults["unreadable number"].append(none)
    return Raw(pd.DataFrame(found, index=data.index), fields.gathered(faults))
