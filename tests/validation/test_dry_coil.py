"""In-row coil, fitted on the shipped points, against EnergyPlus Coil:Cooling:Water."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares

from plant import psychrometrics, water
from plant.cooling import dry_coil
from plant.cooling.dry_coil import CoilStreams, DryCoil

PREFIX = "ep_inrow_coil_"
SHIPPED = Path(__file__).parents[2] / "data" / "reference"
LEAST_FLOW_MULTIPLE = 9.0  # nominal flow over the least: above the laminar corner


def streams(table):
    water_c = table.t_water_in_C.to_numpy(float)
    return CoilStreams(
        table.t_air_in_C.to_numpy(float),
        table.m_air_kg_s.to_numpy(float),
        psychrometrics.heat_capacity(table.w_air_kgkg.to_numpy(float)),
        water_c,
        table.m_water_kg_s.to_numpy(float),
        water.heat_capacity(water_c),
    )


def fitted(table, fields):
    """Conductance, both exponents and the ratio of the films."""
    start = DryCoil(
        1000.0,
        LEAST_FLOW_MULTIPLE * table.m_air_kg_s.min() / 3.0,
        LEAST_FLOW_MULTIPLE * table.m_water_kg_s.min(),
        air_c=fields["design_inlet_air_temperature"],
        water_c=fields["design_inlet_water_temperature"],
    )
    both, heat_w = streams(table), table.q_total_W.to_numpy(float)

    def coil(x):
        return start._replace(
            ua_w_k=np.exp(x[0]),
            air_to_water_ratio=np.exp(x[1]),
            air_exponent=x[2],
            water_exponent=x[3],
        )

    found = least_squares(
        lambda x: dry_coil.heat_transferred(coil(x), both) / heat_w - 1.0,
        [7.0, 0.0, 0.8, 0.85],
    )
    return coil(found.x)


def same_coil(params):
    """Shipped points of the coil with these design fields; they alone are fitted."""
    for path in sorted(SHIPPED.glob(f"{PREFIX}*.csv")):
        known = json.loads((SHIPPED / f"{path.stem}.params.json").read_text())
        if known["fields"] == params["fields"]:
            return pd.read_csv(path)
    pytest.skip("no shipped points of this coil to fit")


def hold(case, coil, table, check, draw):
    both = streams(table)
    heat_w = dry_coil.heat_transferred(coil, both)
    draw("heat [W]", table.q_total_W, heat_w)
    relative = heat_w / table.q_total_W - 1.0
    check("coil_heat", np.sqrt(np.mean(relative**2)))
    air_w_k = both.air_flow_kg_s * both.air_heat_capacity_j_kg_k
    check("coil_air_max", (np.abs(heat_w - table.q_total_W) / air_w_k).max())


def test_fit_on_shipped_points(case, check, draw):
    coil = fitted(same_coil(case.params), case.params["fields"])
    hold(case, coil, case.table, check, draw)


def test_other_air_flows(case, check, draw):
    """Each air flow from a fit on the others; two air flows leave no exponent to fit."""
    table = case.table
    flows = table.m_air_kg_s.round(2)
    for flow in flows.unique() if flows.nunique() > 2 else ():
        coil = fitted(table[flows != flow], case.params["fields"])
        hold(case, coil, table[flows == flow], check, draw)
    if flows.nunique() <= 2:
        pytest.skip("two air flows only")
