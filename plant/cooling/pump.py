r"""Centrifugal pump with a variable-speed drive.

Parametric curves from the design point :math:`(V_d, H_d)`, with shut-off head ratio
``s``; speed ``r`` follows from the affinity laws:

.. math::

    H = s H_d r^2 - (s - 1) H_d (V / V_d)^2, \qquad
    \eta = \eta_d\, \varphi\, (2 - \varphi), \quad \varphi = V / (r V_d)

so that the electrical power stays finite down to zero flow:

.. math:: P = H V / \eta = \frac{H V_d\, r}{\eta_d\, (2 - \varphi)}

The head comes from the system (``static + k V^2``), never from a cube law: with a static
head the cube law overstates what speed control saves. All power ends in the water.

Valid for flow ratios up to run-out at ``phi = 1.5``, beyond which the efficiency is held
(``beyond_curve`` tells). No public table has pump, head and speed together: accepted on
its limits (tests/contracts). The polynomial form of EnergyPlus (``polynomial_power``) and
tabulated makers' curves (``pump_curve``) are kept for pumps that are known that way and
validated against EnergyPlus and Modelica (tests/validation/test_pump.py).

References
----------
ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 44 (affinity laws); EnergyPlus
Engineering Reference, "Variable Speed Pump". The quadratic head curve with s = 1.2 and the
parabola of efficiency are assumptions for end-suction pumps.
"""

from typing import NamedTuple

import numpy as np

from plant._curves import cubic, outside
from plant._kernel import kernel
from plant._select import select
from plant.types import Fraction, NonNegative, Numeric, Positive

SMALL = 1e-12  # stands for zero in denominators
RUN_OUT = 1.5  # largest phi of the efficiency curve, assumption


class Pump(NamedTuple):
    """Nameplate of one pump; a design flow of 0 means there is none."""

    design_flow_m3_s: NonNegative
    design_head_pa: Positive
    efficiency: Fraction  # wire to water at the design point
    shutoff_head_ratio: Positive = 1.2  # head at zero flow over design head, above 1


@kernel
def _flow_ratio(pump: Pump, flow_m3_s: Numeric) -> Numeric:
    """Flow over design flow; 0 where there is no pump."""
    exists = pump.design_flow_m3_s > 0.0
    ratio: Numeric = exists * flow_m3_s / np.maximum(pump.design_flow_m3_s, SMALL)
    return ratio


@kernel
def speed(pump: Pump, flow_m3_s: Numeric, head_pa: Numeric) -> Numeric:
    """Speed, as a fraction of design speed, that gives a flow against a head.

    Parameters
    ----------
    pump
        Nameplate.
    flow_m3_s
        Volume flow, 0 and up. [m3/s]
    head_pa
        Pressure rise, 0 and up. [Pa]

    Returns
    -------
    Numeric
        Above 1 when the pump is too small. [-]
    """
    s = pump.shutoff_head_ratio
    x = _flow_ratio(pump, flow_m3_s)
    head = np.maximum(head_pa, 0.0) / pump.design_head_pa
    return np.sqrt((head + (s - 1.0) * x * x) / s)


@kernel
def _phi(pump: Pump, flow_m3_s: Numeric, speed: Numeric) -> Numeric:
    """Flow ratio at the same point of the curve, at full speed."""
    return _flow_ratio(pump, flow_m3_s) / np.maximum(speed, SMALL)


@kernel
def power(pump: Pump, flow_m3_s: Numeric, head_pa: Numeric) -> Numeric:
    """Electrical power at a flow against a head, all of it heat to the water.

    Parameters
    ----------
    pump
        Nameplate.
    flow_m3_s
        Volume flow, 0 and up. [m3/s]
    head_pa
        Pressure rise, 0 and up. [Pa]

    Returns
    -------
    Numeric
        0 where there is no pump. [W]
    """
    r = speed(pump, flow_m3_s, head_pa)
    phi = _phi(pump, flow_m3_s, r)
    beyond = np.maximum(phi, RUN_OUT)
    margin = np.maximum(2.0 - phi, RUN_OUT * (2.0 - RUN_OUT) / beyond)
    hydraulic_w = np.maximum(head_pa, 0.0) * pump.design_flow_m3_s * r
    power_w: Numeric = hydraulic_w / (np.maximum(pump.efficiency, SMALL) * margin)
    return power_w


@kernel
def beyond_curve(pump: Pump, flow_m3_s: Numeric, head_pa: Numeric) -> Numeric:
    """1 beyond run-out, where the efficiency is held, or above full speed; else 0."""
    r = speed(pump, flow_m3_s, head_pa)
    phi = _phi(pump, flow_m3_s, r)
    return np.maximum(outside(phi, (0.0, RUN_OUT)), outside(r, (0.0, 1.0)))


@kernel
def flow_at_speed(
    pump: Pump,
    speed: Numeric,
    static_head_pa: Numeric,
    resistance_pa_s2_m6: Numeric,
) -> Numeric:
    """Flow where the pump curve meets the system curve ``static + k V^2``.

    Parameters
    ----------
    pump
        Nameplate.
    speed
        Fraction of design speed.
    static_head_pa
        Part of the head that does not depend on flow. [Pa]
    resistance_pa_s2_m6
        ``k`` of the system curve, 0 and up. [Pa s2/m6]

    Returns
    -------
    Numeric
        0 when the pump cannot lift the static head. [m3/s]
    """
    s = pump.shutoff_head_ratio
    exists = pump.design_flow_m3_s > 0.0
    design_m3_s = np.maximum(pump.design_flow_m3_s, 1e-6)
    own_pa_s2_m6 = (s - 1.0) * pump.design_head_pa / (design_m3_s * design_m3_s)
    surplus_pa = s * pump.design_head_pa * speed * speed - static_head_pa
    squared = np.maximum(surplus_pa, 0.0) / (resistance_pa_s2_m6 + own_pa_s2_m6)
    flow_m3_s: Numeric = exists * np.sqrt(squared)
    return flow_m3_s


class PolynomialPump(NamedTuple):
    """Nameplate of a pump known by its power over the flow alone."""

    design_power_w: NonNegative  # electrical, at design flow
    design_flow_m3_s: Positive
    coefficients: tuple[float, float, float, float]  # constant to cubic
    motor_efficiency: Fraction = 1.0
    motor_heat_to_fluid: Fraction = 1.0  # share of what the motor loses


@kernel
def polynomial_power(pump: PolynomialPump, flow_m3_s: Numeric) -> Numeric:
    """Power as a cubic in the flow ratio (EnergyPlus Pump:VariableSpeed).

    Parameters
    ----------
    pump
        Nameplate.
    flow_m3_s
        Flow, clamped to the design flow. [m3/s]

    Returns
    -------
    Numeric
        0 without flow. [W]
    """
    ratio = flow_m3_s / np.maximum(pump.design_flow_m3_s, SMALL)
    x = np.minimum(np.maximum(ratio, 0.0), 1.0)
    share = cubic(pump.coefficients, x) * select(x > 0.0, 1.0, 0.0)
    return pump.design_power_w * share


@kernel
def polynomial_shares(
    pump: PolynomialPump, power_w: Numeric
) -> tuple[Numeric, Numeric]:
    """Power at the shaft and heat to the fluid [W], of an electrical power [W]."""
    shaft_w = pump.motor_efficiency * power_w
    return shaft_w, shaft_w + pump.motor_heat_to_fluid * (power_w - shaft_w)


@kernel
def polynomial_overloaded(pump: PolynomialPump, flow_m3_s: Numeric) -> Numeric:
    """1 where the polynomial holds the flow, at none or at the design flow; else 0."""
    return outside(flow_m3_s, (0.0, pump.design_flow_m3_s))
