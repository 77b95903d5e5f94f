r"""Accelerator (GPU, NPU): power from utilization, clock, power cap and coolant inlet.

.. math::

    P = \left[P_{idle} + (P_{peak} - P_{idle})\, u\, c^{n}\right] \lambda(T), \qquad
    \lambda(T) = 1 - s + s\, 2^{(T - T_{ref}) / T_{double}}

with utilization :math:`u` and clock ratio :math:`c`. Dynamic power goes with the clock
times the square of the voltage, and the voltage falls with the clock, so the exponent
lies between 2 and 3. A power cap lowers the clock until the cap holds, but not below the
least clock; what is computed per second goes with the clock. :math:`\lambda` is the
leakage of warm silicon: a share :math:`s` of the power doubles every
:math:`T_{double}`. With 8 % doubling every 25 K power rises 0.22 % per kelvin at the
reference (0.2 to 0.3 %/K, assumption; no public measurement per chip was found).

Valid for a coolant or air inlet of 10 to 55 degC. The idle and peak powers of an MI250X,
88 and 560 W, are those of the Frontier configuration in ExaDigiT/RAPS; other machines:
V100 75 and 300 W, A100 88 and 400 W (same source). No trusted measurement over clock and
inlet is public: accepted on limits and monotonicity.

References
----------
Mudge (2001), "Power: a first-class architectural design constraint",
doi:10.1109/2.917539 (P ~ f V^2). ExaDigiT/RAPS, config/frontier.yaml.
"""

from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Interval

from plant._curves import held, outside
from plant._kernel import kernel
from plant._select import select
from plant.types import Fraction, NonNegative, Numeric, Positive, TemperatureC

SMALL_W = 1e-9  # stands for zero in denominators
ROUNDING = 1e-9  # of the cap: what floating point may leave over


INLET_C = (10.0, 55.0)  # coolant or air
LEAST_DOUBLING_K = 0.1
DOUBLINGS = (-50.0, 50.0)  # keeps the leakage finite far outside the range


class Accelerator(NamedTuple):
    """Nameplate of one accelerator at its reference inlet temperature."""

    idle_power_w: NonNegative
    peak_power_w: Positive  # at full utilization and full clock
    clock_exponent: Annotated[float, Interval(ge=1, le=3)] = 2.4
    clock_minimum: Annotated[float, Interval(gt=0, le=1)] = 0.3  # of the full clock
    leakage_fraction: Fraction = 0.08
    leakage_doubling_k: Positive = 25.0
    leakage_reference_c: TemperatureC = 30.0


class AcceleratorOutputs(NamedTuple):
    """One accelerator."""

    power_w: Numeric  # electrical, all of it heat
    clock: Numeric  # share of the full clock
    throughput: Numeric  # work per second over that at full utilization and clock
    cap_missed: Numeric  # 1 where even the least clock draws more than the cap
    extrapolated: Numeric  # 1 where utilization or inlet was clamped


@kernel
def leakage_factor(
    leakage_fraction: Numeric,
    leakage_doubling_k: Numeric,
    leakage_reference_c: Numeric,
    temperature_c: Numeric,
) -> Numeric:
    """Power at a temperature over power at the reference.

    Parameters
    ----------
    leakage_fraction
        Share of the power that is leakage, at the reference.
    leakage_doubling_k
        Warming that doubles it. [K]
    leakage_reference_c
        Reference. [degC]
    temperature_c
        Coolant or air entering. [degC]
    """
    doubling_k = np.maximum(leakage_doubling_k, LEAST_DOUBLING_K)
    warm = held((temperature_c - leakage_reference_c) / doubling_k, DOUBLINGS)
    leakage = leakage_fraction * 2.0**warm
    factor: Numeric = 1.0 - leakage_fraction + leakage
    return factor


@kernel
def operate(
    accelerator: Accelerator,
    utilization: Numeric,
    power_cap_w: Numeric,
    inlet_c: Numeric,
) -> AcceleratorOutputs:
    """Power, clock and throughput under a cap.

    Parameters
    ----------
    accelerator
        Nameplate.
    utilization
        0 to 1; clamped.
    power_cap_w
        Largest power allowed, leakage included. [W]
    inlet_c
        Coolant or air entering; clamped to 10 to 55 degC. [degC]
    """
    u = held(utilization, (0.0, 1.0))
    far = np.maximum(outside(utilization, (0.0, 1.0)), outside(inlet_c, INLET_C))
    inlet = held(inlet_c, INLET_C)
    factor = leakage_factor(
        accelerator.leakage_fraction,
        accelerator.leakage_doubling_k,
        accelerator.leakage_reference_c,
        inlet,
    )
    idle = accelerator.idle_power_w
    dynamic = (accelerator.peak_power_w - idle) * u
    left = np.maximum(power_cap_w / factor - idle, 0.0)
    ratio = np.minimum(left / np.maximum(dynamic, SMALL_W), 1.0)
    clock = ratio ** (1.0 / accelerator.clock_exponent)
    clock = np.maximum(clock, accelerator.clock_minimum)
    power = (idle + dynamic * clock**accelerator.clock_exponent) * factor
    missed = select(power > power_cap_w * (1.0 + ROUNDING), 1.0, 0.0)
    return AcceleratorOutputs(power, clock, u * clock, missed, far)
