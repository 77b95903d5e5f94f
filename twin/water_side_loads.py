"""What else hangs on the facility water: a heat consumer and a storage tank.

Both are optional; a site without them gives flows of zero. The consumer takes warm return
water ahead of the plate exchangers, as much as it asks for in this weather. The tank is
run by a local loop: cool supply water charges it, warm supply water discharges it, in
proportion to how far the supply is past the two thresholds.
"""

from typing import NamedTuple

import numpy as np

from plant import water
from plant._kernel import kernel
from plant._select import select
from plant.cooling import heat_reuse, storage_tank
from plant.cooling.heat_reuse import HeatReuse
from plant.cooling.storage_tank import StorageTank, TankState
from plant.heat_exchanger import PlateHeatExchanger
from plant.types import NonNegative, Numeric, TemperatureC
from twin.signals import Inputs, State

TANK_BAND_K = 1.0  # supply past a threshold at which the tank's pump runs fully


class HeatConsumer(NamedTuple):
    """Who takes the heat; a flow of zero means nobody does."""

    reuse: HeatReuse = HeatReuse(PlateHeatExchanger(1.0, 1.0, 1.0))
    flow_kg_s: NonNegative = 0.0  # of the consumer's loop
    return_c: TemperatureC = 15.0  # of the consumer's loop
    base_demand_w: NonNegative = 0.0  # hot water, all year
    design_demand_w: NonNegative = 0.0  # on the design day, base included
    design_outdoor_c: TemperatureC = -12.0
    heating_limit_c: TemperatureC = 15.0  # no space heating above


class Tank(NamedTuple):
    """Storage tank on the facility water; a flow of zero means there is none."""

    tank: StorageTank = StorageTank(1.0)
    flow_kg_s: NonNegative = 0.0  # full, either way
    charge_below_c: TemperatureC = 16.0
    discharge_above_c: TemperatureC = 24.0


class TankFlow(NamedTuple):
    """The tank over one step."""

    upper_c: Numeric
    lower_c: Numeric
    heat_w: Numeric  # into the facility water, positive while it charges
    stored_w: Numeric
    loss_w: Numeric  # to the surroundings


@kernel
def heat_demand(consumer: HeatConsumer, outdoor_c: Numeric) -> Numeric:
    """Heat that the consumer asks for [W].

    Straight line between the heating limit and the design day (energy signature,
    EN 15603 annex B), flat beyond both.
    """
    span_k = np.maximum(consumer.heating_limit_c - consumer.design_outdoor_c, 1e-3)
    share = (consumer.heating_limit_c - outdoor_c) / span_k
    share = np.minimum(np.maximum(share, 0.0), 1.0)
    space = consumer.design_demand_w - consumer.base_demand_w
    demand: Numeric = consumer.base_demand_w + np.maximum(space, 0.0) * share
    return demand


@kernel
def reused(
    consumer: HeatConsumer, inputs: Inputs, return_c: Numeric, flow_kg_s: Numeric
) -> Numeric:
    """Heat handed to the consumer [W]; see ``heat_demand`` and ``heat_reuse``."""
    taken = heat_reuse.operate(
        consumer.reuse,
        heat_demand(consumer, inputs.dry_bulb_c),
        return_c,
        flow_kg_s,
        consumer.return_c,
        consumer.flow_kg_s,
    )
    return taken.heat_w


@kernel
def tank(
    part: Tank, state: State, inputs: Inputs, return_c: Numeric, dt_s: Numeric
) -> TankFlow:
    """Charge or discharge the tank by its local loop."""
    supply_c = state.fws_supply_c
    cool = (part.charge_below_c - supply_c) / TANK_BAND_K
    warm = (supply_c - part.discharge_above_c) / TANK_BAND_K
    # A tank that would not help stands still: no colder below, no warmer above.
    cool = select(state.tank_upper_c > supply_c, cool, 0.0 * cool)
    warm = select(state.tank_lower_c < supply_c, warm, 0.0 * warm)
    share = np.minimum(np.maximum(cool, 0.0), 1.0)
    share = share - np.minimum(np.maximum(warm, 0.0), 1.0)
    rate = share * part.flow_kg_s * water.heat_capacity(supply_c)
    entering_c = select(share > 0.0, supply_c, return_c)
    before = TankState(state.tank_upper_c, state.tank_lower_c)
    after, made = storage_tank.step(
        part.tank, before, entering_c, rate, inputs.dry_bulb_c, dt_s
    )
    heat_w = -(made.heat_stored_w + made.loss_w)
    return TankFlow(
        after.upper_c, after.lower_c, heat_w, made.heat_stored_w, made.loss_w
    )
