"""A day of a chiller plant with waterside economizer, against Modelica.

The reference is a dynamic simulation with controllers; what is replayed is every hour in
which it has settled: from the heat of the coil and the tower water, the economizer's share
and the chiller's power. Equipment as in its ``PartialDataCenter``.
"""

import numpy as np

from plant import heat_exchanger
from plant.cooling import chiller
from plant.cooling.chiller import Chiller
from plant.heat_exchanger import PlateHeatExchanger

PREFIX = "mod_datacenter_chillercooled_"
WATER_CP = 4184.0  # J/(kg K), constant in the reference
KELVIN = 273.15
ECONOMIZER = 0.8  # effectiveness, constant in the reference
# York YT 1055 kW, 5.96 COP, vanes, EnergyPlus data set Chillers.idf; the reference does
# not hold its curves at their limits
YORK = Chiller(
    1055000.0,
    5.96,
    (1.785912e-01, -5.900023e-02, -5.946963e-04, 9.297889e-02, -2.841024e-03, 4.974221e-03),
    (5.245110e-01, -2.850126e-02, 8.034720e-04, 1.893133e-02, 1.151629e-04, -9.340642e-05),
    (2.619878e-01, 2.393605e-01, 4.988306e-01),
    (-100.0, 100.0),
    (-100.0, 100.0),
    0.1,
    1.05,
    0.1,
)  # fmt: skip


def settled(table):
    """Rows in which coil and chilled-water plant move the same heat."""
    coil_w = -table["ahu.cooCoi.Q2_flow"]
    plant_w = -table["chiWSE.wse.heaExc.hex.Q2_flow"]
    plant_w = plant_w - table["chiWSE.chiPar.chi[1].QEva_flow"]
    even = (np.abs(plant_w / coil_w.where(coil_w > 0.0) - 1.0) < 0.001) & (
        table.time > 3600.0
    )
    return table[even]


def economizer(conductance_w_k, flow_kg_s, tower_kg_s):
    return PlateHeatExchanger(conductance_w_k, tower_kg_s, flow_kg_s, 0.0)


def with_effectiveness(smaller, larger):
    """NTU times the smaller capacity rate, counterflow."""
    ratio = smaller / larger
    ntu = np.log((ECONOMIZER - 1) / (ECONOMIZER * ratio - 1)) / (ratio - 1)
    return ntu * smaller


def test_economizer_and_chiller(case, check, draw):
    rows = settled(case.table)
    heat_w = -rows["ahu.cooCoi.Q2_flow"].to_numpy(float)
    warm_c, cold_c = rows["TCHWRet.T"].to_numpy(), rows["TCHWSup.T"].to_numpy()
    tower_c = rows["TCWSup.T"].to_numpy(float)
    flow_kg_s = heat_w / (WATER_CP * (warm_c - cold_c))
    tower_kg_s = 69.4  # both condenser pumps
    ua = with_effectiveness(flow_kg_s * WATER_CP, tower_kg_s * WATER_CP)
    free_w = heat_exchanger.heat_transferred(
        economizer(ua, flow_kg_s, tower_kg_s),
        warm_c,
        flow_kg_s,
        WATER_CP,
        tower_c,
        tower_kg_s,
        WATER_CP,
    )
    reference_w = -rows["chiWSE.wse.heaExc.hex.Q2_flow"]
    draw("economizer heat [W]", reference_w, free_w)
    check("day_economizer", np.abs(free_w / reference_w - 1.0).max())
    on = (rows["chiWSE.chiPar.chi[1].P"] > 0.0).to_numpy()
    after_c = warm_c - free_w / (flow_kg_s * WATER_CP)
    load_w = flow_kg_s * WATER_CP * (after_c - cold_c)
    found = chiller.operate(YORK, load_w[on], cold_c[on], tower_c[on])
    power_w = rows["chiWSE.chiPar.chi[1].P"].to_numpy()[on]
    draw("chiller power [W]", power_w, found.power_w)
    check("day_chiller", np.sqrt(np.mean((found.power_w / power_w - 1.0) ** 2)))
