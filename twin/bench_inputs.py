"""What the columns of the bench mean: units, and the values that can be at all.

The unit of a column is the end of its name. Values outside these ranges are mistakes of
the table (kelvin for degC, a missing decimal point), not hard operating points: those a
component clamps and flags itself.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from plant import psychrometrics
from plant.types import OutdoorAir
from twin.errors import DataError

# the longest suffix that fits counts
UNITS = {
    "_w_m2": "W/m2",
    "_w_k": "W/K",
    "_j_kg_k": "J/(kg K)",
    "_j_k": "J/K",
    "_j_kg": "J/kg",
    "_kg_s": "kg/s",
    "_kg_m3": "kg/m3",
    "_m3_s": "m3/s",
    "_m3_j": "m3/J",
    "_m_s": "m/s",
    "_1_k": "1/K",
    "_1_s": "1/s",
    "_1_h": "1/h",
    "_pa": "Pa",
    "_ah": "Ah",
    "_ohm": "ohm",
    "_m2": "m2",
    "_m3": "m3",
    "_kg": "kg",
    "_c": "degC",
    "_k": "K",
    "_w": "W",
    "_j": "J",
    "_s": "s",
    "_a": "A",
    "_v": "V",
    "_m": "m",
}
SHOWN = 5  # wrong cells named at once
HUMIDITY_APART = 1e-3  # kg/kg between the humidity given and that of both bulbs


class Allowed(NamedTuple):
    """Range of a column, ends included."""

    low: float
    high: float

    def __str__(self) -> str:
        """In words."""
        if math.isinf(self.high):
            return "any" if math.isinf(self.low) else f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}"


ANY = Allowed(-math.inf, math.inf)
AMOUNT = Allowed(0.0, math.inf)
BY_NAME = {
    "modules": AMOUNT,
    "load_w": AMOUNT,
    "chip_power_w": AMOUNT,
    "first_a": AMOUNT,  # of three phases, as magnitudes
    "second_a": AMOUNT,
    "third_a": AMOUNT,
    "humidity_ratio": Allowed(0.0, 0.5),
    "relative_humidity": Allowed(0.0, 1.0),
    "utilization": Allowed(0.0, 1.0),
    "soc": Allowed(0.0, 1.0),
    "pressure_pa": AMOUNT,
}
BY_UNIT = {
    "degC": Allowed(-60.0, 150.0),
    "kg/s": AMOUNT,
    "m3/s": AMOUNT,
    "Pa": AMOUNT,
    "J/(kg K)": Allowed(1.0, 1e5),
    "s": AMOUNT,
}
AMBIENT_PA = Allowed(5e4, 1.2e5)  # of outdoor air


def unit(name: str) -> str:
    """Unit of a column or field, from the end of its name; 1 for a pure number."""
    fitting = [suffix for suffix in UNITS if name.endswith(suffix)]
    return UNITS[max(fitting, key=len)] if fitting else "1"


def allowed(names: list[str]) -> dict[str, Allowed]:
    """Values that the columns of a table can have."""
    found = {name: BY_NAME.get(name, BY_UNIT.get(unit(name), ANY)) for name in names}
    if _outdoors(names):
        found["pressure_pa"] = AMBIENT_PA
    return found


def _outdoors(names: list[str]) -> bool:
    """Whether outdoor air is among the columns."""
    return set(OutdoorAir._fields) <= set(names)


def refuse_doubled(path: Path) -> None:
    """Refuse a table that has a column twice: which one counts cannot be known.

    Raises
    ------
    DataError
        Names the columns.
    """
    header = pd.read_csv(path, comment="#", header=None, nrows=1, dtype=str).iloc[0]
    doubled = sorted({str(name) for name in header[header.duplicated()]})
    if doubled:
        message = f"{path}: column {', '.join(doubled)} twice. Remove or rename one."
        raise DataError(message)


def check(source: str, table: pd.DataFrame, names: list[str]) -> None:
    """Refuse a table with impossible cells.

    Parameters
    ----------
    source
        Where the table comes from, for the message.
    table
        Finite numbers.
    names
        Columns to be checked.

    Raises
    ------
    DataError
        Row, column, value and allowed values of the first wrong cells; also where both
        bulbs and the humidity of outdoor air contradict each other.
    """
    wrong: list[str] = []
    for name, limits in allowed(names).items():
        values = table[name].to_numpy(float)
        outside = (values < limits.low) | (values > limits.high)
        wrong += [
            f"row {row + 1}, column {name}: {values[row]:g} {unit(name)}, allowed {limits}"
            for row in np.flatnonzero(outside)
        ]
    if _outdoors(names) and not wrong:
        wrong = _contradictions(table)
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        message = f"{source}: " + "; ".join(wrong[:SHOWN]) + more + ". Correct them."
        raise DataError(message)


def _contradictions(table: pd.DataFrame) -> list[str]:
    """Rows in which bulbs and humidity of the outdoor air do not fit each other."""
    dry_c, wet_c, ratio, pressure = (
        table[name].to_numpy(float) for name in OutdoorAir._fields
    )
    wrong = [
        f"row {row + 1}, column wet_bulb_c: {wet_c[row]:g} degC, "
        f"allowed up to the dry bulb, {dry_c[row]:g} degC"
        for row in np.flatnonzero(wet_c > dry_c + 0.01)
    ]
    fits = np.asarray(
        psychrometrics.humidity_ratio_from_wet_bulb(dry_c, wet_c, pressure)
    )
    low, high = np.maximum(fits - HUMIDITY_APART, 0.0), fits + HUMIDITY_APART
    wrong += [
        f"row {row + 1}, column humidity_ratio: {ratio[row]:g}, allowed "
        f"{low[row]:.4f} to {high[row]:.4f} with these bulbs and pressure"
        for row in np.flatnonzero((ratio < low) | (ratio > high))
    ]
    return wrong
