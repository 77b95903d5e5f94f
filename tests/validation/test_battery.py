"""Lithium pack against EnergyPlus LiIonNMCBattery at one-minute steps."""

import numpy as np
import pytest

from plant.power import tremblay
from plant.power.tremblay import Pack, PackState

PREFIX = "ep_liion_"


def nameplate(params):
    cell, pack = params["defaults"], params["fields"]
    window = params["distribution"]["DIST"]
    transfer = pack["heat_transfer_coefficient_between_battery_and_ambient"]
    return Pack(
        pack["number_of_cells_in_series"],
        pack["number_of_strings_in_parallel"],
        cell["fully_charged_cell_capacity_Ah"],
        cell["fully_charged_cell_voltage"],
        cell["cell_voltage_at_end_of_exponential_zone"],
        cell["cell_voltage_at_end_of_nominal_zone"],
        cell["fraction_removed_end_exp"],
        cell["fraction_removed_end_nom"],
        cell["cell_R_ohm"],
        cell["c_rate_of_curve"],
        pack["battery_mass"] * pack["battery_specific_heat_capacity"],
        pack["battery_surface_area"] * transfer,
        window["minimum_storage_state_of_charge_fraction"],
        window["maximum_storage_state_of_charge_fraction"],
    )


@pytest.fixture
def replayed(case):
    """State and outputs at every step, from the requests alone."""
    params, table = case.params, case.table
    plate, ambient = nameplate(params), float(params["ambient_C"])
    start = params["fields"]["initial_fractional_state_of_charge"]
    state = PackState(start, ambient)
    request = (table.sched_discharge_W - table.sched_charge_W).to_numpy(float)
    rows = []
    for request_w in request:
        state, made = tremblay.exchange(
            plate, state, request_w, ambient, params["timestep_s"]
        )
        rows.append(
            (
                state.soc,
                made.voltage_v,
                made.mean_temperature_c,
                made.power_w,
                made.current_a,
                made.heat_to_air_w,
            )
        )
    return np.array(rows, dtype=float).T


def test_six_days(case, replayed, check, draw):
    soc, volts, warmth_c, power_w, current_a, heat_w = replayed
    table = case.table
    check("battery_voltage_max", np.abs(volts / table.v_V - 1.0).max())
    check("battery_soc_max", np.abs(soc - table.soc).max())
    check("battery_temperature_max", np.abs(warmth_c - table.t_batt_C).max())
    exchanged = table.p_discharge_W - table.p_charge_W
    rated = max(table.p_discharge_W.max(), table.p_charge_W.max())
    check("battery_power_max", np.abs(power_w - exchanged).max() / rated)
    largest_a, largest_w = table.i_A.abs().max(), table.heat_W.max()
    check("battery_current_max", np.abs(current_a - table.i_A).max() / largest_a)
    check("battery_heat_max", np.abs(heat_w - table.heat_W).max() / largest_w)
    draw("pack voltage [V]", table.v_V, volts)
    draw("pack temperature [degC]", table.t_batt_C, warmth_c)
