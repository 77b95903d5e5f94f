r"""Air-cooled servers known by load: processors, fans and power supplies.

.. math::

    P_{cpu} &= P_r (1 - s)\,(a_0 + a_1 u + a_2 T_{in}), \qquad
    x = b_0 + b_1 u + b_2 T_{in} \\
    P_{fan} &= P_r\, s\,(c_0 + c_1 x + c_2 x^2), \qquad
    P_{psu} = (P_{cpu} + P_{fan})\,(1 - \eta(PLR))

with load :math:`u`, inlet :math:`T_{in}`, relative air flow :math:`x` and the share
:math:`s` of the rated power that fans have. Part of the outlet air comes back to the inlet:
:math:`T_{in} = (1 - r) T_{supply} + r T_{return}`.

``rack`` is the model of a whole hall in the twin; this one is for halls described the way
EnergyPlus describes them. Valid for inlet 10 to 45 degC and load 0 to 1.5, held there and
flagged. Validated against EnergyPlus ElectricEquipment:ITE:AirCooled
(tests/validation/test_hall_year.py).

References
----------
EnergyPlus Engineering Reference, "Electric Equipment ITE Air Cooled"; ASHRAE TC 9.9
(inlet temperatures).
"""

from typing import Annotated, NamedTuple

import numpy as np

from plant._curves import held, outside, quadratic
from plant._kernel import kernel
from plant.types import Fraction, Limits, Numeric, Positive, within

LOAD: Limits = (0.0, 1.5)
INLET_C: Limits = (10.0, 45.0)
Load = Annotated[Numeric, within(LOAD)]
InletC = Annotated[Numeric, within(INLET_C)]


class AirServers(NamedTuple):
    """Nameplate of equal servers taken together."""

    rated_power_w: Positive  # processors and fans at full load and design inlet
    fan_share: Fraction  # of the rated power
    power_curve: tuple[float, float, float]  # constant, load, inlet [1/K]
    air_flow_curve: tuple[float, float, float]  # constant, load, inlet [1/K]
    fan_curve: tuple[float, float, float]  # by relative air flow
    supply_efficiency: Fraction  # of the power supplies, design
    supply_curve: tuple[float, float, float]  # over design, by part-load ratio
    recirculation: Fraction = 0.0  # outlet air in the inlet


class AirServerOutputs(NamedTuple):
    """All servers."""

    cpu_power_w: Numeric
    fan_power_w: Numeric
    supply_loss_w: Numeric
    power_w: Numeric  # all of it heat to the air
    inlet_c: Numeric
    air_flow_ratio: Numeric  # over the design air flow
    extrapolated: Numeric  # 1 where load or inlet was held at the end of its range


@kernel
def _plane(c: tuple[float, float, float], load: Numeric, inlet_c: Numeric) -> Numeric:
    """Curve over load and inlet temperature, never negative."""
    return np.maximum(c[0] + c[1] * load + c[2] * inlet_c, 0.0)


@kernel
def operate(
    servers: AirServers, load: Load, supply_c: Numeric, return_c: Numeric
) -> AirServerOutputs:
    """Power at a load and the air around.

    Parameters
    ----------
    servers
        Nameplate.
    load
        0 to 1.
    supply_c, return_c
        Air of the cooling units, to and from the hall. [degC]
    """
    r = servers.recirculation
    inlet_c = (1.0 - r) * supply_c + r * return_c
    asked, warm_c = held(load, LOAD), held(inlet_c, INLET_C)
    share = _plane(servers.power_curve, asked, warm_c)
    x = _plane(servers.air_flow_curve, asked, warm_c)
    cpu_w = servers.rated_power_w * (1.0 - servers.fan_share) * share
    by_flow = np.maximum(quadratic(servers.fan_curve, x), 0.0)
    fan_w = servers.rated_power_w * servers.fan_share * by_flow
    plr = (cpu_w + fan_w) / servers.rated_power_w
    efficiency = servers.supply_efficiency * quadratic(servers.supply_curve, plr)
    loss_w = (cpu_w + fan_w) * np.maximum(1.0 - efficiency, 0.0)
    return AirServerOutputs(
        cpu_power_w=cpu_w,
        fan_power_w=fan_w,
        supply_loss_w=loss_w,
        power_w=cpu_w + fan_w + loss_w,
        inlet_c=inlet_c,
        air_flow_ratio=x,
        extrapolated=np.maximum(outside(load, LOAD), outside(inlet_c, INLET_C)),
    )
