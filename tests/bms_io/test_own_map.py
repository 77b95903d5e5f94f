"""``serve-plant --points``: a site's own map, with its devices where they are."""

import asyncio
import copy

import pytest
import yaml

from bms_io.plant_process import running_plant
from bms_io.plant_server import PlantJob, build
from bms_io.points import load_points
from bms_io.site_driver import SiteDriver
from bms_io.spoken import speak
from twin.errors import ConfigError
from twin.interfaces import Quality

pytestmark = pytest.mark.real_time

METER, SECOND, CHIP = "outputs.site_power_w", "outputs.chip_c@b", "outputs.chip_c"
ECO = "setpoints.ups_eco"


def own(points, tmp_path, **devices):
    """Write the reference map with a meter of its own, a BACnet device, and a voter."""
    data = copy.deepcopy(yaml.safe_load(points.path.read_text()))
    here = data["devices"]["bms"]
    data["devices"] |= {
        "meter": {**here, "host": "10.0.0.9", "unit": here.get("unit", 1)},
        "ahu": {"protocol": "bacnet_ip", "host": "10.0.0.7", "device_instance": 1001},
        **devices,
    }
    entries = data["points"]
    entries[METER]["device"] = "meter"
    entries[CHIP] |= {"redundant_with": [SECOND], "redundant_tol": 2.0}
    entries[SECOND] = {
        "device": "ahu",
        "bacnet": {"object": "analog-input", "instance": 4},
        "unit": "degC",
        "range": [0, 120],
    }
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


def test_devices_of_several_addresses_and_protocols_are_served(points, tmp_path):
    path = own(points, tmp_path)
    job = PlantJob(
        "hybrid_10mw", "07-15", 1.0, points=str(path), faults=(f"{SECOND}:wrong=30",)
    )

    async def run():
        async with running_plant(job, tmp_path / "log") as where:
            there = load_points(path).at(where.host, where.port, where.others)
            driver = SiteDriver(there)
            await driver.connect()
            seen = await driver.read(list(there.points), 0.0)
            await driver.close()
            assert f"--host {where.host} --port {where.port} --bacnet" in where.reach
            return where, seen

    where, seen = asyncio.run(asyncio.wait_for(run(), 120))
    assert set(where.others) == {"meter", "ahu"}
    assert set(where.bacnet) == {"ahu"}
    assert len({where.port, *where.others.values()}) == 3
    bad = [n for n, r in seen.items() if r.quality is Quality.BAD and "set" not in n]
    assert bad == []
    # the fault is on one of the two sensors only
    assert seen[SECOND].value - seen[CHIP].value == pytest.approx(30.0, abs=1.0)


def test_what_the_plant_cannot_serve_is_told(points, tmp_path):
    files = {"ca": "ca.pem", "certificate": "c.pem", "key": "k.pem"}
    meter = {"protocol": "modbus_tcp", "host": "10.0.0.9", "unit": 1, "tls": files}
    path = own(points, tmp_path, meter=meter)
    with pytest.raises(ConfigError, match=r"devices\.meter\.tls: .* without TLS"):
        build(PlantJob("hybrid_10mw", "07-15", 1.0, points=str(path)))


def test_protocols_are_those_of_the_map_where_it_has_both(points, tmp_path):
    mixed = load_points(own(points, tmp_path))
    assert speak(mixed, "both") == mixed
    with pytest.raises(ConfigError, match=r"ahu \(bacnet_ip\)"):
        speak(mixed, "modbus")
    moved = speak(mixed, "bacnet")
    instances = [d.device_instance for d in moved.devices.values()]
    assert sorted(instances) == [1001, 1002, 1003]
    with pytest.raises(ConfigError, match="only Modbus points are moved"):
        speak(moved, "both")


def test_meters_and_ups_stay_on_modbus_in_both(points):
    spoken = speak(points, "both")
    where = {n: spoken.devices[p.device].protocol for n, p in spoken.points.items()}
    electrical = [n for n in where if "ups_" in n or "battery" in n or n.endswith("_w")]
    assert ECO in electrical
    assert {where[name] for name in electrical} == {"modbus_tcp"}
    assert where["setpoints.tower_supply_c"] == where[CHIP] == "bacnet_ip"
