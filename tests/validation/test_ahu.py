"""Indirect evaporative AHU against EnergyPlus ResearchSpecial."""

import numpy as np

from plant import water
from plant.cooling import ahu
from plant.cooling.ahu import Ahu
from plant.types import OutdoorAir
from tests.validation.figures import rmse

PREFIX = "ep_iec_"
KEYS = [
    "coefficient1_constant",
    "coefficient2_x",
    "coefficient3_x_2",
    "coefficient4_x_3",
]


def coefficients(params, of):
    curve = params["curves"][params["fields"][f"{of}_curve_name"]]["f"]
    return tuple(float(curve[key]) for key in KEYS if key in curve)


def nameplate(params):
    fields = params["fields"]
    wet = "wetbulb_effectiveness_flow_ratio_modifier"
    dry = "drybulb_effectiveness_flow_ratio_modifier"
    limits = params["curves"][fields[f"{wet}_curve_name"]]["f"]
    operation = "evaporative_operation"
    return Ahu(
        wet_bulb_effectiveness=fields["cooler_wetbulb_design_effectiveness"],
        dry_bulb_effectiveness=fields["cooler_drybulb_design_effectiveness"],
        secondary_air_flow_m3_s=fields["secondary_air_design_flow_rate"],
        secondary_fan_power_w=fields["secondary_air_fan_design_power"],
        spray_pump_power_w=fields["recirculating_water_pump_design_power"],
        wet_curve=coefficients(params, wet),
        dry_curve=coefficients(params, dry),
        flow_ratio_limits=(limits["minimum_value_of_x"], limits["maximum_value_of_x"]),
        curve_limits=(limits["minimum_curve_output"], limits["maximum_curve_output"]),
        fan_power_curve=coefficients(params, "secondary_air_fan_power_modifier"),
        pump_power_curve=coefficients(params, "water_pump_power_modifier"),
        wet_least_dry_bulb_c=fields[
            f"{operation}_minimum_limit_secondary_air_drybulb_temperature"
        ],
        wet_largest_wet_bulb_c=fields[
            f"{operation}_maximum_limit_outdoor_wetbulb_temperature"
        ],
        dry_largest_dry_bulb_c=fields[
            "dry_operation_maximum_limit_outdoor_drybulb_temperature"
        ],
        cycles_of_concentration=fields["blowdown_concentration_ratio"],
    )


def test_supply_air_power_and_water(case, check, draw):
    table, unit = case.table, nameplate(case.params)
    columns = ("t_sec_in_C", "twb_sec_in_C", "w_sec_in_kgkg", "p_Pa")
    found = ahu.operate(
        unit,
        table.t_prim_in_C.to_numpy(float),
        table.w_prim_kgkg.to_numpy(float),
        table.m_prim_kg_s.to_numpy(float),
        table.t_setpoint_C.to_numpy(float),
        OutdoorAir(*(table[column].to_numpy(float) for column in columns)),
    )
    draw("supply air [degC]", table.t_prim_out_C, found.supply_c)
    draw("power [W]", table.p_elec_W, found.power_w)
    check("ahu_supply_max", np.abs(found.supply_c - table.t_prim_out_C).max())
    rated_w = unit.secondary_fan_power_w + unit.spray_pump_power_w
    check("ahu_power", rmse(found.power_w, table.p_elec_W) / rated_w)
    makeup = found.makeup_kg_s / water.density(table.t_sec_in_C.to_numpy(float))
    check("ahu_water", rmse(makeup, table.water_m3_s) / table.water_m3_s.mean())
