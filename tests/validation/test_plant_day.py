"""A day of a chiller plant with waterside economizer, against Modelica.

The reference is a dynamic simulation with controllers; what is replayed is every hour in
which it has settled: from the heat of the coil and the tower water, the economizer's share
and the chiller's power. Equipment from the case, or that of its ``PartialDataCenter``.
"""

import numpy as np
import pytest

from plant import heat_exchanger
from plant.cooling import chiller
from plant.cooling.chiller import Chiller
from plant.heat_exchanger import PlateHeatExchanger
from tests.validation.conftest import published
from tests.validation.figures import nominal_ntu, rmse

PREFIX = "mod_datacenter_chillercooled_"
CHILLER = "chiWSE.chiPar.chi[1]"
KELVIN = 273.15


@pytest.fixture
def equipment(case):
    return published("PartialDataCenter") | case.params.get("equipment", {})


def settled(table, after_s):
    """Whether coil and chilled-water plant move the same heat."""
    coil_w = -table["ahu.cooCoi.Q2_flow"]
    plant_w = -table["chiWSE.wse.heaExc.hex.Q2_flow"] - table[f"{CHILLER}.QEva_flow"]
    even = np.abs(plant_w / coil_w.where(coil_w > 0.0) - 1.0) < 0.001
    return even & (table.time > after_s)


def economizer(equipment, flow_kg_s):
    """Counterflow exchanger of the constant effectiveness."""
    tower_kg_s = equipment["tower_flow_kg_s"]
    smaller, larger = (
        np.minimum(flow_kg_s, tower_kg_s),
        np.maximum(flow_kg_s, tower_kg_s),
    )
    ntu = nominal_ntu(equipment["economizer_effectiveness"], smaller / larger)
    ua_w_k = ntu * smaller * equipment["water_heat_capacity_j_kg_k"]
    return PlateHeatExchanger(ua_w_k, tower_kg_s, flow_kg_s, 0.0)


def test_economizer_and_chiller(case, equipment, keep, check, draw):
    even = settled(case.table, equipment["settled_after_s"])
    rows = keep(case.table, even, "not settled: coil and plant differ by over 0.1 %")
    cp = equipment["water_heat_capacity_j_kg_k"]
    heat_w = -rows["ahu.cooCoi.Q2_flow"].to_numpy(float)
    warm_c, cold_c = rows["TCHWRet.T"].to_numpy(), rows["TCHWSup.T"].to_numpy()
    tower_c = rows["TCWSup.T"].to_numpy(float)
    flow_kg_s = heat_w / (cp * (warm_c - cold_c))
    free_w = heat_exchanger.heat_transferred(
        economizer(equipment, flow_kg_s),
        warm_c,
        flow_kg_s,
        cp,
        tower_c,
        equipment["tower_flow_kg_s"],
        cp,
    )
    reference_w = -rows["chiWSE.wse.heaExc.hex.Q2_flow"]
    draw("economizer heat [W]", reference_w, free_w)
    check("day_economizer", np.abs(free_w / reference_w - 1.0).max())
    on = (rows[f"{CHILLER}.P"] > 0.0).to_numpy()
    after_c = warm_c - free_w / (flow_kg_s * cp)
    reported_c = rows["chiWSE.TCHWSupWSE"].to_numpy(float) - KELVIN
    check("day_economizer_outlet", np.abs(after_c - reported_c).max())
    load_w = flow_kg_s * cp * (after_c - cold_c)
    machine = Chiller(**equipment["chiller"])
    found = chiller.operate(machine, load_w[on], cold_c[on], tower_c[on])
    power_w = rows[f"{CHILLER}.P"].to_numpy()[on]
    draw("chiller power [W]", power_w, found.power_w)
    check("day_chiller", rmse(found.power_w / power_w, 1.0))
    cop = rows[f"{CHILLER}.COP"].to_numpy()[on]
    check("day_chiller", rmse(found.heat_w / found.power_w / cop, 1.0))
