"""CSV files at the door: read, and say clearly why one cannot be."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from twin.errors import DataError


def read_csv(
    path: Path,
    needed: Sequence[str],
    accept: Callable[[str], bool] | None = None,
    accepted: str = "",
) -> pd.DataFrame:
    """Read a CSV file and make sure of its columns.

    Parameters
    ----------
    path
        File; lines that begin with ``#`` are comments.
    needed
        Columns that must be there.
    accept
        At least one further column must satisfy this, if given.
    accepted
        What these columns are called, for the message.

    Returns
    -------
    DataFrame
        As read, at least one row; no column of truth values.

    Raises
    ------
    DataError
        Missing file, not CSV, missing column, no rows.
    """
    try:
        data = pd.read_csv(path, comment="#")
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}). Check the path."
        raise DataError(message) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as why:
        message = f"{path}: is not a readable CSV file ({why})."
        raise DataError(message) from why
    data.columns = [str(name) for name in data.columns]
    missing = [name for name in needed if name not in data]
    found = ", ".join(data.columns[:8])
    if missing:
        message = (
            f"{path}: no column {', '.join(missing)}; found {found}. "
            f"Needed: {', '.join(needed)}. Rename the columns or give another file."
        )
        raise DataError(message)
    if accept is not None and not any(accept(name) for name in data.columns):
        message = (
            f"{path}: needs {', '.join(needed)} and {accepted}; found {found}. "
            "Rename the columns or give another file."
        )
        raise DataError(message)
    words = data.select_dtypes("bool").columns
    data[words] = data[words].astype(str)  # TRUE is a word here, not the number 1
    if data.empty:
        message = f"{path}: has no rows. Give a file with data."
        raise DataError(message)
    return data
