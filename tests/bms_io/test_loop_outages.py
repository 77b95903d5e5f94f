"""Answers that are lost on the way: nothing is sent twice blindly, nothing jumps."""

import asyncio
import contextlib
import struct

import pytest

from bms_io.daemon.audit import entries, verify_audit
from bms_io.daemon.desk import InThread
from bms_io.daemon.setup import unattended
from bms_io.loop import ClosedLoop
from twin.errors import PlantLostError
from twin.interfaces import Decision
from twin.simulate import make_forecaster

pytestmark = pytest.mark.real_time

CLOCK_TARGET, FIRST_SETPOINT, HEARTBEAT = 0, 10, 2


class Warmer:
    name = "warmer"

    def decide(self, estimate, forecast, now_s):
        return Decision(estimate.setpoints._replace(tcs_supply_c=34.0), "warm water")


class Proxy:
    """Passes requests on, and cuts the line instead of one answer to a write."""

    def __init__(self, port, is_victim):
        self.port = port
        self.is_victim = is_victim
        self.writes = []
        self.cuts = 0

    async def serve(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.port)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await self.frame(reader)
                up_writer.write(request)
                answer = await self.frame(up_reader)
                function, address = struct.unpack(">BH", request[7:10])
                if function == 16:
                    self.writes.append((address, request[13:]))
                    if not self.cuts and self.is_victim(address, self.writes):
                        self.cuts += 1
                        break
                writer.write(answer)
        up_writer.close()
        writer.transport.abort()

    @staticmethod
    async def frame(reader):
        head = await reader.readexactly(7)
        return head + await reader.readexactly(struct.unpack(">HHHB", head)[2] - 1)


def count(writes, wanted):
    return sum(address == wanted for address, _ in writes)


VICTIMS = {
    "clock": lambda address, w: address == CLOCK_TARGET and count(w, CLOCK_TARGET) == 5,
    "setpoint": lambda address, w: (
        address >= FIRST_SETPOINT and count(w, CLOCK_TARGET) == 3
    ),
    "heartbeat": lambda address, w: (
        address == HEARTBEAT and count(w, CLOCK_TARGET) == 4
    ),
}


@pytest.mark.parametrize("victim", VICTIMS)
def test_after_a_lost_answer_the_run_goes_on(
    victim, on_bench, points, site, scenario, tmp_path
):
    async def job(bench):
        proxy = Proxy(bench.port, VICTIMS[victim])
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        here = points.at("127.0.0.1", server.sockets[0].getsockname()[1])
        loop = ClosedLoop(
            unattended(
                site,
                here,
                InThread(Warmer()),
                make_forecaster(scenario),
                tmp_path,
                armed_by="test",
            )
        )
        result = await loop.run(3600.0)
        server.close()
        return result, proxy

    result, proxy = on_bench(job)
    assert proxy.cuts == 1
    assert len(result.telemetry) == 12
    assert (result.guard_violations, result.readback_mismatches) == ([], [])
    expected = {  # what was lost, and the time until the next look, is no room to move
        "setpoint": [30.5, 33.5, 34.0],
        "heartbeat": [30.5, 32.0, 33.0, 34.0],
    }.get(victim, [30.5, 32.0, 33.5, 34.0])
    assert result.setpoints["tcs_supply_c"].tolist() == pytest.approx(expected)
    # the clock had moved although its answer was lost: it is not sent a second time
    assert count(proxy.writes, CLOCK_TARGET) == 12
    verify_audit(tmp_path / "audit.sqlite")
    events = [row.event for row in entries(tmp_path / "audit.sqlite")]
    assert events.count("unknown") == (victim == "setpoint")
    assert events.count("hold") == (victim != "clock")


def test_a_plant_that_hangs_is_lost_with_what_where_and_what_next(
    on_bench, points, site, scenario, tmp_path
):
    """After the fifth clock it accepts connections but never answers (SIGSTOP)."""

    class Frozen(Proxy):
        async def serve(self, reader, writer):
            if not self.cuts:
                return await super().serve(reader, writer)
            await thawed.wait()
            writer.transport.abort()

    device = points.devices["bms"]._replace(timeout_s=0.2)
    quick = points._replace(devices={**points.devices, "bms": device})

    thawed = asyncio.Event()

    async def job(bench):
        proxy = Frozen(bench.port, VICTIMS["clock"])
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        here = quick.at("127.0.0.1", server.sockets[0].getsockname()[1])
        loop = ClosedLoop(
            unattended(
                site,
                here,
                InThread(Warmer()),
                make_forecaster(scenario),
                tmp_path,
                armed_by="test",
            )
        )
        try:
            await loop.run(3600.0)
        finally:
            thawed.set()
            server.close()
            await asyncio.sleep(0.05)  # sockets close in the next turn

    with pytest.raises(PlantLostError) as caught:
        on_bench(job)
    said = str(caught.value)
    assert "The plant is lost at plant time 1200 s: clock.time_s: comm:" in said
    assert "no answer in time" in said
    assert "Connect again" not in said
    assert str(tmp_path) in said
    assert "Start the plant again (end it first if it hangs), then the run" in said
    assert len((tmp_path / "telemetry.csv").read_text().splitlines()) == 5
    verify_audit(tmp_path / "audit.sqlite")
    assert "plant_lost" in [row.event for row in entries(tmp_path / "audit.sqlite")]


def test_cancelled_it_gives_the_plant_back_and_closes_its_files(
    on_bench, site, scenario, tmp_path
):
    async def job(bench):
        def cancel_at_seven(done, total):
            if done == 7:
                running.cancel()

        setup = unattended(
            site,
            bench.points,
            InThread(Warmer()),
            make_forecaster(scenario),
            tmp_path,
            armed_by="test",
        )
        loop = ClosedLoop(setup._replace(progress=cancel_at_seven))
        running = asyncio.create_task(loop.run(7200.0))
        with pytest.raises(asyncio.CancelledError):
            await running
        return bench.plant.active

    active = on_bench(job)
    assert active.tcs_supply_c == pytest.approx(site.design.tcs_supply_c)
    verify_audit(tmp_path / "audit.sqlite")
    rows = list(entries(tmp_path / "audit.sqlite"))
    assert [row.event for row in rows[-2:]] == ["release", "result"]
    assert len((tmp_path / "telemetry.csv").read_text().splitlines()) == 8
