"""Rows of the contracts table for moist air, water and glycol."""

from plant import psychrometrics, water
from tests.contracts.row import EXACT, Row

MOIST = (0.0, 0.03)
PRESSURE = (70e3, 105e3)
RELATIVE = [(-20, 45), (0, 1), (70e3, 105e3)]
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
    "enthalpy": Row(
        psychrometrics.enthalpy,
        [(-20.0, 45.0), MOIST],
        rising={0: 1, 1: 1},
        free=EXACT,
    ),
    "air density": Row(
        psychrometrics.density,
        [(-20.0, 45.0), MOIST, PRESSURE],
        rising={0: -1, 1: -1, 2: 1},
    ),
    "standard pressure": Row(
        psychrometrics.standard_pressure, [(0, 5000)], rising={0: -1}
    ),
    "water density": Row(water.density, [(5, 95)], rising={0: -1}),
    "water heat capacity": Row(water.heat_capacity, [(0, 100)]),
    "glycol density": Row(water.glycol25_density, [(5, 65)], rising={0: -1}),
    "glycol heat capacity": Row(water.glycol25_heat_capacity, [(5, 65)], rising={0: 1}),
    "water viscosity": Row(water.viscosity, [(5, 95)], rising={0: -1}),
    "PG25 viscosity": Row(water.glycol25_viscosity, [(5, 65)], rising={0: -1}),
    "PG40 density": Row(water.glycol40_density, [(5, 65)], rising={0: -1}),
    "PG40 heat capacity": Row(water.glycol40_heat_capacity, [(5, 65)], rising={0: 1}),
    "PG40 viscosity": Row(water.glycol40_viscosity, [(5, 65)], rising={0: -1}),
    "water range": Row(water.outside_range, [(0, 100)], beyond=((120.0,), "")),
    "air range": Row(
        psychrometrics.outside_range,
        [(-60, 80), (60e3, 110e3)],
        beyond=((20.0, 4e4), ""),
    ),
    "saturated humidity": Row(
        psychrometrics.saturated_humidity_ratio,
        [(-40, 60), (70e3, 105e3)],
        rising={0: 1, 1: -1},
    ),
    "humidity from relative": Row(
        psychrometrics.humidity_ratio_from_relative_humidity,
        RELATIVE,
        rising={0: 1, 1: 1, 2: -1},
        at_rest=((20.0, 0.0, 1e5), 0.0),
    ),
    "saturated enthalpy": Row(
        psychrometrics.saturated_enthalpy, [(-40, 60), (70e3, 105e3)], rising={0: 1}
    ),
    "saturated enthalpy and slope": Row(
        psychrometrics.saturated_enthalpy_and_slope, [(-40, 60), (70e3, 105e3)]
    ),
    "specific volume": Row(
        psychrometrics.specific_volume,
        [(-20, 45), (0, 0.03), (70e3, 105e3)],
        rising={0: 1, 1: 1, 2: -1},
    ),
    "moist heat capacity": Row(
        psychrometrics.heat_capacity, [(0, 0.03)], rising={0: 1}, free=EXACT
    ),
}
