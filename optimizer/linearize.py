"""Coefficients of the plan, sampled from the plant around a base plan.

For each step of the horizon every lever is moved alone over a few values around its base
value, and the steady state of the twin is evaluated for each: what the site draws then,
and how warm the limited temperatures get. Nothing is typed here that the plant knows.
The loops of a site settle within minutes, so a steady state per quarter hour is exact
enough; what moving several levers at once adds is caught by sampling again around the
new plan and by accepting a plan only if the twin confirms it (``optimizer.mpc``).

Temperatures are sampled twice: at the forecast, and for the first steps at a *stress*,
the load that might come before the next decision. IT load jumps within seconds, water
does not.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.compiled import settle
from twin.config import GuardLimits, TemperatureLimits
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.topology import Facility

Array = NDArray[np.float64]

LEVERS = (
    "tower_supply_c",
    "tower_cells_on",
    "tower_pump_speed",
    "fws_pressure_pa",
    "tcs_supply_c",
    "tcs_pressure_pa",
    "chilled_water_c",
    "air_supply_c",
)
CELLS = LEVERS.index("tower_cells_on")
LIMITED = TemperatureLimits._fields
POINTS = 5  # values per lever
PASSES = 6  # repetitions to the steady state from the base's own
FAR_PASSES = 24  # likewise from anywhere
STRESS_STEPS = 2  # steps that must bear a jump of the load

_SITE = Outputs._fields.index("site_power_w")
_LIMITED = [Outputs._fields.index(name) for name in LIMITED]


class Response(NamedTuple):
    """Steady state of a plan: arrays of shape (time,) and (time, limits)."""

    site_w: Array
    limited_c: Array
    state: State  # settled, arrays of shape (time,)


class Samples(NamedTuple):
    """Sampled deviations from the base plan; lever axis as ``LEVERS``."""

    values: Array  # (time, lever, point), in the unit of the signal
    site_w: Array  # (time, lever, point), deviation of the site's power
    limited_k: Array  # (time, lever, point, limit), deviation of temperatures
    stressed_w: Array  # (stress step, lever, point), site power under stress, likewise
    stressed_k: Array  # (stress step, lever, point, limit), temperatures under stress
    base: Response  # in double conversion, battery idle
    stressed: Response  # (stress step,)
    eco_saving_w: Array  # (time,), what ECO mode saves at the base


def respond(
    facility: Facility,
    state: State,
    inputs: Inputs,
    setpoints: Setpoints,
    passes: int = FAR_PASSES,
) -> Response:
    """Steady state of a plan.

    Parameters
    ----------
    facility
        Nameplates.
    state
        First guess, floats or arrays of shape (time,).
    inputs, setpoints
        Arrays of shape (time,) that broadcast.
    passes
        Repetitions; few are enough from a close guess.
    """
    out = settle(facility, state, inputs, setpoints, passes)
    cases = len(out)
    fields = [
        out[:, Outputs._fields.index(name)]
        if name in Outputs._fields
        else np.broadcast_to(value, (cases,))
        for name, value in state._asdict().items()
    ]
    return Response(out[:, _SITE], out[:, _LIMITED], State(*fields))


def grid(
    base: Setpoints,
    radius: Array,
    windows: tuple[Array, Array],
) -> Array:
    """Values to sample, shape (time, lever, point), inside the reachable windows.

    Parameters
    ----------
    base
        Plan to sample around, arrays of shape (time,).
    radius
        Half width per lever, shape (lever,).
    windows
        Lowest and highest reachable value, each of shape (time, lever).
    """
    centre = np.stack([getattr(base, name) for name in LEVERS], axis=1)
    offsets = np.linspace(-1.0, 1.0, POINTS)
    values = centre[:, :, None] + radius[None, :, None] * offsets
    values[:, CELLS] = np.round(values[:, CELLS])
    low, high = windows
    return np.asarray(np.clip(values, low[:, :, None], high[:, :, None]))


def reachable(
    limits: GuardLimits, active: Setpoints, time_s: Array
) -> tuple[Array, Array]:
    """What the guard lets each lever reach by each time.

    Parameters
    ----------
    limits
        Of the site's guard.
    active
        In force now, floats.
    time_s
        Since now, at the end of the ramp, shape (time,).

    Returns
    -------
    low, high : ndarray
        Each of shape (time, lever).
    """
    low, high = [], []
    for name in LEVERS:
        entry = getattr(limits, name)
        now = float(getattr(active, name))
        travel = entry.rate_per_minute * time_s / 60.0
        if entry.whole_number:
            travel = np.floor(travel + 1e-9)
        low.append(np.maximum(entry.minimum, np.minimum(now, entry.maximum) - travel))
        high.append(np.minimum(entry.maximum, np.maximum(now, entry.minimum) + travel))
    return np.stack(low, axis=1), np.stack(high, axis=1)


def sample(
    facility: Facility,
    guess: Response,
    stressed: Response,
    inputs: tuple[Inputs, Inputs],
    base: Setpoints,
    values: Array,
) -> Samples:
    """Evaluate the twin at the base plan and with each lever moved alone.

    Parameters
    ----------
    facility
        Nameplates.
    guess, stressed
        Settled base plan at the forecast, shape (time,), and under stress.
    inputs
        Forecast of shape (time,), and stress of shape (stress step,).
    base
        Plan, arrays of shape (time,); its ECO mode is sampled both ways.
    values
        From ``grid``, shape (time, lever, point).
    """
    steps, levers, points = values.shape
    table = _cases(base, values)
    found = _respond_cases(facility, guess.state, inputs[0], table)
    hard = _respond_cases(facility, stressed.state, inputs[1], table[:STRESS_STEPS])
    shape = (steps, levers, points)
    site = found.site_w.reshape(steps, -1)
    jump = hard.site_w.reshape(STRESS_STEPS, -1)
    limited, under = (
        (warm[:, 2:] - warm[:, :1]).reshape(-1, levers, points, len(LIMITED))
        for warm in (
            found.limited_c.reshape(steps, -1, len(LIMITED)),
            hard.limited_c.reshape(STRESS_STEPS, -1, len(LIMITED)),
        )
    )
    return Samples(
        values=values,
        site_w=(site[:, 2:] - site[:, :1]).reshape(shape),
        limited_k=limited,
        stressed_w=(jump[:, 2:] - jump[:, :1]).reshape(STRESS_STEPS, levers, points),
        stressed_k=under,
        base=guess._replace(site_w=site[:, 0]),
        stressed=stressed,
        eco_saving_w=site[:, 0] - site[:, 1],
    )


def _cases(base: Setpoints, values: Array) -> Array:
    """Setpoints of all cases, shape (time, case, setpoint): two bases, then samples."""
    steps, levers, points = values.shape
    table = np.stack([np.broadcast_to(f, (steps,)) for f in base], axis=1)
    table = np.repeat(table[:, None, :], 2 + levers * points, axis=1)
    eco = Setpoints._fields.index("ups_eco")
    table[:, :, eco] = 0.0
    table[:, 1, eco] = 1.0
    for number, name in enumerate(LEVERS):
        first = 2 + number * points
        column = Setpoints._fields.index(name)
        table[:, first : first + points, column] = values[:, number]
    return np.asarray(table)


def _respond_cases(
    facility: Facility, state: State, inputs: Inputs, table: Array
) -> Response:
    """Steady state of every case of every step, flattened."""
    cases = table.shape[1]
    setpoints = Setpoints(*table.reshape(-1, table.shape[2]).T)
    repeated = Inputs(*(np.repeat(f, cases) for f in inputs))
    guess = State(*(np.repeat(f, cases) for f in state))
    return respond(facility, guess, repeated, setpoints, PASSES)
