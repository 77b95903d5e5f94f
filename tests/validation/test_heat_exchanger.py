"""Plate heat exchanger against EnergyPlus and Modelica."""

import numpy as np
import pytest

from plant import heat_exchanger, water
from plant.cooling import dry_coil
from plant.heat_exchanger import PlateHeatExchanger
from tests.validation.figures import max_error, nominal_ntu

# flow arrangements of EnergyPlus that the plant has
ARRANGEMENTS = {
    "CounterFlow": heat_exchanger.heat_per_kelvin,
    "CrossFlowBothUnMixed": dry_coil.crossflow_heat_per_kelvin,
}
LEAST_K = 0.1  # over which a heat capacity is read from the reference


@pytest.mark.prefix("ep_hx_")
def test_constant_conductance(case, check, draw, exclude):
    arrangement = case.params.get("model", "CounterFlow")
    if arrangement not in ARRANGEMENTS:
        exclude(f"flow arrangement {arrangement}: no part of the plant has it")
    table = case.table
    hot_in, cold_in = (
        table.t_hot_in_C.to_numpy(float),
        table.t_cold_in_C.to_numpy(float),
    )
    hot_w_k = table.m_hot_kg_s.to_numpy() * water.heat_capacity(hot_in)
    cold_w_k = table.m_cold_kg_s.to_numpy() * water.heat_capacity(cold_in)
    moved_w_k = ARRANGEMENTS[arrangement](case.params["UA_W_K"], hot_w_k, cold_w_k)
    heat = moved_w_k * (hot_in - cold_in)
    draw("heat [W]", table.q_W, heat)
    effectiveness = moved_w_k / np.minimum(hot_w_k, cold_w_k)
    check("exchanger_effectiveness_max", max_error(effectiveness, table.effectiveness))
    hot_error = max_error(hot_in - heat / hot_w_k, table.t_hot_out_C)
    cold_error = max_error(cold_in + heat / cold_w_k, table.t_cold_out_C)
    check("exchanger_outlet_max", max(hot_error, cold_error))


@pytest.mark.prefix("ep_hx_")
def test_nameplate_with_flow_exponent_of_zero(case, check, draw, exclude):
    """The nameplate of the plant, told to ignore the flows, is that exchanger."""
    if case.params.get("model", "CounterFlow") != "CounterFlow":
        exclude("the plate exchanger of the plant is a counterflow one")
    table = case.table
    exchanger = PlateHeatExchanger(
        case.params["UA_W_K"],
        case.params["design_flow_hot_m3_s"] * 1000,
        case.params["design_flow_cold_m3_s"] * 1000,
        flow_exponent=0.0,
    )
    hot_in, cold_in = table.t_hot_in_C.to_numpy(float), table.t_cold_in_C.to_numpy()
    heat = heat_exchanger.heat_transferred(
        exchanger,
        hot_in,
        table.m_hot_kg_s.to_numpy(float),
        water.heat_capacity(hot_in),
        cold_in,
        table.m_cold_kg_s.to_numpy(float),
        water.heat_capacity(cold_in),
    )
    draw("heat by the nameplate [W]", table.q_W, heat)
    hot_w_k = table.m_hot_kg_s * water.heat_capacity(hot_in)
    check("exchanger_outlet_max", max_error(hot_in - heat / hot_w_k, table.t_hot_out_C))


def heat_capacity_of(table):
    """Heat capacity that the reference used, from its own heat balance [J/(kg K)]."""
    drop_k = table.t_hot_in_C - table.t_hot_out_C
    clear = drop_k.abs() > LEAST_K
    per_row = table.q_W[clear] / (table.m_hot_kg_s[clear] * drop_k[clear])
    return float(per_row.median())


@pytest.mark.prefix("mod_platehx_")
def test_conductance_that_follows_the_flows(case, check, draw):
    table, params = case.table, case.params
    heat_capacity = heat_capacity_of(table)
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
