r"""Heat exchangers by effectiveness-NTU: counterflow plates and crossflow coils.

.. math::

    \varepsilon = \frac{1 - e^{-NTU (1 - R)}}{1 - R\, e^{-NTU (1 - R)}}
    = \frac{s}{(1 - R) + R\, s}, \quad s = 1 - e^{-NTU (1 - R)}, \qquad
    Q = \varepsilon\, C_{min}\, (T_{hot} - T_{cold})

The second form has the exact limits ``NTU / (1 + NTU)`` at R = 1 and 0 at NTU = 0. It
holds for R > 1 too, with C of that stream in place of the smaller one. In
crossflow with both streams unmixed (coils) it is the fit

.. math::

    \varepsilon = 1 - \exp\left[ \frac{NTU^{0.22}}{R}
    \left( e^{-R\, NTU^{0.78}} - 1 \right) \right]

within 0.005 of the exact series. The conductance follows the flows of both sides

.. math::

    \frac{1}{UA} = \frac{1}{hA_{hot}} + \frac{1}{hA_{cold}}, \qquad
    hA = hA_{nominal}\, (\dot m / \dot m_{nominal})^n

with n = 0.8 for turbulent channels; n = 0 keeps the conductance constant. Below a tenth
of nominal flow the film coefficient levels off, as laminar flow does, along the even
polynomial that meets the power law with equal value, slope and curvature.

Valid for single-phase fluids. Validated against EnergyPlus HeatExchanger:FluidToFluid
and Modelica PlateHeatExchangerEffectivenessNTU (tests/validation/test_heat_exchanger.py).

References
----------
Incropera et al., Fundamentals of Heat and Mass Transfer, ch. 11; Modelica Buildings
Library, ``Fluid.HeatExchangers.PlateHeatExchangerEffectivenessNTU``.
"""

from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from plant._select import select
from plant.types import NonNegative, Numeric, Positive

SMALL = 1e-12  # stands for zero in denominators
LOWEST = -300.0  # of NTU (1 - R): keeps the exponential and its square finite
LAMINAR_RATIO = 0.1  # of nominal flow, as in the Modelica library


class PlateHeatExchanger(NamedTuple):
    """Nameplate."""

    ua_w_k: NonNegative  # conductance at both nominal flows
    hot_flow_kg_s: Positive  # nominal
    cold_flow_kg_s: Positive  # nominal
    flow_exponent: NonNegative = 0.8
    hot_to_cold_ratio: Positive = 1.0  # hA of the hot over the cold side, nominal
    cold_exponent_ratio: NonNegative = (
        1.0  # flow exponent of the cold over the hot side
    )


@kernel
def counterflow_and_slope(
    ntu: Numeric, capacity_ratio: Numeric
) -> tuple[Numeric, Numeric]:
    """``effectiveness_counterflow`` and its slope over the capacity ratio."""
    gap = 1.0 - capacity_ratio
    gap = select(np.abs(gap) < SMALL, SMALL, gap)
    drop = np.maximum(ntu * gap, LOWEST)
    spent = -np.expm1(-drop)
    per_spent = 1.0 / (gap + capacity_ratio * spent)
    slope = (1.0 - spent) * (spent - drop) * per_spent * per_spent
    return spent * per_spent, slope


@kernel
def effectiveness_counterflow(ntu: Numeric, capacity_ratio: Numeric) -> Numeric:
    """Share of the span between the inlets that one stream goes.

    Parameters
    ----------
    ntu
        Conductance over the capacity rate of that stream, 0 and up.
    capacity_ratio
        Its capacity rate over the other one, 0 and up. Up to 1 it is the smaller one,
        and the share is the heat moved over the most that could be.

    Returns
    -------
    Numeric
        0 to 1, broadcast shape.
    """
    return counterflow_and_slope(ntu, capacity_ratio)[0]


@kernel
def effectiveness_crossflow(ntu: Numeric, capacity_ratio: Numeric) -> Numeric:
    """Heat moved over the most that could be moved, both streams unmixed.

    The usual fit, as in EnergyPlus. From 0.05 to 10 NTU it is -0.020 to +0.009 away from
    Mason's exact series, at worst 3.8 % of the heat (too little, at 0.3 NTU and equal
    capacity rates; tests/plant/test_crossflow.py).

    Parameters
    ----------
    ntu
        Conductance over the smaller capacity rate, 0 and up.
    capacity_ratio
        Smaller over larger capacity rate, 0 to 1.

    Returns
    -------
    Numeric
        0 to 1, broadcast shape.
    """
    ratio = np.maximum(capacity_ratio, 1e-6)
    ntu = np.maximum(ntu, SMALL)
    slow = ntu**0.22
    spent = np.exp(-ratio * ntu / slow) - 1.0
    return 1.0 - np.exp(slow / ratio * spent)


@kernel
def in_series(
    ua_w_k: Numeric, hot_to_cold_ratio: Numeric, hot: Numeric, cold: Numeric
) -> Numeric:
    """Conductance of two films in series, each as a share of its nominal one [W/K]."""
    k = hot_to_cold_ratio
    return ua_w_k * (1.0 + k) * hot * cold / np.maximum(cold + k * hot, SMALL)


@kernel
def film_and_slope(flow_ratio: Numeric, exponent: Numeric) -> tuple[Numeric, Numeric]:
    """``film`` and its slope over the logarithm of the flow."""
    turbulent = np.maximum(flow_ratio, LAMINAR_RATIO) ** exponent
    u = np.minimum(np.maximum(flow_ratio, 0.0) / LAMINAR_RATIO, 1.0) ** 2
    b = exponent * (4.0 - exponent) / 4.0
    c = exponent * (exponent - 2.0) / 8.0
    # both factors are 1 outside their own range
    value = turbulent * (1.0 + (u - 1.0) * (b + c * (u + 1.0)))
    return value, turbulent * 2.0 * u * (b + 2.0 * c * u)


@kernel
def film(flow_ratio: Numeric, exponent: Numeric) -> Numeric:
    """Film conductance over nominal; levels off towards zero flow."""
    return film_and_slope(flow_ratio, exponent)[0]


@kernel
def conductance_past(
    exchanger: PlateHeatExchanger, hot_film: Numeric, cold_flow_kg_s: Numeric
) -> Numeric:
    """Overall conductance where the film of the hot side is known [W/K]."""
    exponent = exchanger.flow_exponent * exchanger.cold_exponent_ratio
    cold = film(cold_flow_kg_s / exchanger.cold_flow_kg_s, exponent)
    return in_series(exchanger.ua_w_k, exchanger.hot_to_cold_ratio, hot_film, cold)


@kernel
def conductance(
    exchanger: PlateHeatExchanger, hot_flow_kg_s: Numeric, cold_flow_kg_s: Numeric
) -> Numeric:
    """Overall conductance at the given flows.

    Parameters
    ----------
    exchanger
        Nameplate.
    hot_flow_kg_s, cold_flow_kg_s
        Mass flows, 0 and up. [kg/s]

    Returns
    -------
    Numeric
        Stays above 0 at zero flow; the heat does not. [W/K]
    """
    hot = film(hot_flow_kg_s / exchanger.hot_flow_kg_s, exchanger.flow_exponent)
    return conductance_past(exchanger, hot, cold_flow_kg_s)


@kernel
def heat_per_kelvin(ua_w_k: Numeric, hot_w_k: Numeric, cold_w_k: Numeric) -> Numeric:
    """Heat in counterflow per kelvin between the inlets [W/K].

    Parameters
    ----------
    ua_w_k
        Conductance. [W/K]
    hot_w_k, cold_w_k
        Capacity rates, 0 and up. [W/K]
    """
    smaller_w_k = np.minimum(hot_w_k, cold_w_k)
    larger_w_k = np.maximum(hot_w_k, cold_w_k)
    effectiveness = effectiveness_counterflow(
        ua_w_k / np.maximum(smaller_w_k, SMALL),
        smaller_w_k / np.maximum(larger_w_k, SMALL),
    )
    return effectiveness * smaller_w_k


@kernel
def heat_transferred(
    exchanger: PlateHeatExchanger,
    hot_in_c: Numeric,
    hot_flow_kg_s: Numeric,
    hot_heat_capacity_j_kg_k: Numeric,
    cold_in_c: Numeric,
    cold_flow_kg_s: Numeric,
    cold_heat_capacity_j_kg_k: Numeric,
) -> Numeric:
    """Heat moved from the hot to the cold side.

    Parameters
    ----------
    exchanger
        Nameplate.
    hot_in_c, cold_in_c
        Entering temperatures. [degC]
    hot_flow_kg_s, cold_flow_kg_s
        Mass flows, 0 and up. [kg/s]
    hot_heat_capacity_j_kg_k, cold_heat_capacity_j_kg_k
        Of the two fluids. [J/(kg K)]

    Returns
    -------
    Numeric
        Negative when the "hot" side is the colder one; 0 without flow. [W]
    """
    hot_w_k = np.maximum(hot_flow_kg_s * hot_heat_capacity_j_kg_k, 0.0)
    cold_w_k = np.maximum(cold_flow_kg_s * cold_heat_capacity_j_kg_k, 0.0)
    ua_w_k = conductance(exchanger, hot_flow_kg_s, cold_flow_kg_s)
    return heat_per_kelvin(ua_w_k, hot_w_k, cold_w_k) * (hot_in_c - cold_in_c)
