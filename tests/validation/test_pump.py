"""Pumps against EnergyPlus and Modelica."""

import re

import numpy as np
import pytest

from plant import water
from plant.cooling import pump, pump_curve


@pytest.mark.prefix("ep_pump_")
def test_polynomial_power(case, check, draw):
    table, params = case.table, case.params
    flow = table.m_kg_s / water.density(table.t_in_C.to_numpy(float))
    plate = pump.PolynomialPump(
        params["design_power_W"],
        params["design_flow_m3_s"],
        tuple(params["part_load_coeffs"]),
    )
    power = pump.polynomial_power(plate, flow.to_numpy(float))
    draw("power [W]", table.p_elec_W, power)
    error = np.abs(power - table.p_elec_W).max() / params["design_power_W"]
    check("pump_polynomial_max", error)


@pytest.mark.prefix("mod_pump_")
def test_measured_curve_at_all_speeds(case, check, draw):
    table, params = case.table, case.params
    curve = pump_curve.from_table(params["V_flow_m3_s"], params["dp_Pa"], params["P_W"])
    density = float(re.search(r"\brho=([\d.]+\d)", params["model"])[1])
    flow = table.m_kg_s.to_numpy(float) / density
    speed = table.speed_ratio.to_numpy(float)
    head = pump_curve.head(curve, speed, flow)
    power = pump_curve.power(curve, speed, flow)
    draw("head [Pa]", table.dp_Pa, head)
    draw("power [W]", table.p_elec_W, power)
    check("pump_curve_head_max", np.abs(head / table.dp_Pa - 1).max())
    check("pump_curve_power_max", np.abs(power / table.p_elec_W - 1).max())
