"""A plant with unknown nameplates, known through Modbus and BACnet alone."""

import asyncio
from pathlib import Path

import pytest

from bms_io.daemon.desk import InThread
from bms_io.daemon.historian import FOLDER, Historian
from bms_io.daemon.recorded import whole
from bms_io.daemon.setup import unattended
from bms_io.loop import ClosedLoop
from bms_io.plant_process import running_plant
from bms_io.plant_server import PlantJob
from bms_io.spoken import speak
from optimizer.rules import RulesController
from tests.faults.rig import POINTS, SITE
from twin.accuracy import judge
from twin.calibrate import calibrate
from twin.history import history
from twin.scenario import load_scenario
from twin.simulate import make_forecaster

pytestmark = pytest.mark.slow

JOB = PlantJob("hybrid_10mw", "09-01", 10 * 24.0, seed=4, spread=0.1, spoken="both")
SITE_POWER = "site_power_w"
PARTS = ("tower_pump_power_w", "fws_pump_power_w", "transformer_loss_w")
TARGET = 0.995  # of site power, on days that the fit has not seen


async def recorded(folder: Path) -> None:
    """Run the rules in auto against the plant; a historian keeps what the wire said."""
    historian = Historian(folder / FOLDER)
    async with running_plant(JOB, folder / "plant.log") as where:
        scenario = load_scenario(SITE, JOB.start, JOB.hours)
        setup = unattended(
            SITE,
            speak(POINTS, "both").at(where.host, where.port, where.others),
            InThread(RulesController(SITE)),
            make_forecaster(scenario),
            folder,
            armed_by="test",
        )
        keep = setup._replace(
            watchers=(lambda report: historian.put(report.look.snapshot),), tables=False
        )
        await ClosedLoop(keep).run(scenario.duration_s)
    historian.close()
    assert historian.lost == 0


def test_it_is_identified_to_the_target_on_later_days(tmp_path: Path) -> None:
    asyncio.run(recorded(tmp_path))
    record = history(*whole(tmp_path), "historian")
    assert len(record.time_s) >= 10 * 288 - 12
    made = calibrate(SITE.facility, record)
    later = list(made.validation)
    before, after = (
        {one.signal: one for one in judge(facility, later, (SITE_POWER, *PARTS))}
        for facility in (SITE.facility, made.facility)
    )
    assert after[SITE_POWER].accuracy >= TARGET
    assert abs(after[SITE_POWER].bias) < abs(before[SITE_POWER].bias)
    for name in PARTS:  # the site's meter scatters by more than all of these
        assert after[name].rmse < 0.5 * before[name].rmse
