"""The last day of a daemon's history, in the tables that a run leaves."""

from pathlib import Path

import pandas as pd

from bms_io.daemon.historian import query
from twin.signals import Inputs, Outputs, Setpoints

FOLDER = "history"
LATEST = """
SELECT time_s, point, value FROM samples
WHERE quality > 0 AND time_s > (SELECT max(time_s) - 86400.0 FROM samples)
"""  # a day of plant time; OPC DA quality 0 is bad


def tables(directory: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Telemetry and setpoints in force, of the last day of plant time.

    Parameters
    ----------
    directory
        Folder of the daemon.

    Returns
    -------
    telemetry, setpoints
        ``time_s`` and the signals in SI; a setpoint row wherever one changed.
    """
    found = query(directory / FOLDER, LATEST).to_pandas()
    wide = found.pivot(index="time_s", columns="point", values="value")
    measured = {
        name: wide.get(f"{group}.{name}")
        for group, names in (("inputs", Inputs._fields), ("outputs", Outputs._fields))
        for name in names
    }
    telemetry = pd.DataFrame(measured, index=wide.index, dtype=float).reset_index()
    active = {name: wide.get(f"active.{name}") for name in Setpoints._fields}
    rows = pd.DataFrame(active, index=wide.index, dtype=float)
    moved = rows.ne(rows.shift()).any(axis=1)
    return telemetry, rows[moved].reset_index()
