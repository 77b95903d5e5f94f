"""Plate heat exchanger against EnergyPlus and Modelica."""

import re

import numpy as np
import pytest

from plant import heat_exchanger, water
from plant.heat_exchanger import PlateHeatExchanger
from tests.validation.figures import nominal_ntu


@pytest.mark.prefix("ep_hx_")
def test_constant_conductance(case, check, draw):
    table = case.table
    exchanger = PlateHeatExchanger(
        case.params["UA_W_K"],
        case.params["design_flow_hot_m3_s"] * 1000,
        case.params["design_flow_cold_m3_s"] * 1000,
        flow_exponent=0.0,
    )
    hot_in, cold_in = (
        table.t_hot_in_C.to_numpy(float),
        table.t_cold_in_C.to_numpy(float),
    )
    hot_cp, cold_cp = water.heat_capacity(hot_in), water.heat_capacity(cold_in)
    hot_flow, cold_flow = table.m_hot_kg_s.to_numpy(), table.m_cold_kg_s.to_numpy()
    heat = heat_exchanger.heat_transferred(
        exchanger, hot_in, hot_flow, hot_cp, cold_in, cold_flow, cold_cp
    )
    draw("heat [W]", table.q_W, heat)
    smaller = np.minimum(hot_flow * hot_cp, cold_flow * cold_cp)
    effectiveness = heat / (smaller * (hot_in - cold_in))
    check("exchanger_effectiveness_max", max_error(effectiveness, table.effectiveness))
    hot_error = max_error(hot_in - heat / (hot_flow * hot_cp), table.t_hot_out_C)
    cold_error = max_error(cold_in + heat / (cold_flow * cold_cp), table.t_cold_out_C)
    check("exchanger_outlet_max", max(hot_error, cold_error))


def max_error(model, reference):
    return np.abs(np.asarray(model) - np.asarray(reference)).max()


@pytest.mark.prefix("mod_platehx_")
def test_conductance_that_follows_the_flows(case, check, draw):
    table, params = case.table, case.params
    heat_capacity = float(re.search(r"\bcp=([\d.]+\d)", params["note"])[1])
    nominal = [params["m1_flow_nominal"], params["m2_flow_nominal"]]
    exchanger = PlateHeatExchanger(
        nominal_ntu(params["eps_nominal"], min(nominal) / max(nominal))
        * min(nominal)
        * heat_capacity,
        *nominal,
        flow_exponent=params["nCon"],
        hot_to_cold_ratio=(nominal[0] / nominal[1]) ** params["nCon"],
    )
    heat = heat_exchanger.heat_transferred(
        exchanger,
        table.t_hot_in_C.to_numpy(float),
        table.m_hot_kg_s.to_numpy(float),
        heat_capacity,
        table.t_cold_in_C.to_numpy(float),
        table.m_cold_kg_s.to_numpy(float),
        heat_capacity,
    )
    draw("heat [W]", table.q_W, heat)
    check("exchanger_heat_max", np.abs(heat / table.q_W - 1).max())
