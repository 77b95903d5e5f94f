"""What every equation in plant/ obeys, written once.

A new component is one ``Row`` in one of the ``TABLES``:
the equation, its nameplate, where to draw every argument, in which of them the watched
output rises (+1) or falls (-1), what it gives at rest, and what tells its range.
"""

import inspect

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts import (
    basics,
    cooling,
    it_and_power,
    parts,
    power_parts,
    properties,
)
from tests.contracts.row import Row
from twin import bench_ranges

TABLES = (properties, basics, cooling, parts, it_and_power, power_parts)
ROWS: dict[str, Row] = {
    name: row for table in TABLES for name, row in table.ROWS.items()
}
EXAMPLES = 12
SHAPE = (5, 7)
SWEEP = 25


@pytest.fixture(scope="module", params=ROWS.values(), ids=ROWS.keys())
def row(request):
    return request.param


def evaluate(row, *x):
    return row.equation(*(() if row.params is None else (row.params,)), *x)


def watched(row, *x):
    outputs = evaluate(row, *x)
    return getattr(outputs, row.watch) if row.watch else outputs


def columns(outputs):
    """All outputs in one array, the last axis over the fields."""
    fields = outputs if isinstance(outputs, tuple) else (outputs,)
    return np.stack(np.broadcast_arrays(*fields), axis=-1)


def points(row):
    rng = np.random.default_rng(0)
    return [rng.uniform(low, high, size=SHAPE) for low, high in row.ranges]


def test_array_equals_scalars(row):
    x = points(row)
    together = columns(evaluate(row, *x))
    assert together.shape[:2] == SHAPE
    each = zip(*(a.flat for a in x), strict=True)
    one_by_one = np.array([columns(evaluate(row, *map(float, v))) for v in each])
    np.testing.assert_allclose(
        together.reshape(one_by_one.shape), one_by_one, rtol=1e-9, atol=1e-9
    )


def test_compiled_equals_plain(row):
    equation, params = row.equation, row.params
    bare = numba.njit(lambda *v: equation(*v))
    full = numba.njit(lambda p, *v: equation(p, *v))
    for v in zip(*(a.flat[:6] for a in points(row)), strict=True):
        scalars = [float(value) for value in v]
        compiled = bare(*scalars) if params is None else full(params, *scalars)
        plain = columns(evaluate(row, *scalars))
        np.testing.assert_allclose(columns(compiled), plain, rtol=1e-9, atol=1e-9)


def test_finite_up_to_the_ends_of_the_range(row):
    assert np.isfinite(columns(evaluate(row, *points(row)))).all()
    corners = np.meshgrid(*row.ranges)
    assert np.isfinite(columns(evaluate(row, *map(np.asarray, corners)))).all()


def test_monotone_where_declared(row):
    x = [a[..., None] for a in points(row)]
    for argument, direction in row.rising.items():
        sweep = list(x)
        sweep[argument] = np.linspace(*row.ranges[argument], SWEEP)
        y = watched(row, *(np.asarray(a, dtype=float) for a in sweep))
        slack = 1e-6 * np.abs(y).max()
        assert (direction * np.diff(y) >= -slack).all(), f"argument {argument}"


def test_at_rest(row):
    if row.at_rest is None:
        return
    arguments, idle = row.at_rest
    assert float(watched(row, *arguments)) == pytest.approx(idle, rel=1e-12, abs=1e-9)


def middle_of(row):
    return [0.5 * (low + high) for low, high in row.ranges]


def test_flag_is_raised_beyond_and_not_in_the_middle(row):
    """Finite far outside the range, and the flag says so; 0 in the middle."""
    for arguments, flag in row.flagged():
        outputs = evaluate(row, *arguments)
        assert np.isfinite(columns(outputs)).all()
        assert float(getattr(outputs, flag) if flag else outputs) == 1.0
    if row.beyond is not None:
        flag = row.beyond[1]
        inside = evaluate(row, *middle_of(row))
        assert float(getattr(inside, flag) if flag else inside) == 0.0


def test_something_tells_the_range(row):
    """Declared at an argument, a point beyond, the predicate's row, or why there is none."""
    ways = (row.flagged(), row.told_by, row.free, bench_ranges.declared(row.equation))
    assert any(ways)
    assert not (row.free and any(ways[:2] + ways[3:])), "it has an end after all"
    if row.told_by:
        assert ROWS[row.told_by].flagged() or bench_ranges.declared(
            ROWS[row.told_by].equation
        )


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
@given(inside=st.floats(0.0, 1.0), far=st.floats(1e-3, 1e3), side=st.booleans())
def test_clamped_and_flagged_outside(row, inside, far, side):
    """Every declared range, beyond both ends, wherever the other arguments are.

    Outputs with a flag raise it; a bare number is that at the end of the range.
    """
    names = signature(row)
    for name, limits in bench_ranges.declared(row.equation).items():
        x = [low + inside * (high - low) for low, high in row.ranges]
        at = names.index(name)
        end = limits[1] if side else limits[0]
        x[at] = end + (1.0 if side else -1.0) * far * (limits[1] - limits[0])
        outputs = evaluate(row, *x)
        assert np.isfinite(columns(outputs)).all(), f"{name} at {x[at]}"
        table = pd.DataFrame([x], columns=names)
        assert bench_ranges.outside(row.equation, table) == 1.0, name
        if hasattr(outputs, "extrapolated"):
            assert float(outputs.extrapolated) == 1.0, f"{name} at {x[at]}"
        else:
            x[at] = end
            held = columns(evaluate(row, *x))
            np.testing.assert_allclose(columns(outputs), held, rtol=1e-9, err_msg=name)


def signature(row):
    """Names of the arguments that the ranges are for."""
    names = list(inspect.signature(row.equation).parameters)
    return names if row.params is None else names[1:]


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
@given(shares=st.lists(st.floats(0.0, 1.0), min_size=9, max_size=9))
def test_finite_and_unflagged_inside(row, shares):
    """Anywhere in the ranges; what is declared is not flagged there."""
    x = [
        low + s * (high - low)
        for s, (low, high) in zip(shares, row.ranges, strict=False)
    ]
    assert np.isfinite(columns(evaluate(row, *x))).all()


def test_finite_far_outside(row):
    """One argument after the other at 0, below zero and far beyond its range."""
    middle = middle_of(row)
    for argument, (low, high) in enumerate(row.ranges):
        for value in (0.0, low - high, low - 10 * (high - low), 1e9, -1e9):
            x = [*middle]
            x[argument] = value
            outputs = columns(evaluate(row, *map(float, x)))
            assert np.isfinite(outputs).all(), f"argument {argument} at {value}"


def test_energy_balances(row):
    if row.balance is None:
        return
    x = points(row)
    left_w, size_w = row.balance(x, evaluate(row, *x))
    np.testing.assert_allclose(left_w, 0.0, atol=1e-9 * np.abs(size_w).max())


ENERGY = {"heat_w", "loss_w", "input_w", "heat_stored_w", "unserved_w"}
# what they give has no second side: the loss is all, or the heat is that of no balance
ALONE = {"ups", "ups on mains", "cell"}


def test_every_equation_with_energies_has_a_balance():
    """Whoever gives a heat or a loss must say what it balances against."""
    balanced = {row.equation for row in ROWS.values() if row.balance is not None}
    missing = {
        name
        for name, row in ROWS.items()
        if ENERGY & set(getattr(evaluate(row, *middle_of(row)), "_fields", ()))
        and row.equation not in balanced
    }
    assert missing == ALONE
