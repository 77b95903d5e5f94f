"""Recommendations: once each, in time, with a reason, and in the audit log."""

import asyncio
import io
import json

import numpy as np
import pytest

from bms_io.daemon.advice import AdviceBook
from bms_io.daemon.audit import AuditLog, entries
from bms_io.daemon.desk import InThread
from bms_io.daemon.historian import Historian
from bms_io.daemon.logs import JsonLog
from bms_io.daemon.modes import Mode
from bms_io.daemon.monitor import Monitor
from bms_io.daemon.pace import FreePace
from bms_io.daemon.service import _routes
from bms_io.daemon.setup import unattended
from bms_io.loop import ClosedLoop
from bms_io.simulated_plant import SensorNoise
from bms_io.virtual_plant import VirtualPlant
from tests.faults.rig import POINTS, SCENARIO, SITE, Ramp, WatchedPlant
from twin.errors import AuditError
from twin.interfaces import Decision
from twin.simulate import make_forecaster

pytestmark = pytest.mark.real_time

ACTIVE = {name: float(value) for name, value in SITE.design._asdict().items()}
WANTED = Decision(SITE.design._replace(tcs_supply_c=31.0), "warmer")
WITHIN_S = 60.0


@pytest.fixture
def log(tmp_path):
    audit = AuditLog(tmp_path / "audit.sqlite")
    yield audit
    audit.close()


def book():
    made = AdviceBook(900.0)
    made.offer(WANTED, ACTIVE, 0.0)
    return made


def events(log):
    return [row.event for row in entries(log.path)]


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_an_answer_counts_once_and_is_recorded_with_who_and_why(log, verb):
    made = book()
    body = {"number": 1, "reason": "two cells are in repair"}
    assert made.answer(body, verb, "ann", 300.0, log).code == 200
    (row,) = [row for row in entries(log.path) if row.event == verb]
    assert row.details["who"] == "ann"
    assert row.details["reason"] == "two cells are in repair"
    assert row.details["setpoints"]["tcs_supply_c"] == 31.0
    again = made.answer(body, "accept", "bob", 310.0, log)
    assert again.code == 409
    assert "ann said" in again.text
    assert made.shown(320.0)["by"] == "ann"
    assert not made.shown(320.0)["open"]


@pytest.mark.parametrize("late_s", [900.0, 5000.0])
def test_a_late_answer_is_refused_and_recorded(log, late_s):
    reply = book().answer({"number": 1}, "accept", "ann", late_s, log)
    assert reply.code == 410
    assert events(log) == ["late_accept"]


def test_a_newer_recommendation_closes_the_one_before(log):
    made = book()
    made.offer(WANTED, ACTIVE, 600.0)
    assert made.answer({"number": 1}, "accept", "ann", 601.0, log).code == 410
    assert made.answer({"number": 2}, "accept", "ann", 602.0, log).code == 200


def test_it_is_over_when_advise_mode_ends(log):
    made = book()
    made.close(100.0)
    assert made.answer({"number": 1}, "accept", "ann", 101.0, log).code == 410


@pytest.mark.parametrize(
    ("body", "verb", "code"),
    [
        ({}, "accept", 400),
        ({"number": "1"}, "accept", 400),
        ({"number": True}, "accept", 400),
        ({"number": 7}, "accept", 404),
        ({"number": 1}, "reject", 400),
        ({"number": 1, "reason": "  "}, "reject", 400),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(log, body, verb, code):
    made = book()
    assert made.answer(body, verb, "ann", 1.0, log).code == code
    assert made.shown(1.0)["open"]
    assert events(log) == []


def test_what_cannot_be_recorded_does_not_count(log):
    made = book()
    log._base.execute("PRAGMA query_only = ON")
    with pytest.raises(AuditError):
        made.answer({"number": 1}, "accept", "ann", 1.0, log)
    log._base.execute("PRAGMA query_only = OFF")
    assert made.shown(1.0)["open"]


def test_in_a_running_loop_by_the_routes_of_the_daemon(tmp_path):
    """Advise mode against a plant: the recommendation is shown, taken, and not written."""
    historian = Historian(tmp_path / "history")
    monitor = Monitor(SITE, historian, JsonLog(io.StringIO()))
    said = []

    async def go():
        rng = np.random.default_rng(1)
        plant = WatchedPlant(
            SITE.facility, SITE.design, SCENARIO, rng, SensorNoise(), 1800.0
        )
        server = VirtualPlant(POINTS, plant)
        here = POINTS.at("127.0.0.1", (await server.start("127.0.0.1", 0)).modbus)
        server.run_clock(speed=2000.0)

        def watch(report):
            monitor.turn(report)
            shown = json.loads(routes["/status"].act("ann", {}).body)["recommendation"]
            if shown.get("open") and len(said) < 2:
                body = {"number": shown["number"], "reason": "test"}
                verb = ("/accept", "/reject")[len(said)]
                said.append((routes[verb].act("ann", body).code, shown))
            if len(said) == 2:
                loop.stopping.set()

        setup = unattended(
            SITE, here, InThread(Ramp()), make_forecaster(SCENARIO), tmp_path, "test"
        )
        pace = FreePace(0.0, 2000.0, patience_s=1.0)
        loop = ClosedLoop(
            setup._replace(pace=pace, wanted=Mode.ADVISE, watchers=(watch,))
        )
        monitor.audit = loop.audit
        routes = _routes(loop, monitor)
        assert routes["/accept"].act("ann", {"number": 1}).code == 503
        async with asyncio.timeout(WITHIN_S):
            await loop.run(14400.0)
        await server.stop()
        return plant

    plant = asyncio.run(go())
    historian.close()
    assert [code for code, _ in said] == [200, 200]
    assert said[0][1]["changes"]["tcs_supply_c"]["wanted"] > 30.0
    recorded = {row.event for row in entries(tmp_path / "audit.sqlite")}
    assert {"accept", "reject", "advice"} <= recorded
    assert {tuple(seen.active) for seen in plant.course} == {tuple(SITE.design)}
