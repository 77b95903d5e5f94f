"""Fit of a component to measured operating points, with confidence intervals.

Least squares over every measured output column at once, each weighed by its own spread.
The interval of a value is that of the linearised model, ``t s sqrt((J^T J)^-1)``, at 95 %;
it holds for independent errors of equal size and says nothing about a wrong equation.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from twin import bench_doubts, bench_ranges
from twin.bench import Component, columns, further_columns, run
from twin.bench_names import chosen, numbers, parts, replaced, scale_at, value_at
from twin.config import declared_bounds
from twin.errors import ConfigError, DataError

CONFIDENCE = 0.95
ALIKE = 1e-10  # singular value over the largest below which values cannot be told apart
START = "Start closer, with other values in --params, or free fewer."
SMALL = 1e-12  # stands for zero in denominators


class FittedValue(NamedTuple):
    """One parameter."""

    name: str
    start: float
    value: float
    low: float  # of the interval
    high: float


class Fit(NamedTuple):
    """What a fit found."""

    values: list[FittedValue]
    params: Any  # nameplate with the fitted values
    measured: pd.DataFrame  # output columns that were measured
    fitted: pd.DataFrame  # the same columns by the model
    rmse: dict[str, float]  # by column
    points: int
    warnings: list[str]  # what not to trust, and what would help


def fit(component: Component, params: Any, table: pd.DataFrame, free: list[str]) -> Fit:
    """Fit parameters to measured outputs.

    Parameters
    ----------
    component
        What to fit.
    params
        Nameplate; its values are the start, and stay where they are not free.
    table
        Inputs, and at least one output column.
    free
        Numbers to fit, see ``bench_names``.

    Raises
    ------
    ConfigError
        A field that is not a number, or none.
    DataError
        No measured column, too few points, or points that cannot tell values apart.
    """
    task = _task(component, params, table, _free(component, params, free))
    found = _search(task)
    outcome = _outcome(task, found)
    best = _filled(task, found.x)
    fitted = run(component, best, table)[list(task.measured)]
    rmse = np.sqrt(((fitted - task.measured) ** 2).mean())
    warnings = bench_doubts.warnings(outcome, _inputs(task), rmse / task.spread)
    warnings += bench_ranges.sentences(component.equation, table)
    warnings += _unused(task)
    if found.status <= 0:
        warnings.insert(0, f"the search did not settle in {found.nfev} runs. {START}")
    return Fit(
        _values(task, outcome),
        best,
        task.measured,
        fitted,
        {str(name): float(value) for name, value in rmse.items()},
        len(table),
        warnings,
    )


class _Task(NamedTuple):
    """What is to be fitted to what."""

    component: Component
    params: Any
    table: pd.DataFrame
    free: list[str]
    measured: pd.DataFrame
    spread: NDArray[np.float64]  # of the measured columns
    start: NDArray[np.float64]
    scale: NDArray[np.float64]  # size of the free values
    bounds: NDArray[np.float64]  # of the free values, two rows


def _task(
    component: Component, params: Any, table: pd.DataFrame, free: list[str]
) -> _Task:
    """Points, start and bounds of a fit."""
    _refuse_outside(component, table)
    measured = _measured(component, params, table)
    target = measured.to_numpy()
    if target.size <= len(free):
        message = (
            f"{target.size} measured values for {len(free)} free parameters. "
            "Give more points or name fewer with --free."
        )
        raise DataError(message)
    return _Task(
        component,
        params,
        table,
        free,
        measured,
        np.maximum(target.std(axis=0), SMALL + 1e-6 * np.abs(target).max(axis=0)),
        np.array([value_at(params, name) for name in free], dtype=float),
        np.array([scale_at(params, name) for name in free], dtype=float),
        np.array([declared_bounds(component.params, parts(name)) for name in free]).T,
    )


def _filled(task: _Task, x: NDArray[np.float64]) -> Any:
    """Nameplate with scaled values."""
    values = map(float, x * task.scale)
    return replaced(task.params, dict(zip(task.free, values, strict=True)))


def _inputs(task: _Task) -> pd.DataFrame:
    """Operating points."""
    return task.table[columns(task.component)]


def _search(task: _Task) -> Any:
    """Least squares on the scaled values."""
    target, names = task.measured.to_numpy(), list(task.measured)

    def miss(x: NDArray[np.float64]) -> NDArray[np.float64]:
        made = run(task.component, _filled(task, x), task.table)[names].to_numpy()
        return np.asarray(((made - target) / task.spread).ravel(), float)

    bounds = task.bounds / task.scale
    inside = np.clip(task.start / task.scale, *bounds)
    return optimize.least_squares(
        miss, inside, bounds=tuple(bounds), x_scale="jac", max_nfev=2000
    )


def _outcome(task: _Task, found: Any) -> bench_doubts.Outcome:
    """Values, intervals and correlation of what the search found."""
    covariance, student = _covariance(found, task.free, _inputs(task))
    sizes = np.sqrt(np.diag(covariance))
    apart = np.maximum(np.outer(sizes, sizes), SMALL**2)
    return bench_doubts.Outcome(
        task.free,
        found.x * task.scale,
        student * sizes * task.scale,
        covariance / apart,
        task.bounds,
        np.asarray(found.active_mask, float),
    )


def _values(task: _Task, outcome: bench_doubts.Outcome) -> list[FittedValue]:
    """Start, value and interval of every parameter."""
    rows = zip(task.free, task.start, outcome.values, outcome.half_widths, strict=True)
    return [
        FittedValue(name, float(s), float(v), float(v - h), float(v + h))
        for name, s, v, h in rows
    ]


def _unused(task: _Task) -> list[str]:
    """Sentence on columns that are neither an input nor an output of the component."""
    further = further_columns(task.component, task.table)
    unknown = [name for name in further if name not in task.measured]
    return [f"not used: {', '.join(unknown)}"] if unknown else []


def _refuse_outside(component: Component, table: pd.DataFrame) -> None:
    """Refuse points that all lie where the component holds what it has fitted."""
    if len(table) and bench_ranges.outside(component.equation, table).all():
        said = " ".join(bench_ranges.sentences(component.equation, table))
        message = f"every point is outside the range of {component.name}. {said} "
        message += "Give points inside, or check the units."
        raise DataError(message)


def _free(component: Component, params: Any, wanted: list[str]) -> list[str]:
    """Numbers to fit; refuses nothing, and what is not a number."""
    free, wrong = ([], wanted) if params is None else chosen(params, wanted)
    if wrong or not free:
        possible = [] if params is None else numbers(params)
        what = ", ".join(wrong) or "nothing"
        allowed = ", ".join(possible) or "none, this component has no nameplate"
        message = (
            f"{component.name}: cannot fit {what}. Numbers that can be: {allowed}."
        )
        raise ConfigError(message)
    return free


def _measured(component: Component, params: Any, table: pd.DataFrame) -> pd.DataFrame:
    """Output columns that the table has beside its inputs."""
    outputs = [str(name) for name in run(component, params, table)]
    inputs = columns(component)
    names = [name for name in outputs if name in table and name not in inputs]
    if not names:
        message = (
            f"no measured output column. Add at least one of: {', '.join(outputs)}."
        )
        raise DataError(message)
    measured: pd.DataFrame = table[names].apply(pd.to_numeric, errors="coerce")
    bad = np.argwhere(~np.isfinite(measured.to_numpy(float)))
    if bad.size:
        row, name = int(bad[0, 0]), names[int(bad[0, 1])]
        message = (
            f"row {row + 1}, column {name}: {table[name].iloc[row]!r} is not a finite "
            "number. Give a number or remove the row."
        )
        raise DataError(message)
    return measured


def _covariance(
    found: Any, free: list[str], inputs: pd.DataFrame
) -> tuple[NDArray[np.float64], float]:
    """Covariance of the scaled values, and Student's factor of the interval."""
    jacobian = np.asarray(found.jac, float)
    length = np.linalg.norm(jacobian, axis=0)
    idle = [name for name, size in zip(free, length, strict=True) if size < SMALL]
    if idle:
        message = (
            f"the points do not depend on {', '.join(idle)}. Leave it out of --free. "
            f"{bench_doubts.advice(inputs)}"
        )
        raise DataError(message)
    _, singular, directions = np.linalg.svd(jacobian / length, full_matrices=False)
    if singular[-1] < ALIKE**0.5 * singular[0]:
        shares = zip(free, directions[-1], strict=True)
        alike = [name for name, part in shares if abs(part) > 0.1]
        message = (
            f"the points cannot tell apart: {', '.join(alike)}. A factor and the "
            "curve that it multiplies no data can separate: free one of them. Else: "
            f"{bench_doubts.advice(inputs)}"
        )
        raise DataError(message)
    freedom = found.fun.size - len(free)
    variance = float(found.fun @ found.fun) / freedom
    covariance = (directions.T / singular**2) @ directions * variance
    student = float(stats.t.ppf(0.5 + 0.5 * CONFIDENCE, freedom))
    return covariance / np.outer(length, length), student
