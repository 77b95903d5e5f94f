"""The cooling of a site as an EnergyPlus model, to time that program on the same year.

What EnergyPlus can say of our topology: the heat of the site as a load on the facility
water; pump, plate exchanger and one trim chiller in series on it; tower water with its
pump and one variable-speed tower (YorkCalc). Racks, coils, CDUs, power chain, battery and
supervisory control have no counterpart, so it computes less than the twin does.
"""

from typing import Any

from twin.config import Site

STEPS_PER_HOUR = 60
EXCHANGER, CHILLER = "HeatExchanger:FluidToFluid", "Chiller:Electric:EIR"
TOWER = "CoolingTower:VariableSpeed"
INPUT_RATIO = "electric_input_to_cooling_output_ratio_function_of"
Days = tuple[tuple[int, int], tuple[int, int]]
YEAR: Days = ((1, 1), (12, 31))
Model = dict[str, dict[str, dict[str, Any]]]
Chain = tuple[tuple[str, str, str, str], ...]


def model(site: Site, program_version: str, days: Days = YEAR) -> Model:
    """EnergyPlus model in its JSON form.

    Parameters
    ----------
    site
        Nameplates.
    program_version
        ``major.minor.patch`` of the program that will read it.
    days
        First and last (month, day).
    """
    parts: list[Model] = [
        _frame(site, program_version, days),
        *_hall(site),
        _machines(site),
        _curves(site),
        *_outdoors(site),
    ]
    whole: Model = {}
    for part in parts:
        for kind, objects in part.items():
            whole.setdefault(kind, {}).update(objects)
    return whole


def _frame(site: Site, program_version: str, days: Days) -> Model:
    """Run period, place, schedules that are constant."""
    always = {"hourly_value": 1.0, "schedule_type_limits_name": "any"}
    supply_c = float(site.design.chilled_water_c)
    tower_c = float(site.design.tower_supply_c)
    return {
        "Version": {
            "v": {"version_identifier": ".".join(program_version.split(".")[:2])}
        },
        "SimulationControl": {
            "s": {
                "run_simulation_for_sizing_periods": "No",
                "run_simulation_for_weather_file_run_periods": "Yes",
            }
        },
        "Building": {site.name: {"terrain": "Suburbs"}},
        "GlobalGeometryRules": {
            "g": {
                "coordinate_system": "Relative",
                "starting_vertex_position": "UpperLeftCorner",
                "vertex_entry_direction": "Counterclockwise",
            }
        },
        "Timestep": {"t": {"number_of_timesteps_per_hour": STEPS_PER_HOUR}},
        "RunPeriod": {
            "year": {
                "begin_month": days[0][0],
                "begin_day_of_month": days[0][1],
                "end_month": days[1][0],
                "end_day_of_month": days[1][1],
            }
        },
        "ScheduleTypeLimits": {"any": {}},
        "Schedule:Constant": {
            "always": always,
            "heat": {**always, "hourly_value": -_heat_w(site)},
            "supply": {**always, "hourly_value": supply_c},
            "tower": {**always, "hourly_value": tower_c},
        },
        "SetpointManager:Scheduled": {
            "at plates": _setpoint("supply", "plates out"),
            "at supply": _setpoint("supply", "warm out"),
            "at tower": _setpoint("tower", "cold out"),
        },
        "Output:Meter": {
            "m": {"key_name": "Electricity:Plant", "reporting_frequency": "RunPeriod"}
        },
    }


def _setpoint(schedule: str, node: str) -> dict[str, Any]:
    return {
        "control_variable": "Temperature",
        "schedule_name": schedule,
        "setpoint_node_or_nodelist_name": node,
    }


def _heat_w(site: Site) -> float:
    """Heat of the racks at four fifths of their rating; a cooling load is negative there."""
    return 0.8 * float(site.facility.it.racks.rated_power_w)


def _flows_m3_s(site: Site) -> tuple[float, float]:
    """All pumps of the facility water and of the tower water."""
    system, side = site.facility.facility_water, site.facility.heat_rejection
    return (
        float(system.pump.design_flow_m3_s * system.pump_count),
        float(side.pump.design_flow_m3_s * side.pump_count),
    )


def _pump(flow_m3_s: float, head_pa: float, efficiency: float, loop: str) -> Model:
    power_w = flow_m3_s * head_pa / efficiency
    cubic = {
        f"coefficient_{n}_of_the_part_load_performance_curve": float(n == 4)
        for n in range(1, 5)
    }
    return {
        "Pump:VariableSpeed": {
            f"{loop} pump": {
                "inlet_node_name": f"{loop} in",
                "outlet_node_name": f"{loop} pumped",
                "design_maximum_flow_rate": flow_m3_s,
                "design_pump_head": head_pa,
                "design_power_consumption": power_w,
                **cubic,
            }
        }
    }


def _loop(
    name: str, flow_m3_s: float, scheme: str, supply: Chain, demand: Chain
) -> Model:
    """Water loop of two single branches; a chain is (type, name, inlet, outlet)."""
    keys = [f"component_{k}" for k in ("object_type", "name")]
    keys += [f"component_{k}_node_name" for k in ("inlet", "outlet")]
    sides = {f"{name} supply": supply, f"{name} demand": demand}
    branches = {
        side: {"components": [dict(zip(keys, part, strict=True)) for part in chain]}
        for side, chain in sides.items()
    }
    loop = {
        "plant_equipment_operation_scheme_name": scheme,
        "loop_temperature_setpoint_node_name": supply[-1][3],
        "maximum_loop_temperature": 80.0,
        "minimum_loop_temperature": 1.0,
        "maximum_loop_flow_rate": flow_m3_s,
        "plant_side_inlet_node_name": supply[0][2],
        "plant_side_outlet_node_name": supply[-1][3],
        "plant_side_branch_list_name": f"{name} supply",
        "demand_side_inlet_node_name": demand[0][2],
        "demand_side_outlet_node_name": demand[-1][3],
        "demand_side_branch_list_name": f"{name} demand",
    }
    return {
        "PlantLoop": {name: loop},
        "Branch": branches,
        "BranchList": {
            side: {"branches": [{"branch_name": side}]} for side in branches
        },
    }


def _operation(loop: str, machines: list[tuple[str, str]]) -> Model:
    """Machines in the order in which they take the load."""
    keys = ("equipment_object_type", "equipment_name")
    equipment = [dict(zip(keys, machine, strict=True)) for machine in machines]
    return {
        "PlantEquipmentList": {f"{loop} machines": {"equipment": equipment}},
        "PlantEquipmentOperation:CoolingLoad": {
            f"{loop} load": {
                "load_range_1_lower_limit": 0.0,
                "load_range_1_upper_limit": 1e12,
                "range_1_equipment_list_name": f"{loop} machines",
            }
        },
        "PlantEquipmentOperationSchemes": {
            f"{loop} operation": {
                "control_scheme_1_object_type": "PlantEquipmentOperation:CoolingLoad",
                "control_scheme_1_name": f"{loop} load",
                "control_scheme_1_schedule_name": "always",
            }
        },
    }


def _hall(site: Site) -> list[Model]:
    """Facility water: the load, and exchanger and chiller in series."""
    system = site.facility.facility_water
    flow = float(system.pump.design_flow_m3_s * system.pump_count)
    hall = {
        "inlet_node_name": "hall in",
        "outlet_node_name": "hall out",
        "load_schedule_name": "heat",
        "peak_flow_rate": flow,
        "flow_rate_fraction_schedule_name": "always",
    }
    supply = (
        ("Pump:VariableSpeed", "warm pump", "warm in", "warm pumped"),
        (EXCHANGER, "plates", "warm pumped", "plates out"),
        (CHILLER, "chiller", "plates out", "warm out"),
    )
    demand = (("LoadProfile:Plant", "hall", "hall in", "hall out"),)
    machines = [(EXCHANGER, "plates"), (CHILLER, "chiller")]
    return [
        {"LoadProfile:Plant": {"hall": hall}},
        _pump(flow, system.pump.design_head_pa, system.pump.efficiency, "warm"),
        _loop("warm", flow, "warm operation", supply, demand),
        _operation("warm", machines),
    ]


def _machines(site: Site) -> Model:
    """Exchanger and one chiller of the size of all."""
    side, plant = site.facility.heat_rejection, site.facility.trim_chillers
    warm, cold = _flows_m3_s(site)
    unit, count = plant.chiller, max(float(plant.chiller_count), 1.0)
    plates = {
        "loop_demand_side_inlet_node_name": "plates cold in",
        "loop_demand_side_outlet_node_name": "plates cold out",
        "loop_demand_side_design_flow_rate": cold,
        "loop_supply_side_inlet_node_name": "warm pumped",
        "loop_supply_side_outlet_node_name": "plates out",
        "loop_supply_side_design_flow_rate": warm,
        "heat_exchange_model_type": "CounterFlow",
        "heat_exchanger_u_factor_times_area_value": float(
            max(side.exchanger.ua_w_k * side.exchanger_count, 1.0)
        ),
        "control_type": "CoolingSetpointModulated",
        "heat_exchanger_setpoint_node_name": "plates out",
        "minimum_temperature_difference_to_activate_heat_exchanger": 0.1,
    }
    chiller = {
        "reference_capacity": float(unit.reference_capacity_w) * count,
        "reference_cop": float(unit.reference_cop),
        "reference_chilled_water_flow_rate": warm,
        "reference_condenser_fluid_flow_rate": cold,
        "cooling_capacity_function_of_temperature_curve_name": "capacity",
        f"{INPUT_RATIO}_temperature_curve_name": "input by temperature",
        f"{INPUT_RATIO}_part_load_ratio_curve_name": "input by load",
        "minimum_part_load_ratio": float(unit.minimum_part_load_ratio),
        "maximum_part_load_ratio": float(unit.maximum_part_load_ratio),
        "minimum_unloading_ratio": float(unit.minimum_unloading_ratio),
        "chilled_water_inlet_node_name": "plates out",
        "chilled_water_outlet_node_name": "warm out",
        "condenser_inlet_node_name": "plates cold out",
        "condenser_outlet_node_name": "condenser out",
        "condenser_type": "WaterCooled",
        "chiller_flow_mode": "NotModulated",
    }
    return {EXCHANGER: {"plates": plates}, CHILLER: {"chiller": chiller}}


def _curves(site: Site) -> Model:
    """Performance curves of the chiller."""
    unit = site.facility.trim_chillers.chiller
    terms = ("constant", "x", "x_2", "y", "y_2", "x_y")
    keys = [f"coefficient{n}_{term}" for n, term in enumerate(terms, 1)]
    (low, high), (cold, warm) = unit.leaving_limits_c, unit.condenser_limits_c
    limits = {
        "minimum_value_of_x": low,
        "maximum_value_of_x": high,
        "minimum_value_of_y": cold,
        "maximum_value_of_y": warm,
    }
    both = {
        "capacity": unit.capacity_curve,
        "input by temperature": unit.eir_temperature_curve,
    }
    load = dict(zip(keys[:3], unit.eir_load_curve, strict=True))
    least = {"minimum_value_of_x": 0.0, "maximum_value_of_x": 1.1}
    return {
        "Curve:Biquadratic": {
            name: {**dict(zip(keys, curve, strict=True)), **limits}
            for name, curve in both.items()
        },
        "Curve:Quadratic": {"input by load": {**load, **least}},
    }


def _outdoors(site: Site) -> list[Model]:
    """Tower water: exchanger and condenser, cooled by the tower."""
    side = site.facility.heat_rejection
    flow = _flows_m3_s(site)[1]
    tower, cells = side.tower, float(side.tower_cell_count)
    cell = {
        "water_inlet_node_name": "cold pumped",
        "water_outlet_node_name": "cold out",
        "model_type": "YorkCalc",
        "design_inlet_air_wet_bulb_temperature": 21.0,
        "design_approach_temperature": 4.0,
        "design_range_temperature": 6.0,
        "design_water_flow_rate": flow,
        "design_air_flow_rate": float(tower.air_flow_m3_s) * cells,
        "design_fan_power": float(tower.fan_power_w) * cells,
        "number_of_cells": int(cells),
    }
    supply = (
        ("Pump:VariableSpeed", "cold pump", "cold in", "cold pumped"),
        (TOWER, "tower", "cold pumped", "cold out"),
    )
    demand = (
        (EXCHANGER, "plates", "plates cold in", "plates cold out"),
        (CHILLER, "chiller", "plates cold out", "condenser out"),
    )
    return [
        {TOWER: {"tower": cell}},
        _pump(flow, side.pump.design_head_pa, side.pump.efficiency, "cold"),
        _loop("cold", flow, "cold operation", supply, demand),
        _operation("cold", [(TOWER, "tower")]),
    ]
