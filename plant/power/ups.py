"""Static UPS modules that share a load, in double conversion or in ECO mode.

Loss of one module at load ratio ``x``

    P_loss = (a0 + a1 x + a2 x^2) P_rated

with ``a0`` the idle, ``a1`` the semiconductor and ``a2`` the resistive part. The curve is
fitted to the data sheet (``fit_loss_curve``). In ECO mode (rectifier and inverter stand
by, power flows through the static switch) the loss is ``eco_loss_ratio`` times that.

ECO mode is admitted only above a least load, with the mains within their tolerance of
voltage and distortion, and not on a generator: otherwise the return to double conversion
without interruption (``eco_transfer_s`` = 0) is not guaranteed. In maintenance bypass the
load hangs on the mains, unprotected. Modules share the load equally; ``spares`` counts
those that could fail (N+1).

Valid for a load ratio from 0 to 1; a load outside is clamped for the loss and flagged, the
load fraction reports it as it is.

References
----------
Schneider Electric 990-5452 (Galaxy VX operation): eConversion loss about one third,
least load 5 to 10 %, mains within 10 %, THDu up to 5 %, no generator. ENERGY STAR UPS v2
minimum efficiencies. No measured loss table per load is public: accepted on reproducing
the data-sheet points.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from plant._curves import held, loss_ratio, outside, quadratic
from plant._kernel import kernel
from plant._select import select
from plant.types import Fraction, NonNegative, Numeric, Positive


class Mains(NamedTuple):
    """Quality of the supply, as the UPS measures it."""

    voltage_deviation: Numeric  # from nominal, share, either sign
    voltage_distortion: Numeric  # THDu, share
    on_generator: Numeric  # 1 or 0


GOOD_MAINS = Mains(0.0, 0.0, 0.0)


class Ups(NamedTuple):
    """Nameplate of one module."""

    rated_power_w: Positive  # output
    loss_curve: tuple[float, float, float]  # a0, a1, a2, shares of the rating
    eco_loss_ratio: Fraction = 1.0 / 3.0
    eco_minimum_load: Fraction = 0.1  # load ratio
    eco_voltage_tolerance: Fraction = 0.1
    eco_distortion_limit: Fraction = 0.05
    eco_transfer_s: NonNegative = 0.0  # break on return to double conversion
    bypass_loss: Fraction = 0.002  # of the load, switchgear only (assumption)


class UpsOutputs(NamedTuple):
    """All modules together."""

    loss_w: Numeric
    load_fraction: Numeric  # of each module
    eco: Numeric  # 1 in ECO mode, after admission
    overloaded: Numeric  # 1 where the load was clamped, or no module is in service


@kernel
def eco_admitted(ups: Ups, load_ratio: Numeric, mains: Mains) -> Numeric:
    """1 where ECO mode may be used, else 0.

    Parameters
    ----------
    ups
        Nameplate.
    load_ratio
        Of each module.
    mains
        Quality of the supply.
    """
    deviation = np.abs(mains.voltage_deviation)
    loaded = select(load_ratio >= ups.eco_minimum_load, 1.0, 0.0)
    steady = select(deviation <= ups.eco_voltage_tolerance, 1.0, 0.0)
    clean = select(mains.voltage_distortion <= ups.eco_distortion_limit, 1.0, 0.0)
    utility = select(mains.on_generator < 0.5, 1.0, 0.0)
    admitted: Numeric = loaded * steady * clean * utility
    return admitted


@kernel
def operate(ups: Ups, modules: Numeric, load_w: Numeric, eco: Numeric) -> UpsOutputs:
    """Loss of equal modules that share a load, on good mains.

    Parameters
    ----------
    ups
        Nameplate of one module.
    modules
        Modules in service.
    load_w
        Output power of all of them. [W]
    eco
        1 asks for ECO mode.
    """
    return operate_on(ups, modules, load_w, eco, GOOD_MAINS)


@kernel
def operate_on(
    ups: Ups, modules: Numeric, load_w: Numeric, eco: Numeric, mains: Mains
) -> UpsOutputs:
    """Loss of equal modules that share a load, on mains of a given quality.

    Parameters
    ----------
    ups
        Nameplate of one module.
    modules
        Modules in service.
    load_w
        Output power of all of them. [W]
    eco
        1 asks for ECO mode; in force only where it is admitted.
    mains
        Quality of the supply.
    """
    fraction = load_w / (np.maximum(modules, 1.0) * ups.rated_power_w)
    x = held(fraction, (0.0, 1.0))
    asked = held(eco, (0.0, 1.0))
    admitted = np.floor(asked + 0.5) * eco_admitted(ups, x, mains)
    in_service = np.maximum(modules, 0.0)
    loss = quadratic(ups.loss_curve, x) * ups.rated_power_w * in_service
    loss = loss * (1.0 - admitted * (1.0 - ups.eco_loss_ratio))
    carried = select(modules < 1.0, select(load_w > 0.0, 1.0, 0.0), 0.0)
    over = np.maximum(outside(fraction, (0.0, 1.0)), carried)  # no module carries it
    return UpsOutputs(loss, fraction, admitted, over)


@kernel
def bypass_loss(ups: Ups, load_w: Numeric) -> Numeric:
    """Loss in maintenance bypass [W]; the modules are off, the load unprotected."""
    return ups.bypass_loss * np.maximum(load_w, 0.0)


@kernel
def spares(ups: Ups, modules: Numeric, load_w: Numeric) -> Numeric:
    """Modules that may fail before the rest is overloaded; negative where too few.

    Parameters
    ----------
    ups
        Nameplate of one module.
    modules
        Modules in service.
    load_w
        Output power of all of them. [W]
    """
    needed = np.ceil(np.maximum(load_w, 0.0) / ups.rated_power_w - 1e-9)
    spare: Numeric = modules - needed
    return spare


def fit_loss_curve(
    load_ratio: Sequence[float], efficiency: Sequence[float]
) -> tuple[float, float, float]:
    """Loss curve through the efficiencies of a data sheet, by least squares.

    Parameters
    ----------
    load_ratio
        E.g. ``(0.25, 0.5, 0.75, 1.0)``.
    efficiency
        Output over input at these loads.

    Returns
    -------
    tuple of float
        ``a0, a1, a2`` for ``Ups.loss_curve``.
    """
    x = np.asarray(load_ratio, dtype=float)
    loss = loss_ratio(load_ratio, efficiency)
    columns = np.stack([np.ones_like(x), x, x * x], axis=1)
    a = np.linalg.lstsq(columns, loss, rcond=None)[0]
    return float(a[0]), float(a[1]), float(a[2])
