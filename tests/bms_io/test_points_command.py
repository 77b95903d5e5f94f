"""``wetbulb points`` in front of a virtual plant on both protocols."""

import asyncio
import json
import math
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import yaml
from typer.testing import CliRunner

from bms_io.daemon.audit import AuditLog, entries, verify_audit
from bms_io.point_pace import last_write_s
from bms_io.spoken import speak
from dashboards.cli import app
from twin.errors import GuardRefusedError

pytestmark = pytest.mark.real_time

TCS, POWER = "setpoints.tcs_supply_c", "outputs.site_power_w"
MAP = "hybrid_10mw"


@pytest.fixture
def beside(on_bench, points):
    """Run ``job(ask)`` where ``ask(...)`` runs ``wetbulb points`` at a plant."""

    def run(job, spoken="as-mapped"):
        async def with_bench(bench):
            where = ["--port", str(bench.port)]
            bacnet = [d for d in bench.points.devices.values() if d.device_instance]
            if bacnet:
                where += ["--protocol", spoken, "--bacnet-port", str(bacnet[0].port)]

            async def ask(*arguments, code=0, typed=None):
                command = ["points", *map(str, arguments), *where]
                done = await asyncio.to_thread(
                    CliRunner().invoke, app, command, input=typed
                )
                assert done.exit_code == code, done.output
                return done

            return await job(ask, bench)

        return on_bench(with_bench, point_map=speak(points, spoken))

    return run


def test_a_live_check_of_the_reference_map_is_ok_on_both_protocols(beside):
    async def job(ask, bench):
        return json.loads((await ask("check", MAP, "--live", "--json")).stdout)

    told = beside(job, "both")
    assert told["ok"]
    assert told["answering"] == told["points"] > 90
    assert told["not_mapped"] == told["control_needs"] == []
    assert told["devices"] == 2


def test_reading_shows_value_unit_quality_and_registers(beside):
    async def job(ask, bench):
        found = json.loads((await ask("read", MAP, POWER, "--json")).stdout)
        reading = await bench.driver.read([POWER], 0.0)
        wrong = await ask("read", MAP, "outputs.site_powr_w", code=3)
        return found["points"][0], reading[POWER].value, wrong.stderr

    row, power_w, wrong = beside(job)
    assert row["value"] * 1e3 == pytest.approx(power_w)
    assert (row["unit"], row["quality"], row["status"]) == ("kW", "good", "Good")
    assert len(row["registers"]) == 2
    assert f"Did you mean {POWER}?" in wrong


@pytest.mark.parametrize(
    "spoken", [pytest.param("as-mapped", marks=pytest.mark.slow), "both"]
)
def test_a_write_is_asked_for_limited_recorded_and_read_back(beside, tmp_path, spoken):
    kept = ["--directory", tmp_path]

    async def job(ask, bench):
        await ask("write", MAP, "plant.heartbeat", 1, "--yes", *kept)
        done = await ask("write", MAP, TCS, 31.5, "--yes", "--json", *kept)
        no = await ask("write", MAP, TCS, 32, *kept, code=4, typed="n\n")
        hot = await ask("write", MAP, TCS, 46, "--yes", *kept, code=4)
        far = await ask("write", MAP, TCS, 44, "--yes", *kept, code=4)
        site = ["--site", MAP]
        narrow = await ask("write", MAP, TCS, 20, "--yes", *site, *kept, code=4)
        await bench.driver.write_service("plant.owner", 77)
        owned = await ask("write", MAP, TCS, 31, "--yes", *kept, code=4)
        theft = await ask("write", MAP, "plant.owner", 0, "--yes", *kept, code=4)
        in_force = bench.plant.active.tcs_supply_c
        return done, in_force, [r.stderr for r in (no, hot, far, narrow, owned, theft)]

    done, in_force, refusals = beside(job, spoken)
    outcome = json.loads(done.stdout)
    assert outcome["wrote"] == outcome["in_force"] == in_force == 31.5
    assert outcome["before"] == 30.0
    assert outcome["confirmed"]
    assert all("Nothing written" in text for text in refusals)
    assert "nobody agreed" in refusals[0]
    assert "outside the hard limits 15 to 45 degC" in refusals[1]
    assert "may go to 36.5 degC" in refusals[2]
    assert all("has the lease" in text for text in refusals[4:])
    verify_audit(tmp_path / "audit.sqlite")
    events = [e.event for e in entries(tmp_path / "audit.sqlite")]
    assert events == ["intent", "result"] * 2


BATTERY = "setpoints.battery_power_w"


def aged(path, seconds):
    """Record of the same writes, made some seconds earlier."""
    old = AuditLog(path.with_name("old.sqlite"))
    past = datetime.now(UTC) - timedelta(seconds=seconds)
    with mock.patch("bms_io.daemon.audit.datetime") as clock:
        clock.now.return_value = past
        for entry in entries(path):
            old.record(entry.event, entry.time_s, **entry.details)
    old.close()
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    old.path.replace(path)


def test_the_next_call_remembers_the_last_write(beside, tmp_path):
    kept = ["--yes", "--directory", tmp_path]
    log = tmp_path / "audit.sqlite"

    async def job(ask, bench):
        for beat in (1, 2):  # service points have no interval
            await ask("write", MAP, "plant.heartbeat", beat, *kept)
        await ask("write", MAP, TCS, 34, *kept)
        soon = await ask("write", MAP, TCS, 34.5, *kept, code=4)
        aged(log, 299)
        still = await ask("write", MAP, TCS, 34.5, *kept, code=4)
        aged(log, 302)
        await ask("write", MAP, TCS, 38.5, *kept)
        await ask("write", MAP, BATTERY, -100, *kept)  # each has its own time
        elsewhere = await ask("write", MAP, TCS, 39, *kept, code=4)
        future = aged(log, -3600) or await ask("write", MAP, TCS, 39, *kept, code=4)
        return [r.stderr for r in (soon, still, elsewhere, future)]

    soon, still, elsewhere, future = beside(job)
    for told in (soon, still, elsewhere):
        assert "the map asks for 300 s between two writes. Nothing written." in told
    assert "from now. Nothing written. Set the clock" in future
    verify_audit(log)


def test_a_refused_write_may_be_repeated_and_another_device_is_another(tmp_path):
    path = tmp_path / "audit.sqlite"
    log = AuditLog(path)
    about = {"values": {TCS: 31.0}, "places": {TCS: "here"}}
    refused = log.record("intent", 0.0, **about)
    log.record("result", 0.0, intent=refused, mismatches=["no"], refused=[TCS])
    assert last_write_s(path, TCS, "here") == math.inf
    unknown = log.record("intent", 0.0, **about)
    log.record("unknown", 0.0, intent=unknown, why="silent")
    assert 0.0 <= last_write_s(path, TCS, "here") < 60.0
    assert last_write_s(path, TCS, "there") == math.inf
    assert last_write_s(path, POWER, "here") == math.inf
    log.record("release", 0.0, values={POWER: 1.0})
    assert last_write_s(path, POWER, "anywhere") < 60.0
    log.close()


def test_a_value_that_its_type_cannot_carry_is_refused_before_the_record(
    beside, tmp_path
):
    kept = ["--yes", "--directory", tmp_path]

    async def job(ask, bench):
        told = []
        for value in (65536, -1, 1.5, "nan", "inf"):
            done = await ask("write", MAP, "plant.heartbeat", value, *kept, code=4)
            told.append(done.stderr)
        with pytest.raises(GuardRefusedError):
            await bench.driver.write_service("plant.heartbeat", 65536)
        return told

    for told in beside(job):
        assert "must be a whole number from 0 to 65535" in told
    assert list(entries(tmp_path / "audit.sqlite")) == []


@pytest.mark.parametrize("spoken", ["as-mapped", "both"])
def test_setpoints_are_given_back_by_hand(beside, tmp_path, spoken):
    kept = ["--yes", "--directory", tmp_path]

    async def job(ask, bench):
        await ask("write", MAP, "plant.heartbeat", 1, *kept)
        await ask("write", MAP, TCS, 31.5, *kept)
        before = bench.plant.active.tcs_supply_c
        no = await ask("release", MAP, TCS, *kept[1:], code=4, typed="n\n")
        wrong = await ask("release", MAP, POWER, *kept, code=4)
        await bench.driver.write_service("plant.owner", 77)
        owned = await ask("release", MAP, *kept, code=4)
        await bench.driver.write_service("plant.owner", 0)
        done = await ask("release", MAP, TCS, "--json", *kept)
        slots = await bench.driver.standing([TCS])
        everything = await ask("release", MAP, *kept)
        soon = await ask("write", MAP, TCS, 31, *kept, code=4)
        return (
            (before, bench.plant.active.tcs_supply_c, slots),
            json.loads(done.stdout)["released"],
            [r.stderr for r in (no, wrong, owned, soon)],
            everything.stdout,
        )

    (before, after, slots), (row,), told, everything = beside(job, spoken)
    assert (before, after, slots) == (31.5, 30.0, {})
    assert row["done"]
    assert (row["before"], row["in_force"]) == (31.5, 30.0)
    null = "Null at priority 10"
    assert row["how"] == (null if spoken == "both" else "default 30 degC")
    for why, text in zip(
        ("nobody agreed", "not writable", "has the lease", "two writes"),
        told,
        strict=True,
    ):
        assert why in text
    assert everything.count("in force") == 13
    events = [e.event for e in entries(tmp_path / "audit.sqlite")]
    assert events.count("release") == 2
    assert events[-2:] == ["release", "result"]


def test_units_the_wrong_way_round_are_told():
    done = CliRunner().invoke(app, ["points", "scan", "127.0.0.1", "--units", "1,5-2"])
    assert done.exit_code == 3
    assert "--units '5-2': the smaller number comes first" in done.stderr


def test_a_write_without_effect_says_why(beside, tmp_path):
    async def job(ask, bench):
        done = await ask(
            "write", MAP, TCS, 31, "--yes", "--directory", tmp_path, code=1
        )
        return done.stderr

    assert "not in force; the plant is in local control" in beside(job)


def test_a_wrong_byte_order_and_a_missing_address_are_found_live(
    beside, points, tmp_path
):
    data = yaml.safe_load(points.path.read_text())
    data["points"][POWER]["modbus"]["byte_order"] = "CDAB"
    data["points"]["outputs.chip_c"]["modbus"]["address"] = 3000
    path = tmp_path / "points.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))

    async def job(ask, bench):
        told = (await ask("check", path, "--live", code=3)).stderr
        return told, (await ask("check", path)).stdout

    told, offline = beside(job)
    lines = told.strip().splitlines()
    assert len(lines) == 2
    order = next(
        i for i, t in enumerate(path.read_text().splitlines(), 1) if "CDAB" in t
    )
    assert f"points.yaml:{order}: points.{POWER}.modbus.byte_order: is CDAB" in told
    assert "plausible is ABCD (" in told
    assert "points.outputs.chip_c: " in told
    assert "illegal data address" in told
    assert "ok" in offline


def test_devices_that_are_not_there_are_told_once_each(tmp_path):
    arguments = ["points", "check", MAP, "--live", "--port", "1", "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    error = json.loads(done.stdout)["error"]["message"]
    assert len(error.splitlines()) == 1
    assert "devices.bms: 95 points" in error
    assert "Is it running?" in error


def test_a_scan_finds_units_registers_and_objects(on_bench, points):
    def scan(*arguments):
        done = CliRunner().invoke(app, ["points", "scan", "127.0.0.1", *arguments])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    async def job(bench):
        modbus = ["--port", str(bench.port), "--units", "1-2", "--json"]
        device = bench.points.devices["bms-bacnet"]
        bacnet = ["--port", str(device.port), "--protocol", "bacnet", "--json"]
        return [
            await asyncio.to_thread(scan, *arguments) for arguments in (modbus, bacnet)
        ]

    both = speak(points, "both")
    found, objects = on_bench(job, point_map=both)
    (unit,) = found["units"]
    addresses = {
        a for low, high in unit["tables"]["input"] for a in range(low, high + 1)
    }
    mapped = [p for p in both.points.values() if p.bacnet is None]
    wanted = {a for p in mapped if p.table == "input" for a in p.registers}
    assert unit["unit"] == 1
    assert addresses == wanted
    (device,) = objects["devices"]
    names = {one["name"] for one in device["objects"]}
    assert {p.name for p in both.points.values() if p.bacnet} <= names


@pytest.mark.parametrize("units", ["a", "1-", "300", "-3"])
def test_wrong_units_are_told(units):
    arguments = ["points", "scan", "127.0.0.1", "--port", "1", f"--units={units}"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 3
    assert "allowed" in done.stderr
