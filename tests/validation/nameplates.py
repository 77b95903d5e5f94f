"""Nameplates from the parameters of EnergyPlus objects."""

from plant import water
from plant.cooling.chiller import Chiller
from plant.cooling.cooling_tower import CoolingTower
from plant.cooling.reformulated_chiller import ReformulatedChiller

# EnergyPlus turns design volume into mass flow at this temperature
SIZING_C = 5.05
COEFFICIENTS = (
    "coefficient1_constant",
    "coefficient2_x",
    "coefficient3_x_2",
    "coefficient4_x_3",
)
BIQUADRATIC = (
    "coefficient1_constant",
    "coefficient2_x",
    "coefficient3_x_2",
    "coefficient4_y",
    "coefficient5_y_2",
    "coefficient6_x_y",
)
BICUBIC = (
    *BIQUADRATIC,
    "coefficient7_x_3",
    "coefficient8_y_3",
    "coefficient9_x_2_y",
    "coefficient10_x_y_2",
)

UA_BY = "u_factor_times_area_modifier_function_of"
TOWER_CURVES = (
    "fan_power_modifier_function_of_air_flow_rate_ratio",
    f"{UA_BY}_air_flow_ratio",
    f"{UA_BY}_wetbulb_temperature_difference",
    f"{UA_BY}_water_flow_ratio",
)


def coefficients(curve):
    return tuple(float(curve[key]) for key in COEFFICIENTS if key in curve)


def curve_limits(curve, of="value_of_x"):
    kind = "curve_output" if of == "output" else of
    return float(curve[f"minimum_{kind}"]), float(curve[f"maximum_{kind}"])


def merkel_tower(fields, curves):
    """CoolingTower:VariableSpeed:Merkel."""
    fan, by_air, by_wet_bulb, by_water = (
        curves[fields[f"{part}_curve_name"]]["f"] for part in TOWER_CURVES
    )
    ua_w_k = fields["design_air_flow_rate_u_factor_times_area_value"]
    still_w_k = fields["free_convection_regime_u_factor_times_area_value"]
    air_m3_s = fields["design_air_flow_rate"]
    return CoolingTower(
        ua_w_k=ua_w_k,
        water_flow_kg_s=fields["design_water_flow_rate"] * water.density(SIZING_C),
        air_flow_m3_s=air_m3_s,
        fan_power_w=fields["design_fan_power"],
        design_wet_bulb_c=fields["design_inlet_air_wet_bulb_temperature"],
        minimum_air_flow_ratio=fields["minimum_air_flow_rate_ratio"],
        free_convection_ratio=fields["free_convection_regime_air_flow_rate"] / air_m3_s,
        free_convection_ua_ratio=still_w_k / ua_w_k,
        cycles_of_concentration=fields["blowdown_concentration_ratio"],
        drift_fraction=fields["drift_loss_percent"] / 100,
        ua_air_curve=coefficients(by_air),
        ua_air_limits=curve_limits(by_air),
        ua_air_factor_limits=curve_limits(by_air, "output"),
        ua_wet_bulb_curve=coefficients(by_wet_bulb),
        ua_wet_bulb_limits_k=curve_limits(by_wet_bulb),
        ua_wet_bulb_factor_limits=curve_limits(by_wet_bulb, "output"),
        ua_water_curve=coefficients(by_water),
        ua_water_limits=curve_limits(by_water),
        ua_water_factor_limits=curve_limits(by_water, "output"),
        fan_power_curve=coefficients(fan),
    )


def limits(curve, axis):
    return curve[f"minimum_value_of_{axis}"], curve[f"maximum_value_of_{axis}"]


def eir_chiller(params):
    """Chiller:Electric:EIR."""
    fields, curves = params["fields"], params["curves"]
    by_temperature = curves["cooling_capacity_function_of_temperature_curve_name"]
    ratio = "electric_input_to_cooling_output_ratio_function_of"
    eir = curves[f"{ratio}_temperature_curve_name"]
    by_load = curves[f"{ratio}_part_load_ratio_curve_name"]
    return Chiller(
        reference_capacity_w=fields["reference_capacity"],
        reference_cop=fields["reference_cop"],
        capacity_curve=tuple(by_temperature[key] for key in BIQUADRATIC),
        eir_temperature_curve=tuple(eir[key] for key in BIQUADRATIC),
        eir_load_curve=tuple(by_load[key] for key in BIQUADRATIC[:3]),
        leaving_limits_c=limits(by_temperature, "x"),
        condenser_limits_c=limits(by_temperature, "y"),
        minimum_part_load_ratio=fields["minimum_part_load_ratio"],
        maximum_part_load_ratio=fields["maximum_part_load_ratio"],
        minimum_unloading_ratio=max(
            fields["minimum_unloading_ratio"], limits(by_load, "x")[0]
        ),
        condenser_heat_fraction=fields[
            "fraction_of_compressor_electric_consumption_rejected_by_condenser"
        ],
    )


def reformulated_eir_chiller(params):
    """Chiller:Electric:ReformulatedEIR."""
    fields, curves = params["fields"], params["curves"]
    by_temperature = curves["cooling_capacity_function_of_temperature_curve_name"]
    ratio = "electric_input_to_cooling_output_ratio_function_of"
    eir = curves[f"{ratio}_temperature_curve_name"]
    by_load = curves[f"{ratio}_part_load_ratio_curve_name"]
    return ReformulatedChiller(
        reference_capacity_w=fields["reference_capacity"],
        reference_cop=fields["reference_cop"],
        capacity_curve=tuple(by_temperature[key] for key in BIQUADRATIC),
        eir_temperature_curve=tuple(eir[key] for key in BIQUADRATIC),
        eir_load_curve=tuple(by_load[key] for key in BICUBIC),
        leaving_limits_c=limits(by_temperature, "x"),
        condenser_limits_c=limits(by_temperature, "y"),
        load_curve_limits_c=limits(by_load, "x"),
        minimum_part_load_ratio=fields["minimum_part_load_ratio"],
        maximum_part_load_ratio=fields["maximum_part_load_ratio"],
        minimum_unloading_ratio=max(
            fields["minimum_unloading_ratio"], limits(by_load, "y")[0]
        ),
        condenser_heat_fraction=fields[
            "fraction_of_compressor_electric_consumption_rejected_by_condenser"
        ],
    )
