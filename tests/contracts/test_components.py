"""What every equation in plant/ obeys, written once.

A new component is one ``Row``: the equation, its nameplate, the declared range of every
argument, the arguments in which the watched output rises (+1) or falls (-1), and what
it gives at rest.
"""

import numba
import numpy as np
import pytest

from plant import heat_exchanger, psychrometrics, water
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
from plant.it import rack
from plant.power import battery, distribution, transformer, ups
from plant.types import OutdoorAir
from tests.contracts import cooling, it_and_power
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
def _tower(tower, setpoint_c, water_in_c, water_flow_kg_s, dry_bulb_c, wet_bulb_c):
    humidity = psychrometrics.humidity_ratio_from_wet_bulb(dry_bulb_c, wet_bulb_c, 1e5)
    air = OutdoorAir(dry_bulb_c, wet_bulb_c, humidity, 1e5)
    return cooling_tower.operate(tower, setpoint_c, water_in_c, water_flow_kg_s, air)


@kernel
def _tower_at_speed(tower, speed, water_in_c, water_flow_kg_s, wet_bulb_c):
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


AIR_C = (-20.0, 45.0)
MOIST = (0.0, 0.03)
PRESSURE = (70e3, 105e3)
ROWS = {
    "saturation pressure": Row(
        psychrometrics.saturation_pressure, [(-40, 80)], rising={0: 1}
    ),
    "wet bulb": Row(
        psychrometrics.wet_bulb, [(0, 45), (0, 0.003), PRESSURE], rising={0: 1, 1: 1}
    ),
    "humidity from wet bulb": Row(
        psychrometrics.humidity_ratio_from_wet_bulb,
        [(20, 45), (5, 20), PRESSURE],
        rising={0: -1, 1: 1},
    ),
    "dew point": Row(psychrometrics.dew_point, [(1e-4, 0.03), PRESSURE], rising={0: 1}),
    "enthalpy": Row(psychrometrics.enthalpy, [AIR_C, MOIST], rising={0: 1, 1: 1}),
    "air density": Row(
        psychrometrics.density, [AIR_C, MOIST, PRESSURE], rising={0: -1, 1: -1, 2: 1}
    ),
    "standard pressure": Row(
        psychrometrics.standard_pressure, [(0, 5000)], rising={0: -1}
    ),
    "water density": Row(water.density, [(5, 95)], rising={0: -1}),
    "water heat capacity": Row(water.heat_capacity, [(0, 100)]),
    "glycol density": Row(water.glycol25_density, [(5, 65)], rising={0: -1}),
    "glycol heat capacity": Row(water.glycol25_heat_capacity, [(5, 65)], rising={0: 1}),
    "effectiveness": Row(
        heat_exchanger.effectiveness_counterflow,
        [(0, 20), (0, 1)],
        rising={0: 1, 1: -1},
        at_rest=((0.0, 0.5), 0.0),
    ),
    "plate exchanger": Row(
        heat_exchanger.heat_transferred,
        [(30, 60), (0, 50), (3800, 4200), (10, 30), (0, 50), (3800, 4200)],
        PLATE,
        rising={0: 1, 1: 1, 3: -1, 4: 1},
        at_rest=((40.0, 0.0, 4180.0, 20.0, 0.0, 4180.0), 0.0),
    ),
    "tower fan": Row(
        _tower,
        [(12, 40), (20, 50), (10, 60), (15, 35), (-10, 15)],
        TOWER,
        rising={0: -1, 1: 1, 4: 1},
        watch="fan_power_w",
        at_rest=((45.0, 30.0, 40.0, 20.0, 10.0), 0.0),
    ),
    "tower heat": Row(
        _tower,
        [(12, 40), (20, 50), (10, 60), (15, 35), (-10, 15)],
        TOWER,
        rising={0: -1, 1: 1},
        watch="heat_w",
        at_rest=((20.0, 30.0, 0.0, 20.0, 10.0), 0.0),
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
    ),
    "chiller heat": Row(
        chiller.operate,
        [(0, 2e6), (2, 25), (5, 40)],
        CHILLER,
        rising={0: 1},
        watch="heat_w",
        at_rest=((0.0, 7.0, 25.0), 0.0),
    ),
    "chiller leaving": Row(
        chiller.leaving_temperature,
        [(5, 10), (10, 25), (20, 80), (4180, 4200), (15, 32)],
        CHILLER,
        rising={0: 1, 1: 1, 2: 1},
    ),
    "pump power": Row(
        pump.power,
        [(0, 0.06), (0, 3e5)],
        PUMP,
        rising={1: 1},
        at_rest=((0.0, 0.0), 0.0),
    ),
    "pump speed": Row(pump.speed, [(0, 0.06), (0, 3e5)], PUMP, rising={0: 1, 1: 1}),
    "pump flow": Row(
        pump.flow_at_speed,
        [(0, 1.2), (0, 3e5), (0, 1e9)],
        PUMP,
        rising={0: 1, 1: -1, 2: -1},
        at_rest=((0.0, 0.0, 1e8), 0.0),
    ),
    "pump curve head": Row(
        pump_curve.head, [(0.2, 1.2), (0, 0.015)], CURVE, rising={0: 1, 1: -1}
    ),
    "pump curve power": Row(
        pump_curve.power,
        [(0, 1.2), (0, 0.015)],
        CURVE,
        at_rest=((0.0, 0.0), 0.0),
    ),
    "fan": Row(
        fan.power,
        [(0, 12)],
        fan.Fan(10.0, 4e3),
        rising={0: 1},
        at_rest=((0.0,), 0.0),
    ),
    "cold plate": Row(
        cold_plate.case_temperature,
        [(0, 1500), (15, 50), (0.005, 0.05), (3800, 4200)],
        cold_plate.ColdPlate(1000.0, 0.02, 0.01, 0.02),
        rising={0: 1, 1: 1, 2: -1},
        at_rest=((0.0, 30.0, 0.02, 4000.0), 30.0),
    ),
    "loop": Row(
        loop.settle,
        [(10, 50), (10, 50), (0, 1e6), (1e6, 1e8), (1, 3600)],
        rising={0: 1, 1: 1},
        at_rest=((20.0, 30.0, 0.0, 1e7, 60.0), 20.0),
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
    ),
    "battery": Row(
        battery.exchange,
        [(0.5, 1), (-2e6, 2e6), (1, 3600)],
        battery.Battery(1e9, 1e6, 5e5),
        rising={1: 1},
        watch="power_w",
        at_rest=((0.8, 0.0, 60.0), 0.0),
    ),
    **it_and_power.ROWS,
    **cooling.ROWS,
}
SHAPE = (5, 7)
SWEEP = 25


@pytest.fixture(params=ROWS.values(), ids=ROWS.keys())
def row(request):
    return request.param


def evaluate(row, *x):
    return row.equation(*(() if row.params is None else (row.params,)), *x)


def watched(row, *x):
    outputs = evaluate(row, *x)
    return getattr(outputs, row.watch) if row.watch else outputs


def columns(outputs):
    """All outputs in one array, the last axis over the fields."""
    fields = outputs if isinstance(outputs, tuple) else (outputs,)
    return np.stack(np.broadcast_arrays(*fields), axis=-1)


def points(row):
    rng = np.random.default_rng(0)
    return [rng.uniform(low, high, size=SHAPE) for low, high in row.ranges]


def test_array_equals_scalars(row):
    x = points(row)
    together = columns(evaluate(row, *x))
    assert together.shape[:2] == SHAPE
    each = zip(*(a.flat for a in x), strict=True)
    one_by_one = np.array([columns(evaluate(row, *map(float, v))) for v in each])
    np.testing.assert_allclose(
        together.reshape(one_by_one.shape), one_by_one, rtol=1e-9, atol=1e-9
    )


def test_compiled_equals_plain(row):
    equation, params = row.equation, row.params
    bare = numba.njit(lambda *v: equation(*v))
    full = numba.njit(lambda p, *v: equation(p, *v))
    for v in zip(*(a.flat[:6] for a in points(row)), strict=True):
        scalars = [float(value) for value in v]
        compiled = bare(*scalars) if params is None else full(params, *scalars)
        plain = columns(evaluate(row, *scalars))
        np.testing.assert_allclose(columns(compiled), plain, rtol=1e-9, atol=1e-9)


def test_finite_up_to_the_ends_of_the_range(row):
    assert np.isfinite(columns(evaluate(row, *points(row)))).all()
    corners = np.meshgrid(*row.ranges)
    assert np.isfinite(columns(evaluate(row, *map(np.asarray, corners)))).all()


def test_monotone_where_declared(row):
    x = [a[..., None] for a in points(row)]
    for argument, direction in row.rising.items():
        sweep = list(x)
        sweep[argument] = np.linspace(*row.ranges[argument], SWEEP)
        y = watched(row, *(np.asarray(a, dtype=float) for a in sweep))
        slack = 1e-6 * np.abs(y).max()
        assert (direction * np.diff(y) >= -slack).all(), f"argument {argument}"


def test_at_rest(row):
    if row.at_rest is None:
        return
    arguments, idle = row.at_rest
    assert float(watched(row, *arguments)) == pytest.approx(idle, rel=1e-12, abs=1e-9)


def test_clamped_and_flagged_outside(row):
    """Finite far outside the range, and the flag says so; 0 in the middle."""
    if row.beyond is None:
        return
    arguments, flag = row.beyond
    outputs = evaluate(row, *arguments)
    assert np.isfinite(columns(outputs)).all()
    assert float(getattr(outputs, flag) if flag else outputs) == 1.0
    middle = [0.5 * (low + high) for low, high in row.ranges]
    inside = evaluate(row, *middle)
    assert float(getattr(inside, flag) if flag else inside) == 0.0


def test_finite_far_outside(row):
    """One argument after the other at 0, below zero and far beyond its range."""
    middle = [0.5 * (low + high) for low, high in row.ranges]
    for argument, (low, high) in enumerate(row.ranges):
        for value in (0.0, low - high, low - 10 * (high - low), 1e9, -1e9):
            x = [*middle]
            x[argument] = value
            outputs = columns(evaluate(row, *map(float, x)))
            assert np.isfinite(outputs).all(), f"argument {argument} at {value}"


def test_energy_balances(row):
    if row.balance is None:
        return
    x = points(row)
    left_w, size_w = row.balance(x, evaluate(row, *x))
    np.testing.assert_allclose(left_w, 0.0, atol=1e-9 * np.abs(size_w).max())
