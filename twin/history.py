"""What a plant's recorders left behind, made ready for calibration and diagnosis.

A history is a folder with ``telemetry`` and ``setpoints`` as Parquet or CSV, as
``wetbulb simulate``, the demo and the daemon write them: readings at the end of every
scan, setpoints in force from their time on.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError
from twin.signal_table import catalogue
from twin.signals import Inputs, Outputs, Setpoints

Array = NDArray[np.float64]
LEAST_ROWS = 48  # four hours at five minutes
WET_ABOVE_DRY_K = 1.0  # noise of two sensors; nature allows none
STUCK_SHARE = 0.5  # of the rows with exactly the same reading in a row


class History(NamedTuple):
    """Readings on their scans; rows are complete and sorted, gaps are missing rows."""

    time_s: Array  # (rows,), end of the scan
    inputs: Array  # (rows, inputs)
    outputs: Array  # (rows, outputs); nan where a signal is not recorded or not trusted
    setpoints: Array  # (rows, setpoints) in force during the scan
    scan_s: float
    notes: tuple[str, ...]  # what was left out, and why

    def part(self, rows: slice) -> "History":
        """Some rows."""
        return History(
            self.time_s[rows],
            self.inputs[rows],
            self.outputs[rows],
            self.setpoints[rows],
            self.scan_s,
            self.notes,
        )


def read_history(folder: Path) -> History:
    """Read the telemetry and setpoints of a folder.

    Raises
    ------
    DataError
        If a table or an input column is missing, or too little is left.
    """
    telemetry, moves = _table(folder, "telemetry"), _table(folder, "setpoints")
    return history(telemetry, moves, str(folder))


def history(telemetry: pd.DataFrame, moves: pd.DataFrame, source: str) -> History:
    """Order, check and align two tables.

    Parameters
    ----------
    telemetry
        ``time_s`` at the end of each scan, inputs, outputs.
    moves
        ``time_s`` from when on, setpoints.
    source
        Named in messages.

    Raises
    ------
    DataError
        As `read_history`.
    """
    _need(telemetry, ("time_s", *Inputs._fields), f"{source}: telemetry")
    notes: list[str] = []
    moves = _with_defaults(moves, notes)
    _need(moves, ("time_s", *Setpoints._fields), f"{source}: setpoints")
    telemetry = _ordered(telemetry, "telemetry", notes)
    moves = _ordered(moves, "setpoints", notes)
    values = telemetry.reindex(columns=["time_s", *Inputs._fields, *Outputs._fields])
    values = _believable(values.astype(float), notes)
    whole = values[list(Inputs._fields)].notna().all(axis=1)
    values = values[whole.to_numpy()]
    if (lost := int((~whole).sum())) > 0:
        notes.append(f"{lost} rows without every input left out")
    if len(values) < LEAST_ROWS:
        message = (
            f"{source}: {len(values)} usable rows of telemetry; at least {LEAST_ROWS} "
            "are needed. Record longer, or see what was left out: "
            f"{'; '.join(notes) or 'nothing'}."
        )
        raise DataError(message)
    time_s = values["time_s"].to_numpy(float)
    scan_s = float(np.median(np.diff(time_s)))
    at = np.searchsorted(moves["time_s"], time_s - scan_s + 1e-6, side="right") - 1
    setpoints = moves[list(Setpoints._fields)].to_numpy(float)[np.maximum(at, 0)]
    return History(
        time_s,
        values[list(Inputs._fields)].to_numpy(float),
        values[list(Outputs._fields)].to_numpy(float),
        setpoints,
        scan_s,
        tuple(notes),
    )


def _table(folder: Path, stem: str) -> pd.DataFrame:
    """Parquet or CSV of that name; the first scenario where there are several."""
    for path in (folder / f"{stem}.parquet", folder / f"{stem}.csv"):
        if path.is_file():
            table = (
                pd.read_parquet(path)
                if path.suffix == ".parquet"
                else pd.read_csv(path)
            )
            if "scenario" in table:
                table = table.loc[table["scenario"] == 0]
            return table.copy()
    message = (
        f"{folder}: no {stem}.parquet or {stem}.csv. Give a folder that `wetbulb "
        "simulate`, `wetbulb demo` or the daemon wrote."
    )
    raise DataError(message)


def _with_defaults(moves: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Setpoints that a plant may lack take the value that leaves it alone."""
    absent = {k: v for k, v in Setpoints._field_defaults.items() if k not in moves}
    if absent:
        notes.append(f"setpoints not recorded, taken as idle: {', '.join(absent)}")
    return moves.assign(**absent)


def _need(table: pd.DataFrame, names: tuple[str, ...], where: str) -> None:
    """Refuse a table without a needed column."""
    missing = [name for name in names if name not in table]
    if missing:
        message = f"{where}: no column {', '.join(missing)}."
        raise DataError(message)


def _ordered(table: pd.DataFrame, name: str, notes: list[str]) -> pd.DataFrame:
    """Numbers only, in order of time, each time once."""
    table = pd.DataFrame(table.apply(pd.to_numeric, errors="coerce"))
    kept: pd.DataFrame = table[np.isfinite(table["time_s"].to_numpy(float))]
    kept = kept.sort_values("time_s", kind="stable").drop_duplicates("time_s")
    if (lost := len(table) - len(kept)) > 0:
        notes.append(f"{lost} rows of {name} without a time of their own left out")
    return kept.reset_index(drop=True)


def _believable(values: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Blank what no site can show, and whole signals that are stuck."""
    groups = {**dict.fromkeys(Outputs._fields, "outputs")}
    groups.update(dict.fromkeys(Inputs._fields, "inputs"))
    moving = {
        name: float((values[name].diff() == 0.0).mean()) < STUCK_SHARE
        for name in groups
    }
    for name, group in groups.items():
        signal, column = catalogue()[group, name], values[name]
        wild = column.notna() & ~column.between(signal.low, signal.high)
        if (count := int(wild.sum())) > 0:
            values.loc[wild, name] = np.nan
            notes.append(
                f"{name}: {count} readings outside {signal.low:g} to {signal.high:g} "
                f"{signal.unit} left out (wrong unit?)".replace("  ", " ")
            )
    above = values["wet_bulb_c"] > values["dry_bulb_c"] + WET_ABOVE_DRY_K
    if (count := int(above.sum())) > 0:
        values.loc[above, "wet_bulb_c"] = np.nan
        notes.append(
            f"wet_bulb_c: {count} readings above the dry bulb left out (wrong unit, or "
            "swapped?)"
        )
    return _without_stuck(values, moving, notes)


def _without_stuck(
    values: pd.DataFrame, moving: dict[str, bool], notes: list[str]
) -> pd.DataFrame:
    """Drop temperatures that stand still while the outdoor air moves.

    Flows, speeds and counts may rightly stand still; temperatures of a sensor never do.
    """
    if not moving["dry_bulb_c"]:
        return values
    for name in Outputs._fields:
        column = values[name]
        if not name.endswith("_c") or column.isna().all() or moving[name]:
            continue
        if column.nunique() == 1:
            values[name] = np.nan
            notes.append(f"{name}: the same reading all the time, left out (stuck?)")
    return values
