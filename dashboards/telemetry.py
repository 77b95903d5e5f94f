"""The telemetry of a folder, whoever wrote it."""

from pathlib import Path

from bms_io.daemon.historian import FOLDER
from bms_io.daemon.recorded import whole
from twin.history import History, history, read_history


def history_of(folder: Path) -> History:
    """Read the tables of a run, or the history of a daemon.

    Parameters
    ----------
    folder
        Of ``wetbulb simulate``, ``demo`` or ``control``.

    Raises
    ------
    DataError
        If there is neither, or too little in it.
    """
    if (folder / FOLDER).is_dir():
        return history(*whole(folder), str(folder))
    return read_history(folder)
