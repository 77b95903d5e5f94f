r"""Lumped volume of a water or air loop, stepped exactly.

A well-mixed volume of heat capacity :math:`C` is flushed by a stream of capacity rate
:math:`W` that enters at :math:`T_{in}`:

.. math::

    C \dot T = W (T_{in} - T) \;\Rightarrow\;
    T(t + \Delta t) = T_{in} + (T(t) - T_{in})\, e^{-W \Delta t / C}

Exact for a constant stream, so it is stable for any step. A stream of zero leaves the
volume as it is, a volume of zero takes the temperature of the stream, and a stream or a
step below zero counts as zero. The heat put into store, ``C (T' - T) / dt``, is what a
caller subtracts from the load to close its energy balance.

Valid for any stream and any step. Validated as a part of the battery pack and cell
(tests/validation/test_battery.py, test_cell.py); accepted on its energy balance.

References
----------
Incropera et al., Fundamentals of Heat and Mass Transfer, ch. 5 (lumped capacitance).
"""

import numpy as np

from plant._kernel import kernel
from plant.types import Numeric

SMALL = 1e-9  # stands for zero in denominators


@kernel
def settle(
    temperature_c: Numeric,
    entering_c: Numeric,
    capacity_rate_w_k: Numeric,
    heat_capacity_j_k: Numeric,
    dt_s: Numeric,
) -> Numeric:
    """Temperature of the volume after ``dt_s`` [degC].

    Parameters
    ----------
    temperature_c
        Of the volume now. [degC]
    entering_c
        Of the stream. [degC]
    capacity_rate_w_k
        Mass flow times heat capacity of the stream. [W/K]
    heat_capacity_j_k
        Of the volume. [J/K]
    dt_s
        Step, any length. [s]
    """
    flushed_j_k = np.maximum(capacity_rate_w_k * dt_s, 0.0)
    decay = np.exp(-flushed_j_k / np.maximum(heat_capacity_j_k, SMALL))
    return entering_c + (temperature_c - entering_c) * decay


@kernel
def stored(
    before_c: Numeric, after_c: Numeric, heat_capacity_j_k: Numeric, dt_s: Numeric
) -> Numeric:
    """Mean heat flow into the volume over the step [W]."""
    return heat_capacity_j_k * (after_c - before_c) / np.maximum(dt_s, SMALL)
