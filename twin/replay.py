"""The twin driven by recorded inputs and setpoints, beside what the plant did."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.closed_loop import one_scan
from twin.compiled import Matrix, _compiled, initial_state
from twin.history import History
from twin.rows import as_setpoints
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.topology import Facility

Array = NDArray[np.float64]
DEMAND = Inputs._fields.index("it_demand_w")
IT_POWER = Outputs._fields.index("it_power_w")
STEP_S = 60.0  # of the physics between two readings, at most
WEATHER_S = 1800.0  # over which outdoor readings are averaged
BURN_IN_S = 3600.0  # until what the twin remembers is its own
STORED = ("battery_soc", "tank_upper_c", "tank_lower_c")  # begin as they were read
THREADS = 2


class Block(NamedTuple):
    """A stretch without a gap."""

    history: History
    burn_in: int  # rows at the start that only warm the twin up


def blocks(history: History, length_s: float) -> list[Block]:
    """Cut a history into stretches of at most a length, none across a gap.

    Parameters
    ----------
    history
        Readings.
    length_s
        Of a stretch. What is shorter than three times the burn-in is left out. [s]
    """
    rows = max(round(length_s / history.scan_s), 1)
    burn_in = max(round(BURN_IN_S / history.scan_s), 1)
    jumps = np.flatnonzero(np.diff(history.time_s) > 1.5 * history.scan_s) + 1
    edges = [0, *jumps.tolist(), len(history.time_s)]
    found = []
    for low, high in pairwise(edges):
        for start in range(low, high, rows):
            piece = history.part(slice(start, min(start + rows, high)))
            if len(piece.time_s) >= 3 * burn_in:
                found.append(Block(piece, burn_in))
    return found


@_compiled
def _replay(
    facility: Facility,
    state: State,
    inputs: Matrix,
    setpoints: Matrix,
    dt_s: float,
    rows: Matrix,
) -> State:
    """Scans with the setpoints of each; inputs has shape (inputs, scans x steps)."""
    each = inputs.shape[1] // rows.shape[0]
    for k in range(rows.shape[0]):
        active = as_setpoints(setpoints[k])
        part = inputs[:, k * each : (k + 1) * each]
        state = one_scan(facility, state, part, active, dt_s, rows[k])
    return state


def replay(facility: Facility, block: Block) -> Array:
    """Outputs of the twin over a stretch, shape (rows, outputs)."""
    history = block.history
    steps = max(round(history.scan_s / STEP_S), 1)
    dt_s = history.scan_s / steps
    middle = (np.arange(len(history.time_s) * steps) + 0.5) * dt_s
    ends = (np.arange(len(history.time_s)) + 1.0) * history.scan_s
    weather = [smooth(column, history.scan_s) for column in history.inputs.T]
    series = np.stack([np.interp(middle, ends, column) for column in weather])
    series[DEMAND] = np.repeat(history.inputs[:, DEMAND], steps)
    first = Setpoints(*map(float, history.setpoints[0]))
    state = initial_state(facility, Inputs(*map(float, series[:, 0])), first)
    stored = {name: history.outputs[0, Outputs._fields.index(name)] for name in STORED}
    known = {name: float(v) for name, v in stored.items() if np.isfinite(v)}
    state = state._replace(**known)
    rows = np.empty((len(ends), len(Outputs._fields)))
    _replay(
        facility,
        state,
        np.ascontiguousarray(series),
        np.ascontiguousarray(history.setpoints),
        float(dt_s),
        rows,
    )
    return rows


def smooth(readings: Array, scan_s: float) -> Array:
    """Centred mean over ``WEATHER_S``: the air changes slowly, its sensors scatter.

    Without it the scatter of a wet-bulb sensor is a bias of everything that is curved in
    the wet bulb, as fan power is.
    """
    half = min(round(WEATHER_S / scan_s / 2.0), (len(readings) - 1) // 2)
    window = 2 * half + 1
    padded = np.pad(readings, half, mode="reflect", reflect_type="odd")
    return np.convolve(padded, np.full(window, 1.0 / window), mode="valid")


def metered(facility: Facility, parts: Sequence[Block]) -> list[Block]:
    """Stretches whose demand gives the metered mean IT power of each scan.

    The recorded demand is what was asked for at one instant; a meter tells the mean, so
    the twin is driven by it wherever it was read. What the racks take beyond the demand
    (leakage with the coolant's temperature) is divided out once, at the given nameplates:
    it differs by less than a thousandth between those and the fitted ones.
    """
    found = []
    for part in parts:
        history = part.history
        meter_w = history.outputs[:, IT_POWER]
        known = np.isfinite(meter_w)
        inputs = history.inputs.copy()
        inputs[known, DEMAND] = meter_w[known]
        trial = part._replace(history=history._replace(inputs=inputs))
        share = replay(facility, trial)[:, IT_POWER] / inputs[:, DEMAND]
        inputs = inputs.copy()
        inputs[known, DEMAND] = (meter_w / share)[known]
        found.append(part._replace(history=history._replace(inputs=inputs)))
    return found


def replay_all(
    facilities: Sequence[Facility], parts: Sequence[Block]
) -> list[list[Array]]:
    """Every stretch for every site variant, on threads; [facility][block]."""
    jobs = [(facility, part) for facility in facilities for part in parts]
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda job: replay(*job), jobs))
    count = len(parts)
    return [made[k * count : (k + 1) * count] for k in range(len(facilities))]
