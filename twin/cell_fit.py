"""Parameters of a lithium cell from measured or computed runs.

A slow discharge gives the open-circuit voltage; pulses and discharges give the rest by
least squares. The residuals are those of ``plant.power.cell`` itself, so nothing of its
equations stands here.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from plant.power import cell
from plant.power.cell import Cell, CellState
from plant.table import Table

Values = NDArray[np.float64]
SOC_KNOTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
KNOTS = len(SOC_KNOTS)
OPEN_CIRCUIT_ERROR_V = 1e-3  # of the straight lines between the knots
OPEN_CIRCUIT_KNOTS = 48  # at most
SWITCHED = 0.1  # C: a larger change of current between two samples is a switch
OUTLIER_V = 0.2
ROUNDS = 100


class CellRun(NamedTuple):
    """One run, samples in time."""

    time_s: Values
    current_a: Values  # positive discharges
    voltage_v: Values
    temperature_c: Values
    start_v: float  # open-circuit voltage at the start


def open_circuit(soc: Values, voltage_v: Values) -> Table:
    """Open-circuit voltage in as few straight lines as a millivolt asks for.

    Parameters
    ----------
    soc, voltage_v
        Samples of a slow discharge, any order. [1], [V]
    """
    order = np.unique(soc, return_index=True)[1]
    x, y = soc[order], voltage_v[order]
    chosen = [0, len(x) - 1]
    while len(chosen) < OPEN_CIRCUIT_KNOTS:
        error = np.abs(np.interp(x, x[chosen], y[chosen]) - y)
        if error.max() < OPEN_CIRCUIT_ERROR_V:
            break
        chosen = sorted([*chosen, int(error.argmax())])
    return Table(_floats(x[chosen]), _floats(y[chosen]))


def start_soc(table: Table, start_v: float) -> float:
    """State of charge at which a rested cell has this voltage."""
    return float(np.interp(start_v, table.values, table.points))


def states(parameters: Cell, run: CellRun) -> CellState:
    """States of the cell at every sample, temperatures as measured.

    Between two samples the current is their mean.
    """
    soc = np.asarray(start_soc(parameters.open_circuit, run.start_v))
    state = cell.at_rest(soc, run.temperature_c[0])
    seen = [state]
    mean_a = 0.5 * (run.current_a[1:] + run.current_a[:-1])
    for current_a, dt_s in zip(mean_a, np.diff(run.time_s), strict=True):
        state = cell.polarize(parameters, state, float(current_a), float(dt_s))
        seen.append(state)
    columns = [np.array(column, dtype=float) for column in zip(*seen, strict=True)]
    columns[-1] = run.temperature_c
    return CellState(*columns)


def error_v(parameters: Cell, run: CellRun) -> Values:
    """Voltage of the cell minus that of the run, at every sample [V]."""
    made = cell.voltage(parameters, states(parameters, run), run.current_a)
    return np.asarray(made, dtype=float) - run.voltage_v


def steady(capacity_ah: float, run: CellRun) -> NDArray[np.bool_]:
    """Samples away from a switch, whose instant between two samples is not known."""
    jump = np.abs(np.diff(run.current_a)) > SWITCHED * capacity_ah
    near: NDArray[np.bool_] = np.append(jump, False) | np.append(False, jump)
    return ~near


def fit(
    capacity_ah: float,
    open_circuit_table: Table,
    transference: float,
    runs: Sequence[CellRun],
    **fixed: float,
) -> Cell:
    """Least squares over all runs, each with the same weight.

    Parameters
    ----------
    capacity_ah
        Nominal. [Ah]
    open_circuit_table
        From ``open_circuit``.
    transference
        Of the cation.
    runs
        Pulses and discharges.
    **fixed
        Further fields of ``Cell``.

    Returns
    -------
    Cell
        With the fitted parameters.
    """

    def parameters(x: Values) -> Cell:
        k = np.exp(x[2 * KNOTS :])
        return Cell(
            capacity_ah,
            open_circuit_table,
            Table(SOC_KNOTS, _floats(x[:KNOTS] / capacity_ah)),
            Table(SOC_KNOTS, _floats(np.exp(x[KNOTS : 2 * KNOTS]))),
            (float(k[0] / capacity_ah), float(k[1] / capacity_ah)),
            (float(k[2]), float(k[3])),
            float(k[4] * capacity_ah),
            float(k[5]),
            float(k[6] * capacity_ah),
            transference,
            **fixed,
        )

    keep = [steady(capacity_ah, run) for run in runs]

    def residuals(x: Values) -> Values:
        made = parameters(x)
        parts = [
            np.clip(error_v(made, run)[k], -OUTLIER_V, OUTLIER_V) * 1e3 / k.sum() ** 0.5
            for run, k in zip(runs, keep, strict=True)
        ]
        # smooth tables, and a pull to the start where the runs say nothing
        smooth = [50.0 / capacity_ah * np.diff(x[:KNOTS], 2)]
        smooth += [0.3 * np.diff(x[KNOTS : 2 * KNOTS])]
        prior = 0.01 * (x[2 * KNOTS :] - start[2 * KNOTS :])
        return np.concatenate([*parts, *smooth, prior])

    lags = np.log([0.015, 0.05, 60.0, 2000.0, 5.0, 100.0, 1.0])
    start = np.concatenate([np.full(KNOTS, 0.05), np.zeros(KNOTS), lags])
    return parameters(least_squares(residuals, start, x_scale="jac", max_nfev=ROUNDS).x)


def load(path: Path) -> dict[str, Cell]:
    """Cells of a file written by ``to_dict``, by name."""
    return {k: from_dict(v) for k, v in json.loads(path.read_text("utf-8")).items()}


def to_dict(parameters: Cell) -> dict[str, Any]:
    """Fields as plain lists and numbers."""
    return {
        field: value._asdict() if isinstance(value, Table) else value
        for field, value in parameters._asdict().items()
    }


def from_dict(fields: dict[str, Any]) -> Cell:
    """Inverse of ``to_dict``; a field ``source`` is for the reader."""
    made: dict[str, Any] = {
        name: Table(_floats(value["points"]), _floats(value["values"]))
        if isinstance(value, dict)
        else tuple(value)
        if isinstance(value, list)
        else value
        for name, value in fields.items()
        if name != "source"
    }
    return Cell(**made)


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
