"""Heat-reuse exchanger: warm facility water heats a consumer's loop.

A counterflow plate exchanger between the warm return of the plant and a district or
building loop. The consumer takes what it asks for and no more: a bypass on the warm side
leaves the rest in the water, for the towers:

    Q = min(Q_exchanger, Q_demand),  not below 0

What the plant saves is the heat that need
not be rejected; what it pays is the consumer's pump and the pressure drop.

Valid for single-phase water. The exchanger is validated as ``heat_exchanger``; the bypass
is an energy balance.

References
----------
EN 50600-4-6 (energy reuse factor); Incropera et al., ch. 11 for the exchanger.
"""

from typing import NamedTuple

import numpy as np

from plant import heat_exchanger, water
from plant._kernel import kernel
from plant._select import select
from plant.heat_exchanger import PlateHeatExchanger
from plant.types import Numeric

SMALL = 1e-9  # stands for zero in denominators


class HeatReuse(NamedTuple):
    """Nameplate."""

    exchanger: PlateHeatExchanger  # hot: facility water, cold: consumer


class HeatReuseOutputs(NamedTuple):
    """Both streams."""

    heat_w: Numeric  # to the consumer
    facility_out_c: Numeric  # after the bypass has mixed in
    consumer_out_c: Numeric
    demand_met: Numeric  # share of the demand


@kernel
def operate(
    reuse: HeatReuse,
    demand_w: Numeric,
    facility_in_c: Numeric,
    facility_flow_kg_s: Numeric,
    consumer_in_c: Numeric,
    consumer_flow_kg_s: Numeric,
) -> HeatReuseOutputs:
    """Heat handed over and the water that leaves.

    Parameters
    ----------
    reuse
        Nameplate.
    demand_w
        Heat that the consumer asks for. [W]
    facility_in_c, consumer_in_c
        Entering temperatures. [degC]
    facility_flow_kg_s, consumer_flow_kg_s
        Mass flows, 0 and up. [kg/s]

    Returns
    -------
    HeatReuseOutputs
        Never negative: a consumer warmer than the plant gets nothing.
    """
    facility_cp = water.heat_capacity(facility_in_c)
    consumer_cp = water.heat_capacity(consumer_in_c)
    most_w = heat_exchanger.heat_transferred(
        reuse.exchanger,
        facility_in_c,
        facility_flow_kg_s,
        facility_cp,
        consumer_in_c,
        consumer_flow_kg_s,
        consumer_cp,
    )
    demand = np.maximum(demand_w, 0.0)
    heat_w = np.minimum(np.maximum(most_w, 0.0), demand)
    facility_w_k = np.maximum(facility_flow_kg_s * facility_cp, SMALL)
    consumer_w_k = np.maximum(consumer_flow_kg_s * consumer_cp, SMALL)
    met = select(demand > 0.0, heat_w / np.maximum(demand, SMALL), 1.0)
    return HeatReuseOutputs(
        heat_w=heat_w,
        facility_out_c=facility_in_c - heat_w / facility_w_k,
        consumer_out_c=consumer_in_c + heat_w / consumer_w_k,
        demand_met=met,
    )
