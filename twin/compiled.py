"""Compiled entry points of the facility, cached on disk under a hash of the sources.

numba's own cache watches only the file of the entry point, so it would return stale
results after an edit of a component. Here the cache folder is named after the content of
every source file of ``plant/`` and ``twin/`` (see docs/decisions/0002).
"""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from plant.types import Numeric
from twin.facility import SETTLED_S, facility_step
from twin.rows import as_inputs, as_setpoints, as_state
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.topology import Facility

P = ParamSpec("P")
R = TypeVar("R")
Matrix = NDArray[np.float64]
SETTLE_PASSES = 30


@cache
def source_digest(*further: Path) -> str:
    """Hash over every equation, and over further files."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(
        [*(root / "plant").rglob("*.py"), *(root / "twin").glob("*.py")]
    ):
        digest.update(path.read_bytes())
    for path in further:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder(further: tuple[Path, ...]) -> Path:
    """Folder for this exact version of the equations."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "wetbulb" / f"numba-{source_digest(*further)}"


def _compiled(function: Callable[P, R], *further: Path) -> Callable[P, R]:
    """Compile without the GIL, with the cache folder above.

    Parameters
    ----------
    function
        Entry point.
    *further
        Files outside ``plant/`` and ``twin/`` whose code it calls.
    """
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(_cache_folder(further))
    try:
        made: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy")(
            function
        )
    finally:
        settings.CACHE_DIR = before
    return made


def is_cached(entry: Any) -> bool:
    """Whether some compiled form of an entry point is on disk."""
    folder = Path(entry.stats.cache_path)
    return any(folder.glob(f"*.{entry.py_func.__name__}-*.nbi"))


@_compiled
def step(
    facility: Facility, state: State, inputs: Inputs, setpoints: Setpoints, dt_s: float
) -> tuple[State, Outputs]:
    """One compiled step over floats, see ``facility_step``."""
    return facility_step(facility, state, inputs, setpoints, dt_s)


@_compiled
def _run(
    facility: Facility,
    state: State,
    inputs: Any,
    setpoints: Setpoints,
    dt_s: float,
    out: Matrix,
) -> State:
    """Steps in a row at constant setpoints; inputs has shape (5, steps)."""
    for i in range(out.shape[0]):
        now = as_inputs(inputs[:, i])
        state, outputs = facility_step(facility, state, now, setpoints, dt_s)
        for j in range(out.shape[1]):
            out[i, j] = outputs[j]
    return state


@_compiled
def settle_many(
    facility: Facility,
    states: Matrix,
    inputs: Matrix,
    setpoints: Matrix,
    passes: int,
    out: Matrix,
) -> None:
    """Steady state of many cases; every matrix has shape (cases, fields)."""
    for i in range(out.shape[0]):
        state = as_state(states[i])
        now = as_inputs(inputs[i])
        chosen = as_setpoints(setpoints[i])
        for _ in range(passes):
            after, outputs = facility_step(facility, state, now, chosen, SETTLED_S)
            state = State(
                after.tower_supply_c,
                after.fws_supply_c,
                after.tcs_supply_c,
                after.air_supply_c,
                state.battery_soc,
                after.chillers_on,
                after.chiller_hold_s,
                after.tank_upper_c,
                after.tank_lower_c,
            )
        for j in range(out.shape[1]):
            out[i, j] = outputs[j]


def run(
    facility: Facility, state: State, inputs: Inputs, setpoints: Setpoints, dt_s: float
) -> tuple[State, Matrix]:
    """Steps in a row at constant setpoints.

    Parameters
    ----------
    facility
        Nameplates.
    state
        At the start, floats.
    inputs
        Arrays of shape (steps,).
    setpoints
        Floats.
    dt_s
        Step. [s]

    Returns
    -------
    State, ndarray
        State at the end; outputs of shape (steps, len(Outputs._fields)).
    """
    table = np.ascontiguousarray(np.broadcast_arrays(*inputs), dtype=float)
    out = np.empty((table.shape[1], len(Outputs._fields)))
    plain = Setpoints(*(float(value) for value in setpoints))
    return _run(facility, state, table, plain, float(dt_s), out), out


def _matrix(fields: tuple[Numeric, ...], cases: int) -> Matrix:
    """NamedTuple of floats or (cases,) arrays as a (cases, fields) matrix."""
    columns = [np.broadcast_to(np.asarray(f, dtype=float), (cases,)) for f in fields]
    return np.ascontiguousarray(np.stack(columns, axis=1))


def settle(
    facility: Facility,
    state: State,
    inputs: Inputs,
    setpoints: Setpoints,
    passes: int = SETTLE_PASSES,
) -> Matrix:
    """Steady state of many cases at once, from a first guess of the state.

    Parameters
    ----------
    facility
        Nameplates.
    state, inputs, setpoints
        Floats or arrays of shape (cases,) that broadcast.
    passes
        Repetitions of a very long step. The battery's request is cut to nothing by such
        a step; the state of charge is held.

    Returns
    -------
    ndarray
        Outputs, shape (cases, len(Outputs._fields)).
    """
    sizes = [np.size(f) for group in (state, inputs, setpoints) for f in group]
    cases = max(sizes)
    out = np.empty((cases, len(Outputs._fields)))
    groups = [_matrix(tuple(g), cases) for g in (state, inputs, setpoints)]
    settle_many(facility, groups[0], groups[1], groups[2], passes, out)
    return out


def initial_state(
    facility: Facility,
    inputs: Inputs,
    setpoints: Setpoints,
    passes: int = SETTLE_PASSES,
) -> State:
    """State of a plant that has run at these conditions for long; battery full.

    The same passes as ``settle``, over ``step``, which every run compiles anyway.
    """
    chosen = Setpoints(*(float(value) for value in setpoints))
    now = Inputs(*(float(value) for value in inputs))
    full = float(facility.power.battery.soc_maximum)
    tower_c = chosen.tower_supply_c
    state = State(
        tower_c,
        tower_c + 3.0,
        chosen.tcs_supply_c,
        chosen.air_supply_c,
        full,
        0.0,
        SETTLED_S,
        tower_c,
        tower_c,
    )
    for _ in range(passes):
        state, _ = step(facility, state, now, chosen, SETTLED_S)
        state = state._replace(battery_soc=full)
    return state._replace(chiller_hold_s=SETTLED_S)
