"""Power module: transformer, low-voltage busbar, UPS and output as one nameplate.

The parts are those of ``plant.power``; the module only says in which order they stand and
adds up their losses. Seen from outside it has one efficiency,

    eta = P_out / P_in,

which a vendor states as up to 97.8 % with the UPS in ECO mode. ``REFERENCE`` is a module
of 2 MW: transformer of EnergyPlus' 2500 kVA example and UPS modules with 97 % at best in
double conversion; busbar and output (0.5 and 1 % at full load) are assumptions, chosen so
that the best efficiency in ECO mode is the published one.

Valid to the rating of the weakest part; a larger load is flagged, and so is a negative
one, which counts as none. Accepted on the energy balance and on reproducing the claim
(tests/plant/power/test_power_module.py).

References
----------
Vendor white paper on AI data centers (2024): 97.8 % in ECO mode; loss of a 100 MW site
48 GWh a year in double conversion, 18 GWh in ECO mode.
"""

from typing import NamedTuple

import numpy as np

from plant._curves import outside
from plant._kernel import kernel
from plant.power import distribution, transformer, ups
from plant.power.distribution import Busway
from plant.power.transformer import Transformer
from plant.power.ups import Mains, Ups
from plant.types import Numeric, Positive


class PowerModule(NamedTuple):
    """Nameplates in the direction of the power."""

    rated_power_w: Positive  # output
    transformer: Transformer
    busbar: Busway  # low voltage, transformer to UPS
    ups: Ups
    ups_modules: Positive
    output: Busway


class PowerModuleOutputs(NamedTuple):
    """One module."""

    input_w: Numeric
    loss_w: Numeric
    efficiency: Numeric  # 0 at no load
    eco: Numeric  # mode in force, after admission
    spares: Numeric  # UPS modules that may fail
    overloaded: (
        Numeric  # 1 where less than nothing or more than the rating is asked for
    )


REFERENCE = PowerModule(
    2.0e6,
    Transformer(2.5e6, 3200.0, 22e3),
    Busway(2.1e6, 10e3),
    Ups(0.5e6, (0.00538, 0.01059, 0.01380)),
    5.0,
    Busway(2.0e6, 20e3),
)


@kernel
def operate(
    module: PowerModule,
    load_w: Numeric,
    eco: Numeric,
    mains: Mains,
    ambient_c: Numeric,
) -> PowerModuleOutputs:
    """Input and loss for what is delivered.

    Parameters
    ----------
    module
        Nameplate.
    load_w
        Output. [W]
    eco
        1 asks for ECO mode.
    mains
        Quality of the supply.
    ambient_c
        Air around the transformer. [degC]
    """
    load = np.maximum(load_w, 0.0)
    behind_ups = load + distribution.loss(module.output, load)
    modules = ups.operate_on(module.ups, module.ups_modules, behind_ups, eco, mains)
    before_ups = behind_ups + modules.loss_w
    low_voltage = before_ups + distribution.loss(module.busbar, before_ups)
    drawn = low_voltage + transformer.loss(module.transformer, low_voltage, ambient_c)
    return PowerModuleOutputs(
        drawn,
        drawn - load,
        load / np.maximum(drawn, 1e-9),
        modules.eco,
        ups.spares(module.ups, module.ups_modules, behind_ups),
        outside(load_w, (0.0, module.rated_power_w)),
    )
