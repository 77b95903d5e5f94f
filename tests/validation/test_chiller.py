"""EIR chillers against EnergyPlus and Modelica."""

import numpy as np
import pytest

from plant import water
from plant.cooling import chiller, reformulated_chiller
from plant.cooling.chiller import Chiller
from plant.cooling.reformulated_chiller import ReformulatedChiller

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
UNLIMITED = (-100.0, 100.0)


def nameplate(params):
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
        leaving_limits_c=(
            by_temperature["minimum_value_of_x"],
            by_temperature["maximum_value_of_x"],
        ),
        condenser_limits_c=(
            by_temperature["minimum_value_of_y"],
            by_temperature["maximum_value_of_y"],
        ),
        minimum_part_load_ratio=fields["minimum_part_load_ratio"],
        maximum_part_load_ratio=fields["maximum_part_load_ratio"],
        minimum_unloading_ratio=fields["minimum_unloading_ratio"],
        condenser_heat_fraction=fields[
            "fraction_of_compressor_electric_consumption_rejected_by_condenser"
        ],
    )


@pytest.mark.prefix("ep_chiller_eir_")
def test_power_at_actual_leaving_water(case, check, draw):
    table = case.table
    found = chiller.operate(
        nameplate(case.params),
        table.q_evap_W.to_numpy(float),
        table.t_chw_out_C.to_numpy(float),
        table.t_cond_in_C.to_numpy(float),
    )
    draw("power [W]", table.p_chiller_W, found.power_w)
    error = np.sqrt(np.mean((found.power_w / table.p_chiller_W - 1) ** 2))
    first_set = case.name.endswith("_A")
    check("chiller_power_first_set" if first_set else "chiller_power", error)
    np.testing.assert_allclose(found.condenser_heat_w, table.q_cond_W, rtol=0.01)


@pytest.mark.prefix("mod_chiller_")
def test_cop_without_curve_limits(case, check, draw):
    """Modelica does not hold the curves at their limits."""
    plate = nameplate(case.params)._replace(
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


def limits(curve, axis):
    return curve[f"minimum_value_of_{axis}"], curve[f"maximum_value_of_{axis}"]


def reformulated(params):
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
        minimum_unloading_ratio=fields["minimum_unloading_ratio"],
        condenser_heat_fraction=fields[
            "fraction_of_compressor_electric_consumption_rejected_by_condenser"
        ],
    )


@pytest.mark.prefix("ep_chiller_reform_")
def test_reformulated_power(case, check, draw):
    """The condenser water that leaves is found, not given."""
    table = case.table
    condenser_in = table.t_cond_in_C.to_numpy(float)
    condenser_w_k = table.m_cond_kg_s * water.heat_capacity(condenser_in)
    found = reformulated_chiller.operate(
        reformulated(case.params),
        table.q_evap_W.to_numpy(float),
        table.t_chw_out_C.to_numpy(float),
        condenser_in,
        condenser_w_k.to_numpy(float),
    )
    draw("power [W]", table.p_chiller_W, found.power_w)
    error = np.sqrt(np.mean((found.power_w / table.p_chiller_W - 1) ** 2))
    check("chiller_reformulated", error)
    np.testing.assert_allclose(found.condenser_heat_w, table.q_cond_W, rtol=0.01)
