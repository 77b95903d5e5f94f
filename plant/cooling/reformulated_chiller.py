r"""Water-cooled electric chiller, reformulated EIR model.

As ``chiller``, but all curves know the condenser water that *leaves*, and the part-load
curve is bicubic in it and in the part-load ratio:

.. math::

    P = \frac{cap(T_{leaving}, T_{c,out})}{COP_{ref}}\, f_{EIR,T}(T_{leaving}, T_{c,out})\,
        f_{EIR,PLR}(T_{c,out}, PLR)\, \min(1, PLR / PLR_{min}), \qquad
    T_{c,out} = T_{c,in} + \frac{Q + P}{C_{cond}}

The power moves the leaving water by less than a tenth of itself, so a fixed number of
substitutions settles it.

Valid inside the limits of the curves; outside, inputs are held and ``extrapolated`` is 1
(see ``chiller`` on warm chilled water). Validated against EnergyPlus
Chiller:Electric:ReformulatedEIR (tests/validation/test_chiller.py).

References
----------
Hydeman, Sreedharan, Webb, Blanc (2002), ASHRAE Transactions 108(2); EnergyPlus
Engineering Reference, "Electric Chiller Model Based on Condenser Leaving Temperature".
"""

from typing import NamedTuple

import numpy as np

from plant._curves import bicubic, biquadratic, held, outside
from plant._kernel import kernel
from plant.cooling.chiller import ChillerOutputs, part_load_ratio, running_share
from plant.types import Fraction, NonNegative, Numeric, Positive

SMALL = 1e-12  # stands for zero in denominators
STEPS = 6


class ReformulatedChiller(NamedTuple):
    """Nameplate of one chiller; a capacity of 0 means there is none.

    Coefficients in the order 1, x, x2, y, y2, xy (x3, y3, x2y, xy2); x is the leaving
    chilled and y the leaving condenser water, in the load curve x the leaving condenser
    water and y the part-load ratio.
    """

    reference_capacity_w: NonNegative
    reference_cop: Positive
    capacity_curve: tuple[float, float, float, float, float, float]
    eir_temperature_curve: tuple[float, float, float, float, float, float]
    eir_load_curve: tuple[
        float, float, float, float, float, float, float, float, float, float
    ]
    leaving_limits_c: tuple[float, float]
    condenser_limits_c: tuple[float, float]
    load_curve_limits_c: tuple[float, float]  # condenser water in the load curve
    minimum_part_load_ratio: Fraction
    maximum_part_load_ratio: Positive
    minimum_unloading_ratio: Fraction
    condenser_heat_fraction: Fraction = 1.0  # of the power, into the condenser water


class _Duty(NamedTuple):
    """What one condenser leaving temperature makes of a load."""

    full_w: Numeric
    part_load_ratio: Numeric
    power_w: Numeric


@kernel
def _duty(
    chiller: ReformulatedChiller,
    load_w: Numeric,
    leaving_c: Numeric,
    condenser_out_c: Numeric,
) -> _Duty:
    """Capacity, part-load ratio and power at a condenser leaving temperature."""
    x = held(leaving_c, chiller.leaving_limits_c)
    y = held(condenser_out_c, chiller.condenser_limits_c)
    share = np.maximum(biquadratic(chiller.capacity_curve, x, y), 0.0)
    full_w = chiller.reference_capacity_w * share
    plr = part_load_ratio(load_w, full_w, chiller.maximum_part_load_ratio)
    loaded = np.maximum(plr, chiller.minimum_unloading_ratio)
    warm = held(condenser_out_c, chiller.load_curve_limits_c)
    eir = np.maximum(biquadratic(chiller.eir_temperature_curve, x, y), 0.0)
    eir = eir * np.maximum(bicubic(chiller.eir_load_curve, warm, loaded), 0.0)
    cycling = running_share(plr, chiller.minimum_part_load_ratio)
    return _Duty(full_w, plr, full_w / chiller.reference_cop * eir * cycling)


@kernel
def operate(
    chiller: ReformulatedChiller,
    load_w: Numeric,
    leaving_c: Numeric,
    condenser_in_c: Numeric,
    condenser_w_k: Numeric,
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
    condenser_w_k
        Capacity rate of the condenser water, above 0. [W/K]

    Returns
    -------
    ChillerOutputs
        All 0 at zero load, except the capacity.
    """
    water_w_k = np.maximum(condenser_w_k, SMALL)
    # no real machine warms its condenser water by more
    most_k = 40.0
    warm_c: Numeric = condenser_in_c + 0.0 * load_w * leaving_c * condenser_w_k
    for _ in range(STEPS):
        duty = _duty(chiller, load_w, leaving_c, warm_c)
        heat_w = duty.full_w * duty.part_load_ratio
        rejected_w = heat_w + chiller.condenser_heat_fraction * duty.power_w
        warm_c = condenser_in_c + np.minimum(rejected_w / water_w_k, most_k)
    duty = _duty(chiller, load_w, leaving_c, warm_c)
    heat_w = duty.full_w * duty.part_load_ratio
    far = np.maximum(
        outside(leaving_c, chiller.leaving_limits_c),
        outside(warm_c, chiller.condenser_limits_c),
    )
    return ChillerOutputs(
        heat_w=heat_w,
        power_w=duty.power_w,
        condenser_heat_w=heat_w + chiller.condenser_heat_fraction * duty.power_w,
        part_load_ratio=duty.part_load_ratio,
        capacity_w=duty.full_w,
        extrapolated=far,
    )
