"""Rows of the contracts table for the cooling side."""

from plant import heat_exchanger, psychrometrics, table, water
from plant._kernel import kernel
from plant.cooling import (
    ahu,
    approach,
    cdu,
    chiller,
    closed_circuit_tower,
    control_valve,
    crac,
    crah,
    dry_coil,
    dry_cooler,
    in_row,
    pump,
    reformulated_chiller,
    storage_tank,
    tower_correlation,
)
from plant.cooling.dry_cooler import CoolerC
from plant.cooling.fan import Fan
from plant.cooling.storage_tank import TankC
from plant.cooling.wet_tower import TowerC
from plant.heat_exchanger import PlateHeatExchanger
from plant.it import air_server
from plant.types import AirC, OutdoorAir, Share
from tests.contracts import balances
from tests.contracts.row import Row

PLATE = PlateHeatExchanger(200e3, 35.0, 40.0)
COIL = dry_coil.DryCoil(3000.0, 4.0, 2.0)
AIR_COIL = PlateHeatExchanger(6e3, 6.0, 2.0)
DRY_COOLER = dry_cooler.DryCooler(
    dry_coil.DryCoil(60e3, 60.0, 25.0, air_c=25.0, water_c=35.0),
    60.0,
    20e3,
    pad_effectiveness=0.8,
)
AHU = ahu.Ahu(0.75, 0.65, 12.0, 6e3, 1.2e3)
# Carrier 19XR 1403 kW, 7.09 COP, EnergyPlus data set Chillers.idf
REFORMULATED = reformulated_chiller.ReformulatedChiller(
    1403100.0,
    7.09,
    (0.8573696, -0.03077045, -0.002171254, 0.02296255, -0.001067689, 0.003125156),
    (1.172049, -0.01768334, 0.000335646, -0.01485826, 0.0006930197, -0.0005461447),
    (
        0.1386665,
        0.004836823,
        -5.406708e-05,
        -0.4609915,
        2.214035,
        -0.001925694,
        0.0,
        -0.9302446,
        0.0,
        0.0,
    ),
    (6.67, 12.22),
    (21.77, 33.09),
    (17.09, 31.7),
    0.17,
    1.03,
    0.17,
)
GRID = table.Grid(
    (13.0, 17.0, 24.0),
    (-10.0, 15.0, 30.0, 46.0),
    ((1.0, 1.0, 0.88, 0.68), (1.0, 1.0, 0.98, 0.8), (1.0, 1.0, 1.1, 1.0)),
)
EIR = table.Grid((13.0, 24.0), (-50.0, 0.0, 50.0), ((0.04, 0.2, 1.5), (0.04, 0.2, 1.5)))
CRAC = crac.Crac(150e3, 4.5, GRID, EIR)
TOWER = tower_correlation.CorrelatedTower(0.1, 22e3, calibration=1.009)
CLOSED = closed_circuit_tower.ClosedCircuitTower(
    50e3, 30e3, 40.0, 20.0, 18e3, 3e3, 20.0
)
SERVERS = air_server.AirServers(
    1e5,
    0.08,
    (0.24, 0.7, 0.003),
    (0.15, 0.55, 0.015),
    (0.05, 0.15, 0.8),
    0.94,
    (0.9, 0.22, -0.12),
    0.05,
)
CDU = cdu.Cdu(PLATE, pump.Pump(0.03, 250e3, 0.65), 30.0, 150e3, 60e3)
IN_ROW = in_row.InRow(AIR_COIL, Fan(6.0, 3e3))
CRAH = crah.Crah(AIR_COIL, Fan(6.0, 3e3))


@kernel
def outdoors(dry_bulb_c, wet_bulb_c):
    humidity = psychrometrics.humidity_ratio_from_wet_bulb(dry_bulb_c, wet_bulb_c, 1e5)
    return OutdoorAir(dry_bulb_c, wet_bulb_c, humidity, 1e5)


@kernel
def _closed(
    tower, setpoint_c, fluid_in_c: TowerC, flow_kg_s, dry_bulb_c: AirC, wet_bulb_c
):
    air = outdoors(dry_bulb_c, wet_bulb_c)
    return closed_circuit_tower.operate(tower, setpoint_c, fluid_in_c, flow_kg_s, air)


@kernel
def _dry_cooler(
    cooler,
    setpoint_c,
    water_in_c: CoolerC,
    flow_kg_s,
    dry_bulb_c: AirC,
    wet_bulb_c,
    wet: Share,
):
    air = outdoors(dry_bulb_c, wet_bulb_c)
    return dry_cooler.operate(cooler, setpoint_c, water_in_c, flow_kg_s, air, wet)


@kernel
def _ahu(unit, primary_c, flow_kg_s, setpoint_c, dry_bulb_c: AirC, wet_bulb_c):
    air = outdoors(dry_bulb_c, wet_bulb_c)
    return ahu.operate(unit, primary_c, 0.009, flow_kg_s, setpoint_c, air)


@kernel
def _ahu_water(unit, water_in_c, flow_kg_s, wet_bulb_c, share: Share):
    air = outdoors(wet_bulb_c + 5.0, wet_bulb_c)
    return ahu.supply_water(unit, water_in_c, flow_kg_s, air, share)


@kernel
def _coil(coil, air_c, air_kg_s, water_c, water_kg_s):
    streams = dry_coil.CoilStreams(air_c, air_kg_s, 1006.0, water_c, water_kg_s, 4180.0)
    return dry_coil.heat_transferred(coil, streams)


@kernel
def _tank(tank, upper_c: TankC, lower_c: TankC, entering_c: TankC, charging_w_k, dt_s):
    state = storage_tank.TankState(upper_c, lower_c)
    return storage_tank.step(tank, state, entering_c, charging_w_k, 20.0, dt_s)[1]


@kernel
def _tank_layers(tank, upper_c, lower_c, entering_c, charging_w_k, dt_s):
    state = storage_tank.TankState(upper_c, lower_c)
    return storage_tank.step(tank, state, entering_c, charging_w_k, 20.0, dt_s)[0]


def _tank_balance(x, outputs):
    """Stream in and out against storage and loss."""
    stream_w = abs(x[3]) * (x[2] - outputs.leaving_c)
    return stream_w - outputs.heat_stored_w - outputs.loss_w, stream_w


def _crah_balance(x, outputs):
    """Air and fan against water."""
    air_w = x[1] * psychrometrics.heat_capacity(in_row.HALL_HUMIDITY_RATIO)
    air_w = air_w * (x[0] - outputs.supply_c)
    return air_w + outputs.fan_power_w - outputs.heat_w, outputs.heat_w


def reuse_balance(x, outputs):
    """What one side loses the other gains."""
    facility_w = x[2] * water.heat_capacity(x[1]) * (x[1] - outputs.facility_out_c)
    consumer_w = x[4] * water.heat_capacity(x[3]) * (outputs.consumer_out_c - x[3])
    return facility_w - consumer_w, facility_w


def _closed_balance(x, outputs):
    water_w = x[2] * water.heat_capacity(x[1]) * (x[1] - outputs.water_out_c)
    return water_w - outputs.heat_w, water_w


def _chiller_balance(x, outputs):
    left_w = outputs.condenser_heat_w - outputs.heat_w - outputs.power_w
    return left_w, outputs.heat_w


def _server_balance(x, outputs):
    parts_w = outputs.cpu_power_w + outputs.fan_power_w + outputs.supply_loss_w
    return outputs.power_w - parts_w, parts_w


VALVE = [(30, 45), (1, 5), (1006, 1007), (22, 28), (10, 20), (4180, 4200), (0.5, 5)]
ROWS = {
    "crossflow": Row(
        heat_exchanger.effectiveness_crossflow,
        [(0, 20), (0, 1)],
        rising={0: 1, 1: -1},
        at_rest=((0.0, 0.5), 0.0),
        free="exact for every value",
    ),
    "york approach": Row(
        approach.york, [(0.3, 1), (0.75, 1.25), (0, 25), (2, 15)], told_by="york tower"
    ),
    "cooltools approach": Row(
        approach.cooltools,
        [(0.3, 1), (0.75, 1.25), (5, 26), (2, 10)],
        told_by="york tower",
    ),
    "york tower": Row(
        tower_correlation.cool,
        [(0.3, 1), (28, 35), (80, 110), (18, 25)],
        TOWER,
        rising={0: 1},
        watch="heat_w",
        at_rest=((1.0, 30.0, 0.0, 20.0), 0.0),
        beyond=((1.0, 50.0, 100.0, 35.0), "extrapolated"),
        balance=balances.york,
    ),
    "closed-circuit tower": Row(
        _closed,
        [(12, 40), (20, 50), (10, 30), (15, 35), (-10, 15)],
        CLOSED,
        rising={0: -1, 1: 1, 4: -1},
        watch="heat_w",
        at_rest=((20.0, 30.0, 0.0, 20.0, 10.0), 0.0),
        beyond=((20.0, 60.0, 20.0, 50.0, 45.0), "extrapolated"),
        balance=_closed_balance,
    ),
    "dry coil": Row(
        _coil,
        [(25, 45), (0.5, 6), (8, 20), (0.2, 4)],
        COIL,
        rising={0: 1, 1: 1, 2: -1, 3: 1},
        at_rest=((35.0, 0.0, 15.0, 0.0), 0.0),
        told_by="dry coil films",
    ),
    "dry cooler": Row(
        _dry_cooler,
        [(20, 45), (30, 55), (5, 30), (-10, 28), (-15, -12), (0, 1)],
        DRY_COOLER,
        rising={0: -1, 1: 1, 3: -1},
        watch="heat_w",
        at_rest=((25.0, 40.0, 0.0, 20.0, 15.0, 0.0), 0.0),
        balance=_closed_balance,
    ),
    "adiabatic pads": Row(
        _dry_cooler,
        [(15, 16), (40, 55), (10, 30), (25, 40), (10, 20), (0, 1)],
        DRY_COOLER,
        rising={4: -1, 5: 1},
        watch="heat_w",
    ),
    "ahu": Row(
        _ahu,
        [(30, 45), (6, 14), (18, 26), (13, 28), (2, 12)],
        AHU,
        rising={2: -1, 4: -1},
        watch="heat_w",
        at_rest=((35.0, 0.0, 24.0, 20.0, 15.0), 0.0),
        beyond=((40.0, 5.0, 10.0, 30.0, 20.0), "extrapolated"),
        balance=balances.ahu,
    ),
    "room-temperature water": Row(
        _ahu_water,
        [(20, 45), (2, 30), (-5, 18), (0, 1)],
        AHU,
        rising={2: 1, 3: -1},
        at_rest=((30.0, 5.0, 15.0, 0.0), 30.0),
    ),
    "reformulated chiller": Row(
        reformulated_chiller.operate,
        [(0, 1.2e6), (6.67, 12.2), (22, 26), (1.6e5, 2.2e5)],
        REFORMULATED,
        rising={0: 1},
        watch="power_w",
        at_rest=((0.0, 7.0, 25.0, 1.8e5), 0.0),
        beyond=((5e5, 20.0, 25.0, 1.8e5), "extrapolated"),
        balance=_chiller_balance,
    ),
    "chiller cycling": Row(
        chiller.running_share,
        [(0, 1), (0, 0.3)],
        rising={0: 1},
        at_rest=((0.0, 0.2), 0.0),
        free="exact for every value",
    ),
    "crac": Row(
        crac.operate,
        [(0, 140e3), (13, 24), (-10, 46), (0.6, 1.4)],
        CRAC,
        rising={0: 1},
        watch="power_w",
        at_rest=((0.0, 18.0, 25.0, 1.0), 0.0),
        beyond=((1e5, 30.0, 60.0, 1.0), "extrapolated"),
        balance=balances.carried,
    ),
    "crah": Row(
        crah.operate,
        [(28, 42), (1.5, 6), (18, 26), (8, 16), (0.5, 3)],
        CRAH,
        rising={2: -1},
        watch="heat_w",
        balance=_crah_balance,
    ),
    "storage tank": Row(
        _tank,
        [(12, 20), (5, 12), (4, 25), (-4e5, 4e5), (1, 36000)],
        storage_tank.StorageTank(4e9, 500.0, 800.0),
        balance=_tank_balance,
    ),
    "storage layers": Row(
        _tank_layers,
        [(12, 20), (5, 12), (4, 25), (-4e5, 4e5), (1, 36000)],
        storage_tank.StorageTank(4e9, 500.0, 800.0),
        rising={2: 1},
        watch="lower_c",
        told_by="storage tank",
    ),
    "air-cooled servers": Row(
        air_server.operate,
        [(0, 1), (15, 28), (28, 40)],
        SERVERS,
        rising={0: 1, 1: 1, 2: 1},
        watch="power_w",
        balance=_server_balance,
        beyond=((0.5, 60.0, 60.0), "extrapolated"),
    ),
    "control valve": Row(
        control_valve.cold_flow,
        VALVE,
        AIR_COIL,
        rising={3: -1, 6: 1},
        at_rest=((30.0, 3.0, 1006.0, 30.0, 15.0, 4180.0, 2.0), 0.0),
        free="a balance of the streams as they are; properties flag theirs",
    ),
    "cdu": Row(
        cdu.operate,
        [(35, 48), (10, 40), (28, 34), (15, 26), (5, 60)],
        CDU,
        rising={2: -1, 3: 1},
        watch="primary_flow_kg_s",
        at_rest=((30.0, 20.0, 32.0, 20.0, 40.0), 0.0),
        free="a balance of the streams as they are; properties flag theirs",
    ),
    "cdu pump": Row(
        cdu.pump_power,
        [(0, 2e5), (15, 45)],
        CDU,
        rising={0: 1},
        at_rest=((0.0, 30.0), 0.0),
        told_by="pump curve end",
    ),
    "in-row": Row(
        in_row.operate,
        [(30, 45), (1.5, 6), (22, 26), (10, 18), (0.5, 3)],
        IN_ROW,
        rising={2: -1},
        watch="heat_w",
        at_rest=((24.0, 3.0, 25.0, 15.0, 2.0), 0.0),
        free="a balance of the streams as they are; properties flag theirs",
        balance=balances.in_row,
    ),
    "rack inlet": Row(
        in_row.rack_inlet,
        [(18, 27), (0, 60e3), (1, 6), (2, 6)],
        IN_ROW,
        rising={0: 1, 1: 1, 2: -1},
        at_rest=((20.0, 0.0, 4.0, 4.0), 20.0),
        free="a balance of the streams as they are; properties flag theirs",
    ),
}
