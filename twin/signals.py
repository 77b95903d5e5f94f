"""Every signal of a site: what the world does, what we choose, what comes of it.

The field names are the signal names used by point maps, audit logs, reports and tables.
The unit is the suffix of the name; a name without suffix is a pure number.
"""

from typing import NamedTuple

from plant.types import Numeric


class Inputs(NamedTuple):
    """What the world does to the site."""

    dry_bulb_c: Numeric  # outdoor air
    wet_bulb_c: Numeric
    humidity_ratio: Numeric  # kg water per kg dry air
    pressure_pa: Numeric
    it_demand_w: Numeric  # electrical power asked for at the rack inputs


ALL_UNITS = 1000.0  # more than any site has: all in service
NO_CAP_W = 1e9


class Setpoints(NamedTuple):
    """What the supervisory layer chooses; local loops of the plant follow."""

    tower_supply_c: Numeric  # water leaving the towers
    tower_cells_on: Numeric  # tower cells in service, a whole number
    tower_pump_speed: Numeric  # fraction of full speed
    fws_pressure_pa: Numeric  # facility-water differential pressure
    tcs_supply_c: Numeric  # technology cooling water to the cold plates
    tcs_pressure_pa: Numeric  # technology-loop differential pressure
    chilled_water_c: Numeric  # water leaving the trim chillers to the in-row coils
    air_supply_c: Numeric  # air leaving the in-row coils
    ups_eco: Numeric  # 1 asks for ECO mode, 0 for double conversion
    battery_power_w: Numeric  # positive discharges
    air_units_on: Numeric = ALL_UNITS  # coolers of the hall air, a whole number
    ups_modules_on: Numeric = ALL_UNITS  # a whole number
    it_power_cap_w: Numeric = NO_CAP_W  # the racks are asked for no more than this


class State(NamedTuple):
    """What the plant remembers from one step to the next."""

    tower_supply_c: Numeric
    fws_supply_c: Numeric
    tcs_supply_c: Numeric
    air_supply_c: Numeric
    battery_soc: Numeric
    chillers_on: Numeric  # trim chillers running, a whole number
    chiller_hold_s: Numeric  # time since the last start or stop
    tank_upper_c: Numeric = 20.0  # storage tank; without one it stays as it is
    tank_lower_c: Numeric = 20.0


class Outputs(NamedTuple):
    """What comes of it; powers are means over the step, temperatures at its end."""

    # power: site = IT + cooling + power chain (losses, battery) + house
    site_power_w: Numeric
    it_power_w: Numeric
    cooling_power_w: Numeric
    power_chain_loss_w: Numeric
    house_power_w: Numeric
    tower_fan_power_w: Numeric
    tower_pump_power_w: Numeric
    fws_pump_power_w: Numeric
    tcs_pump_power_w: Numeric
    in_row_fan_power_w: Numeric
    ahu_power_w: Numeric  # outdoor-air fans and spray pumps
    chiller_power_w: Numeric
    transformer_loss_w: Numeric
    ups_loss_w: Numeric
    distribution_loss_w: Numeric
    battery_loss_w: Numeric
    battery_power_w: Numeric  # delivered to the UPS bus, positive discharges
    battery_soc: Numeric
    ups_eco: Numeric  # mode in force, after admission
    ups_load_fraction: Numeric
    # heat rejection
    tower_supply_c: Numeric
    tower_return_c: Numeric
    tower_flow_kg_s: Numeric
    tower_fan_speed: Numeric
    tower_cells_on: Numeric
    tower_pump_speed: Numeric
    tower_makeup_kg_s: Numeric
    heat_rejected_w: Numeric  # to the outdoor air, by towers and AHUs
    ahu_heat_w: Numeric  # the part of the AHUs
    ahu_makeup_kg_s: Numeric
    # facility water
    fws_supply_c: Numeric
    fws_return_c: Numeric
    fws_flow_kg_s: Numeric
    fws_pressure_pa: Numeric
    heat_reused_w: Numeric  # to the heat consumer
    tank_heat_w: Numeric  # out of the storage tank into the water
    tank_upper_c: Numeric
    tank_lower_c: Numeric
    chilled_water_c: Numeric
    chillers_on: Numeric
    chiller_part_load_ratio: Numeric
    chiller_extrapolated: Numeric  # 1 while running outside its curve data
    # technology cooling system and racks
    tcs_supply_c: Numeric
    tcs_return_c: Numeric
    tcs_flow_kg_s: Numeric
    tcs_pressure_pa: Numeric
    cdu_valve: Numeric
    cdu_heat_w: Numeric
    chip_c: Numeric
    air_supply_c: Numeric
    air_return_c: Numeric
    rack_inlet_c: Numeric
    in_row_valve: Numeric
    in_row_fan_speed: Numeric
    in_row_heat_w: Numeric
    # what is stored in water and air, and what the balances leave over
    heat_stored_w: Numeric
    electrical_residual_w: Numeric
    thermal_residual_w: Numeric
