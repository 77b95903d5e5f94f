"""Priorities of BACnet: an operator takes one point, a stranger's value is not touched."""

import pytest

from bms_io.bacnet_writer import BacnetWriter
from bms_io.daemon.audit import entries
from bms_io.daemon.desk import InThread
from bms_io.daemon.setup import unattended
from bms_io.loop import ClosedLoop
from bms_io.site_driver import SiteDriver
from bms_io.spoken import PRIORITY, speak
from tests.faults.rig import Ramp
from twin.simulate import make_forecaster

pytestmark = [pytest.mark.slow, pytest.mark.real_time]

TOWER, COOLANT = "setpoints.tower_supply_c", "setpoints.tcs_supply_c"
OPERATOR = 8  # manual operator, ASHRAE 135 table 19-1


@pytest.fixture
def in_loop(on_bench, points, site, scenario, tmp_path):
    """Run a loop; ``steps[turn](loop, write)`` happens after that turn, 0 before all."""

    def run(steps, turns=8, armed_by="first"):
        async def job(bench):
            reports, pending = [], []
            device = bench.points.points[TOWER].device

            async def write(name, value, priority):
                other = SiteDriver(bench.points)
                await other.connect()
                try:
                    client: BacnetWriter = other.bacnet._writers[device]
                    place = bench.points.points[name].bacnet
                    await client.write(str(place), value, priority)
                finally:
                    await other.close()

            class Decider(InThread):
                async def decide(self, *arguments):
                    while pending:
                        await pending.pop(0)
                    return await super().decide(*arguments)

            setup = unattended(
                site,
                bench.points,
                Decider(Ramp()),
                make_forecaster(scenario),
                tmp_path,
                armed_by=armed_by,
            )

            def watch(report):
                reports.append(report)
                wish = steps.get(len(reports))
                if wish is not None:
                    pending.append(wish(loop, write))

            loop = ClosedLoop(setup._replace(watchers=(watch,)))
            if 0 in steps:
                await steps[0](loop, write)
            await loop.run(turns * 300.0)
            return reports, await bench.driver.standing()

        reports, left = on_bench(job, point_map=speak(points, "both"))
        return reports, left, list(entries(tmp_path / "audit.sqlite"))

    return run


async def _arm(loop, write):
    loop.command("arm", "second")


def test_operator_at_priority_8_takes_one_point_only(in_loop):
    async def hold(loop, write):
        await write(COOLANT, 29.0, OPERATOR)

    async def free(loop, write):
        await write(COOLANT, None, OPERATOR)

    reports, left, rows = in_loop({3: hold, 6: free}, turns=10)
    assert {str(r.mode) for r in reports} == {"auto"}
    held = [r.overridden for r in reports]
    assert frozenset({"tcs_supply_c"}) in held
    assert held[-1] == frozenset()
    yields = next(r for r in rows if r.event == "yields")
    resumes = next(r for r in rows if r.event == "resumes")
    between = [r for r in rows if yields.number < r.number < resumes.number]
    sent = [r.details["values"] for r in between if r.event == "intent"]
    assert not any("tcs_supply_c" in values for values in sent)
    assert left == {}


def test_value_of_a_stranger_at_our_priority_is_told_and_not_written_over(in_loop):
    async def stranger(loop, write):
        await write(TOWER, 24.0, PRIORITY)

    reports, left, rows = in_loop({0: stranger})
    assert {str(r.mode) for r in reports} == {"shadow"}
    assert any("tower_supply_c holds 24" in u for r in reports for u in r.unknown)
    found = next(r for r in rows if r.event == "finds_standing")
    assert found.details["unknown"] == {"tower_supply_c": pytest.approx(24.0)}
    assert not any(r.event == "intent" for r in rows)
    assert left == {TOWER: pytest.approx(24.0)}


def test_second_arming_takes_over_what_was_told(in_loop):
    async def stranger(loop, write):
        await write(TOWER, 24.0, PRIORITY)

    reports, left, rows = in_loop({0: stranger, 3: _arm})
    assert reports[-1].mode == "auto"
    assert any(r.event == "takes_over_unknown" for r in rows)
    assert left == {}


def test_a_value_that_its_owner_cleared_is_no_longer_told(in_loop):
    async def stranger(loop, write):
        await write(TOWER, 24.0, PRIORITY)

    async def cleared(loop, write):
        await write(TOWER, None, PRIORITY)

    reports, left, _ = in_loop({0: stranger, 3: cleared, 6: _arm})
    told = [bool(r.unknown) for r in reports]
    assert told[2]
    assert not any(told[5:])
    assert reports[-1].mode == "auto"  # one arming is enough again
    assert left == {}
