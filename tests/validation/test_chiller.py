"""EIR chillers against EnergyPlus and Modelica."""

import numpy as np
import pytest

from plant import water
from plant.cooling import chiller, reformulated_chiller
from tests.validation.conftest import shipped_params
from tests.validation.figures import rmse
from tests.validation.nameplates import eir_chiller, reformulated_eir_chiller

UNLIMITED = (-100.0, 100.0)


@pytest.mark.prefix("ep_chiller_eir_")
def test_power_at_actual_leaving_water(case, check, draw):
    table = case.table
    found = chiller.operate(
        eir_chiller(case.params),
        table.q_evap_W.to_numpy(float),
        table.t_chw_out_C.to_numpy(float),
        table.t_cond_in_C.to_numpy(float),
    )
    draw("power [W]", table.p_chiller_W, found.power_w)
    error = rmse(found.power_w / table.p_chiller_W, 1.0)
    first_set = case.params == shipped_params("ep_chiller_eir_A")
    check("chiller_power_first_set" if first_set else "chiller_power", error)
    np.testing.assert_allclose(found.condenser_heat_w, table.q_cond_W, rtol=0.01)


@pytest.mark.prefix("mod_chiller_")
def test_cop_without_curve_limits(case, check, draw):
    """Modelica does not hold the curves at their limits."""
    plate = eir_chiller(case.params)._replace(
        leaving_limits_c=UNLIMITED, condenser_limits_c=UNLIMITED
    )
    leaving = case.table.t_eva_out_C.to_numpy(float)
    condenser_in = case.table.t_con_in_C.to_numpy(float)
    full = chiller.capacity(plate, leaving, condenser_in)
    load = case.table.plr1.to_numpy(float) * full
    found = chiller.operate(plate, load, leaving, condenser_in)
    cop = found.heat_w / found.power_w
    draw("COP", case.table["cop"], cop)
    check("chiller_cop_max", np.abs(cop / case.table["cop"] - 1).max())


@pytest.mark.prefix("ep_chiller_reform_")
def test_reformulated_power(case, check, draw):
    """The condenser water that leaves is found, not given."""
    table = case.table
    condenser_in = table.t_cond_in_C.to_numpy(float)
    condenser_w_k = table.m_cond_kg_s * water.heat_capacity(condenser_in)
    found = reformulated_chiller.operate(
        reformulated_eir_chiller(case.params),
        table.q_evap_W.to_numpy(float),
        table.t_chw_out_C.to_numpy(float),
        condenser_in,
        condenser_w_k.to_numpy(float),
    )
    draw("power [W]", table.p_chiller_W, found.power_w)
    check("chiller_reformulated", rmse(found.power_w / table.p_chiller_W, 1.0))
    np.testing.assert_allclose(found.condenser_heat_w, table.q_cond_W, rtol=0.01)
