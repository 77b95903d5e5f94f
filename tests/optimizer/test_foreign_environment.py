"""Baselines, mpc and a learned policy where neither physics nor account are ours."""

import warnings

import numpy as np
import pytest

from dashboards.controllers import make
from optimizer.mpc import MpcController
from tests.optimizer.foreign_building import Building
from twin.config import load_site

with warnings.catch_warnings():  # it asks for its data in a way that goes out of use
    warnings.simplefilter("ignore")
    theirs = pytest.importorskip(
        "building_energy_storage_simulation",
        reason="needs pkg_resources, so setuptools below 81",
        exc_type=ImportError,
    )

pytestmark = pytest.mark.slow

SITE = load_site("hybrid_10mw")
DAYS = 10
CAPACITY_KWH, MOST_KWH = 100.0, 25.0


@pytest.fixture
def building():
    simulation = theirs.BuildingSimulation(
        battery_capacity=CAPACITY_KWH, max_battery_charge_per_timestep=MOST_KWH
    )
    simulation.battery.initial_state_of_charge = CAPACITY_KWH
    environment = theirs.Environment(simulation, max_timesteps=24 * DAYS)
    return Building(SITE, environment)


def test_who_leaves_the_battery_alone_pays_what_the_building_takes(building):
    courses = {
        c.name: building.run(c, 24 * DAYS) for c in make(("fixed", "rules"), SITE)
    }
    simulation = building._environment.building_simulation
    net = simulation.electricity_load_profile - simulation.solar_generation_profile
    taken = np.maximum(net, 0.0)[: 24 * DAYS]
    bill = float(taken @ simulation.electricity_price[: 24 * DAYS])
    for course in courses.values():
        assert course.cost == pytest.approx(bill, rel=1e-6)
        assert set(course.soc) == {CAPACITY_KWH}


def test_the_mpc_pays_less_there_than_who_leaves_the_battery_alone(building):
    (fixed,) = make(("fixed",), SITE)
    alone = building.run(fixed, 24 * DAYS)
    mpc = building.run(MpcController(SITE), 24 * DAYS)
    price = building._environment.building_simulation.electricity_price[: 24 * DAYS]
    owed = (CAPACITY_KWH - mpc.soc[-1]) * price.max()  # refilled when it is dearest
    print(f"{alone.cost:.0f} cents alone, {mpc.cost + owed:.0f} with the mpc")  # noqa: T201
    assert mpc.cost + owed < 0.97 * alone.cost
    assert min(mpc.soc) >= 0.0


def test_a_learned_policy_leaves_it_alone_and_never_fails(building):
    (policy,) = make(("rl:default",), SITE)
    course = building.run(policy, 48)
    assert set(course.statuses) == {"ok"}
    assert set(course.soc) == {CAPACITY_KWH}
