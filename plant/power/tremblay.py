r"""Lithium pack after Tremblay and Dessaint: voltage from three points of a data sheet.

.. math::

    V = n_s \left[E_0 - K\,\frac{Q}{Q - q} + A\,e^{-B q} - R\, i\right], \qquad
    A = V_{full} - V_{exp}, \quad B = 3 / Q_{exp},

.. math::

    K = \left[V_{full} - V_{nom} + A\,(e^{-B Q_{nom}} - 1)\right]
        \frac{Q - Q_{nom}}{Q_{nom}}, \qquad E_0 = V_{full} + K + R\, i_{ref} - A

per cell, with the charge :math:`q` removed and the current :math:`i` of one string,
positive on discharge. The pack is one thermal node: :math:`R i^2` warms it, the air cools
it, and the step is exact for a constant current. A request for power is turned into a
current at the voltage of the end of the step by a fixed number of Newton steps.

Valid from 10 to 95 % of charge and up to 1C; a request beyond the window of charge is cut
to it and flagged (``limited``), a faster one is flagged (``extrapolated``). Validated
against EnergyPlus LiIonNMCBattery (tests/validation/test_battery.py). It has no slow
polarization: see ``plant.power.cell`` for one that follows measured pulses.

References
----------
Tremblay and Dessaint (2009), "Experimental validation of a battery dynamic model for EV
applications", World Electric Vehicle Journal 3(2). NREL SAM lead-acid and lithium models,
NREL/TP-6A20-64641 (the form with three points).
"""

from typing import NamedTuple

import numpy as np

from plant._curves import outside
from plant._kernel import kernel
from plant._select import select
from plant.cooling import loop
from plant.types import Fraction, Numeric, Positive

C_RATE = (-1.0, 1.0)  # 1/h
NEWTON_STEPS = 6  # from the voltage at rest it converges quadratically
SECONDS_PER_HOUR = 3600.0
MISSED_W = 1.0  # less of the request than this counts as delivered
TINY = 1e-15  # stands for zero in denominators
LEAST_AH = 1e-6  # of a cell: keeps the hyperbola finite when it is empty


class Pack(NamedTuple):
    """Nameplate: one cell from its data sheet, and how many of them."""

    cells_in_series: Positive
    strings: Positive
    capacity_ah: Positive  # of a cell
    full_v: Positive  # of a cell, as all voltages
    exponential_v: Positive  # at the end of the exponential zone
    nominal_v: Positive  # at the end of the nominal zone
    exponential_removed: Fraction  # share of the charge removed at that point
    nominal_removed: Fraction
    resistance_ohm: Positive  # of a cell
    curve_rate_1_h: Positive  # C-rate at which the curve was taken
    heat_capacity_j_k: Positive  # of the pack
    conductance_w_k: Positive  # to the air
    soc_minimum: Fraction = 0.1
    soc_maximum: Fraction = 0.95


class PackState(NamedTuple):
    """What the pack remembers."""

    soc: Numeric
    temperature_c: Numeric


class PackOutputs(NamedTuple):
    """Over one step; positive discharges."""

    voltage_v: Numeric
    current_a: Numeric
    power_w: Numeric
    heat_w: Numeric  # made in the cells
    heat_to_air_w: Numeric  # mean over the step
    mean_temperature_c: Numeric
    limited: Numeric  # 1 where the window of charge cut the request
    extrapolated: Numeric  # 1 beyond 1C


@kernel
def _charge_per_ampere(pack: Pack, dt_s: Numeric) -> Numeric:
    """State of charge that an ampere moves in a step [1/A]."""
    span_s = np.maximum(dt_s, 0.0)
    return span_s / (SECONDS_PER_HOUR * pack.capacity_ah * pack.strings)


@kernel
def _resistance(pack: Pack) -> float:
    """Of the whole pack [ohm]."""
    return pack.resistance_ohm * pack.cells_in_series / pack.strings


@kernel
def voltage(pack: Pack, soc: Numeric, current_a: Numeric) -> Numeric:
    """Terminal voltage.

    Parameters
    ----------
    pack
        Nameplate.
    soc
        State of charge, 0 to 1.
    current_a
        Of the pack, positive discharges. [A]

    Returns
    -------
    Numeric
        [V]
    """
    q_full = pack.capacity_ah
    q_nominal = pack.nominal_removed * q_full
    a = pack.full_v - pack.exponential_v
    b = 3.0 / (pack.exponential_removed * q_full)
    drop = pack.full_v - pack.nominal_v + a * (np.exp(-b * q_nominal) - 1.0)
    k = drop * (q_full - q_nominal) / q_nominal
    reference_a = pack.curve_rate_1_h * q_full
    rest = pack.full_v + k + pack.resistance_ohm * reference_a - a
    left = np.minimum(np.maximum(soc * q_full, LEAST_AH), q_full)
    removed = q_full - left
    cell = rest - k * q_full / left + a * np.exp(-b * removed)
    cell = cell - pack.resistance_ohm * current_a / pack.strings
    terminal: Numeric = cell * pack.cells_in_series
    return terminal


@kernel
def current_for_power(
    pack: Pack, soc: Numeric, power_w: Numeric, dt_s: Numeric
) -> Numeric:
    """Current that delivers a power at the voltage of the end of the step [A].

    Parameters
    ----------
    pack
        Nameplate.
    soc
        State of charge at the beginning.
    power_w
        Positive discharges; cut to what the window of charge allows. [W]
    dt_s
        Step. [s]
    """
    per_a = _charge_per_ampere(pack, dt_s)
    above = np.maximum(soc - pack.soc_minimum, 0.0) / np.maximum(per_a, TINY)
    below = np.maximum(pack.soc_maximum - soc, 0.0) / np.maximum(per_a, TINY)
    series_ohm = _resistance(pack)
    current = power_w / voltage(pack, soc, 0.0)
    for _ in range(NEWTON_STEPS):
        current = np.minimum(np.maximum(current, -below), above)
        v = voltage(pack, soc - current * per_a, current)
        # dP/di with the resistive part only; the curve itself hardly bends in a step
        slope = np.maximum(v - current * series_ohm, 0.1 * v)
        current = current - (current * v - power_w) / slope
    return np.minimum(np.maximum(current, -below), above)


@kernel
def exchange(
    pack: Pack, state: PackState, request_w: Numeric, ambient_c: Numeric, dt_s: Numeric
) -> tuple[PackState, PackOutputs]:
    """Charge or discharge for one step.

    Parameters
    ----------
    pack
        Nameplate.
    state
        At the beginning of the step.
    request_w
        Power wanted at the terminals, positive discharges. [W]
    ambient_c
        Air around the pack. [degC]
    dt_s
        Step. [s]
    """
    current = current_for_power(pack, state.soc, request_w, dt_s)
    per_a = _charge_per_ampere(pack, dt_s)
    soc = state.soc - current * per_a
    series_ohm = _resistance(pack)
    heat = current * current * series_ohm
    steady_c = ambient_c + heat / pack.conductance_w_k
    capacity = pack.heat_capacity_j_k
    after_c = loop.settle(
        state.temperature_c, steady_c, pack.conductance_w_k, capacity, dt_s
    )
    to_air = heat - loop.stored(state.temperature_c, after_c, capacity, dt_s)
    terminal = voltage(pack, soc, current)
    outputs = PackOutputs(
        terminal,
        current,
        current * terminal,
        heat,
        to_air,
        ambient_c + to_air / pack.conductance_w_k,
        select(np.abs(request_w - current * terminal) > MISSED_W, 1.0, 0.0),
        outside(current / (pack.capacity_ah * pack.strings), C_RATE),
    )
    return PackState(soc, after_c), outputs
