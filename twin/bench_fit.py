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

from twin.bench import Component, columns, run
from twin.config import declared_bounds
from twin.errors import ConfigError, DataError

CONFIDENCE = 0.95
ALIKE = 1e-10  # singular value over the largest below which values cannot be told apart
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
        Fields to fit; a dotted name is a field of a field.

    Raises
    ------
    ConfigError
        A field that is not a number, or none.
    DataError
        No measured column, too few points, or points that cannot tell values apart.
    """
    _check_free(component, params, free)
    measured = _measured(component, params, table)
    target = measured.to_numpy()
    spread = np.maximum(target.std(axis=0), SMALL + 1e-6 * np.abs(target).max(axis=0))
    start = np.array([value_at(params, name) for name in free], dtype=float)
    scale = np.maximum(np.abs(start), SMALL)

    def model(x: NDArray[np.float64]) -> pd.DataFrame:
        values = dict(zip(free, map(float, x * scale), strict=True))
        return run(component, replaced(params, values), table)[list(measured)]

    def miss(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(((model(x).to_numpy() - target) / spread).ravel(), float)

    if target.size <= len(free):
        message = (
            f"{target.size} measured values for {len(free)} free parameters. "
            "Give more points or name fewer with --free."
        )
        raise DataError(message)
    bounds = np.array([declared_bounds(component.params, name) for name in free]).T
    inside = np.clip(start / scale, *(bounds / scale))
    found = optimize.least_squares(
        miss, inside, bounds=tuple(bounds / scale), x_scale="jac", max_nfev=2000
    )
    half = _half_widths(np.asarray(found.jac, float), found.fun, free) * scale
    values = found.x * scale
    fitted = model(found.x)
    return Fit(
        [
            FittedValue(name, float(s), float(v), float(v - h), float(v + h))
            for name, s, v, h in zip(free, start, values, half, strict=True)
        ],
        replaced(params, dict(zip(free, map(float, values), strict=True))),
        measured,
        fitted,
        {
            str(name): float(np.sqrt(np.mean((fitted[name] - measured[name]) ** 2)))
            for name in measured
        },
        len(table),
    )


def numbers(params: Any) -> list[str]:
    """Every field that holds one number; those of a record by a dotted name."""
    names: list[str] = []
    for field, value in params._asdict().items():
        if hasattr(value, "_fields"):
            names += [f"{field}.{inner}" for inner in numbers(value)]
        elif isinstance(value, float):
            names.append(field)
    return names


def usual(params: Any, given: list[str]) -> list[str]:
    """Numbers among the fields given that a fit frees unasked.

    Ratings (``rated_...``) say what the machine is sold as, not how it behaves.
    """
    known = numbers(params)
    return [name for name in given if name in known and not name.startswith("rated_")]


def value_at(params: Any, name: str) -> float:
    """Number at a field or a dotted name."""
    for part in name.split("."):
        params = getattr(params, part)
    return float(params)


def replaced(params: Any, values: dict[str, float]) -> Any:
    """Nameplate with other numbers, by field or dotted name."""
    for name, value in values.items():
        field, _, inner = name.partition(".")
        new = replaced(getattr(params, field), {inner: value}) if inner else value
        params = params._replace(**{field: new})
    return params


def _check_free(component: Component, params: Any, free: list[str]) -> None:
    """Refuse a fit of nothing, or of what is not a number."""
    possible = [] if params is None else numbers(params)
    wrong = [name for name in free if name not in possible]
    if wrong or not free:
        what = ", ".join(wrong) or "nothing"
        allowed = ", ".join(possible) or "none, this component has no nameplate"
        message = f"{component.name}: cannot fit {what}. Fields that can be: {allowed}."
        raise ConfigError(message)


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


def _half_widths(
    jacobian: NDArray[np.float64], misses: NDArray[np.float64], free: list[str]
) -> NDArray[np.float64]:
    """Half widths of the intervals, in units of the scale."""
    length = np.linalg.norm(jacobian, axis=0)
    idle = [name for name, size in zip(free, length, strict=True) if size < SMALL]
    if idle:
        message = (
            f"the points do not depend on {', '.join(idle)}. Leave it out of --free."
        )
        raise DataError(message)
    _, singular, directions = np.linalg.svd(jacobian / length, full_matrices=False)
    if singular[-1] < ALIKE**0.5 * singular[0]:
        alike = [
            name
            for name, part in zip(free, directions[-1], strict=True)
            if abs(part) > 0.1
        ]
        message = (
            f"the points cannot tell apart: {', '.join(alike)}. "
            "Name fewer with --free, or give other points."
        )
        raise DataError(message)
    freedom = misses.size - len(free)
    variance = float(misses @ misses) / freedom
    covariance = (directions.T / singular**2) @ directions * variance
    student = float(stats.t.ppf(0.5 + 0.5 * CONFIDENCE, freedom))
    return np.asarray(student * np.sqrt(np.diag(covariance)) / length, float)
