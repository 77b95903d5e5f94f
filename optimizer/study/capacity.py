"""What one unit carries at design conditions, from the nameplates of the twin.

No capacity is typed: each is the largest duty at which the component's own equation still
holds its design temperature (found by bisection), or its rating.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from optimizer.study.schema import Conditions
from plant import heat_exchanger, psychrometrics, water
from plant.cooling import cdu, chiller, cold_plate, cooling_tower, fan, in_row, pump
from plant.it.rack import HALL_HUMIDITY_RATIO
from plant.power import distribution, transformer, ups
from plant.power.distribution import TAP_RATINGS_A, Tap
from plant.types import OutdoorAir
from twin.design_day import DRY_ABOVE_WET_K
from twin.site import Site

HALVINGS = 60
WIDEST_RANGE_K = 12.0  # of open towers; assumption, usual designs take 5 to 10 K
HELD_K = 0.01  # a design temperature missed by less counts as held


class Capacities(NamedTuple):
    """One unit each; heat and power in watts."""

    cdu: float
    in_row: float
    tower_cell: float
    exchanger: float
    chiller: float
    ups: float
    transformer: float


class Needs(NamedTuple):
    """What units and heat draw on the design day."""

    cdu_power_w: float  # pumps, per unit
    in_row_power_w: float  # fans, per unit
    tower_cell_power_w: float  # fan and tower pump, per cell
    fws_power_per_cdu_w: float
    fws_power_per_in_row_w: float
    chiller_power_ratio: float  # electrical over heat
    trim_per_air_heat: float  # heat that the chillers take, per heat of the coils
    water_per_heat_kg_j: float  # make-up
    chain_loss_ratio: float  # loss of UPS, busway and transformer over IT power


class Taps(NamedTuple):
    """Outlets of one rack."""

    outlets: int  # on each feed
    rating_a: float


def largest(holds: Callable[[float], bool], top: float) -> float:
    """Largest value up to ``top`` at which something that gets harder still holds."""
    low, high = 0.0, top
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def design_air(site: Site, at: Conditions) -> OutdoorAir:
    """Outdoor air of the design day."""
    pressure_pa = float(psychrometrics.standard_pressure(site.location.elevation_m))
    dry_c = at.wet_bulb_c + DRY_ABOVE_WET_K
    ratio = psychrometrics.humidity_ratio_from_wet_bulb(
        dry_c, at.wet_bulb_c, pressure_pa
    )
    return OutdoorAir(dry_c, at.wet_bulb_c, float(ratio), pressure_pa)


def capacities(site: Site, at: Conditions) -> Capacities:
    """Capacity of one unit of each kind.

    Parameters
    ----------
    site
        Nameplates.
    at
        Temperatures to hold.
    """
    plant = site.facility
    return Capacities(
        cdu=_cdu(site, at),
        in_row=_in_row(site, at),
        tower_cell=_tower(site, at),
        exchanger=_exchanger(site, at),
        chiller=float(
            chiller.capacity(
                plant.trim_chillers.chiller, at.chilled_water_c, at.tower_supply_c
            )
        ),
        ups=plant.power.ups.rated_power_w,
        transformer=plant.power.transformer.rated_power_w,
    )


def _cdu(site: Site, at: Conditions) -> float:
    unit, plate = site.facility.technology.cdu, site.facility.it.cold_plate
    flow = cdu.secondary_flow(unit, site.design.tcs_pressure_pa)
    rate_w_k = flow * water.glycol25_heat_capacity(at.tcs_supply_c)
    widest = site.facility.facility_water.cdu_flow_kg_s

    def holds(heat_w: float) -> bool:
        back_c = at.tcs_supply_c + heat_w / rate_w_k
        made = cdu.operate(
            unit, back_c, flow, at.tcs_supply_c, at.facility_supply_c, widest
        )
        chips = heat_w / plate.chip_power_w
        chip_c = cold_plate.case_temperature(
            plate, plate.chip_power_w, at.tcs_supply_c, flow / chips, rate_w_k / flow
        )
        cool = made.leaving_c <= at.tcs_supply_c + HELD_K
        return bool(cool and chip_c <= site.limits.chip_c)

    pumps_w = cdu.pump_power(unit, site.design.tcs_pressure_pa, at.tcs_supply_c)
    return max(largest(holds, float(rate_w_k) * 40.0) - float(pumps_w), 0.0)


def _in_row(site: Site, at: Conditions) -> float:
    unit = site.facility.air.in_row
    flow = unit.fan.air_flow_kg_s
    rate_w_k = flow * psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO)
    widest = site.facility.facility_water.in_row_flow_kg_s
    cold_c = min(at.facility_supply_c, coil_water_c(site, at))

    def holds(heat_w: float) -> bool:
        back_c = at.air_supply_c + heat_w / rate_w_k
        made = in_row.operate(unit, back_c, flow, at.air_supply_c, cold_c, widest)
        return bool(made.leaving_c <= at.air_supply_c + HELD_K)

    # The fans must also move the air of the servers: their rise bounds the heat.
    rise_k = site.facility.it.racks.server_temperature_rise_k / (1.0 + unit.air_margin)
    most_w = float(rate_w_k) * rise_k
    return max(min(largest(holds, float(rate_w_k) * 40.0), most_w), 0.0)


def coil_water_c(site: Site, at: Conditions) -> float:
    """Water to the coils: chilled where the site knows chillers."""
    has = site.facility.trim_chillers.chiller_count > 0
    return at.chilled_water_c if has else at.facility_supply_c


def _tower(site: Site, at: Conditions) -> float:
    tower, air = site.facility.heat_rejection.tower, design_air(site, at)
    flow = tower.water_flow_kg_s
    rate_w_k = flow * float(water.heat_capacity(at.tower_supply_c))

    def holds(heat_w: float) -> bool:
        warm_c = at.tower_supply_c + heat_w / rate_w_k
        out_c = cooling_tower.cool(tower, 1.0, warm_c, flow, air)
        return bool(out_c <= at.tower_supply_c + HELD_K)

    return largest(holds, rate_w_k * WIDEST_RANGE_K)


def _exchanger(site: Site, at: Conditions) -> float:
    unit = site.facility.heat_rejection.exchanger
    hot_w_k = unit.hot_flow_kg_s * float(water.heat_capacity(at.facility_supply_c))
    cold_w_k = unit.cold_flow_kg_s * float(water.heat_capacity(at.tower_supply_c))
    per_kelvin = heat_exchanger.heat_per_kelvin(unit.ua_w_k, hot_w_k, cold_w_k)

    def holds(heat_w: float) -> bool:
        warm_c = at.facility_supply_c + heat_w / hot_w_k
        moved_w = per_kelvin * (warm_c - at.tower_supply_c)
        return bool(moved_w >= heat_w)

    return largest(holds, hot_w_k * 40.0)


def needs(site: Site, at: Conditions) -> Needs:
    """Power and water of units at full duty."""
    plant, air = site.facility, design_air(site, at)
    fws, side = plant.facility_water, plant.heat_rejection
    unit, tower = plant.technology.cdu, side.tower
    head_pa = fws.design_pressure_pa + fws.pipe_pressure_pa
    per_kg_s = fws.pump.design_flow_m3_s * float(water.density(at.facility_supply_c))
    fws_w = float(pump.power(fws.pump, fws.pump.design_flow_m3_s, head_pa)) / per_kg_s
    lifted = side.pump.design_flow_m3_s * float(water.density(at.tower_supply_c))
    tower_w = float(
        pump.power(side.pump, side.pump.design_flow_m3_s, side.pump.design_head_pa)
    )
    coil = capacities(site, at).in_row
    span_k = max(at.facility_supply_c - coil_water_c(site, at), 0.0)
    trim_w = fws.in_row_flow_kg_s * float(water.heat_capacity(at.facility_supply_c))
    heat_w = capacities(site, at).tower_cell
    warm_c = at.tower_supply_c + heat_w / (
        tower.water_flow_kg_s * float(water.heat_capacity(at.tower_supply_c))
    )
    made = cooling_tower.operate(
        tower, at.tower_supply_c, warm_c, tower.water_flow_kg_s, air
    )
    return Needs(
        cdu_power_w=float(
            cdu.pump_power(unit, site.design.tcs_pressure_pa, at.tcs_supply_c)
        ),
        in_row_power_w=float(
            fan.power(plant.air.in_row.fan, plant.air.in_row.fan.air_flow_kg_s)
        ),
        tower_cell_power_w=tower.fan_power_w + tower_w * tower.water_flow_kg_s / lifted,
        fws_power_per_cdu_w=fws_w * fws.cdu_flow_kg_s,
        fws_power_per_in_row_w=fws_w * fws.in_row_flow_kg_s,
        chiller_power_ratio=_chiller_ratio(site, at),
        trim_per_air_heat=min(trim_w * span_k / coil, 1.0) if coil > 0 else 0.0,
        water_per_heat_kg_j=float(made.makeup_kg_s) / heat_w if heat_w > 0 else 0.0,
        chain_loss_ratio=_chain(site),
    )


def _chiller_ratio(site: Site, at: Conditions) -> float:
    part = site.facility.trim_chillers.chiller
    full_w = float(chiller.capacity(part, at.chilled_water_c, at.tower_supply_c))
    made = chiller.operate(part, full_w, at.chilled_water_c, at.tower_supply_c)
    return float(made.power_w) / full_w if full_w > 0 else 0.0


def _chain(site: Site) -> float:
    """Loss over IT power at the load of the base site."""
    chain, it_w = site.facility.power, site.facility.it.racks.rated_power_w
    lost_w = float(distribution.loss(chain.busway, it_w))
    made = ups.operate(chain.ups, chain.ups_count, it_w + lost_w, site.design.ups_eco)
    lost_w += float(made.loss_w)
    each_w = (it_w + lost_w) / chain.transformer_count
    lost_w += chain.transformer_count * float(
        transformer.loss(chain.transformer, each_w)
    )
    return lost_w / it_w


def taps_of(rack_power_w: float) -> Taps:
    """Fewest outlets for a rack on one feed, and their least rating."""
    top_w = float(TAP_RATINGS_A[-1]) / float(distribution.tap_current(Tap(), 1.0))
    count = max(int(np.ceil(rack_power_w / top_w - 1e-9)), 1)
    current = distribution.tap_current(Tap(), rack_power_w / count)
    return Taps(count, float(distribution.smallest_tap(current)))
