r"""Lithium cell (NMC or LFP): open-circuit voltage, slow polarization, thermal node.

.. math::

    V = U(z - g(z)(x_1 + x_2)) - \frac{R_0(z)\, i}{1 - w^2}
        - \frac{4 k T}{e}(1 - t_+)\,\mathrm{artanh}\,w
        - \frac{2 k T}{e}\,\mathrm{arsinh}\frac{i}{i_0(T)}

with the current :math:`i` (positive on discharge) and four first-order lags: two for the
charge at the surface of the particles, which runs ahead of the mean state of charge
:math:`z` (:math:`x_j` settles to :math:`k_j i` with :math:`\tau_j`), and one for the
depletion of the electrolyte (:math:`w` settles to :math:`i / i_{lim}`). They are the two
RC elements of an equivalent circuit, put where the physics has them, so that a
steep end of :math:`U` gives a large overvoltage by itself. The exchange current goes with
:math:`\exp[-E (1/T - 1/298.15)]`; :math:`E` = 4000 K is 33 kJ/mol.

Heat is :math:`i\,(U(z) - V)`, without entropy: what is stored and not delivered. (PyBaMM
leaves out the heat of mixing, 40 % of it in a 1C discharge.) The lags and the thermal
node are exact for a constant current over the step.

Parameters are fitted to pulses and discharges; shipped are an NMC811 and an LFP cell
(``data/equipment/cells.json``). Valid for 10 to 40 degC ambient, up to 2C (NMC) and 1.5C
(LFP); beyond, the depletion is clamped, voltages outside the cell's window are flagged
(``outside``), and so is the air (``extrapolated``). Validated against PyBaMM DFN
(tests/validation/test_cell.py).

References
----------
Chen et al. (2020), doi:10.1149/1945-7111/ab9050 (cell, activation energy 35 kJ/mol of the
anode); Prada et al. (2013), doi:10.1149/2.053304jes (LFP); Newman and Thomas-Alyea,
Electrochemical Systems, 3rd ed., ch. 12 (diffusion potential, Butler-Volmer).
"""

from typing import Annotated, NamedTuple

import numpy as np

from plant._constants import CELSIUS_K, ROOM_K
from plant._curves import outside
from plant._kernel import kernel
from plant._select import select
from plant.cooling import loop
from plant.table import Table, lookup
from plant.types import Limits, NonNegative, Numeric, Positive, within

THERMAL_V_K = 8.617333e-5  # Boltzmann constant over elementary charge, CODATA 2018
AMBIENT_C: Limits = (10.0, 40.0)
AmbientC = Annotated[Numeric, within(AMBIENT_C)]
SECONDS_PER_HOUR = 3600.0
LARGEST_DEPLETION = 0.98  # of the electrolyte; beyond it the voltage would diverge


class Cell(NamedTuple):
    """Parameters of one cell."""

    capacity_ah: Positive  # nominal: the unit of the state of charge
    open_circuit: Table  # V over state of charge
    resistance: Table  # ohm over state of charge
    surface_scale: Table  # g, over state of charge
    surface_lag_1_a: tuple[float, float]  # k1, k2: state of charge per ampere
    surface_time_s: tuple[float, float]
    limiting_current_a: Positive  # at which the electrolyte is used up
    electrolyte_time_s: Positive
    exchange_current_a: Positive  # at 25 degC
    transference: NonNegative  # of the cation
    activation_k: NonNegative = 4000.0
    heat_capacity_j_k: Positive = 42.8
    conductance_w_k: Positive = 0.0531  # to the air
    voltage_minimum_v: Positive = 2.5
    voltage_maximum_v: Positive = 4.2


class CellState(NamedTuple):
    """What the cell remembers."""

    soc: Numeric
    surface_fast: Numeric  # x1
    surface_slow: Numeric  # x2
    depletion: Numeric  # w
    temperature_c: Numeric


class CellOutputs(NamedTuple):
    """At the end of a step."""

    voltage_v: Numeric
    heat_w: Numeric
    outside: Numeric  # 1 where the voltage left the window of the cell
    extrapolated: Numeric  # 1 where the air is outside what the cell was fitted for


@kernel
def at_rest(soc: Numeric, temperature_c: Numeric) -> CellState:
    """State of a cell that has been left alone."""
    zero = 0.0 * soc
    return CellState(soc, zero, zero, zero, temperature_c)


@kernel
def surface_voltage(cell: Cell, state: CellState) -> Numeric:
    """Open-circuit voltage at the charge of the particle surfaces [V]."""
    behind = state.surface_fast + state.surface_slow
    surface = state.soc - behind * lookup(cell.surface_scale, state.soc)
    return lookup(cell.open_circuit, surface)


@kernel
def overvoltage(cell: Cell, state: CellState, current_a: Numeric) -> Numeric:
    """Loss of voltage in resistance, electrolyte and charge transfer [V]."""
    kelvin = state.temperature_c + CELSIUS_K
    w = np.minimum(np.maximum(state.depletion, -LARGEST_DEPLETION), LARGEST_DEPLETION)
    ohmic = lookup(cell.resistance, state.soc) * current_a / (1.0 - w * w)
    diffusion = 2.0 * (1.0 - cell.transference) * np.log((1.0 + w) / (1.0 - w))
    warmth = np.exp(-cell.activation_k * (1.0 / kelvin - 1.0 / ROOM_K))
    y = current_a / (cell.exchange_current_a * warmth)
    size = np.abs(y)
    sign = select(y < 0.0, -1.0, 1.0)
    transfer = 2.0 * sign * np.log(size + np.sqrt(size * size + 1.0))
    total: Numeric = ohmic + THERMAL_V_K * kelvin * (diffusion + transfer)
    return total


@kernel
def voltage(cell: Cell, state: CellState, current_a: Numeric) -> Numeric:
    """Terminal voltage [V] at a current, positive on discharge [A]."""
    return surface_voltage(cell, state) - overvoltage(cell, state, current_a)


@kernel
def polarize(
    cell: Cell, state: CellState, current_a: Numeric, dt_s: Numeric
) -> CellState:
    """State after a constant current, at constant temperature."""
    k, tau = cell.surface_lag_1_a, cell.surface_time_s
    x, y, w = state.surface_fast, state.surface_slow, state.depletion
    limit = current_a / cell.limiting_current_a
    return CellState(
        state.soc - current_a * dt_s / (SECONDS_PER_HOUR * cell.capacity_ah),
        loop.settle(x, k[0] * current_a, 1.0, tau[0], dt_s),
        loop.settle(y, k[1] * current_a, 1.0, tau[1], dt_s),
        loop.settle(w, limit, 1.0, cell.electrolyte_time_s, dt_s),
        state.temperature_c,
    )


@kernel
def warmed(
    cell: Cell,
    temperature_c: Numeric,
    heat_w: Numeric,
    ambient_c: Numeric,
    dt_s: Numeric,
) -> Numeric:
    """Temperature after a step of constant heat [degC]."""
    steady_c = ambient_c + heat_w / cell.conductance_w_k
    return loop.settle(
        temperature_c, steady_c, cell.conductance_w_k, cell.heat_capacity_j_k, dt_s
    )


@kernel
def step(
    cell: Cell, state: CellState, current_a: Numeric, ambient_c: AmbientC, dt_s: Numeric
) -> tuple[CellState, CellOutputs]:
    """Draw a constant current for one step.

    Parameters
    ----------
    cell
        Parameters.
    state
        At the beginning.
    current_a
        Positive discharges. [A]
    ambient_c
        Air around the cell. [degC]
    dt_s
        Step. [s]
    """
    after = polarize(cell, state, current_a, dt_s)
    terminal = voltage(cell, after, current_a)
    middle = 0.5 * (state.soc + after.soc)
    heat = current_a * (lookup(cell.open_circuit, middle) - terminal)
    after = CellState(
        after.soc,
        after.surface_fast,
        after.surface_slow,
        after.depletion,
        warmed(cell, state.temperature_c, heat, ambient_c, dt_s),
    )
    low = select(terminal < cell.voltage_minimum_v, 1.0, 0.0)
    high = select(terminal > cell.voltage_maximum_v, 1.0, 0.0)
    far = outside(ambient_c, AMBIENT_C)
    return after, CellOutputs(terminal, heat, np.maximum(low, high), far)
