"""The valve finds the flow that meets the setpoint, in exchangers of every kind."""

import numpy as np

from plant import heat_exchanger
from plant.cooling import control_valve
from plant.heat_exchanger import PlateHeatExchanger

COUNT = 20_000
WATER = 4180.0  # J/(kg K)


def test_flow_meets_the_setpoint_in_random_exchangers():
    """Setpoints are what the exchanger reaches at a known flow."""
    rng = np.random.default_rng(5)

    def between(low, high):
        return rng.uniform(low, high, COUNT)

    def spread(low, high):
        return np.exp(between(np.log(low), np.log(high)))

    unit = PlateHeatExchanger(
        spread(2e3, 4e5),
        spread(1.0, 40.0),
        spread(1.0, 40.0),
        between(0.0, 0.9),
        spread(0.3, 3.0),
        between(0.8, 1.2),
    )
    hot_c, hot_kg_s = between(25.0, 60.0), unit.hot_flow_kg_s * between(0.05, 1.2)
    cold_c, cold_kg_s = (
        hot_c - spread(2.0, 40.0),
        unit.cold_flow_kg_s * spread(0.02, 1.2),
    )
    hot_cp = np.where(rng.random(COUNT) < 0.5, 1006.0, 3900.0)  # air, glycol
    streams = hot_c, hot_kg_s, hot_cp, cold_c

    def leaving_c(flow_kg_s):
        heat_w = heat_exchanger.heat_transferred(unit, *streams, flow_kg_s, WATER)
        return hot_c - heat_w / (hot_kg_s * hot_cp)

    setpoint_c = leaving_c(cold_kg_s)
    largest = 1.3 * unit.cold_flow_kg_s
    flow = control_valve.cold_flow(
        unit, hot_c, hot_kg_s, hot_cp, setpoint_c, cold_c, WATER, largest
    )
    missed_k = np.abs(leaving_c(flow) - setpoint_c)
    assert np.quantile(missed_k, 0.99) < 0.001
    assert np.quantile(missed_k, 0.999) < 0.02
