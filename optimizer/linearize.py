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

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import Weights, beside_energy
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
    "air_units_on",
    "ups_modules_on",
    "it_power_cap_w",
)
UNITS = ("tower_cells_on", "air_units_on", "ups_modules_on")  # whole numbers
WHOLE = tuple(LEVERS.index(name) for name in UNITS)
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
    beside_usd_s: Array  # (time,), water, failures and compute
    state: State  # settled, arrays of shape (time,)


class Samples(NamedTuple):
    """Sampled deviations from the base plan; lever axis as ``LEVERS``."""

    values: Array  # (time, lever, point), in the unit of the signal
    site_w: Array  # (time, lever, point), deviation of the site's power
    limited_k: Array  # (time, lever, point, limit), deviation of temperatures
    beside_usd_s: Array  # (time, lever, point), deviation of what is not energy
    stressed_w: Array  # (stress step, lever, point), site power under stress, likewise
    stressed_usd_s: Array  # (stress step, lever, point), what is not energy, likewise
    stressed_k: Array  # (stress step, lever, point, limit), temperatures under stress
    base: Response  # site_w in double conversion, battery idle
    stressed: Response  # (stress step,)
    eco_saving_w: Array  # (time,), what ECO mode saves at the base


def respond(
    facility: Facility,
    weights: Weights,
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
    weights
        Prices of what is not energy.
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
    found = Outputs(*out.T)
    beside = beside_energy(facility, weights, inputs, found, setpoints)
    return Response(
        out[:, _SITE], out[:, _LIMITED], sum(beside, np.zeros(cases)), State(*fields)
    )


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
    low, high = windows
    values = np.clip(values, low[:, :, None], high[:, :, None])
    values[:, WHOLE] = np.round(values[:, WHOLE])
    return np.asarray(values)


def reachable(
    limits: GuardLimits,
    active: Setpoints,
    time_s: Array,
    held_s: Mapping[str, float] | None = None,
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
    held_s
        By lever: how long from now the guard will not let it move. [s]

    Returns
    -------
    low, high : ndarray
        Each of shape (time, lever).
    """
    low, high = [], []
    for name in LEVERS:
        entry = getattr(limits, name)
        now = float(getattr(active, name))
        free_s = time_s - (held_s or {}).get(name, 0.0)
        travel = entry.rate_per_minute * np.maximum(free_s, 0.0) / 60.0
        if entry.whole_number:
            travel = np.floor(travel + 1e-9)
        low.append(np.maximum(entry.minimum, np.minimum(now, entry.maximum) - travel))
        high.append(np.minimum(entry.maximum, np.maximum(now, entry.minimum) + travel))
    return np.stack(low, axis=1), np.stack(high, axis=1)


def sample(
    facility: Facility,
    weights: Weights,
    guess: Response,
    stressed: Response,
    inputs: tuple[Inputs, Inputs],
    base: Setpoints,
    values: Array,
) -> Samples:
    """Evaluate the twin at the base plan and with each lever moved alone.

    Parameters
    ----------
    facility, weights
        Nameplates, and prices of what is not energy.
    guess, stressed
        Settled base plan at the forecast, shape (time,), and under stress.
    inputs
        Forecast of shape (time,), and stress of shape (stress step,).
    base
        Plan, arrays of shape (time,). Its ECO mode is sampled both ways; levers move
        in the mode of the plan.
    values
        From ``grid``, shape (time, lever, point).
    """
    steps, levers, points = values.shape
    table = _cases(base, values)
    found = _respond_cases(facility, weights, guess.state, inputs[0], table)
    hard = _respond_cases(
        facility, weights, stressed.state, inputs[1], table[:STRESS_STEPS]
    )
    mode = np.round(np.broadcast_to(base.ups_eco, (steps,))).astype(int)

    def moved(values: Array) -> Array:
        """Deviation of every case from the base in the plan's mode."""
        cases = values.reshape(-1, table.shape[1], *values.shape[1:])
        still = cases[np.arange(len(cases)), mode[: len(cases)]]
        shape = (len(cases), levers, points, *values.shape[1:])
        return np.asarray((cases[:, 2:] - still[:, None]).reshape(shape))

    site = found.site_w.reshape(steps, -1)
    return Samples(
        values=values,
        site_w=moved(found.site_w),
        limited_k=moved(found.limited_c),
        beside_usd_s=moved(found.beside_usd_s),
        stressed_w=moved(hard.site_w),
        stressed_usd_s=moved(hard.beside_usd_s),
        stressed_k=moved(hard.limited_c),
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
    table[:, 0, eco] = 0.0
    table[:, 1, eco] = 1.0
    for number, name in enumerate(LEVERS):
        first = 2 + number * points
        column = Setpoints._fields.index(name)
        table[:, first : first + points, column] = values[:, number]
    return np.asarray(table)


def _respond_cases(
    facility: Facility, weights: Weights, state: State, inputs: Inputs, table: Array
) -> Response:
    """Steady state of every case of every step, flattened."""
    cases = table.shape[1]
    setpoints = Setpoints(*table.reshape(-1, table.shape[2]).T)
    repeated = Inputs(*(np.repeat(f, cases) for f in inputs))
    guess = State(*(np.repeat(f, cases) for f in state))
    return respond(facility, weights, guess, repeated, setpoints, PASSES)
