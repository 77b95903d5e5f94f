"""Rows of the contracts table for moist air, water and the first components."""

from plant import heat_exchanger, psychrometrics
from plant._kernel import kernel
from plant.cooling import (
    chiller,
    cold_plate,
    cooling_tower,
    fan,
    loop,
    pump,
    pump_curve,
)
from plant.cooling.wet_tower import TowerC
from plant.it import rack
from plant.power import battery, distribution, transformer, ups
from plant.types import AirC, OutdoorAir, Share
from tests.contracts import balances
from tests.contracts.row import Row

# Carrier 19XR 1407 kW, EnergyPlus data set Chillers.idf
CHILLER = chiller.Chiller(
    1406600.0,
    6.04,
    (1.042261, 0.002644821, -0.001468026, 0.01366256, -0.0008302334, 0.001573579),
    (1.02634, -0.01612819, -0.001092591, -0.01784393, 0.0007961842, -9.586049e-05),
    (0.118888, 0.6723542, 0.2068754),
    (4.44, 10.0),
    (12.78, 32.22),
    0.2,
    1.04,
    0.2,
)
TOWER = cooling_tower.CoolingTower(90e3, 50.0, 35.0, 12e3)
PLATE = heat_exchanger.PlateHeatExchanger(200e3, 35.0, 40.0)
PUMP = pump.Pump(0.05, 250e3, 0.7)
CURVE = pump_curve.from_table(
    [0.0, 0.003, 0.006, 0.010, 0.014, 0.0155],
    [78.4e3, 78.2e3, 77.5e3, 70e3, 45e3, 31e3],
    [437.0, 600.0, 820.0, 1060.0, 1171.0, 1166.0],
)
TRANSFORMER = transformer.Transformer(2.5e6, 3200.0, 22e3)
RACKS = rack.Racks(10e6, 0.7, 12.0)


@kernel
def _tower(
    tower, setpoint_c, water_in_c: TowerC, water_flow_kg_s, dry_bulb_c: AirC, wet_bulb_c
):
    humidity = psychrometrics.humidity_ratio_from_wet_bulb(dry_bulb_c, wet_bulb_c, 1e5)
    air = OutdoorAir(dry_bulb_c, wet_bulb_c, humidity, 1e5)
    return cooling_tower.operate(tower, setpoint_c, water_in_c, water_flow_kg_s, air)


@kernel
def _tower_at_speed(tower, speed: Share, water_in_c, water_flow_kg_s, wet_bulb_c):
    air = OutdoorAir(
        wet_bulb_c,
        wet_bulb_c,
        psychrometrics.saturated_humidity_ratio(wet_bulb_c, 1e5),
        1e5,
    )
    return cooling_tower.cool(tower, speed, water_in_c, water_flow_kg_s, air)


def _rack_balance(x, outputs):
    """All power becomes heat."""
    heat_w = outputs.liquid_heat_w + outputs.air_heat_w
    return outputs.power_w - heat_w, heat_w


MOIST = (0.0, 0.03)
PRESSURE = (70e3, 105e3)
ROWS = {
    "effectiveness": Row(
        heat_exchanger.effectiveness_counterflow,
        [(0, 20), (0, 1)],
        rising={0: 1, 1: -1},
        at_rest=((0.0, 0.5), 0.0),
        free="exact for every value",
    ),
    "plate exchanger": Row(
        heat_exchanger.heat_transferred,
        [(30, 60), (0, 50), (3800, 4200), (10, 30), (0, 50), (3800, 4200)],
        PLATE,
        rising={0: 1, 1: 1, 3: -1, 4: 1},
        at_rest=((40.0, 0.0, 4180.0, 20.0, 0.0, 4180.0), 0.0),
        free="a balance of the streams as they are; properties flag theirs",
    ),
    "tower fan": Row(
        _tower,
        [(12, 40), (20, 50), (10, 60), (15, 35), (-10, 15)],
        TOWER,
        rising={0: -1, 1: 1, 4: 1},
        watch="fan_power_w",
        at_rest=((45.0, 30.0, 40.0, 20.0, 10.0), 0.0),
        told_by="tower make-up",
        balance=balances.tower,
    ),
    "tower heat": Row(
        _tower,
        [(12, 40), (20, 50), (10, 60), (15, 35), (-10, 15)],
        TOWER,
        rising={0: -1, 1: 1},
        watch="heat_w",
        at_rest=((20.0, 30.0, 0.0, 20.0, 10.0), 0.0),
        told_by="tower make-up",
        balance=balances.tower,
    ),
    "tower make-up": Row(
        _tower,
        [(12, 40), (20, 50), (10, 60), (15, 35), (-10, 15)],
        TOWER,
        watch="makeup_kg_s",
        at_rest=((20.0, 30.0, 0.0, 20.0, 10.0), 0.0),
        beyond=((20.0, 30.0, 5.0, 25.0, 20.0), "extrapolated"),
    ),
    "tower at speed": Row(
        _tower_at_speed,
        [(0, 1), (20, 50), (10, 60), (-10, 19)],
        TOWER,
        rising={0: -1, 1: 1, 3: 1},
    ),
    "chiller power": Row(
        chiller.operate,
        [(0, 1.1e6), (4.44, 10), (20, 32.2)],  # the fitted curve turns near 18 degC
        CHILLER,
        rising={0: 1, 2: 1},
        watch="power_w",
        at_rest=((0.0, 7.0, 25.0), 0.0),
        beyond=((5e5, 20.0, 25.0), "extrapolated"),
    ),
    "chiller heat": Row(
        chiller.operate,
        [(0, 2e6), (2, 25), (5, 40)],
        CHILLER,
        rising={0: 1},
        watch="heat_w",
        at_rest=((0.0, 7.0, 25.0), 0.0),
        told_by="chiller power",
        balance=balances.chiller,
    ),
    "chiller leaving": Row(
        chiller.leaving_temperature,
        [(5, 10), (10, 25), (20, 80), (4180, 4200), (15, 32)],
        CHILLER,
        rising={0: 1, 1: 1, 2: 1},
        told_by="chiller power",
    ),
    "pump power": Row(
        pump.power,
        [(0, 0.06), (0, 3e5)],
        PUMP,
        rising={1: 1},
        at_rest=((0.0, 0.0), 0.0),
        told_by="pump curve end",
    ),
    "pump speed": Row(
        pump.speed,
        [(0, 0.06), (0, 3e5)],
        PUMP,
        rising={0: 1, 1: 1},
        told_by="pump curve end",
    ),
    "pump flow": Row(
        pump.flow_at_speed,
        [(0, 1.2), (0, 3e5), (0, 1e9)],
        PUMP,
        rising={0: 1, 1: -1, 2: -1},
        at_rest=((0.0, 0.0, 1e8), 0.0),
        told_by="pump curve end",
    ),
    "pump curve head": Row(
        pump_curve.head,
        [(0.2, 1.2), (0, 0.015)],
        CURVE,
        rising={0: 1, 1: -1},
        told_by="pump table range",
    ),
    "pump curve power": Row(
        pump_curve.power,
        [(0, 1.2), (0, 0.015)],
        CURVE,
        at_rest=((0.0, 0.0), 0.0),
        told_by="pump table range",
    ),
    "fan": Row(
        fan.power,
        [(0, 12)],
        fan.Fan(10.0, 4e3),
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        told_by="fan size",
    ),
    "pump table range": Row(
        pump_curve.outside_range,
        [(0.5, 1.2), (0, 0.007)],
        CURVE,
        beyond=((0.1, 0.0), ""),
        more=(((1.0, 0.1), ""),),
    ),
    "cold plate": Row(
        cold_plate.case_temperature,
        [(0, 1500), (15, 50), (0.005, 0.05), (3800, 4200)],
        cold_plate.ColdPlate(1000.0, 0.02, 0.01, 0.02),
        rising={0: 1, 1: 1, 2: -1},
        at_rest=((0.0, 30.0, 0.02, 4000.0), 30.0),
        told_by="cold plate range",
    ),
    "loop": Row(
        loop.settle,
        [(10, 50), (10, 50), (0, 1e6), (1e6, 1e8), (1, 3600)],
        rising={0: 1, 1: 1},
        at_rest=((20.0, 30.0, 0.0, 1e7, 60.0), 20.0),
        free="exact for every value",
    ),
    "racks": Row(
        rack.operate,
        [(0, 12e6), (15, 50), (15, 44)],
        RACKS,
        rising={0: 1, 1: 1, 2: 1},
        watch="power_w",
        at_rest=((0.0, 30.0, 25.0), 0.0),
        beyond=((5e6, 60.0, 25.0), "extrapolated"),
        more=(
            ((11e6, 30.0, 25.0), "overloaded"),
            ((-1e5, 30.0, 25.0), "overloaded"),
        ),
        balance=_rack_balance,
    ),
    "transformer": Row(
        transformer.loss,
        [(0, 2.5e6), (0, 45)],
        TRANSFORMER,
        rising={0: 1},
        at_rest=((0.0, 20.0), TRANSFORMER.no_load_loss_w),
        told_by="transformer rating",
    ),
    "transformer rating": Row(
        transformer.overloaded,
        [(0, 2.5e6)],
        TRANSFORMER,
        rising={0: 1},
        beyond=((2.6e6,), ""),
        more=(((-1e5,), ""),),
    ),
    "cold plate range": Row(
        cold_plate.outside_range,
        [(0.005, 0.05), (3800, 4200)],
        cold_plate.ColdPlate(1000.0, 0.02, 0.01, 0.02),
        beyond=((0.001, 4000.0), ""),
        more=(((0.02, 0.0), ""),),
    ),
    "busway rating": Row(
        distribution.overloaded,
        [(0, 1.2e6)],
        distribution.Busway(1e6, 10e3),
        beyond=((1.3e6,), ""),
        more=(((-1e5,), ""),),
    ),
    "ups": Row(
        ups.operate,
        [(1, 8), (0, 2e6), (0, 1)],
        ups.Ups(250e3, (0.01, 0.01, 0.02)),
        watch="loss_w",
        at_rest=((4.0, 0.0, 0.0), 0.01 * 4 * 250e3),
        beyond=((4.0, 1.1e6, 0.0), "overloaded"),
        more=(((4.0, -1e3, 0.0), "overloaded"),),
    ),
    "busway": Row(
        distribution.loss,
        [(0, 1.2e6)],
        distribution.Busway(1e6, 10e3),
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        told_by="busway rating",
    ),
    "battery": Row(
        battery.exchange,
        [(0.5, 1), (-2e6, 2e6), (1, 3600)],
        battery.Battery(1e9, 1e6, 5e5),
        rising={1: 1},
        watch="power_w",
        at_rest=((0.8, 0.0, 60.0), 0.0),
        free="a request is cut to ratings and charge: the power delivered says so",
        balance=balances.battery,
    ),
}
