"""A daemon's history in the tables that a run leaves: telemetry and setpoints in force.

Readings of any pace are brought to one: of a power or flow the mean of what lies in a
scan, of everything else the last, so that a row means what a row of ``wetbulb simulate``
means.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from bms_io.daemon.historian import FOLDER, QUALITY_CODE, query
from twin.closed_loop import MEAN_SUFFIXES
from twin.errors import DataError
from twin.interfaces import Quality
from twin.signals import Inputs, Outputs, Setpoints

SCAN_S = 300.0
_LATEST = """
SELECT time_s, point, value FROM samples
WHERE quality >= {least} AND time_s > (SELECT max(time_s) - {last_s} FROM samples)
"""
_BINNED = """
SELECT scan * {scan_s} AS time_s, point,
  CASE WHEN regexp_matches(point, '({means})$') THEN avg(value)
    ELSE arg_max(value, taken_s) END AS value
FROM (SELECT ceil(time_s / {scan_s}) AS scan, time_s AS taken_s, point, value
  FROM samples WHERE quality >= {least} AND value IS NOT NULL)
GROUP BY scan, point
"""
_PACE = """
SELECT median(step) AS pace FROM (
  SELECT time_s - lag(time_s) OVER (ORDER BY time_s) AS step
  FROM (SELECT DISTINCT time_s FROM samples)) WHERE step IS NOT NULL
"""


def latest(directory: Path, last_s: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last readings as they were taken, bad ones left out.

    Parameters
    ----------
    directory
        Of the daemon.
    last_s
        How far back from the last. [s]

    Returns
    -------
    telemetry, setpoints
        ``time_s`` and the signals in SI; a setpoint row wherever one changed.
    """
    least = QUALITY_CODE[Quality.UNCERTAIN]
    return _tables(directory, _LATEST.format(least=least, last_s=last_s))


def whole(directory: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All good readings, at one pace.

    Parameters
    ----------
    directory
        Of the daemon.

    Returns
    -------
    telemetry, setpoints
        ``time_s`` at the end of each scan and the signals in SI; the setpoints from the
        begin of the scan in which they were first read; one that was never read has no
        column.

    Raises
    ------
    DataError
        If nothing is recorded.
    """
    pace = query(directory / FOLDER, _PACE)["pace"].to_pylist()[0]
    if pace is None:
        message = f"{directory / FOLDER}: no readings. Let the daemon record first."
        raise DataError(message)
    scan_s = max(SCAN_S, float(np.ceil(pace / 60.0)) * 60.0)
    means = "|".join(MEAN_SUFFIXES)
    least = QUALITY_CODE[Quality.GOOD]
    sql = _BINNED.format(scan_s=scan_s, least=least, means=means)
    telemetry, moves = _tables(directory, sql)
    known = moves.dropna(axis="columns", how="all").ffill().dropna()
    return telemetry, known.assign(time_s=known["time_s"] - scan_s)


def _tables(directory: Path, sql: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of time, point, value as two wide tables."""
    found = query(directory / FOLDER, sql).to_pandas()
    wide = found.pivot(index="time_s", columns="point", values="value").sort_index()
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
