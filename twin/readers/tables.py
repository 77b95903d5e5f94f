"""Text tables of job records: read as text, so that every field can be judged."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from twin.errors import DataError
from twin.job_table import Raw
from twin.readers import fields


def read_text_table(path: Path, needed: Sequence[str], separator: str) -> pd.DataFrame:
    """Read a table with a header, every field as text.

    Raises
    ------
    DataError
        Missing file, not such a table, missing column.
    """
    try:
        data = pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, index_col=False
        )
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}). Check the path."
        raise DataError(message) from error
    except (
        ValueError,
        pd.errors.ParserWarning,
    ) as why:  # parser errors are ValueErrors
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


def raw_table(
    data: pd.DataFrame,
    stamps: Mapping[str, str],
    numbers: Mapping[str, tuple[str, float]],
    utc_offset_h: float | None,
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
    utc_offset_h
        Offset of the clock of dates without a zone; None where it is not known.

    Returns
    -------
    Raw
        Without id, class and state.
    """
    found: dict[str, fields.Mask | np.ndarray] = {}
    faults: dict[str, list[fields.Mask]] = {
        "unreadable time": [],
        "time zone missing": [],
        "unreadable number": [],
    }
    none = np.zeros(len(data), dtype=bool)
    for name, column in stamps.items():
        found[name], unreadable, nowhere = fields.times(data[column], utc_offset_h)
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
