"""The closed loop over the wire, and everything that may go wrong on the way."""

import asyncio
import os
import signal

import numpy as np
import pandas as pd
import pytest

from bms_io.command import CommandPath
from bms_io.daemon.audit import AuditLog, entries, verify_audit
from bms_io.daemon.desk import InThread
from bms_io.daemon.setup import unattended
from bms_io.limits import limits_of
from bms_io.loop import ClosedLoop
from bms_io.plant_process import running_plant
from bms_io.plant_server import PlantJob
from bms_io.verifier import Verifier
from twin.errors import PlantLostError
from twin.interfaces import Decision
from twin.signals import Inputs, Outputs, Setpoints
from twin.simulate import make_forecaster

pytestmark = pytest.mark.real_time

TWO_HOURS_S = 7200.0
MEASURED = ("inputs", "outputs")


class Warmer:
    """Wants warmer technology water than the guard allows at once."""

    name = "warmer"

    def decide(self, estimate, forecast, now_s):
        wanted = estimate.setpoints._replace(tcs_supply_c=34.0, tower_pump_speed=0.8123)
        return Decision(wanted, "warm water", predicted_site_power_w=9e6)


class Failing(Warmer):
    """Fails for a while."""

    def decide(self, estimate, forecast, now_s):
        if 900.0 <= now_s < 3600.0:
            message = "no feasible point"
            raise ArithmeticError(message)
        return super().decide(estimate, forecast, now_s)


def journal(directory):
    return [
        {"event": row.event, "number": row.number, **row.details}
        for row in entries(directory / "audit.sqlite")
    ]


@pytest.fixture
def run_loop(site, scenario, on_bench, tmp_path, points):
    def run(
        controller,
        point_map=points,
        duration_s=TWO_HOURS_S,
        during=None,
        **others,
    ):
        turns = []

        async def job(bench):
            def progress(done, total):
                turns.append((done, total))
                if during:
                    during(bench, done)

            setup = unattended(
                site,
                bench.points,
                InThread(controller),
                make_forecaster(scenario),
                tmp_path / "run",
                armed_by="test",
            )
            loop = ClosedLoop(setup._replace(progress=progress, **others))
            result = await loop.run(duration_s)
            return result, bench.plant

        result, plant = on_bench(job, point_map=point_map)
        return result, plant, turns

    return run


def test_two_hours_over_the_wire(run_loop, points):
    result, plant, turns = run_loop(Warmer())
    assert turns == [(n + 1, 24) for n in range(24)]
    assert (result.guard_violations, result.readback_mismatches) == ([], [])
    assert result.held == 0
    # 0.1 K a minute is the guard's rate: one scan's worth first, then 1.5 K a quarter hour
    expected = [30.5, 32.0, 33.5, 34.0, 34.0, 34.0, 34.0, 34.0]
    assert result.setpoints["tcs_supply_c"].tolist() == pytest.approx(expected)
    assert result.setpoints["time_s"].tolist() == [900.0 * n for n in range(8)]
    assert result.telemetry["time_s"].tolist() == [300.0 * (n + 1) for n in range(24)]
    assert result.telemetry["tcs_supply_c"].iloc[-1] == pytest.approx(34.0, abs=0.5)
    measured = [n.split(".")[1] for n in points.points if n.split(".")[0] in MEASURED]
    assert np.isfinite(result.telemetry[measured].to_numpy()).all()
    assert list(result.telemetry) == ["time_s", *Inputs._fields, *Outputs._fields]
    assert {event.rule for event in result.guard_events} >= {"rate"}
    assert plant.time_s == TWO_HOURS_S


def test_what_is_on_disk_is_what_was_returned(run_loop):
    result, _, _ = run_loop(Warmer())
    for name in ("telemetry", "setpoints", "decisions"):
        stored = pd.read_csv(result.directory / f"{name}.csv")
        pd.testing.assert_frame_equal(stored, getattr(result, name))
    verify_audit(result.directory / "audit.sqlite")


def test_every_write_has_an_intent_before_and_a_result_after(run_loop, points):
    result, _, _ = run_loop(Warmer())
    rows = journal(result.directory)
    first, *intents = [e for e in rows if e["event"] == "intent"]
    assert list(first["values"]) == list(Setpoints._fields)  # takes over without a bump
    answered = {e["intent"] for e in rows if e["event"] == "result"}
    assert sum(len(e["values"]) for e in intents) == result.writes > 0
    assert all(e["number"] in answered for e in intents)
    assert {e["point_map"] for e in intents} == {points.digest}


def test_setpoints_that_do_not_change_are_not_written(run_loop):
    result, _, _ = run_loop(Warmer())
    _, *written = [
        set(e["values"]) for e in journal(result.directory) if e["event"] == "intent"
    ]
    assert set().union(*written) == {"tcs_supply_c", "tower_pump_speed"}
    assert len(written) == 4


def test_at_the_end_the_plant_gets_its_defaults_back(run_loop, points):
    _, plant, _ = run_loop(Warmer())
    defaults = [
        points.points[f"setpoints.{n}"].write.default for n in Setpoints._fields
    ]
    assert list(plant.active) == pytest.approx(defaults, rel=1e-6)


def test_defaults_of_the_reference_map_are_the_design_of_its_site(points, site):
    defaults = [
        points.points[f"setpoints.{n}"].write.default for n in Setpoints._fields
    ]
    assert defaults == pytest.approx(list(site.design))


def test_a_controller_that_fails_for_a_while_is_held_and_returns_without_a_bump(
    run_loop,
):
    modes = []
    result, _, _ = run_loop(
        Failing(), during=lambda bench, done: modes.append(bench.plant.mode)
    )
    assert result.held == 3
    assert set(result.decisions["status"][1:4]) == {
        "controller failed: ArithmeticError: no feasible point"
    }
    assert (
        modes == [1.0] * 24
    )  # a deliberate hold is no reason to leave the plant alone
    # the time of the hold does not count as room to move
    expected = [30.5, 30.5, 30.5, 30.5, 32.0, 33.5, 34.0, 34.0]
    assert result.setpoints["tcs_supply_c"].tolist() == pytest.approx(expected)
    assert (result.guard_violations, result.readback_mismatches) == ([], [])


def test_a_controller_that_keeps_failing_gives_the_plant_back(run_loop, site):
    class Broken(Warmer):
        def decide(self, estimate, forecast, now_s):
            return super().decide(estimate, forecast, now_s if now_s < 900.0 else 1 / 0)

    modes = []
    result, plant, _ = run_loop(
        Broken(), during=lambda bench, done: modes.append(bench.plant.mode)
    )
    changes = [e for e in journal(result.directory) if e["event"] == "mode"]
    assert [(e["old"], e["new"]) for e in changes] == [
        ("shadow", "auto"),
        ("auto", "shadow"),
    ]
    assert "kept failing: controller failed: ZeroDivisionError" in changes[1]["why"]
    assert result.held >= 5
    assert plant.active.tcs_supply_c == pytest.approx(site.design.tcs_supply_c)
    assert modes[-1] == 0.0  # no heartbeat any more
    assert result.guard_violations == []


def test_rules_take_over_from_a_controller_that_keeps_failing(run_loop, site):
    class Broken(Warmer):
        def decide(self, estimate, forecast, now_s):
            raise ArithmeticError

    result, plant, _ = run_loop(Broken(), fallback=Warmer())
    status = result.decisions["status"].tolist()
    assert [s.startswith("rules: ") for s in status] == [False] * 2 + [True] * 6
    assert plant.mode == 1.0
    assert result.setpoints["tcs_supply_c"].iloc[-1] == pytest.approx(34.0)


def test_without_good_readings_nothing_is_decided_and_the_plant_goes_local(
    run_loop, points
):
    wet_bulb = points.points["inputs.wet_bulb_c"]._replace(maximum=-30.0)
    blind = points._replace(points={**points.points, "inputs.wet_bulb_c": wet_bulb})
    result, plant, _ = run_loop(Warmer(), point_map=blind)
    assert result.held == 24
    assert result.writes == 0
    assert result.decisions["reason"].unique().tolist() == ["hold"]
    assert plant.mode == 0.0
    assert np.isnan(result.telemetry["wet_bulb_c"]).all()
    held = [e for e in journal(result.directory) if e["event"] == "hold"]
    assert all("inputs.wet_bulb_c: bad out_of_range" in e["why"] for e in held)


def test_a_value_that_does_not_come_into_force_is_a_mismatch(
    on_bench, points, site, tmp_path
):
    async def job(bench):  # in local mode the plant acknowledges and ignores
        log = AuditLog(tmp_path / "audit.sqlite")
        second_look = Verifier(limits_of(site), bench.points, site.design, -900.0)
        path = CommandPath(bench.driver, bench.points, log, second_look)
        wanted = site.design._replace(tcs_supply_c=31.0)
        sent = await path.send(wanted, site.design, 0.0)
        log.close()
        return sent

    impatient = points.points["setpoints.tcs_supply_c"]
    rule = impatient.write._replace(readback_within_s=0.2)
    changed = {"setpoints.tcs_supply_c": impatient._replace(write=rule)}
    sent = on_bench(job, point_map=points._replace(points={**points.points, **changed}))
    assert not sent.sound
    assert "wrote 31 (acknowledged), found 30" in sent.mismatches[0]
    assert sent.active.tcs_supply_c == 30.0


def test_a_plant_that_dies_in_the_middle_leaves_the_record_on_disk(
    site, points, tmp_path, scenario
):
    async def run():
        async with running_plant(
            PlantJob("hybrid_10mw", "07-15", 2.0), tmp_path / "log"
        ) as at:

            def kill_at_ten(done, total):
                if done == 10:
                    os.kill(at.pid, signal.SIGKILL)

            setup = unattended(
                site,
                points.at(at.host, at.port),
                InThread(Warmer()),
                make_forecaster(scenario),
                tmp_path / "run",
                armed_by="test",
            )
            loop = ClosedLoop(setup._replace(progress=kill_at_ten))
            await loop.run(TWO_HOURS_S)

    with pytest.raises(PlantLostError) as caught:
        asyncio.run(asyncio.wait_for(run(), 120))
    message = str(caught.value)
    assert caught.value.exit_code == 1
    assert "device bms" in message
    assert str(tmp_path / "run") in message
    assert "Start the plant again" in message
    assert len(pd.read_csv(tmp_path / "run" / "telemetry.csv")) == 10
    verify_audit(tmp_path / "run" / "audit.sqlite")
    assert journal(tmp_path / "run")[-1]["event"] in ("plant_lost", "not_released")


def test_a_plant_that_is_not_there_is_said_at_once(site, points, scenario, tmp_path):
    loop = ClosedLoop(
        unattended(
            site,
            points.at("127.0.0.1", 1),
            InThread(Warmer()),
            make_forecaster(scenario),
            tmp_path,
            armed_by="test",
        )
    )
    with pytest.raises(PlantLostError, match="cannot connect"):
        asyncio.run(asyncio.wait_for(loop.run(TWO_HOURS_S), 30))
