"""Rows of the contracts table for the equations that others are made of.

Where an equation takes a record, a kernel here builds it from numbers; several that
belong together share one.
"""

import numpy as np

from plant import _curves, heat_exchanger, table
from plant._kernel import kernel
from plant.cooling import (
    ahu,
    cdu,
    chiller,
    control_valve,
    crah,
    dry_coil,
    dry_cooler,
    fan,
    heat_reuse,
    in_row,
    loop,
    merkel,
    pump,
    recirculation,
    tower_correlation,
    wet_tower,
)
from plant.cooling.dry_coil import CoilAirC, CoilWaterC
from plant.cooling.dry_cooler import CoolerC
from plant.it.rack import Racks
from plant.types import AirC, OutdoorAir, Share
from tests.contracts import balances, basics, cooling
from tests.contracts.row import EXACT, Row

PUMP = pump.PolynomialPump(12e3, 0.05, (0.1, 0.2, 0.3, 0.4))


@kernel
def _ahu_at_share(unit, primary_c, flow_kg_s, share: Share, dry_bulb_c: AirC):
    air = OutdoorAir(dry_bulb_c, dry_bulb_c - 5.0, 0.006, 1e5)
    return ahu.cool(unit, primary_c, 0.009, flow_kg_s, share, air)


@kernel
def _valve(exchanger, hot_in_c, hot_flow_kg_s, setpoint_c, cold_in_c, largest_kg_s):
    return control_valve.operate(
        exchanger,
        hot_in_c,
        hot_flow_kg_s,
        1006.0,
        setpoint_c,
        cold_in_c,
        4180.0,
        largest_kg_s,
    )


@kernel
def _coil_parts(coil, air_c: CoilAirC, water_c: CoilWaterC, air_kg_s, water_kg_s):
    streams = dry_coil.CoilStreams(air_c, air_kg_s, 1006.0, water_c, water_kg_s, 4180.0)
    known = dry_coil.films(coil, air_c, water_c, water_kg_s)
    return (
        dry_coil.conductance(coil, streams),
        dry_coil.conductance_past(coil, known, air_kg_s),
    )


@kernel
def _cooler_at_speed(
    cooler, speed: Share, water_in_c: CoolerC, flow_kg_s, dry_bulb_c: AirC, wet: Share
):
    air = OutdoorAir(dry_bulb_c, dry_bulb_c - 5.0, 0.006, 1e5)
    return dry_cooler.cool(cooler, speed, water_in_c, flow_kg_s, air, wet)


@kernel
def _exchanger_parts(exchanger, hot_kg_s, cold_kg_s):
    hot, slope = heat_exchanger.film_and_slope(hot_kg_s / 35.0, 0.8)
    return (
        heat_exchanger.conductance(exchanger, hot_kg_s, cold_kg_s),
        heat_exchanger.conductance_past(exchanger, hot, cold_kg_s),
        heat_exchanger.film(hot_kg_s / 35.0, 0.8),
        slope,
    )


@kernel
def _wet_fill(fan_side, water_in_c, water_w_k, wet_bulb_c, ratio):
    streams = merkel.streams_in(water_in_c, water_w_k, wet_bulb_c, 1e5)
    air = merkel.driven(fan_side, np.maximum(ratio, 0.01))
    out = merkel.exchange(streams, air)
    two = merkel.exchange_two(streams, air, air)
    three = merkel.exchange_three(streams, air, air, air)
    x, share = merkel.air_flow(streams, fan_side, out.water, out.air)
    return (
        out.water,
        two[1].water,
        three[2].water,
        merkel.leaving_wet_bulb(streams, out.air),
        merkel.evaporation(streams, 0.008, air.kg_s, out.air),
        merkel.air_factor(fan_side, ratio),
        x,
        share,
    )


@kernel
def _tower_range(water_in_c, dry_bulb_c, wet_bulb_c, pressure_pa):
    air = OutdoorAir(dry_bulb_c, wet_bulb_c, 0.008, pressure_pa)
    return wet_tower.outside_range(water_in_c, air, (-10.0, 35.0))


@kernel
def _inlet(racks, demand_w, coolant_c, supply_c):
    drawn, inlet_c = recirculation.racks_and_inlet(
        racks, cooling.IN_ROW, 6.0, demand_w, coolant_c, supply_c
    )
    return drawn.power_w, inlet_c


FAN_SIDE = merkel.AirSide(60.0, 1.4, (0.0, 1.3, -0.3), (0.2, 1.0), (0.0, 10.0))
RELATIVE = [(-20, 45), (0, 1), (70e3, 105e3)]
ROWS = {
    "ahu at a share": Row(
        _ahu_at_share,
        [(30, 45), (6, 14), (0.1, 1), (13, 25)],
        cooling.AHU,
        watch="heat_w",
        rising={0: 1},
        at_rest=((35.0, 10.0, 0.0, 20.0), 0.0), balance=balances.ahu),
    "cdu flow": Row(
        cdu.secondary_flow,
        [(0, 2e5)],
        cooling.CDU,
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        free=EXACT,
    ),
    "part load": Row(
        chiller.part_load_ratio,
        [(0, 2e6), (1e5, 2e6), (1, 1.2)],
        rising={0: 1, 1: -1},
        at_rest=((0.0, 1e6, 1.0), 0.0),
        free=EXACT,
    ),
    "chiller capacity": Row(
        chiller.capacity,
        [(4.44, 10), (20, 32.2)],
        basics.CHILLER,
        rising={0: 1},
        told_by="chiller power",
    ),
    "valve": Row(
        _valve,
        [(30, 45), (1, 5), (22, 28), (10, 20), (0.5, 5)],
        cooling.AIR_COIL,
        watch="heat_w",
        rising={2: -1, 4: 1},
        at_rest=((30.0, 3.0, 30.0, 15.0, 2.0), 0.0),
        free="a balance of the streams as they are; properties flag theirs",
        balance=balances.valve,
    ),
    "blowdown": Row(
        wet_tower.blowdown,
        [(0, 2), (0, 0.1), (1.5, 8)],
        rising={0: 1, 1: -1, 2: -1},
        at_rest=((0.0, 0.0, 3.0), 0.0),
        free=EXACT,
    ),
    "water use": Row(
        wet_tower.water_use,
        [(0, 2), (0, 0.1), (1.5, 8)],
        rising={0: 1, 2: -1},
        watch="makeup_kg_s",
        at_rest=((0.0, 0.0, 3.0), 0.0),
        free=EXACT,
    ),
    "tower range": Row(
        _tower_range,
        [(5, 60), (-5, 45), (-10, 35), (70e3, 105e3)],
        beyond=((61.0, 30.0, 20.0, 1e5), ""),
        more=(
            ((4.0, 30.0, 20.0, 1e5), ""),
            ((30.0, 40.0, 36.0, 1e5), ""),
            ((30.0, 90.0, 30.0, 1e5), ""),
            ((30.0, 30.0, 20.0, 5e4), ""),
        ),
    ),
    "crah return": Row(
        crah.return_temperature,
        [(15, 25), (0, 60e3), (2, 6)],
        rising={0: 1, 1: 1, 2: -1},
        at_rest=((20.0, 0.0, 4.0), 20.0),
        free=EXACT,
    ),
    "dry coil films": Row(
        dry_coil.films, [(-20, 45), (8, 60), (0.2, 4)], cooling.COIL
    ),
    "dry coil conductance": Row(
        _coil_parts, [(-20, 45), (8, 60), (0.5, 6), (0.2, 4)], cooling.COIL
    ),
    "crossflow heat": Row(
        dry_coil.crossflow_heat_per_kelvin,
        [(0, 1e5), (1e3, 1e5), (1e3, 1e5)],
        rising={0: 1, 1: 1, 2: 1},
        free=EXACT,
    ),
    "dry cooler at speed": Row(
        _cooler_at_speed,
        [(0, 1), (30, 60), (5, 30), (-10, 28), (0, 1)],
        cooling.DRY_COOLER,
        rising={0: 1, 1: 1, 3: -1},
        watch="heat_w",
        at_rest=((0.0, 40.0, 20.0, 20.0, 0.0), 0.0), balance=balances.tower),
    "fan flow": Row(
        fan.flow_ratio,
        [(0, 12)],
        fan.Fan(10.0, 4e3),
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        told_by="fan size",
    ),
    "exchanger parts": Row(
        _exchanger_parts,
        [(0, 50), (0, 50)],
        cooling.PLATE,
        free="levels off at no flow, grows without end",
    ),
    "counterflow slope": Row(
        heat_exchanger.counterflow_and_slope, [(0, 20), (0, 1)], free=EXACT
    ),
    "films in series": Row(
        heat_exchanger.in_series,
        [(1e3, 1e5), (0.3, 3), (0.1, 2), (0.1, 2)],
        rising={0: 1, 2: 1, 3: 1},
        at_rest=((1e4, 1.0, 1.0, 1.0), 1e4),
        free=EXACT,
    ),
    "counterflow heat": Row(
        heat_exchanger.heat_per_kelvin,
        [(0, 1e5), (1e3, 1e5), (1e3, 1e5)],
        rising={0: 1, 1: 1, 2: 1},
        at_rest=((0.0, 1e4, 1e4), 0.0),
        free=EXACT,
    ),
    "in-row air": Row(
        in_row.air_flow,
        [(0, 8)],
        cooling.IN_ROW,
        rising={0: 1},
        told_by="fan size",
    ),
    "racks behind coolers": Row(
        _inlet,
        [(0, 2e5), (20, 45), (18, 30)],
        Racks(2e5, 0.7, 12.0),
        told_by="racks",
    ),
    "stored": Row(
        loop.stored,
        [(10, 50), (10, 50), (1e6, 1e8), (1, 3600)],
        rising={0: -1, 1: 1},
        at_rest=((20.0, 20.0, 1e7, 60.0), 0.0),
        free=EXACT,
    ),
    "wet fill": Row(
        _wet_fill,
        [(25, 50), (5e4, 2e5), (-10, 20), (0.25, 1)],
        FAN_SIDE,
        told_by="tower range",
    ),
    "polynomial pump heat": Row(
        pump.polynomial_shares,
        [(0, 12e3)],
        PUMP._replace(motor_efficiency=0.9, motor_heat_to_fluid=0.5),
        free=EXACT,
    ),
    "polynomial pump size": Row(
        pump.polynomial_overloaded, [(0, 0.05)], PUMP, beyond=((0.06,), "")
    ),
    "approach": Row(
        tower_correlation.approach,
        [(0.3, 1), (0.75, 1.25), (0, 25), (2, 15)],
        cooling.TOWER,
        told_by="york tower",
    ),
    "outside": Row(
        kernel(lambda x: _curves.outside(x, (0.0, 1.0))),
        [(0, 1)],
        beyond=((2.0,), ""),
    ),
    "grid range": Row(
        table.beyond, [(13, 24), (-10, 46)], cooling.GRID, beyond=((30.0, 20.0), "")
    ),
    "grid": Row(table.bilinear, [(10, 26), (-20, 50)], cooling.GRID, told_by="grid range"),
    "hot aisle": Row(
        crah.hot_aisle_temperature,
        [(15, 25), (0, 60e3), (2, 6)],
        cooling.CRAH,
        rising={0: 1, 1: 1, 2: -1},
        at_rest=((20.0, 0.0, 4.0), 20.0),
        free="a balance of the streams as they are; properties flag theirs",
    ),
    "heat reuse": Row(
        heat_reuse.operate,
        [(0, 1e6), (30, 50), (10, 40), (15, 28), (10, 40)],
        heat_reuse.HeatReuse(cooling.PLATE),
        rising={0: 1, 1: 1},
        watch="heat_w",
        at_rest=((0.0, 40.0, 30.0, 20.0, 30.0), 0.0),
        balance=cooling.reuse_balance,
        free="a balance of the streams as they are; properties flag theirs",
    ),
    "fan size": Row(fan.too_small, [(0, 6)], fan.Fan(6.0, 3e3), beyond=((7.0,), "")),
    "polynomial pump": Row(
        pump.polynomial_power,
        [(0, 0.05)],
        pump.PolynomialPump(12e3, 0.05, (0.1, 0.2, 0.3, 0.4)),
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        told_by="polynomial pump size",
    ),
    "pump curve end": Row(
        pump.beyond_curve,
        [(0.01, 0.05), (1e5, 2e5)],
        pump.Pump(0.05, 250e3, 0.7),
        beyond=((0.12, 1e4), ""),
    ),
}  # fmt: skip
