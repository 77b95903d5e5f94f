"""A year of a whole plant, from weather and load only, against EnergyPlus.

Every hour is a steady state of the loops: what the reference stores in its pipes between
hours is left out, which shows in single hours and not in the sums.
"""

from typing import NamedTuple

import numpy as np

from plant import _root, heat_exchanger, water
from plant.cooling import chiller, cooling_tower, pump
from plant.heat_exchanger import PlateHeatExchanger
from plant.types import OutdoorAir
from tests.validation.nameplates import SIZING_C, eir_chiller, merkel_tower

PREFIX = "ep_plantyear_"
# EnergyPlus sizes the condenser flow of a chiller at its reference entering temperature
CONDENSER = "reference_entering_condenser_fluid_temperature"
LOOP_STEPS = 10
TOWER_STEPS = 12
ABOVE_K = 60.0  # no tower leaves its water so far above wet bulb and setpoint


class Pump(NamedTuple):
    volume_m3_s: float  # design
    power_w: float
    curve: tuple[float, ...]

    def power(self, flow_kg_s, inlet_c):
        flow_m3_s = flow_kg_s / water.density(inlet_c)
        plate = pump.PolynomialPump(self.power_w, self.volume_m3_s, self.curve)
        return pump.polynomial_power(plate, flow_m3_s)


class Year(NamedTuple):
    """What drives the plant and what it is made of."""

    air: OutdoorAir
    load_w: np.ndarray
    flow_share: np.ndarray
    tower: cooling_tower.CoolingTower
    tower_setpoint_c: float
    primary: Pump
    condenser: Pump
    params: dict


def year(case):
    columns = ("t_dry_bulb_C", "t_wet_bulb_C", "hum_ratio_kgkg", "p_air_Pa")
    params = case.params
    pumps = [
        Pump(given["vmax"], given["power"], tuple(given["c"]))
        for given in (params["pump_primary"], params["pump_tower"])
    ]
    return Year(
        OutdoorAir(*(case.table[column].to_numpy(float) for column in columns)),
        case.table.load_W.to_numpy(float),
        case.table.flow_fraction.to_numpy(float),
        merkel_tower(params["tower"], params["tower_curves"]),
        params["tower_setpoint_C"],
        *pumps,
        params,
    )


def cooled(plant, heat_w, flow_kg_s):
    """Tower that rejects a heat: entering water and what the cell does."""
    cp = water.heat_capacity(plant.tower_setpoint_c + 3.0)
    range_k = heat_w / (flow_kg_s * cp)

    def miss(entering_c):
        cell = cooling_tower.operate(
            plant.tower, plant.tower_setpoint_c, entering_c, flow_kg_s, plant.air
        )
        return entering_c - cell.water_out_c - range_k

    low_c = plant.air.wet_bulb_c + 0.0 * range_k
    high_c = np.maximum(low_c, plant.tower_setpoint_c) + range_k + ABOVE_K
    bracket = _root.between(low_c, high_c, miss(low_c), miss(high_c))
    for _ in range(TOWER_STEPS):
        at = _root.guess(bracket)
        bracket = _root.tighten(bracket, at, miss(at))
    entering_c = bracket.best
    cell = cooling_tower.operate(
        plant.tower, plant.tower_setpoint_c, entering_c, flow_kg_s, plant.air
    )
    return entering_c, cell


def liquid(plant):
    """Load -> technology loop -> plate exchanger of constant conductance -> tower."""
    exchanger = PlateHeatExchanger(
        plant.params["hx"]["UA_W_K"], 1.0, 1.0, flow_exponent=0.0
    )
    tower_kg_s = plant.condenser.volume_m3_s * water.density(SIZING_C)
    tower_w = plant.condenser.power(tower_kg_s, SIZING_C)
    supply_c, return_c = 22.0 + 0.0 * plant.load_w, 28.0 + 0.0 * plant.load_w
    for step in range(LOOP_STEPS):
        volume_m3_s = plant.flow_share * plant.primary.volume_m3_s
        flow_kg_s = volume_m3_s * water.density(supply_c)
        primary_w = plant.primary.power(flow_kg_s, return_c)
        heat_w = plant.load_w + primary_w
        if step % 4 == 0:  # the tower hardly feels the pump
            _, cell = cooled(plant, heat_w + tower_w, tower_kg_s)
        hot_cp = water.heat_capacity(return_c)
        cold_cp = water.heat_capacity(cell.water_out_c)
        per_kelvin = heat_exchanger.heat_transferred(
            exchanger, 1.0, flow_kg_s, hot_cp, 0.0, tower_kg_s, cold_cp
        )
        return_c = cell.water_out_c + heat_w / per_kelvin
        supply_c = return_c - heat_w / (flow_kg_s * hot_cp)
    return cell, primary_w + tower_w


def with_chiller(plant):
    """Load -> chilled-water loop -> chiller -> condenser loop -> tower."""
    machine, setpoint_c = eir_chiller(plant.params["chiller"]), plant.params["sp_C"]
    sizing_c = plant.params["chiller"]["fields"][CONDENSER]
    tower_kg_s = plant.condenser.volume_m3_s * water.density(sizing_c)
    volume_m3_s = plant.flow_share * plant.primary.volume_m3_s
    flow_kg_s = volume_m3_s * water.density(setpoint_c)
    return_c = setpoint_c + 5.0
    entering_c, condenser_c = plant.tower_setpoint_c + 3.0, plant.tower_setpoint_c
    for _ in range(LOOP_STEPS // 2):
        primary_w = plant.primary.power(flow_kg_s, return_c)
        heat_w = plant.load_w + primary_w
        return_c = setpoint_c + heat_w / (flow_kg_s * water.heat_capacity(return_c))
        found = chiller.operate(machine, heat_w, setpoint_c, condenser_c)
        tower_w = plant.condenser.power(tower_kg_s, entering_c)
        rejected_w = found.condenser_heat_w + tower_w
        entering_c, cell = cooled(plant, rejected_w, tower_kg_s)
        condenser_c = cell.water_out_c
    return cell, primary_w + tower_w + found.power_w


def test_year_from_weather_and_load(case, check, draw):
    plant = year(case)
    layout = {"hx": liquid, "chiller": with_chiller}[case.params["kind"]]
    cell, other_w = layout(plant)
    cooling_w, reference_w = cell.fan_power_w + other_w, case.table.p_cooling_total_W
    draw("cooling power [W]", reference_w, cooling_w)
    check("year_energy", abs(cooling_w.sum() / reference_w.sum() - 1.0))
    error_w = np.sqrt(np.mean((cooling_w - reference_w) ** 2))
    check("year_hourly", error_w / reference_w.mean())
    pue = 1.0 + cooling_w / plant.load_w
    fan_w = case.table.p_tower_fan_W
    check("year_fan", abs(cell.fan_power_w.sum() / fan_w.sum() - 1.0))
    # the reference counts no evaporation in natural draught
    runs = case.table.tower_fan_speed_ratio >= plant.tower.minimum_air_flow_ratio
    for column, kg_s in (
        ("evap_m3_s", cell.evaporation_kg_s),
        ("makeup_m3_s", cell.makeup_kg_s),
    ):
        used_m3 = (kg_s[runs] / water.density(SIZING_C)).sum()
        check("year_water", abs(used_m3 / case.table[column][runs].sum() - 1.0))
    check(
        "year_tower_water", np.abs(cell.water_out_c - case.table.t_tower_out_C).mean()
    )
    check("year_pue", np.sqrt(np.mean((pue - case.table.pue_cooling_only) ** 2)))
