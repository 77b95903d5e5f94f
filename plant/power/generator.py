r"""Diesel generator set: start, load acceptance and fuel.

The fuel line is straight (Willans): :math:`\dot V = a\,P_{rated} + b\,P` while it runs.
After the start signal nothing is delivered for ``start_s``; then the set takes load in a
straight line until ``accept_s`` later. Below its least load it runs, but wet-stacks: a
flag. A UPS fed by it may not use ECO mode (``plant.power.ups``).

Valid from no load to the rating; a request outside is clamped and flagged. Accepted on
the energy balance and limits (tests/plant/power/test_generator.py).

References
----------
Skarstein and Uhlen (1989), "Design considerations with respect to long-term diesel saving
in wind/diesel plants", Wind Engineering 13(2): 0.08415 and 0.246 l/kWh. NFPA 110, type
10: load within 10 s. Diesel 43 MJ/kg, 0.84 kg/l, 2.68 kg CO2/l (EPA emission factors).
Least load 30 %: assumption of the usual maintenance rules.
"""

from typing import NamedTuple

import numpy as np

from plant._curves import outside
from plant._kernel import kernel
from plant._select import select
from plant.types import Fraction, NonNegative, Numeric, Positive

L_KWH = 1e-3 / 3.6e6  # l/kWh in m3/J


class Generator(NamedTuple):
    """Nameplate of one set."""

    rated_power_w: Positive
    idle_fuel_m3_j: NonNegative = 0.08415 * L_KWH  # a, per rated power
    fuel_m3_j: Positive = 0.246 * L_KWH  # b
    start_s: NonNegative = 8.0
    accept_s: Positive = 2.0  # from no load to full load
    minimum_load: Fraction = 0.3
    carbon_kg_m3: NonNegative = 2680.0


class GeneratorOutputs(NamedTuple):
    """One set."""

    power_w: Numeric
    unserved_w: Numeric  # asked for and not delivered
    fuel_m3_s: Numeric
    carbon_kg_s: Numeric
    underloaded: Numeric  # 1 where it runs below the least load
    overloaded: (
        Numeric  # 1 where less than nothing or more than the rating was asked for
    )


@kernel
def available_power(generator: Generator, running_s: Numeric) -> Numeric:
    """Power that the set takes, so long after the start signal [W]."""
    ready = (running_s - generator.start_s) / generator.accept_s
    share = np.minimum(np.maximum(ready, 0.0), 1.0)
    return share * generator.rated_power_w


@kernel
def operate(
    generator: Generator, request_w: Numeric, running_s: Numeric
) -> GeneratorOutputs:
    """Power and fuel.

    Parameters
    ----------
    generator
        Nameplate.
    request_w
        Power asked for. [W]
    running_s
        Since the start signal; 0 for a set at rest. [s]
    """
    asked = np.maximum(request_w, 0.0)
    power = np.minimum(asked, available_power(generator, running_s))
    running = select(running_s > 0.0, 1.0, 0.0)
    rated = generator.rated_power_w
    fuel = running * generator.idle_fuel_m3_j * rated + generator.fuel_m3_j * power
    ready = select(running_s >= generator.start_s + generator.accept_s, 1.0, 0.0)
    low = ready * select(power < generator.minimum_load * rated, 1.0, 0.0)
    over = outside(request_w, (0.0, rated))
    carbon = fuel * generator.carbon_kg_m3
    return GeneratorOutputs(power, asked - power, fuel, carbon, low, over)
