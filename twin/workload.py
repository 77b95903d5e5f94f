"""IT load at the door: a measured power series, scaled to a site.

A CSV with a column ``time`` (seconds from its start) and one or more columns
``power[...]`` in watts, which are summed (Frontier, 25 groups), or one ``power_w``.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.errors import DataError
from twin.forecast import Series
from twin.tables import read_csv


class Workload(NamedTuple):
    """Electrical power of the racks over time; the series repeats after its end."""

    source: str
    time_s: Series  # shape (n,), from 0, ascending
    power_w: Series  # shape (n,)
    period_s: float


def read_workload(path: Path) -> Workload:
    """Read a power series.

    Parameters
    ----------
    path
        CSV file.

    Returns
    -------
    Workload
        Sum of all power columns, unscaled. [W]

    Raises
    ------
    DataError
        Missing file or column, missing or negative power, times not ascending.
    """
    data = read_csv(path, ["time"], _is_power, "power_w or power[...] [W]")
    columns = [name for name in data.columns if _is_power(name)]
    if "power_w" in columns and len(columns) > 1:
        message = (
            f"{path}: has power_w and {columns[-1]}, so the load would count twice. "
            "Keep power_w, or the power[...] columns, not both."
        )
        raise DataError(message)
    table = data[["time", *columns]].apply(pd.to_numeric, errors="coerce")
    _check(path, table, columns)
    time_s = table["time"].to_numpy(dtype=float)
    power_w = table[columns].sum(axis=1).to_numpy(dtype=float)
    step_s = float(np.median(np.diff(time_s)))
    start_s = float(time_s[0])
    return Workload(path.name, time_s - start_s, power_w, time_s[-1] - start_s + step_s)


def _is_power(column: str) -> bool:
    return column == "power_w" or column.startswith("power[")


def _check(path: Path, table: pd.DataFrame, columns: list[str]) -> None:
    """Name the first offending row of each kind."""
    findings = []
    power = table[columns]
    for what, bad in (
        ("missing or not a number", ~np.isfinite(table.to_numpy()).all(axis=1)),
        ("negative power", (power < 0).any(axis=1).to_numpy()),
        ("time not ascending", table["time"].diff().fillna(1.0).to_numpy() <= 0),
    ):
        if bad.any():
            row = int(np.argmax(bad)) + 1
            findings.append(
                f"{path}: {what} in {int(bad.sum())} rows, first data row {row}. "
                "Repair or remove these rows."
            )
    if len(table) < 2:
        findings.append(f"{path}: {len(table)} rows, at least 2 are needed.")
    if findings:
        raise DataError("\n".join(findings))


def scale_to(workload: Workload, peak_w: float) -> Workload:
    """The same profile with another peak.

    Raises
    ------
    DataError
        If the series has no power at all.
    """
    largest = float(workload.power_w.max())
    if largest <= 0:
        message = f"{workload.source}: all power is zero. Give a series with load."
        raise DataError(message)
    return workload._replace(power_w=workload.power_w * (peak_w / largest))


def power_at(workload: Workload, time_s: Series | float) -> Series:
    """Power at any time, linear between the rows, the series repeating [W]."""
    return np.asarray(
        np.interp(time_s, workload.time_s, workload.power_w, period=workload.period_s)
    )
