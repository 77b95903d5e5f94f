"""Rows of the contracts table for IT equipment and the power chain."""

from plant._kernel import kernel
from plant.cooling import cold_plate, micro_module
from plant.cooling.cdu import Cdu
from plant.cooling.fan import Fan
from plant.cooling.in_row import InRow
from plant.cooling.pump import Pump
from plant.heat_exchanger import PlateHeatExchanger
from plant.it import accelerator, conversion, reliability
from plant.it.rack import Racks
from plant.power import (
    ageing,
    ageing_lfp,
    ageing_nmc111,
    ageing_nmc811,
    capacitor,
    cell,
    distribution,
    generator,
    power_module,
    pv,
    tremblay,
    ups,
)
from plant.power.cell import AmbientC
from plant.table import Table, lookup
from tests.contracts import balances
from tests.contracts.row import Row

PLATE = cold_plate.ColdPlate(1000.0, 0.02, 0.01, 0.02)
SUPPLY = conversion.supply_from_efficiency(
    3000.0, conversion.TITANIUM_LOAD, conversion.TITANIUM_EFFICIENCY
)
UPS = ups.Ups(250e3, (0.01, 0.01, 0.02))
BUSWAY = distribution.Busway(1e6, 10e3)
# Panasonic NCR18650B class, EnergyPlus LiIonNMCBattery defaults
PACK = tremblay.Pack(
    139.0, 60.0, 3.2, 4.2, 3.53, 3.342, 0.8075, 0.976875, 0.09, 1.0, 750e3, 45.0
)  # fmt: skip
CELL = cell.Cell(
    5.0,
    Table((0.0, 0.05, 0.5, 1.0), (2.6, 3.1, 3.7, 4.2)),
    Table((0.0, 0.2, 1.0), (0.03, 0.02, 0.01)),
    Table((0.0, 1.0), (0.5, 2.0)),
    (0.005, 0.0045),
    (40.0, 490.0),
    17.0,
    180.0,
    8.0,
    0.26,
)
MODULE = micro_module.MicroModule(
    Racks(660e3, 0.8, 12.0),
    10.0,
    InRow(PlateHeatExchanger(6e3, 3.6, 1.05), Fan(3.6, 1750.0)),
    6.0,
    Cdu(
        PlateHeatExchanger(150e3, 18.0, 18.0),
        Pump(0.0178, 210e3, 0.65),
        18.0,
        150e3,
        60e3,
    ),
    1.0,
    distribution.Busway(700e3, 4e3),
    distribution.Tap(63.0),
    2.0,
    720e3,
    30.0,
)


@kernel
def _ups(plate, modules, load_w, eco, deviation, distortion, on_generator):
    mains = ups.Mains(deviation, distortion, on_generator)
    return ups.operate_on(plate, modules, load_w, eco, mains)


@kernel
def _module(plate, load_w, eco, deviation, ambient_c):
    mains = ups.Mains(deviation, 0.0, 0.0)
    return power_module.operate(plate, load_w, eco, mains, ambient_c)


@kernel
def _pack(plate, soc, request_w, ambient_c, dt_s):
    state = tremblay.PackState(soc, ambient_c)
    return tremblay.exchange(plate, state, request_w, ambient_c, dt_s)[1]


@kernel
def _cell(plate, soc, current_a, ambient_c: AmbientC, dt_s):
    state = cell.at_rest(soc, ambient_c)
    return cell.step(plate, state, current_a, ambient_c, dt_s)[1]


@kernel
def _lfp(plate, soc, temperature_c, days, cycles, depth):
    rates = ageing_lfp.rates(plate, soc, temperature_c)
    duty = ageing.Duty(days, cycles, depth)
    new = ageing.Health(0.02 + 0.0 * soc, 0.01 + 0.0 * soc, 0.0, 0.0)
    return ageing_lfp.age(plate, new, rates, duty, 0.25)


@kernel
def _nmc111(plate, soc, temperature_c, days, cycles, depth):
    rates = ageing_nmc111.rates(plate, soc, temperature_c)
    duty = ageing.Duty(days, cycles, depth)
    new = ageing.Health(0.02 + 0.0 * soc, 0.01 + 0.0 * soc, 0.0, 0.0)
    return ageing_nmc111.age(plate, new, rates, duty)


@kernel
def _nmc811(plate, soc, temperature_c, days, cycles):
    rate = ageing_nmc811.rate(plate, soc, temperature_c)
    duty = ageing.Duty(days, cycles, 0.5)
    new = ageing.Health(0.02 + 0.0 * soc, 0.01 + 0.0 * soc, 0.0, 0.0)
    return ageing_nmc811.age(plate, new, rate, duty, 0.5, temperature_c)


@kernel
def _micro_module(plate, demand_w, tcs_supply_c, air_supply_c, water_c):
    setpoints = micro_module.MicroSetpoints(tcs_supply_c, 150e3, air_supply_c)
    return micro_module.operate(plate, demand_w, setpoints, water_c)


LIFE = [(0.2, 0.95), (15, 45), (0, 3650), (0, 3000)]
ROWS = {
    "table": Row(
        lookup,
        [(-1, 4)],
        Table((0.0, 1.0, 3.0), (1.0, 2.0, 2.5)),
        rising={0: 1},
        at_rest=((-1.0,), 1.0),
        free="the ends of a table are held; who uses one flags it",
    ),
    "accelerator": Row(
        accelerator.operate,
        [(0, 1), (100, 800), (10, 55)],
        accelerator.Accelerator(88.0, 560.0),
        rising={0: 1, 1: 1, 2: 1},
        watch="power_w",
        at_rest=((0.0, 800.0, 30.0), 88.0),
        beyond=((0.5, 800.0, 60.0), "extrapolated"),
        more=(((1.0, 10.0, 30.0), "cap_missed"),),
    ),
    "failure rate": Row(
        reliability.failure_rate, [(20, 100)], reliability.Chips(), rising={0: 1}
    ),
    "cluster": Row(
        reliability.cluster,
        [(20, 100), (1, 1e5), (60, 86400), (60, 86400)],
        reliability.Chips(),
        rising={0: -1, 1: -1, 2: -1, 3: -1},
        watch="availability",
        at_rest=((60.0, 0.0, 3600.0, 3600.0), 1.0),
        more=(((90.0, 1e6, 86400.0, 86400.0), "stalled"),),
    ),
    "converter": Row(
        conversion.convert,
        [(0, 2e4)],
        conversion.FRONTIER_RECTIFIER,
        rising={0: 1},
        watch="loss_w",
        at_rest=((0.0,), 17.0 / 0.96),
        beyond=((15e3,), "overloaded"),
        more=(((-1.0,), "overloaded"),),
        balance=balances.conversion,
    ),
    "conversion chain": Row(
        conversion.chain,
        [(0, 2800)],
        conversion.FRONTIER,
        rising={0: 1},
        watch="loss_w",
        beyond=((2800.0,), "overloaded"),
        more=(((-1.0,), "overloaded"),),
        balance=balances.frontier,
    ),
    "supply unit": Row(
        conversion.supply,
        [(0, 4e3)],
        SUPPLY,
        rising={0: 1},
        watch="loss_w",
        beyond=((5e3,), "overloaded"),
        balance=balances.conversion,
    ),
    "flux limit": Row(
        cold_plate.flux_exceeded, [(0, 1400)], PLATE, beyond=((2e3,), "")
    ),
    "tap rating": Row(
        distribution.tap_overloaded,
        [(0, 3e4)],
        distribution.Tap(),
        beyond=((5e4,), ""),
        more=(((-1e3,), ""),),
    ),
    "ageing range": Row(
        ageing.outside_range, [(0, 1), (-40, 100)], beyond=((0.5, 120.0), "")
    ),
    "heat flux": Row(
        cold_plate.heat_flux,
        [(0, 2e3)],
        PLATE,
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        told_by="flux limit",
    ),
    "ups on mains": Row(
        _ups,
        [(1, 8), (0, 2e6), (0, 1), (-0.2, 0.2), (0, 0.1), (0, 1)],
        UPS,
        watch="loss_w",
        at_rest=((4.0, 0.0, 1.0, 0.0, 0.0, 0.0), 0.01 * 4 * 250e3),
        beyond=((4.0, 1.1e6, 0.0, 0.0, 0.0, 0.0), "overloaded"),
    ),
    "ups bypass": Row(
        ups.bypass_loss,
        [(0, 2e6)],
        UPS,
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        told_by="ups",
    ),
    "ups spares": Row(
        ups.spares, [(1, 9), (0, 2e6)], UPS, rising={0: 1, 1: -1}, told_by="ups"
    ),
    "capacitor": Row(
        capacitor.age,
        [(0, 1), (0, 60), (0, 1), (0, 3e7)],
        capacitor.Capacitor(),
        rising={0: 1, 1: 1, 2: 1, 3: 1},
        watch="wear",
        at_rest=((0.3, 40.0, 0.5, 0.0), 0.3),
        more=(((0.99, 60.0, 1.0, 3e8), "due"),),
        beyond=((0.1, 120.0, 1.0, 0.0), "extrapolated"),
    ),
    "voltage drop": Row(
        distribution.voltage_drop,
        [(0, 1.2e6)],
        BUSWAY,
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        told_by="busway rating",
    ),
    "tap current": Row(
        distribution.tap_current,
        [(0, 5e4)],
        distribution.Tap(),
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        told_by="tap rating",
    ),
    "smallest tap": Row(
        distribution.smallest_tap, [(0, 80)], rising={0: 1}, told_by="tap rating"
    ),
    "phase balance": Row(
        distribution.phase_balance,
        [(1, 63), (1, 63), (1, 63)],
        watch="neutral_a",
        at_rest=((20.0, 20.0, 20.0), 0.0),
        free="exact for every value",
    ),
    "power module": Row(
        _module,
        [(0, 2.2e6), (0, 1), (-0.2, 0.2), (0, 45)],
        power_module.REFERENCE,
        rising={0: 1},
        watch="input_w",
        beyond=((2.1e6, 0.0, 0.0, 20.0), "overloaded"),
        more=(((-1e3, 0.0, 0.0, 20.0), "overloaded"),),
        balance=balances.power_module,
    ),
    "generator": Row(
        generator.operate,
        [(0, 3e6), (0, 60)],
        generator.Generator(2e6),
        rising={0: 1, 1: 1},
        watch="fuel_m3_s",
        at_rest=((1e6, 0.0), 0.0),
        more=(
            ((2.5e6, 60.0), "overloaded"),
            ((-1e3, 60.0), "overloaded"),
            ((1e5, 60.0), "underloaded"),
        ),
        balance=balances.generator,
    ),
    "pv": Row(
        pv.operate,
        [(0, 1400), (-20, 45), (0, 15)],
        pv.Pv(1e6, 0.8e6),
        rising={0: 1, 1: -1, 2: 1},
        watch="power_w",
        at_rest=((0.0, 20.0, 1.0), 0.0),
        more=(((1400.0, -20.0, 15.0), "curtailed"),),
        balance=balances.pv,
    ),
    "pack": Row(
        _pack,
        [(0.1, 0.95), (-1e5, 1e5), (0, 40), (1, 600)],
        PACK,
        rising={1: 1},
        watch="power_w",
        at_rest=((0.5, 0.0, 20.0, 60.0), 0.0),
        beyond=((0.1, 1e5, 20.0, 600.0), "limited"),
        more=(((0.5, 1.5e5, 20.0, 60.0), "extrapolated"),),
        balance=balances.pack,
    ),
    "cell": Row(
        _cell,
        [(0.25, 0.8), (-5, 10), (10, 40), (1, 600)],
        CELL,
        rising={0: 1, 1: -1},
        watch="voltage_v",
        at_rest=((0.5, 0.0, 25.0, 60.0), 3.7),
        beyond=((0.01, 10.0, 20.0, 600.0), "outside"),
    ),
    "ageing LFP": Row(
        _lfp,
        [*LIFE, (0.05, 1)],
        ageing_lfp.PUBLISHED,
        rising={1: 1, 2: 1},
        watch="calendar_loss",
        at_rest=((0.5, 25.0, 0.0, 0.0, 0.5), 0.02),
        told_by="ageing range",
    ),
    "ageing NMC111": Row(
        _nmc111,
        [*LIFE, (0.05, 1)],
        ageing_nmc111.PUBLISHED,
        rising={0: 1, 1: 1, 2: 1},
        watch="calendar_loss",
        at_rest=((0.5, 25.0, 0.0, 0.0, 0.5), 0.02),
        told_by="ageing range",
    ),
    "ageing NMC811": Row(
        _nmc811,
        LIFE,
        ageing_nmc811.PUBLISHED,
        rising={2: 1},
        watch="calendar_loss",
        at_rest=((0.5, 25.0, 0.0, 0.0), 0.02),
        told_by="ageing range",
    ),
    "micro-module": Row(
        _micro_module,
        [(0, 7e5), (20, 45), (18, 30), (10, 25)],
        MODULE,
        rising={0: 1, 1: 1},
        watch="it_power_w",
        at_rest=((0.0, 30.0, 24.0, 18.0), 0.0),
        beyond=((7e5, 30.0, 24.0, 18.0), "over_rack"),
        more=(
            ((6.6e5, 45.0, 45.0, 18.0), "over_electrical"),
            ((6e5, 20.0, 18.0, 19.0), "short_liquid"),
            ((6e5, 30.0, 18.0, 17.9), "short_air"),
        ),
        balance=balances.micro_module,
    ),
}
