"""One wet bulb, from the weather file to a setpoint register."""

import asyncio
import socket
import struct

import psychrolib
import pytest

from bms_io.daemon.desk import InThread
from bms_io.daemon.setup import unattended
from bms_io.loop import ClosedLoop
from bms_io.plant_process import running_plant
from bms_io.plant_server import PlantJob
from bms_io.points import load_points
from optimizer.rules import RuleParameters, RulesController
from twin.config import load_site
from twin.resources import data_path, resolve
from twin.scenario import load_scenario
from twin.simulate import make_forecaster
from twin.weather import read_weather

SITE = load_site("hybrid_10mw")
DATE, HOURS = "07-15", 0.5
MIDNIGHT_ROW = 195 * 24 - 1  # hour that ends where 15 July begins


def wet_bulb_in_file_c():
    """From dry bulb, humidity and pressure of the row, by an independent library."""
    psychrolib.SetUnitSystem(psychrolib.SI)
    path = data_path("weather", "USA_CO_Golden-NREL.724666_TMY3.epw")
    row = path.read_text().splitlines()[8 + MIDNIGHT_ROW].split(",")
    return psychrolib.GetTWetBulbFromRelHum(
        float(row[6]), float(row[8]) / 100.0, float(row[9])
    )


def raw_float(port, point):
    """Two registers of the plant over a plain socket, without any of our own code."""
    function = 3 if point.table == "holding" else 4
    request = struct.pack(">HHHBBHH", 7, 0, 6, 1, function, point.address, 2)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plant:
        plant.sendall(request)
        answer = plant.recv(64)
    return struct.unpack(">f", answer[9:13])[0]


async def walk(directory):
    """Run the rules for two decisions; look at the registers after the second."""
    points = load_points(resolve(SITE.defaults.points, "points", ".yaml"))
    scenario = load_scenario(SITE, DATE, HOURS)
    names = ("inputs.wet_bulb_c", "setpoints.tower_supply_c", "active.tower_supply_c")
    seen = {}
    job = PlantJob(site="hybrid_10mw", start=DATE, hours=HOURS)
    async with running_plant(job, directory / "plant.log") as where:

        def look(done, total):
            if done == total - 1:  # before the run ends and hands back
                seen.update({n: raw_float(where.port, points.points[n]) for n in names})

        setup = unattended(
            SITE,
            points.at(where.host, where.port),
            InThread(RulesController(SITE)),
            make_forecaster(scenario),
            directory / "run",
            armed_by="test",
        )
        loop = ClosedLoop(setup._replace(progress=look))
        await loop.run(scenario.duration_s)
    return seen


def test_wet_bulb_walks_from_file_to_setpoint_register(tmp_path):
    expected_c = wet_bulb_in_file_c()
    year = read_weather(
        resolve(SITE.defaults.weather, "weather", ".epw"), SITE.location.elevation_m
    )
    assert year.air.wet_bulb_c[MIDNIGHT_ROW] == pytest.approx(expected_c, abs=0.05)
    scenario = load_scenario(SITE, DATE, HOURS)
    assert scenario.inputs_at(0.0).wet_bulb_c == pytest.approx(expected_c, abs=0.05)
    seen = asyncio.run(walk(tmp_path))
    noise_k = 0.5  # five times the sensors' 0.1 K
    later_c = float(scenario.inputs_at(HOURS * 3600.0).wet_bulb_c)
    assert seen["inputs.wet_bulb_c"] == pytest.approx(later_c, abs=noise_k)
    decided_c = float(scenario.inputs_at(900.0).wet_bulb_c)
    reset_c = decided_c + RuleParameters().tower_approach_k
    assert (
        reset_c > RuleParameters().tower_coldest_c + noise_k
    )  # the floor plays no part
    assert seen["setpoints.tower_supply_c"] == pytest.approx(reset_c, abs=noise_k)
    written_c = seen["setpoints.tower_supply_c"]
    assert seen["active.tower_supply_c"] == pytest.approx(written_c, abs=1e-4)
