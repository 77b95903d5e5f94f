"""A site, a short scenario, and a plant in this process that answers on a socket."""

import asyncio
from typing import NamedTuple

import numpy as np
import pytest

from bms_io.points import PointMap, load_points
from bms_io.simulated_plant import SimulatedPlant
from bms_io.site_driver import SiteDriver
from bms_io.virtual_plant import VirtualPlant
from twin.config import load_site
from twin.resources import resolve
from twin.scenario import load_scenario
from twin.sensors import SensorNoise

HOURS = 3.0
DEADLINE_S = 60


class Bench(NamedTuple):
    """A virtual plant on a socket and what belongs to it."""

    plant: SimulatedPlant
    points: PointMap
    driver: SiteDriver
    port: int


@pytest.fixture(scope="session")
def site():
    return load_site("hybrid_10mw")


@pytest.fixture(scope="session")
def scenario(site):
    return load_scenario(site, "07-15", HOURS)


@pytest.fixture(scope="session")
def points():
    return load_points(resolve("hybrid_10mw", "points", ".yaml"))


@pytest.fixture
def on_bench(site, scenario, points):
    """Run ``job(bench)`` beside a virtual plant, all bounded in time."""

    def run(job, noise=SensorNoise(), seed=1, point_map=points):  # noqa: B008 # frozen
        rng = np.random.default_rng(seed)
        plant = SimulatedPlant(site.facility, site.design, scenario, rng, noise, 1800.0)

        async def serve_and_run():
            server = VirtualPlant(point_map, plant)
            port, bacnet = await server.start("127.0.0.1", 0)
            here = point_map.at("127.0.0.1", port, bacnet)
            driver = SiteDriver(here)
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await driver.connect()
                    return await job(Bench(plant, here, driver, port))
            finally:
                await driver.close()
                await server.stop()

        return asyncio.run(serve_and_run())

    return run
