"""Start the virtual plant of a site, from the command line or as a child process.

``python -m bms_io.plant_server JOB`` serves the job given as JSON until its standard
input closes, which happens when its parent ends in whatever way: no orphan stays.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bms_io.plant_faults import Fault, PlantFaults, parse_fault
from bms_io.plant_sensors import Imperfect
from bms_io.points import PointMap, load_points
from bms_io.simulated_plant import SimulatedPlant
from bms_io.spoken import Spoken, speak
from bms_io.virtual_plant import Ports, VirtualPlant
from twin.config import load_site
from twin.errors import ConfigError, WetbulbError
from twin.faults import Faults, apply
from twin.perturb import perturb
from twin.resources import resolve
from twin.scenario import load_scenario
from twin.sensors import SensorNoise
from twin.topology import Facility

SECONDS_PER_HOUR = 3600.0
SPREAD = 0.05  # assumption: nameplates are within 5 % of the machine


class PlantJob(NamedTuple):
    """Everything that a virtual plant is made from."""

    site: str
    start: str  # day, MM-DD
    hours: float
    weather: str | None = None  # the site's own if None, also below
    load: str | None = None
    points: str | None = None
    host: str = "127.0.0.1"
    port: int = 0  # any free one
    seed: int = 1
    spread: float = SPREAD
    scale_load: bool = True  # to the site's rated IT power
    speed: float = 0.0  # plant seconds per second; 0: a client moves the clock
    spoken: Spoken = "as-mapped"
    bacnet_port: int = 0  # UDP, any free one
    load_day: float | None = None  # days into the load; by its kind if None
    faults: tuple[str, ...] = ()  # see ``bms_io.plant_faults``
    noise: float = 1.0  # times that of calibrated sensors
    bias_k: float = 0.0  # see ``bms_io.plant_sensors``, also below
    resolution_k: float = 0.0
    delay_s: float = 0.0


class Listening(NamedTuple):
    """Where a virtual plant answers."""

    host: str
    port: int
    pid: int
    bacnet: dict[str, int] = {}  # noqa: RUF012 # never changed; UDP port by device
    others: dict[str, int] = {}  # noqa: RUF012 # likewise; all that are not on the port
    not_served: tuple[str, ...] = ()  # devices that speak something else
    reach: str = ""  # options for `wetbulb points`, where the map names other addresses


def build(job: PlantJob) -> VirtualPlant:
    """Make the plant of a job.

    Parameters
    ----------
    job
        What to make.

    Returns
    -------
    VirtualPlant
        Not yet listening; compiled, so that its first answer is as fast as any.

    Raises
    ------
    ConfigError, DataError
        If a file of the job is wrong.
    """
    site = load_site(job.site)
    scenario = load_scenario(
        site,
        job.start,
        job.hours,
        job.weather,
        job.load,
        job.scale_load,
        job.load_day,
    )
    spoken = _spoken(job, site.defaults.points)
    rng = np.random.default_rng(job.seed)
    known = [parse_fault(text) for text in job.faults]
    _refuse_late(known, job.hours)
    _refuse_too_many(known, site.facility)
    faults = PlantFaults(known, spoken, np.random.default_rng([job.seed, 1]))
    plant = SimulatedPlant(
        facility=perturb(site.facility, rng, job.spread),
        design=site.design,
        world=scenario,
        rng=rng,
        noise=SensorNoise(*(job.noise * one for one in SensorNoise())),
        plant_timeout_s=min(d.plant_timeout_s for d in spoken.devices.values()),
        faults=faults if known else None,
        imperfect=Imperfect(job.bias_k, job.resolution_k, job.delay_s),
    )
    return VirtualPlant(spoken, plant, faults if known else None)


def _refuse_late(faults: list[Fault], hours: float) -> None:
    """A fault that begins after the end would say nothing of itself."""
    end_s = hours * SECONDS_PER_HOUR
    late = [
        f"fault of {f.target!r}: begins at {f.start_s:g} s, but the plant runs for "
        f"{end_s:g} s. Begin earlier, or give more --hours."
        for f in faults
        if f.start_s >= end_s
    ]
    if late:
        raise ConfigError("\n".join(late))


def _refuse_too_many(faults: list[Fault], facility: Facility) -> None:
    """More units than there are cannot trip; of some the equations need one."""
    wrong = [
        f"fault of {f.target!r}: {f.amount:g} are more than can trip at this site. "
        "Change the amount."
        for f in faults
        if f.kind == "trip" and f.target.endswith("_out")
        # the last of them makes no difference
        if _without(facility, f.target, f.amount)
        == _without(facility, f.target, f.amount - 1.0)
    ]
    if wrong:
        raise ConfigError("\n".join(wrong))


def _without(facility: Facility, target: str, amount: float) -> Facility:
    """Nameplates with so many units out of service."""
    out: dict[str, Any] = {target: amount}
    return apply(facility, Faults(**out))


def _spoken(job: PlantJob, usual: str) -> PointMap:
    """Point map of a job, in its protocols, if the plant can serve it."""
    points = load_points(resolve(job.points or usual, "points", ".yaml"))
    wanting = [f"devices.{d.name}.tls" for d in points.devices.values() if d.tls]
    if wanting:
        message = (
            f"{points.path}: {', '.join(wanting)}: the virtual plant speaks without TLS. "
            "Serve a copy of the map without it."
        )
        raise ConfigError(message)
    return speak(points, job.spoken)


async def serve(
    job: PlantJob, ready: Callable[[Listening], None], stop: asyncio.Event
) -> None:
    """Serve a plant until told to stop.

    Parameters
    ----------
    job
        What to serve.
    ready
        Called once with the address, as soon as it answers.
    stop
        Ends serving when set.

    Raises
    ------
    ConfigError, DataError
        If a file is wrong or the port is in use.
    """
    plant = build(job)
    ports = await plant.start(job.host, job.port, job.bacnet_port)
    if job.speed > 0.0:
        plant.run_clock(job.speed)
    try:
        ready(_listening(job.host, ports, plant))
        await stop.wait()
    finally:
        await plant.stop()


def _listening(host: str, ports: Ports, plant: VirtualPlant) -> Listening:
    """Where every device of the plant answers."""
    speaking = {d.name: d.protocol for d in plant.devices}
    return Listening(
        host,
        ports.modbus,
        os.getpid(),
        {n: p for n, p in ports.others.items() if speaking[n] == "bacnet_ip"},
        ports.others,
        tuple(n for n, protocol in speaking.items() if protocol == "mqtt_dsx"),
        _reach(host, ports, plant),
    )


def _reach(host: str, ports: Ports, plant: VirtualPlant) -> str:
    """What leads a command with the same map here; empty if the map does already."""
    served = [d for d in plant.devices if d.protocol != "mqtt_dsx"]
    modbus = [d for d in served if d.protocol != "bacnet_ip"]
    parts = []
    if any(d.host != host for d in served):
        parts.append(f"--host {host}")
    if modbus and any(d.port != ports.modbus for d in modbus):
        parts.append(f"--port {ports.modbus}")
    bacnet = [ports.others[d.name] for d in served if d.protocol == "bacnet_ip"]
    if bacnet and any(
        d.port != ports.others[d.name] for d in served if d not in modbus
    ):
        parts.append(f"--bacnet-port {min(bacnet)}")
    return " ".join(parts)


def run_server(job: PlantJob, watch_stdin: bool = False) -> None:
    """Serve a plant until Ctrl-C, SIGTERM or, if asked, until standard input closes.

    One line of JSON on standard output says where: ``{"host", "port", "pid", ...}``.

    Parameters
    ----------
    job
        What to serve.
    watch_stdin
        End when standard input closes.

    Raises
    ------
    ConfigError, DataError
        If a file is wrong or the port is in use.
    """
    asyncio.run(_until_stopped(job, watch_stdin))


async def _until_stopped(job: PlantJob, watch_stdin: bool) -> None:
    """Connect everything that can end the server to one event."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    watch = loop.create_task(_end_of_stdin(stop)) if watch_stdin else None
    await serve(job, _announce, stop)
    if watch is not None:
        watch.cancel()


async def _end_of_stdin(stop: asyncio.Event) -> None:
    """Set the event when standard input closes."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: protocol, sys.stdin)
    await reader.read()
    stop.set()


def _announce(address: Listening) -> None:
    """Tell the parent, or whoever started us, where we are."""
    sys.stdout.write(json.dumps(address._asdict()) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Serve the job given as JSON; the exit code is that of the error, if any."""
    try:
        run_server(PlantJob(**json.loads(arguments[0])), watch_stdin=True)
    except WetbulbError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
