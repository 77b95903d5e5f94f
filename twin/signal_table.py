"""The signal catalogue ``data/signals.csv``: unit, range and meaning of every signal.

The names are those of ``twin.signals``; a test holds both together. The range is what a
value can be at any site at all, wide enough for transients; narrower limits stand in the
site file (guard) and in the point map.
"""

import csv
from functools import cache
from typing import NamedTuple

from twin.resources import data_path


class Signal(NamedTuple):
    """One row of the catalogue."""

    group: str  # inputs, setpoints, state, outputs
    name: str
    unit: str  # SI, degC for temperatures; empty for a pure number
    low: float
    high: float
    meaning: str


@cache
def catalogue() -> dict[tuple[str, str], Signal]:
    """Every signal by group and name, in the order of ``twin.signals``."""
    with data_path("signals.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Signal(
                row["group"],
                row["name"],
                row["unit"],
                float(row["low"]),
                float(row["high"]),
                row["meaning"],
            )
            for row in csv.DictReader(file)
        ]
    return {(row.group, row.name): row for row in rows}
