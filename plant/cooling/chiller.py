r"""Water-cooled electric chiller, EIR model.

.. math::

    cap &= Q_{ref}\, f_{cap}(T_{leaving}, T_{condenser,in}) \\
    P &= \frac{cap}{COP_{ref}}\, f_{EIR,T}(T_{leaving}, T_{condenser,in})\,
         f_{EIR,PLR}(\max(PLR, PLR_{unload}))\, \min(1, PLR / PLR_{min})

with ``PLR = Q / cap``. Below the least unloading ratio the machine false-loads, below
the least part-load ratio it cycles. ``T_leaving`` is the water that really leaves: with
the setpoint instead, capacity-limited hours are up to 26 % off (``leaving_temperature``).

Valid inside the temperature limits of the curves. Catalogue curves end near 10 degC of
leaving water (few reach 12.8); a data centre that asks for 15 to 25 degC is outside.
Inputs are then held at the limit, as EnergyPlus does, and ``extrapolated`` is 1: the
power is that of a colder, harder duty. Validated against EnergyPlus
Chiller:Electric:EIR and Modelica ElectricEIR (tests/validation/test_chiller.py).

References
----------
Hydeman and Gillespie (2002), ASHRAE Transactions 108(1); EnergyPlus Engineering
Reference, "Electric Chiller Model Based on Condenser Entering Temperature".
"""

from typing import NamedTuple

import numpy as np

from plant._curves import biquadratic, held, quadratic
from plant._kernel import kernel
from plant._select import select
from plant.types import Fraction, NonNegative, Numeric, Positive

SMALL = 1e-12  # stands for zero in denominators
LEAVING_STEPS = 6


class Chiller(NamedTuple):
    """Nameplate of one chiller; a capacity of 0 means there is none.

    Biquadratic coefficients in the order 1, x, x2, y, y2, xy with x the leaving chilled
    and y the entering condenser water.
    """

    reference_capacity_w: NonNegative
    reference_cop: Positive
    capacity_curve: tuple[float, float, float, float, float, float]
    eir_temperature_curve: tuple[float, float, float, float, float, float]
    eir_load_curve: tuple[float, float, float]
    leaving_limits_c: tuple[float, float]
    condenser_limits_c: tuple[float, float]
    minimum_part_load_ratio: Fraction
    maximum_part_load_ratio: Positive
    minimum_unloading_ratio: Fraction
    condenser_heat_fraction: Fraction = 1.0  # of the power, into the condenser water


class ChillerOutputs(NamedTuple):
    """One chiller."""

    heat_w: Numeric  # taken from the chilled water
    power_w: Numeric
    condenser_heat_w: Numeric
    part_load_ratio: Numeric
    capacity_w: Numeric
    extrapolated: Numeric  # 1 where a temperature was outside the curves


@kernel
def running_share(part_load_ratio: Numeric, least: Numeric) -> Numeric:
    """Share of the time that a machine runs which cycles below its least part load."""
    return np.minimum(part_load_ratio / np.maximum(least, SMALL), 1.0)


@kernel
def part_load_ratio(load_w: Numeric, full_w: Numeric, largest: Numeric) -> Numeric:
    """Load that is carried over the capacity, up to the largest ratio; 0 without any."""
    asked = np.maximum(load_w, 0.0) / np.maximum(full_w, SMALL)
    return np.minimum(asked, largest) * select(full_w > 0.0, 1.0, 0.0)


@kernel
def capacity(chiller: Chiller, leaving_c: Numeric, condenser_in_c: Numeric) -> Numeric:
    """Heat that full load takes from the chilled water.

    Parameters
    ----------
    chiller
        Nameplate.
    leaving_c
        Chilled water leaving. [degC]
    condenser_in_c
        Condenser water entering. [degC]

    Returns
    -------
    Numeric
        Never negative. [W]
    """
    x = held(leaving_c, chiller.leaving_limits_c)
    y = held(condenser_in_c, chiller.condenser_limits_c)
    share = np.maximum(biquadratic(chiller.capacity_curve, x, y), 0.0)
    return chiller.reference_capacity_w * share


@kernel
def leaving_temperature(
    chiller: Chiller,
    setpoint_c: Numeric,
    entering_c: Numeric,
    flow_kg_s: Numeric,
    heat_capacity_j_kg_k: Numeric,
    condenser_in_c: Numeric,
) -> Numeric:
    """Chilled water that really leaves: the setpoint, or warmer at full capacity.

    Parameters
    ----------
    chiller
        Nameplate.
    setpoint_c, entering_c
        Asked-for and entering chilled water. [degC]
    flow_kg_s
        Chilled-water flow. [kg/s]
    heat_capacity_j_kg_k
        Of the chilled water. [J/(kg K)]
    condenser_in_c
        Condenser water entering. [degC]

    Returns
    -------
    Numeric
        Not above the entering temperature. [degC]
    """
    water_w_k = np.maximum(flow_kg_s * heat_capacity_j_kg_k, SMALL)
    wanted_c = np.minimum(setpoint_c, entering_c)
    most = chiller.maximum_part_load_ratio / water_w_k
    before_c = entering_c
    reached_c = entering_c - capacity(chiller, before_c, condenser_in_c) * most
    miss_before_k = reached_c - before_c
    leaving_c = np.minimum(np.maximum(reached_c, wanted_c), entering_c)
    for _ in range(LEAVING_STEPS):
        reached_c = entering_c - capacity(chiller, leaving_c, condenser_in_c) * most
        miss_k = reached_c - leaving_c
        bend = (miss_k - miss_before_k) * (leaving_c - before_c)
        # about -1 on a real machine; the bound keeps a flat curve from running away
        slope = bend / np.maximum((leaving_c - before_c) ** 2, SMALL)
        following_c = leaving_c - miss_k / np.minimum(slope, -0.5)
        before_c, miss_before_k = leaving_c, miss_k
        leaving_c = np.minimum(np.maximum(following_c, wanted_c), entering_c)
    return leaving_c


@kernel
def operate(
    chiller: Chiller, load_w: Numeric, leaving_c: Numeric, condenser_in_c: Numeric
) -> ChillerOutputs:
    """Power and heats at a load.

    Parameters
    ----------
    chiller
        Nameplate.
    load_w
        Heat to take from the chilled water; served up to the capacity. [W]
    leaving_c
        Chilled water leaving, the actual one. [degC]
    condenser_in_c
        Condenser water entering. [degC]

    Returns
    -------
    ChillerOutputs
        All 0 at zero load, except the capacity.
    """
    full_w = capacity(chiller, leaving_c, condenser_in_c)
    plr = part_load_ratio(load_w, full_w, chiller.maximum_part_load_ratio)
    x = held(leaving_c, chiller.leaving_limits_c)
    y = held(condenser_in_c, chiller.condenser_limits_c)
    eir = np.maximum(biquadratic(chiller.eir_temperature_curve, x, y), 0.0)
    loaded = np.maximum(plr, chiller.minimum_unloading_ratio)
    eir = eir * np.maximum(quadratic(chiller.eir_load_curve, loaded), 0.0)
    cycling = running_share(plr, chiller.minimum_part_load_ratio)
    power_w = full_w / chiller.reference_cop * eir * cycling
    heat_w = full_w * plr
    outside = np.abs(leaving_c - x) + np.abs(condenser_in_c - y) > 0.0
    return ChillerOutputs(
        heat_w=heat_w,
        power_w=power_w,
        condenser_heat_w=heat_w + chiller.condenser_heat_fraction * power_w,
        part_load_ratio=plr,
        capacity_w=full_w,
        extrapolated=select(outside, 1.0, 0.0),
    )
