"""Racks behind in-row coolers: the inlet temperature that their own air flow causes.

The servers' fans follow the inlet, and the inlet follows the air flow through leakage and
shortfall (``in_row.rack_inlet``),

    T_inlet = f(m(T_inlet)),  m of the racks and f of the coolers

Two passes from the supply temperature settle it within 0.1 K. Valid where racks and
coolers are. Accepted on the energy balance of the module that uses it
(tests/plant/cooling/test_micro_module.py).

References
----------
EnergyPlus Engineering Reference, ITE air-cooled objects (recirculation of outlet air).
"""

import numpy as np

from plant._kernel import kernel
from plant.cooling import in_row
from plant.cooling.in_row import InRow
from plant.it import rack
from plant.it.rack import RackOutputs, Racks
from plant.types import Numeric

PASSES = 2


@kernel
def racks_and_inlet(
    racks: Racks,
    cooler: InRow,
    cooler_count: Numeric,
    demand_w: Numeric,
    coolant_supply_c: Numeric,
    air_supply_c: Numeric,
) -> tuple[RackOutputs, Numeric]:
    """Power and heat of the racks, and their inlet temperature.

    Parameters
    ----------
    racks
        Nameplate of all racks together.
    cooler
        Nameplate of one cooler.
    cooler_count
        Equal coolers that share the racks' air.
    demand_w
        Power asked for by the jobs at reference temperatures. [W]
    coolant_supply_c
        Technology cooling water at the cold plates. [degC]
    air_supply_c
        Air leaving the coolers. [degC]

    Returns
    -------
    tuple
        ``RackOutputs`` and the air temperature at the rack inlets. [degC]
    """
    count = np.maximum(cooler_count, 1.0)
    inlet_c = air_supply_c + 0.0 * demand_w
    for _ in range(PASSES):
        drawn = rack.operate(racks, demand_w, coolant_supply_c, inlet_c)
        each = drawn.air_flow_kg_s / count
        moved = in_row.air_flow(cooler, each)
        inlet_c = in_row.rack_inlet(
            cooler, air_supply_c, drawn.air_heat_w / count, moved, each
        )
    return rack.operate(racks, demand_w, coolant_supply_c, inlet_c), inlet_c
