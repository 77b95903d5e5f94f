"""Run a virtual plant as a process of its own, and be sure to end it."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

from bms_io.plant_server import Listening, PlantJob
from twin.errors import ConfigError, PlantLostError

READY_WITHIN_S = 120.0  # compiling the plant on a slow machine
END_WITHIN_S = 5.0
LOG_TAIL_CHARACTERS = 2000
_ROOT = Path(__file__).parents[1]


@contextlib.asynccontextmanager
async def running_plant(
    job: PlantJob, log: Path, ready_within_s: float = READY_WITHIN_S
) -> AsyncIterator[Listening]:
    """Start a virtual plant, wait until it answers, and end it at the end.

    The child ends when its standard input closes, so it ends with us even if we are
    killed. It has a session of its own: Ctrl-C reaches us, and we end it.

    Parameters
    ----------
    job
        What to serve.
    log
        File for what the child has to say.
    ready_within_s
        Longest wait for its first sign, on the wall clock.

    Yields
    ------
    Listening
        Where it answers.

    Raises
    ------
    ConfigError
        If the child refused the job.
    PlantLostError
        If it ended or said nothing in time.
    """
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bms_io.plant_server", json.dumps(job._asdict())),
            stdin=PIPE,
            stdout=PIPE,
            stderr=sink,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": path},
        )
    try:
        yield await _first_line(process, log, ready_within_s)
    finally:
        await _end(process)


async def _first_line(process: Process, log: Path, within_s: float) -> Listening:
    """Wait for the address."""
    line = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            line = await process.stdout.readline() if process.stdout else b""
            if not line:
                await process.wait()
    if line:
        return Listening(**json.loads(line))
    said = log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:].strip()
    if process.returncode == ConfigError.exit_code:
        raise ConfigError(said)
    message = (
        f"Virtual plant (process {process.pid}) {_ending(process.returncode, within_s)} "
        f"What it said until then is in {log}: {said or 'nothing'}"
    )
    raise PlantLostError(message)


def _ending(code: int | None, within_s: float) -> str:
    """How a child ended before it answered, and what to do."""
    if code is None:
        return (
            f"said nothing within {within_s:g} s and was ended. Is the machine busy? "
            "Run again, into a new folder."
        )
    if code < 0:
        return (
            f"was killed by {signal.Signals(-code).name} while it started, from outside; "
            "often the system does that for lack of memory. Free memory or run fewer "
            "plants at once, then run again, into a new folder."
        )
    return (
        f"ended with code {code} while it started. Correct what it says, then run "
        "again, into a new folder."
    )


async def _end(process: Process) -> None:
    """Ask, then insist, then force; always by the process itself, never by name."""
    if process.stdin is not None:
        process.stdin.close()
    for insist in (process.terminate, process.kill):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_WITHIN_S)
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            insist()
    await process.wait()
