"""Fan with a variable-speed drive.

Power follows the air flow by a cubic polynomial in the flow ratio ``x``

    P = P_full * (c0 + c1 x + c2 x^2 + c3 x^3),  P = 0 at x = 0

whose default ``0.02 + 0.98 x^3`` is the affinity law plus a constant share of drive
losses. All electrical power ends as heat in the air stream (motor in the stream).

Valid for a flow ratio from 0 to 1; larger asks are clamped (``too_small`` tells).
Accepted on its limits (tests/contracts); the default curve is that of the towers that are
validated against EnergyPlus.

References
----------
EnergyPlus Engineering Reference, "Variable Speed Fan"; ASHRAE Handbook HVAC Systems and
Equipment 2020, ch. 21, affinity laws. The constant 0.02 is an assumption for EC drives.
"""

from typing import NamedTuple

import numpy as np

from plant._curves import cubic, outside
from plant._kernel import kernel
from plant.types import NonNegative, Numeric


class Fan(NamedTuple):
    """Nameplate of one fan, or of equal fans taken together."""

    air_flow_kg_s: NonNegative  # at full speed
    fan_power_w: NonNegative  # electrical input at full speed
    power_curve: tuple[float, float, float, float] = (0.02, 0.0, 0.0, 0.98)


@kernel
def flow_ratio(fan: Fan, air_flow_kg_s: Numeric) -> Numeric:
    """Flow as a share of the full flow, 0 to 1; 0 for a fan of zero size."""
    full_kg_s = np.maximum(fan.air_flow_kg_s, 1e-9)
    ratio: Numeric = np.minimum(air_flow_kg_s / full_kg_s, 1.0)
    return ratio * (fan.air_flow_kg_s > 0.0)


@kernel
def power(fan: Fan, air_flow_kg_s: Numeric) -> Numeric:
    """Electrical input.

    Parameters
    ----------
    fan
        Nameplate.
    air_flow_kg_s
        Air moved. [kg/s]

    Returns
    -------
    Numeric
        Electrical power, all of it heat to the air. [W]
    """
    x = flow_ratio(fan, air_flow_kg_s)
    share = cubic(fan.power_curve, x)
    return fan.fan_power_w * np.maximum(share, 0.0) * (x > 0.0)


@kernel
def too_small(fan: Fan, air_flow_kg_s: Numeric) -> Numeric:
    """1 where more air is asked for than full speed moves, else 0."""
    return outside(air_flow_kg_s, (0.0, fan.air_flow_kg_s))
