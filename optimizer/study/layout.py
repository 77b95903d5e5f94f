"""A layout as a site: counts, rating and liquid share replaced in a base site."""

from typing import Any, NamedTuple

from optimizer.study.catalogue import Catalogue
from optimizer.study.schema import Conditions
from optimizer.study.zoning import LayoutPhase
from plant.power import distribution
from twin.signals import Setpoints
from twin.site import Site
from twin.topology import Facility

LEAST = 1.0  # of parts that the topology cannot do without


class Choice(NamedTuple):
    """One layout: units beside the racks of a phase, and design setpoints."""

    cdu: float
    in_row: float
    tower_cell: float
    exchanger: float
    chiller: float
    ups: float
    transformer: float
    tower_supply_c: float
    tcs_supply_c: float
    tower_pump_speed: float


class Load(NamedTuple):
    """The racks of a phase, all together."""

    it_power_w: float
    liquid_fraction: float
    server_temperature_rise_k: float
    server_fan_fraction: float


def load_of(phase: LayoutPhase, catalogue: Catalogue) -> Load:
    """Racks of a phase as one; rise and fan share weighted by their air-cooled power."""
    counts = {name: sum(zones.values()) for name, zones in phase.racks.items()}
    plates = {name: catalogue.racks[name] for name in counts}
    power = {n: counts[n] * plates[n].rated_power_w for n in counts}
    total = sum(power.values())
    air = {n: power[n] * (1.0 - plates[n].liquid_fraction) for n in counts}
    in_air = max(sum(air.values()), 1e-9)
    flow = sum(air[n] / plates[n].server_temperature_rise_k for n in counts)
    return Load(
        max(total, 1.0),
        1.0 - sum(air.values()) / max(total, 1.0),
        in_air / max(flow, 1e-9),
        sum(air[n] * plates[n].server_fan_fraction for n in counts) / in_air,
    )


def choice_of(phase: LayoutPhase, design: Setpoints, at: Conditions) -> Choice:
    """Units of the program at the design temperatures of the study."""
    units = {name: float(count) for name, count in phase.units.items()}
    return Choice(
        **units,
        tower_supply_c=at.tower_supply_c,
        tcs_supply_c=at.tcs_supply_c,
        tower_pump_speed=float(design.tower_pump_speed),
    )


def facility_of(base: Site, load: Load, choice: Choice) -> Facility:
    """Nameplates of a layout.

    Parameters
    ----------
    base
        Site whose units the layout uses.
    load
        Racks.
    choice
        Counts. Pumps follow the flow of what they feed, volumes and house power the IT
        power, batteries the UPS modules.
    """
    plant = base.facility
    scale = load.it_power_w / plant.it.racks.rated_power_w
    racks = plant.it.racks._replace(
        rated_power_w=load.it_power_w,
        liquid_fraction=load.liquid_fraction,
        server_temperature_rise_k=load.server_temperature_rise_k,
        server_fan_fraction=load.server_fan_fraction,
    )
    in_rows = max(choice.in_row, LEAST)
    air = plant.air._replace(
        in_row_count=in_rows,
        heat_capacity_j_k=plant.air.heat_capacity_j_k * scale,
        ahu_count=round(plant.air.ahu_count * in_rows / plant.air.in_row_count) * 1.0,
    )
    return plant._replace(
        it=plant.it._replace(racks=racks),
        technology=plant.technology._replace(
            cdu_count=choice.cdu, coolant_kg=plant.technology.coolant_kg * scale
        ),
        air=air,
        facility_water=_water(base, choice, in_rows, scale),
        trim_chillers=plant.trim_chillers._replace(chiller_count=choice.chiller),
        heat_rejection=_rejection(base, choice, scale),
        power=_chain(base, load, choice, scale),
    )


def _water(base: Site, choice: Choice, in_rows: float, scale: float) -> Any:
    part = base.facility.facility_water
    before = part.cdu_flow_kg_s * base.facility.technology.cdu_count
    before += part.in_row_flow_kg_s * base.facility.air.in_row_count
    flow = part.cdu_flow_kg_s * choice.cdu + part.in_row_flow_kg_s * in_rows
    pumps = max(float(-(-part.pump_count * flow // before)), LEAST)
    return part._replace(pump_count=pumps, water_kg=part.water_kg * scale)


def _rejection(base: Site, choice: Choice, scale: float) -> Any:
    part = base.facility.heat_rejection
    cells = max(choice.tower_cell, LEAST)
    return part._replace(
        exchanger_count=choice.exchanger,
        tower_cell_count=cells,
        pump_count=max(
            float(-(-part.pump_count * cells // part.tower_cell_count)), 1.0
        ),
        water_kg=part.water_kg * scale,
    )


def _chain(base: Site, load: Load, choice: Choice, scale: float) -> Any:
    part = base.facility.power
    units = max(choice.ups, LEAST)
    share = units / part.ups_count
    battery = part.battery._replace(
        energy_j=part.battery.energy_j * share,
        discharge_power_w=part.battery.discharge_power_w * share,
        charge_power_w=part.battery.charge_power_w * share,
    )
    ratio = load.it_power_w / part.busway.rated_power_w
    busway = distribution.Busway(
        load.it_power_w, part.busway.full_loss_w * ratio, *part.busway[2:]
    )
    return part._replace(
        transformer_count=max(choice.transformer, LEAST),
        ups_count=units,
        battery=battery,
        busway=busway,
        house_power_w=part.house_power_w * scale,
    )


def setpoints_of(base: Site, load: Load, choice: Choice, at: Conditions) -> Setpoints:
    """Design setpoints of a layout, all units in service."""
    return base.design._replace(
        tower_supply_c=choice.tower_supply_c,
        tower_cells_on=max(choice.tower_cell, LEAST),
        tower_pump_speed=choice.tower_pump_speed,
        tcs_supply_c=choice.tcs_supply_c,
        chilled_water_c=at.chilled_water_c,
        air_supply_c=at.air_supply_c,
        air_units_on=max(choice.in_row, LEAST),
        ups_modules_on=max(choice.ups, LEAST),
        it_power_cap_w=load.it_power_w,
        battery_power_w=0.0,
    )


def site_of(base: Site, load: Load, choice: Choice, at: Conditions) -> Site:
    """Base site with the layout in place."""
    return base._replace(
        facility=facility_of(base, load, choice),
        design=setpoints_of(base, load, choice, at),
    )
