r"""Computer room air conditioner: direct-expansion coil with outdoor condenser.

.. math::

    cap &= Q_{rated}\, g_{cap}(T_{wb,in}, T_{out})\, f_{cap}(\phi) \\
    P &= \frac{cap}{COP_{rated}}\, g_{EIR}(T_{wb,in}, T_{out})\, f_{EIR}(\phi)\,
         \frac{PLR}{f_{PLF}(PLR)}

with ``PLR = Q / cap`` and :math:`\phi` the air flow over the rated one. The tables ``g``
are linear between their points and held outside; a pumped-refrigerant economizer is
nothing but small values of :math:`g_{EIR}` at cold outdoor air. :math:`f_{PLF}` is what
cycling costs.

Valid within the tables for dry coils (the hall air stays above its dew point); outside them
``extrapolated`` is 1. Validated against EnergyPlus Coil:Cooling:DX:SingleSpeed over a
year (tests/validation/test_hall_year.py).

References
----------
EnergyPlus Engineering Reference, "Single-Speed Electric DX Air Cooling Coil"; ANSI/AHRI
210/240 (rating conditions).
"""

from typing import NamedTuple

import numpy as np

from plant import table
from plant._curves import outside, quadratic
from plant._kernel import kernel
from plant.cooling.chiller import part_load_ratio
from plant.table import Grid
from plant.types import NonNegative, Numeric, Positive

SMALL = 1e-9  # stands for zero in denominators


class Crac(NamedTuple):
    """Nameplate of one unit."""

    rated_capacity_w: NonNegative  # gross, without the fan
    rated_cop: Positive
    capacity: Grid  # over the rated one, by entering wet bulb and outdoor air [degC]
    eir: Grid  # over the rated one, likewise
    capacity_flow_curve: tuple[float, float, float] = (0.8, 0.2, 0.0)
    eir_flow_curve: tuple[float, float, float] = (1.156, -0.1816, 0.0256)
    part_load_curve: tuple[float, float, float] = (0.85, 0.15, 0.0)


class CracOutputs(NamedTuple):
    """One unit, without its fan."""

    heat_w: Numeric  # out of the air
    power_w: Numeric
    capacity_w: Numeric
    running: Numeric  # share of the time
    extrapolated: Numeric  # 1 where a temperature was outside the tables


@kernel
def operate(
    crac: Crac,
    load_w: Numeric,
    entering_wet_bulb_c: Numeric,
    outdoor_c: Numeric,
    flow_ratio: Numeric,
) -> CracOutputs:
    """Power at a load.

    Parameters
    ----------
    crac
        Nameplate.
    load_w
        Heat to take from the air, fan heat included; served up to the capacity. [W]
    entering_wet_bulb_c
        Of the hall air at the coil. [degC]
    outdoor_c
        Dry bulb at the condenser. [degC]
    flow_ratio
        Air flow over rated, by mass.
    """
    by_air = table.bilinear(crac.capacity, entering_wet_bulb_c, outdoor_c)
    by_flow = quadratic(crac.capacity_flow_curve, flow_ratio)
    full_w = crac.rated_capacity_w * np.maximum(by_air * by_flow, 0.0)
    plr = part_load_ratio(load_w, full_w, 1.0)
    cycling = np.maximum(quadratic(crac.part_load_curve, plr), SMALL)
    running = np.minimum(plr / cycling, 1.0)
    eir = table.bilinear(crac.eir, entering_wet_bulb_c, outdoor_c)
    eir = np.maximum(eir * quadratic(crac.eir_flow_curve, flow_ratio), 0.0)
    far = np.maximum(
        table.beyond(crac.eir, entering_wet_bulb_c, outdoor_c),
        table.beyond(crac.capacity, entering_wet_bulb_c, outdoor_c),
    )
    return CracOutputs(
        heat_w=full_w * plr,
        power_w=full_w / crac.rated_cop * eir * running,
        capacity_w=full_w,
        running=running,
        extrapolated=np.maximum(far, outside(flow_ratio, (0.5, 1.5))),
    )
