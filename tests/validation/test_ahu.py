"""Indirect evaporative AHU against EnergyPlus ResearchSpecial."""

import numpy as np
import pytest

from plant import psychrometrics, water
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


REACHED_K = 0.01  # EnergyPlus ends its search for the outdoor flow this near


@pytest.fixture
def streams(case):
    """Nameplate, primary stream and outdoor air of every row."""
    table = case.table
    names = ("t_sec_in_C", "twb_sec_in_C", "w_sec_in_kgkg", "p_Pa")
    primary = ("t_prim_in_C", "w_prim_kgkg", "m_prim_kg_s")
    unit = nameplate(case.params)
    air = OutdoorAir(*(table[name].to_numpy(float) for name in names))
    return unit, [table[name].to_numpy(float) for name in primary], air


def rated_w(unit):
    return unit.secondary_fan_power_w + unit.spray_pump_power_w


def test_supply_air_and_water_from_the_setpoint(case, streams, check, draw):
    unit, primary, air = streams
    found = ahu.operate(unit, *primary, case.table.t_setpoint_C.to_numpy(float), air)
    draw("supply air [degC]", case.table.t_prim_out_C, found.supply_c)
    check("ahu_supply_max", np.abs(found.supply_c - case.table.t_prim_out_C).max())
    makeup = found.makeup_kg_s / water.density(air.dry_bulb_c)
    reference = case.table.water_m3_s
    check("ahu_water", rmse(makeup, reference) / reference.mean())


def test_supply_air_and_power_at_the_outdoor_flow(case, streams, check, draw):
    """What the reference draws at the outdoor flow that it reports."""
    unit, primary, air = streams
    dry_kg_m3 = psychrometrics.density(
        air.dry_bulb_c, air.humidity_ratio, air.pressure_pa
    )
    share = case.table.m_sec_kg_s / (unit.secondary_air_flow_m3_s * dry_kg_m3)
    found = ahu.cool(unit, *primary, share.to_numpy(float), air)
    draw("power [W]", case.table.p_elec_W, found.power_w)
    check("ahu_power", rmse(found.power_w, case.table.p_elec_W) / rated_w(unit))
    check("ahu_supply_max", np.abs(found.supply_c - case.table.t_prim_out_C).max())


def test_power_from_the_setpoint(case, streams, check, draw):
    """The power lies between those of the setpoint and of 0.01 K below.

    The reference ends its search up to 0.01 K beyond the setpoint, with a larger flow,
    and reports the setpoint: where the supply hardly follows the flow that alone is
    0.5 % of rated power.
    """
    unit, primary, air = streams
    setpoint_c = case.table.t_setpoint_C.to_numpy(float)
    least = ahu.operate(unit, *primary, setpoint_c, air)
    most = ahu.operate(unit, *primary, setpoint_c - REACHED_K, air)
    nearest_w = np.clip(case.table.p_elec_W, least.power_w, most.power_w)
    draw("power from the setpoint [W]", case.table.p_elec_W, nearest_w)
    error = rmse(nearest_w, case.table.p_elec_W) / rated_w(unit)
    check("ahu_power_setpoint", error)
