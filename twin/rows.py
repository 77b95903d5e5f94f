"""Signals as NamedTuples from rows of arrays, in Python and compiled alike.

Compiled code cannot unpack an array into a NamedTuple, so the number of fields is fixed
here once, from the NamedTuple itself: a new signal needs no change.
"""

from typing import Any

import numpy as np
from numba.extending import overload
from numba.np.unsafe import ndarray as unsafe
from numpy.typing import NDArray

from twin.signals import Inputs, Outputs, Setpoints, State

Row = NDArray[np.float64]
to_fixed_tuple: Any = unsafe.to_fixed_tuple  # an intrinsic: typed otherwise


def as_inputs(row: Row) -> Inputs:
    """Inputs from a row of shape (inputs,)."""
    return Inputs(*row)


def as_state(row: Row) -> State:
    """State from a row of shape (states,)."""
    return State(*row)


def as_setpoints(row: Row) -> Setpoints:
    """Setpoints from a row of shape (setpoints,)."""
    return Setpoints(*row)


def as_outputs(row: Row) -> Outputs:
    """Outputs from a row of shape (outputs,)."""
    return Outputs(*row)


@overload(as_inputs)
def _as_inputs(row: Any) -> Any:
    count = len(Inputs._fields)

    def build(row: Any) -> Any:
        return Inputs(*to_fixed_tuple(row, count))

    return build


@overload(as_state)
def _as_state(row: Any) -> Any:
    count = len(State._fields)

    def build(row: Any) -> Any:
        return State(*to_fixed_tuple(row, count))

    return build


@overload(as_setpoints)
def _as_setpoints(row: Any) -> Any:
    count = len(Setpoints._fields)

    def build(row: Any) -> Any:
        return Setpoints(*to_fixed_tuple(row, count))

    return build


@overload(as_outputs)
def _as_outputs(row: Any) -> Any:
    count = len(Outputs._fields)

    def build(row: Any) -> Any:
        return Outputs(*to_fixed_tuple(row, count))

    return build
