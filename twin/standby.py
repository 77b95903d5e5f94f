"""Generators that take over after the utility is lost.

All sets start together when the utility fails. As soon as they can carry the whole site
they do, pumps, fans and chillers with it; until then they feed what hangs on the UPS and
the battery delivers the rest. Starting currents of motors and the order in which loads
come back are not modelled: the sets must only be large enough for the sum.
"""

from typing import NamedTuple

from plant.power import generator
from twin.topology import PowerChain


class Standby(NamedTuple):
    """All generators over one step."""

    power_w: float
    whole: bool  # carries the whole site, not only the UPS
    fuel_m3: float  # left at the end
    fuel_m3_s: float


def carried(
    chain: PowerChain,
    running_s: float,
    critical_w: float,
    whole_w: float,
    fuel_m3: float,
    dt_s: float,
) -> Standby:
    """What the generators carry so long after the start signal.

    Parameters
    ----------
    chain
        Nameplates and number of the sets.
    running_s
        Since the start signal. [s]
    critical_w, whole_w
        Power that hangs on the UPS, and of the whole site. [W]
    fuel_m3
        In the tanks now. [m3]
    dt_s
        Step. [s]

    Returns
    -------
    Standby
        Nothing without sets or fuel.
    """
    sets = chain.generator_count
    if sets <= 0.0 or fuel_m3 <= 0.0:
        return Standby(0.0, False, max(fuel_m3, 0.0), 0.0)
    able_w = sets * float(generator.available_power(chain.generator, running_s))
    whole = able_w >= whole_w
    asked_w = whole_w if whole else critical_w
    each = generator.operate(chain.generator, asked_w / sets, running_s)
    rate_m3_s = sets * float(each.fuel_m3_s)
    left_m3 = max(fuel_m3 - rate_m3_s * dt_s, 0.0)
    return Standby(sets * float(each.power_w), whole, left_m3, rate_m3_s)
