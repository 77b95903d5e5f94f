"""A year of a data hall with a CRAC, from weather and load only, against EnergyPlus.

Servers, coil, fan and walls are built from the objects in the parameters. Left out: the sun
on the walls and the sky at night (about 1 % of the heat) and what the walls store.
"""

import numpy as np

from plant import psychrometrics
from plant._curves import cubic
from plant.cooling import crac
from plant.cooling.crac import Crac
from plant.it import air_server
from plant.it.air_server import AirServers
from plant.table import Grid

PREFIX = "ep_dczone_crac_"
FILMS_M2_K_W = 0.13 + 0.04  # inside and outside surface, ISO 6946
HALL_HUMIDITY_RATIO = 0.008  # assumption; moves the coil's capacity, hardly its power
RATED_AIR = (26.67, 0.0111)  # AHRI 210/240 indoor air: 80 degF dry, 67 degF wet bulb
LOOP_STEPS = 30


def first(params, kind):
    return next(iter(params[kind].values()))


def coefficients(curve, keys=("1_constant", "2_x", "3_x_2")):
    return tuple(float(curve[f"coefficient{key}"]) for key in keys)


def grid(params, name):
    """Table:Lookup with its two independent variables; values run over the second."""
    table = params["Table:Lookup"][name]
    lists = params["Table:IndependentVariableList"]
    variables = lists[table["independent_variable_list_name"]]["independent_variables"]
    x, y = (
        tuple(
            point["value"]
            for point in params["Table:IndependentVariable"][
                variable["independent_variable_name"]
            ]["values"]
        )
        for variable in variables
    )
    flat = [point["output_value"] for point in table["values"]]
    rows = [tuple(flat[i : i + len(y)]) for i in range(0, len(flat), len(y))]
    return Grid(x, y, tuple(rows))


def unit(params):
    coil = first(params, "Coil:Cooling:DX:SingleSpeed")
    quadratic = params["Curve:Quadratic"]
    ratio = "energy_input_ratio_function_of"
    total = "total_cooling_capacity_function_of"
    return Crac(
        coil["gross_rated_total_cooling_capacity"],
        coil["gross_rated_cooling_cop"],
        grid(params, coil[f"{total}_temperature_curve_name"]),
        grid(params, coil[f"{ratio}_temperature_curve_name"]),
        coefficients(quadratic[coil[f"{total}_flow_fraction_curve_name"]]),
        coefficients(quadratic[coil[f"{ratio}_flow_fraction_curve_name"]]),
        coefficients(quadratic[coil["part_load_fraction_correlation_curve_name"]]),
    )


def servers(params):
    given = first(params, "ElectricEquipment:ITE:AirCooled")
    by_load = ("1_constant", "2_x", "4_y")
    power, air, supply = (
        given[f"{name}_curve_name"]
        for name in (
            "cpu_power_input_function_of_loading_and_air_temperature",
            "air_flow_function_of_loading_and_air_temperature",
            "electric_power_supply_efficiency_function_of_part_load_ratio",
        )
    )
    fan = given["fan_power_input_function_of_flow_curve_name"]
    return AirServers(
        given["watts_per_unit"] * given["number_of_units"],
        given["design_fan_power_input_fraction"],
        coefficients(params["Curve:Biquadratic"][power], by_load),
        coefficients(params["Curve:Biquadratic"][air], by_load),
        coefficients(params["Curve:Quadratic"][fan]),
        given["design_electric_power_supply_efficiency"],
        coefficients(params["Curve:Quadratic"][supply]),
        given["design_recirculation_fraction"],
    )


def area_m2(surface):
    """Of a flat polygon, by its vector area."""
    axes = [f"vertex_{axis}_coordinate" for axis in "xyz"]
    corners = np.array([[v[axis] for axis in axes] for v in surface["vertices"]])
    products = np.cross(corners, np.roll(corners, -1, axis=0))
    return 0.5 * np.linalg.norm(products.sum(axis=0))


def envelope_w_k(params):
    """Conductance of all surfaces to the outside, of a single massless layer each."""
    total = 0.0
    for surface in params["BuildingSurface:Detailed"].values():
        if surface["outside_boundary_condition"] == "Outdoors":
            layer = params["Construction"][surface["construction_name"]]
            material = params["Material:NoMass"][layer["outside_layer"]]
            resistance = material["thermal_resistance"] + FILMS_M2_K_W
            total += area_m2(surface) / resistance
    return total


def fan_power_w(params):
    """Fan at full flow; the supply temperature, not the flow, follows the load."""
    fan = first(params, "Fan:VariableVolume")
    curve = tuple(fan[f"fan_power_coefficient_{i}"] for i in range(1, 5))
    full_w = fan["maximum_flow_rate"] * fan["pressure_rise"]
    return full_w / fan["fan_total_efficiency"] * cubic(curve, 1.0)


def hall(params, load, outdoor_c):
    """Servers and the heat for the coil, with the return air at its setpoint."""
    pressure = psychrometrics.standard_pressure(
        first(params, "Site:Location")["elevation"]
    )
    flow_m3_s = first(params, "Fan:VariableVolume")["maximum_flow_rate"]
    flow_kg_s = flow_m3_s * psychrometrics.density(20.0, 0.0, pressure)
    schedule = params["Schedule:Compact"]["Cooling Return Air Setpoint Schedule"]
    return_c = float(schedule["data"][-1]["field"])
    air_w_k = flow_kg_s * psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO)
    walls_w = envelope_w_k(params) * (outdoor_c - return_c)
    plate, supply_c = servers(params), 20.0 + 0.0 * outdoor_c
    for _ in range(LOOP_STEPS):
        it = air_server.operate(plate, load, supply_c, return_c)
        supply_c = return_c - (it.power_w + walls_w) / air_w_k
    wet_bulb_c = psychrometrics.wet_bulb(return_c, HALL_HUMIDITY_RATIO, pressure)
    rated_kg_m3 = psychrometrics.density(*RATED_AIR, pressure)
    coil = first(params, "Coil:Cooling:DX:SingleSpeed")
    flow_ratio = flow_kg_s / (coil["rated_air_flow_rate"] * rated_kg_m3)
    return it, it.power_w + walls_w, wet_bulb_c, flow_ratio


def test_year_from_weather_and_load(case, check, draw):
    table, params = case.table, case.params
    outdoor_c = table.t_out_C.to_numpy(float)
    load = table.cpu_load.to_numpy(float)
    it, heat_w, wet_bulb_c, flow_ratio = hall(params, load, outdoor_c)
    fan_w = fan_power_w(params)
    coil = crac.operate(unit(params), heat_w + fan_w, wet_bulb_c, outdoor_c, flow_ratio)
    facility_w = it.power_w + fan_w + coil.power_w
    pue = facility_w / it.power_w
    draw("PUE", table.pue, pue)
    check("hall_pue_hourly", np.abs(pue - table.pue).max())
    annual = table.p_facility_W.sum() / table.p_it_W.sum()
    check("hall_pue_annual", abs(facility_w.sum() / it.power_w.sum() - annual))
    power = np.abs(it.power_w / table.p_it_W - 1.0)
    check("hall_it_power", power.mean())
    parts = {
        "p_ite_cpu_W": it.cpu_power_w,
        "p_ite_fan_W": it.fan_power_w,
        "p_ite_psu_loss_W": it.supply_loss_w,
        "p_coil_W": coil.power_w,
        "q_coil_W": coil.heat_w,
        "coil_rtf": coil.running,
        "p_fan_W": fan_w + 0.0 * heat_w,
    }
    for column, found in parts.items():
        error = np.abs(found - table[column]).mean() / table[column].mean()
        check("hall_part", error)
    check("hall_inlet", np.abs(it.inlet_c - table.t_ite_in_C).mean())
