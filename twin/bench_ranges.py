"""Declared ranges of the equations in ``plant``, read off their arguments.

An argument or a signal of a record that is ``Annotated[Numeric, within(LIMITS)]`` has a
range; outside it the equation holds what it has fitted. This is where the bench learns
that, and the contracts.
"""

from collections.abc import Callable, Iterator
from typing import Any, get_args, get_type_hints

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from plant.types import Limits, Numeric
from twin.bench_inputs import unit

COLUMN = "outside_range"  # of the table that the bench writes


def declared(equation: Callable[..., Any]) -> dict[str, Limits]:
    """Range of every column that has one; those of a record by their own names."""
    hints = get_type_hints(equation, include_extras=True)
    hints.pop("return", None)
    return dict(_ranges(hints))


def _ranges(hints: dict[str, Any]) -> Iterator[tuple[str, Limits]]:
    """Names and ranges of all signals, into records."""
    for name, hint in hints.items():
        kind, *notes = get_args(hint) or (hint,)
        if hasattr(kind, "_fields"):
            yield from _ranges(get_type_hints(kind, include_extras=True))
        elif kind == Numeric:
            for note in notes:
                yield name, (float(note.ge), float(note.le))


def outside(equation: Callable[..., Any], table: pd.DataFrame) -> NDArray[np.float64]:
    """1 for every row in which a column leaves its declared range, else 0.

    Parameters
    ----------
    equation
        A public equation of the plant.
    table
        Its inputs, one column each; shape (rows, columns).
    """
    far = np.zeros(len(table))
    for name, (low, high) in declared(equation).items():
        values = table[name].to_numpy(float)
        far = np.maximum(far, (values < low) | (values > high))
    return far


def flagged(equation: Callable[..., Any], table: pd.DataFrame) -> pd.DataFrame:
    """``outside`` as a column; none where the equation declares no range."""
    if not declared(equation):
        return pd.DataFrame(index=table.index)
    return pd.DataFrame({COLUMN: outside(equation, table)}, index=table.index)


def sentences(equation: Callable[..., Any], table: pd.DataFrame) -> list[str]:
    """What leaves its declared range, one sentence per column."""
    said = []
    for name, (low, high) in declared(equation).items():
        values = table[name].to_numpy(float)
        count = int(((values < low) | (values > high)).sum())
        if count:
            said.append(
                f"{name} is outside its range, {low:g} to {high:g} {unit(name)}, in "
                f"{count} of {len(table)} rows: what is fitted is held there."
            )
    return said
