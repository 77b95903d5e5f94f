"""Results that no model replays are tied by balances to those that one does.

Heat is flow times heat capacity times the difference of temperatures, inputs are outputs
plus losses, ratios are what they say. The heat capacities are the plant's own. So a wrong
column of the reference shows, and so does a wrong reading of a column's meaning.
"""

import numpy as np
import pytest

from plant import psychrometrics, water
from tests.validation.figures import PRINTED_M3_S
from tests.validation.nameplates import coefficients
from tests.validation.test_hall_year import HALL_HUMIDITY_RATIO

DRY, WET = 1, 2  # modes of the indirect evaporative cooler
LEAST_LIFT_K = 1.0  # of the cooler: below it its effectiveness is noise


@pytest.fixture
def tied(case, check):
    """Hold columns against what the others make of them."""

    def hold(table=None, **expected):
        rows = case.table if table is None else table
        for column, wanted in expected.items():
            reference = rows[column].to_numpy(float)
            miss = np.abs(np.asarray(wanted, float) - reference).max()
            if column.endswith("_m3_s"):
                miss = max(miss - PRINTED_M3_S, 0.0)
            if column.startswith("t_"):
                check("balance_temperature", miss)
            else:
                check("balance_share", miss / np.abs(reference).max())

    return hold


def water_heat_w(table, flow, warm, cold, capacity_of):
    capacity = water.heat_capacity(table[capacity_of].to_numpy(float))
    return table[flow] * capacity * (table[warm] - table[cold])


@pytest.mark.prefix("ep_transformer_")
def test_transformer(case, tied):
    t = case.table
    tied(
        p_in_W=t.p_out_W + t.thermal_loss_W,
        efficiency=t.p_out_W / t.p_in_W,
        load_loss_W=t.thermal_loss_W - t.no_load_loss_W,
        load_fraction=t.p_out_W / case.params["rated_capacity"],
    )


@pytest.mark.prefix("ep_chiller_")
def test_chiller(case, tied):
    t, plate = case.table, case.params["fields"]
    rated_w = plate["reference_capacity"] / plate["reference_cop"]
    running = t.capft * t.eirft * t.eirfplr * t.cycling_ratio
    full_w = plate["reference_capacity"] * t.capft
    evaporator_w = water_heat_w(
        t, "m_chw_kg_s", "t_chw_in_C", "t_chw_out_C", "t_chw_in_C"
    )
    condenser_w = water_heat_w(
        t, "m_cond_kg_s", "t_cond_out_C", "t_cond_in_C", "t_cond_in_C"
    )
    tied(
        cop=t.q_evap_W / t.p_chiller_W,
        p_chiller_W=rated_w * running,
        q_evap_W=evaporator_w,
        q_cond_W=condenser_w,
    )
    # below its least load it cycles, or burns what is too much
    carried_w = t.q_evap_W + t.q_false_load_W
    tied(t.assign(carried_W=carried_w), carried_W=full_w * t.plr * t.cycling_ratio)


@pytest.mark.prefix("mod_chiller_")
def test_modelica_chiller(case, tied):
    t = case.table
    tied(plr2=np.maximum(t.plr1, t.plr2.min()), cycling_ratio=t.plr1 / t.plr2)


@pytest.mark.prefix("ep_tower_")
def test_towers(case, tied):
    heat_and_water(case, tied)


@pytest.mark.prefix("ep_evap_fluid_cooler_")
def test_closed_circuit_towers(case, tied):
    heat_and_water(case, tied)


@pytest.mark.prefix("ep_drycooler_")
def test_dry_coolers(case, tied):
    heat_and_water(case, tied)


def heat_and_water(case, tied):
    t, plate = case.table, case.params["fields"]
    heat_w = water_heat_w(
        t, "m_water_kg_s", "t_water_in_C", "t_water_out_C", "t_water_in_C"
    )
    tied(q_W=heat_w)
    if "makeup_m3_s" in t:
        per_cycle = plate["blowdown_concentration_ratio"] - 1.0
        tied(
            makeup_m3_s=t.evap_m3_s + t.drift_m3_s + t.blowdown_m3_s,
            blowdown_m3_s=np.maximum(t.evap_m3_s / per_cycle - t.drift_m3_s, 0.0),
        )
    if "fan_plr" in t:
        name = plate["fan_power_ratio_function_of_air_flow_rate_ratio_curve_name"]
        curve = coefficients(case.params["curves"][name]["f"])
        ratio = np.polynomial.polynomial.polyval(t.air_flow_ratio, curve)
        tied(p_fan_W=t.fan_plr * plate["design_fan_power"] * ratio)
        full_m3_s = plate["drift_loss_percent"] / 100 * plate["design_water_flow_rate"]
        tied(drift_m3_s=t.air_flow_ratio * t.fan_plr * full_m3_s)


@pytest.mark.prefix("ep_hx_")
def test_plate_exchanger(case, tied):
    t = case.table
    tied(q_W=water_heat_w(t, "m_hot_kg_s", "t_hot_in_C", "t_hot_out_C", "t_hot_in_C"))


@pytest.mark.prefix("mod_platehx_")
def test_modelica_plate_exchanger(case, tied):
    """Both sides have the same constant heat capacity."""
    t = case.table
    hot_w_k = t.q_W / (t.t_hot_in_C - t.t_hot_out_C)
    cold_w_k = hot_w_k / t.m_hot_kg_s * t.m_cold_kg_s
    tied(t_cold_out_C=t.t_cold_in_C + t.q_W / cold_w_k)


@pytest.mark.prefix("ep_inrow_coil_")
def test_in_row_coil(case, check, tied):
    t = case.table
    capacity = psychrometrics.heat_capacity(t.w_air_kgkg.to_numpy(float))
    air_k = t.q_sensible_W / (t.m_air_kg_s * capacity)
    tied(q_total_W=t.q_sensible_W, t_air_out_C=t.t_air_in_C - air_k)
    # its search for the water flow ends within 2 % of the heat
    heat_w = water_heat_w(
        t, "m_water_kg_s", "t_water_out_C", "t_water_in_C", "t_water_in_C"
    )
    check("balance_coil_water", np.abs(heat_w / t.q_total_W - 1.0).max())
    assert (t.t_air_out_C > t.t_setpoint_C - 0.1).all()


@pytest.mark.prefix("ep_iec_")
def test_indirect_evaporative_cooler(case, check, tied):
    """The secondary air takes what leaves the primary air, as warmth or as vapour."""
    t = case.table
    primary_w_k = t.m_prim_kg_s * psychrometrics.heat_capacity(
        t.w_prim_kgkg.to_numpy(float)
    )
    lift_k = t.t_prim_in_C - t.t_prim_out_C
    heat_w = primary_w_k * lift_k
    names = ("t_sec_in_C", "w_sec_in_kgkg", "t_sec_out_C", "w_sec_out_kgkg")
    t_in, w_in, t_out, w_out = (t[name].to_numpy(float) for name in names)
    rise = psychrometrics.enthalpy(t_out, w_out) - psychrometrics.enthalpy(t_in, w_in)
    runs = (t["mode"] > 0) & (t.m_sec_kg_s > 0)
    largest_w = heat_w.max()
    check("balance_share", np.abs(t.m_sec_kg_s * rise - heat_w)[runs].max() / largest_w)
    dry, wet = t["mode"] == DRY, t["mode"] == WET
    assert (w_out == w_in)[dry].all()
    assert (t_out == t_in)[wet].all()
    sink_c = np.where(dry, t_in, t.twb_sec_in_C)
    clear = runs & (lift_k > LEAST_LIFT_K)
    reached = lift_k / (t.t_prim_in_C - sink_c)
    # in part load it reports the effectiveness at the end of its search
    check("balance_effectiveness", np.abs(reached - t.wb_eff)[clear].max())
    assert ((t.plr > 0) == (t["mode"] > 0)).all()
    assert (t.plr <= 1.0).all()


@pytest.mark.prefix("ep_liion_")
def test_pack_and_converter(case, tied):
    t, params = case.table, case.params
    cells = params["fields"]["number_of_strings_in_parallel"]
    full_ah = cells * params["defaults"]["fully_charged_cell_capacity_Ah"]
    tied(
        i_A=(t.p_discharge_W - t.p_charge_W) / t.v_V,
        q_Ah=t.soc * full_ah,
        p_conv_dc_out_W=t.p_charge_W,
        p_conv_ac_in_W=t.p_conv_dc_out_W / t.conv_eff,
        p_conv_loss_W=t.p_conv_ac_in_W - t.p_conv_dc_out_W,
    )
    assert (np.diff(t.minute) == params["timestep_s"] / 60.0).all()


@pytest.mark.prefix("ep_dczone_crac_")
def test_hall(case, check, tied):
    t = case.table
    tied(
        p_it_W=t.p_ite_cpu_W + t.p_ite_fan_W + t.p_ite_psu_loss_W,
        p_facility_W=t.p_it_W + t.p_fan_W + t.p_coil_W,
        pue=t.p_facility_W / t.p_it_W,
    )
    check("balance_air", np.abs(t.t_return_C - t.t_zone_C).mean())
    wet = 1.0 - t.q_coil_sens_W / t.q_coil_W  # the coil hardly dries the hall's air
    assert wet.min() > -1e-4
    assert wet.mean() < 0.05
    capacity = psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO)
    servers_k = (t.p_ite_cpu_W + t.p_ite_fan_W) / (t.m_ite_air_kg_s * capacity)
    check("balance_air", np.abs(t.t_ite_in_C + servers_k - t.t_ite_out_C).mean())
    coil_k = (t.q_coil_sens_W - t.p_fan_W) / (t.m_supply_kg_s * capacity)
    check("balance_air", np.abs(t.t_return_C - coil_k - t.t_supply_C).mean())
    assert (np.diff(t.hour) == 1).all()


@pytest.mark.prefix("ep_plantyear_")
def test_plant_year(case, tied):
    t = case.table
    drawn_w = t.p_pump_primary_W + t.p_pump_tower_W + t.p_tower_fan_W
    if "p_chiller_W" in t:
        drawn_w = drawn_w + t.p_chiller_W
        tied(
            q_evap_W=water_heat_w(
                t, "m_primary_kg_s", "t_chw_in_C", "t_chw_out_C", "t_chw_in_C"
            )
        )
        condenser_w = water_heat_w(
            t, "m_cond_kg_s", "t_cond_out_C", "t_cond_in_C", "t_cond_in_C"
        )
        both_w = (t.q_evap_W + t.p_chiller_W).to_numpy(float)
        tied(t.assign(both_W=both_w), both_W=condenser_w)
    else:
        for loop, (warm, cold) in {"tcs": ("in", "out"), "fws": ("out", "in")}.items():
            ends = (f"t_{loop}_{warm}_C", f"t_{loop}_{cold}_C", f"t_{loop}_in_C")
            tied(q_hx_W=water_heat_w(t, f"m_{loop}_kg_s", *ends))
    tower = ("m_tower_kg_s", "t_tower_in_C", "t_tower_out_C", "t_tower_in_C")
    tied(
        q_tower_W=water_heat_w(t, *tower),
        p_cooling_total_W=drawn_w,
        pue_cooling_only=1.0 + t.p_cooling_total_W / t.load_W,
    )
    assert (np.diff(t.hour) == 1).all()


@pytest.mark.prefix("coolprop_coolants")
def test_coolants(case, tied):
    t = case.table
    volumetric = t.rho_kg_m3 * t.cp_J_kgK  # J/(m3 K)
    tied(
        rho_cp_kJ_m3K=volumetric / 1e3,
        lpm_per_kW_at_10K=1e3 * 60.0 * 1e3 / (10.0 * volumetric),
    )


@pytest.mark.prefix("pybamm_")
def test_charge_taken(case, check):
    """Charge is the current over time, run by run."""
    for _, run in case.table.groupby("case"):
        hours = run.time_s.to_numpy(float) / 3600.0
        steps = 0.5 * (run.current_A.to_numpy()[1:] + run.current_A.to_numpy()[:-1])
        taken = np.concatenate([[0.0], np.cumsum(steps * np.diff(hours))])
        miss = run.discharged_Ah - run.discharged_Ah.iloc[0] - taken
        check("balance_charge", np.abs(miss).max() / case.table.discharged_Ah.max())


@pytest.mark.prefix("mod_pump_")
def test_speed(case, tied):
    t = case.table
    rated = (t.rpm / t.speed_ratio).median()
    tied(rpm=rated * t.speed_ratio)
