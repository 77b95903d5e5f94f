"""Tables of a run, on disk row by row and as data frames at the end."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from twin.errors import ConfigError
from twin.interfaces import Decision, Quality, Snapshot
from twin.signals import Inputs, Outputs, Setpoints

_SIGNALS = [
    *((f"inputs.{name}", name) for name in Inputs._fields),
    *((f"outputs.{name}", name) for name in Outputs._fields),
]
_DECISION = ("reason", "status", "solve_s", "predicted_site_power_w")


class Table:
    """CSV file that is complete after every row.

    Parameters
    ----------
    path
        New file, overwritten.
    columns
        Header.
    """

    def __init__(self, path: Path, columns: Iterable[str]) -> None:
        self.columns = tuple(columns)
        self._file: TextIO = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self.rows: list[dict[str, Any]] = []
        self._writer.writerow(self.columns)
        self._file.flush()

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row; a column that it does not have stays empty."""
        self.rows.append({name: row.get(name) for name in self.columns})
        self._writer.writerow([row.get(name, "") for name in self.columns])
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Recorder:
    """Writes ``telemetry.csv``, ``setpoints.csv`` and ``decisions.csv``.

    Parameters
    ----------
    directory
        Where to write.

    Raises
    ------
    ConfigError
        If tables of an earlier run are there; they stay as they are.
    """

    def __init__(self, directory: Path) -> None:
        if (directory / "telemetry.csv").exists():
            message = (
                f"{directory}: holds the tables of an earlier run. Nothing was changed. "
                "Give another folder, or remove this one."
            )
            raise ConfigError(message)
        columns = ["time_s", *(name for _, name in _SIGNALS)]
        self._telemetry = Table(directory / "telemetry.csv", columns)
        chosen = ["time_s", *Setpoints._fields]
        self._setpoints = Table(directory / "setpoints.csv", chosen)
        self._decisions = Table(directory / "decisions.csv", ["time_s", *_DECISION])

    def telemetry(self, snapshot: Snapshot) -> None:
        """Add one scan; a reading that is bad or missing is nan."""
        row = {"time_s": snapshot.time_s}
        for point, name in _SIGNALS:
            reading = snapshot.readings.get(point)
            usable = reading is not None and reading.quality is not Quality.BAD
            row[name] = reading.value if reading and usable else float("nan")
        self._telemetry.add(row)

    def decision(self, time_s: float, decision: Decision, active: Setpoints) -> None:
        """Add one decision, and the setpoints in force after it."""
        said = decision._asdict()
        self._decisions.add({"time_s": time_s, **{k: said[k] for k in _DECISION}})
        values = {name: float(v) for name, v in active._asdict().items()}
        self._setpoints.add({"time_s": time_s, **values})

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Telemetry, setpoints and decisions recorded so far."""
        tables = (self._telemetry, self._setpoints, self._decisions)
        frames = [pd.DataFrame(t.rows, columns=list(t.columns)) for t in tables]
        return frames[0], frames[1], frames[2]

    def close(self) -> None:
        """Close the files."""
        for table in (self._telemetry, self._setpoints, self._decisions):
            table.close()


class NoTables:
    """Keeps nothing: a daemon runs for years and has its historian and audit log."""

    def telemetry(self, snapshot: Snapshot) -> None:
        """Leave the scan to the historian."""

    def decision(self, time_s: float, decision: Decision, active: Setpoints) -> None:
        """Leave the decision to the audit log."""

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Nothing."""
        return pd.DataFrame(), pd.DataFrame(), pd.DataFrame()

    def close(self) -> None:
        """Nothing to close."""
