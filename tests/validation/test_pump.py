"""Pumps against EnergyPlus and Modelica."""

import numpy as np
import pytest

from plant import water
from plant.cooling import pump, pump_curve
from tests.validation.figures import max_error, number_in


@pytest.mark.prefix("ep_pump_")
def test_polynomial_power(case, check, draw):
    table, params = case.table, case.params
    flow = table.m_kg_s / water.density(table.t_in_C.to_numpy(float))
    plate = pump.PolynomialPump(
        params["design_power_W"],
        params["design_flow_m3_s"],
        tuple(params["part_load_coeffs"]),
        params["motor_efficiency"],
        params["fraction_motor_ineff_to_fluid"],
    )
    power = pump.polynomial_power(plate, flow.to_numpy(float))
    draw("power [W]", table.p_elec_W, power)
    error = np.abs(power - table.p_elec_W).max() / params["design_power_W"]
    check("pump_polynomial_max", error)
    shaft_w, heat_w = pump.polynomial_shares(plate, power)
    shaft_error = max_error(shaft_w, table.p_shaft_W) / params["design_power_W"]
    check("pump_shaft_max", shaft_error)
    heat_error = max_error(heat_w, table.q_fluid_W) / params["design_power_W"]
    check("pump_heat_max", heat_error)
    # EnergyPlus reports its outlet before the heat is in the loop, or with a part of it
    capacity_w_k = table.m_kg_s * water.heat_capacity(table.t_in_C.to_numpy(float))
    warmest_k = heat_w / capacity_w_k.clip(lower=1e-9)
    rise_k = table.t_out_C - table.t_in_C
    check("pump_outlet_max", max(0.0, (rise_k - warmest_k).max(), (-rise_k).max()))


@pytest.mark.prefix("mod_pump_")
def test_measured_curve_at_all_speeds(case, check, draw):
    table, params = case.table, case.params
    curve = pump_curve.from_table(params["V_flow_m3_s"], params["dp_Pa"], params["P_W"])
    density = number_in(params["model"], "rho")
    flow = table.m_kg_s.to_numpy(float) / density
    speed = table.speed_ratio.to_numpy(float)
    head = pump_curve.head(curve, speed, flow)
    power = pump_curve.power(curve, speed, flow)
    draw("head [Pa]", table.dp_Pa, head)
    draw("power [W]", table.p_elec_W, power)
    check("pump_curve_head_max", np.abs(head / table.dp_Pa - 1).max())
    check("pump_curve_power_max", np.abs(power / table.p_elec_W - 1).max())
