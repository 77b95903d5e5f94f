"""Machines of the virtual plant travel to their setpoints, which are in force at once."""

import numpy as np
import pytest

from bms_io.plant_travel import travelled
from bms_io.simulated_plant import SimulatedPlant
from twin.sensors import SensorNoise

SILENT = SensorNoise(0.0, 0.0, 0.0)


@pytest.fixture
def plant(site, scenario):
    rng = np.random.default_rng(1)
    return SimulatedPlant(site.facility, site.design, scenario, rng, SILENT, 1800.0)


def shown(plant, times):
    """Pressure of the facility water at these times."""
    seen = []
    for time_s in times:
        plant.advance(float(time_s))
        seen.append(plant.measured["outputs.fws_pressure_pa"])
    return seen


def test_a_step_becomes_a_ramp_and_ends_at_the_setpoint(plant):
    plant.advance(60.0)
    begin_pa = plant.measured["outputs.fws_pressure_pa"]
    plant.beat(1.0)
    plant.request("tower_supply_c", plant.active.tower_supply_c + 7.0)
    assert plant.active.tower_supply_c == plant._travelled.tower_supply_c + 7.0
    offsets = []
    for time_s in range(120, 421, 60):
        plant.advance(float(time_s))
        offsets.append(plant.active.tower_supply_c - plant._travelled.tower_supply_c)
    assert offsets == pytest.approx([5.0, 3.0, 1.0, 0.0, 0.0, 0.0])
    assert begin_pa > 0.0


def test_the_ramp_shows_in_what_is_measured(plant):
    plant.beat(1.0)
    low_pa = plant.active.fws_pressure_pa
    high_pa = low_pa + 150e3
    plant.request("fws_pressure_pa", high_pa)
    seen = shown(plant, range(60, 421, 60))
    assert seen == sorted(seen)
    assert seen[0] - low_pa <= 61e3  # not there in the first minute
    assert seen[-1] == pytest.approx(seen[-2])
    assert seen[-1] > seen[0] + 50e3


def test_falling_back_to_local_travels_too(site, scenario):
    rng = np.random.default_rng(1)
    plant = SimulatedPlant(site.facility, site.design, scenario, rng, SILENT, 300.0)
    plant.beat(1.0)
    plant.request("tcs_supply_c", site.design.tcs_supply_c + 8.0)
    plant.advance(300.0)
    assert plant._travelled.tcs_supply_c == pytest.approx(
        site.design.tcs_supply_c + 8.0
    )
    plant.advance(360.0)
    assert plant.active.tcs_supply_c == site.design.tcs_supply_c
    assert plant._travelled.tcs_supply_c == pytest.approx(
        site.design.tcs_supply_c + 6.0
    )


def test_the_length_of_a_request_changes_nothing(site, scenario):
    def after(times):
        rng = np.random.default_rng(1)
        args = (site.facility, site.design, scenario, rng, SILENT, 1800.0)
        plant = SimulatedPlant(*args)
        plant.beat(1.0)
        plant.request("air_supply_c", site.design.air_supply_c + 3.3)
        for time_s in times:
            plant.advance(float(time_s))
        return plant._state

    assert after([900.0]) == pytest.approx(after(range(60, 901, 60)))


def test_what_is_switched_follows_at_once(site):
    design = site.design
    wanted = design._replace(
        ups_eco=1.0, battery_power_w=5e5, air_units_on=40.0, tower_pump_speed=0.4
    )
    at = travelled(design._replace(tower_pump_speed=1.0), wanted, 30.0)
    assert (at.ups_eco, at.battery_power_w, at.air_units_on) == (1.0, 5e5, 40.0)
    assert at.tower_pump_speed == pytest.approx(0.5)
