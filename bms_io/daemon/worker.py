"""The optimizer in a process of its own: it may crash, hang or eat memory, alone.

The child is spawned, not forked, gets the controller as something to call, and ends when
its pipe closes, so it ends with us even if we are killed.
"""

import asyncio
import contextlib
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from twin.errors import CommunicationError
from twin.forecast import Forecast
from twin.interfaces import Controller, Decision, Estimate

Factory = Callable[[], Controller]  # must be importable in the child
MEMORY_BYTES = (
    4 << 30
)  # address space of the child; solvers and compilers map generously
_END_WITHIN_S = 2.0


class Worker:
    """A controller in a child process, started again after it was lost.

    Parameters
    ----------
    name
        Of the controller.
    factory
        Makes the controller in the child.
    memory_bytes
        Address space that it may have.
    """

    def __init__(
        self, name: str, factory: Factory, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self.name = name
        self.restarts = -1  # the first start is none
        self._factory = factory
        self._memory_bytes = memory_bytes
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Start the child ahead of the first question, while others start too."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve,
            args=(theirs, self._factory, self._memory_bytes),
            daemon=True,
        )
        process.start()
        theirs.close()
        self._process, self._pipe = process, ours
        self.restarts += 1

    @property
    def pid(self) -> int | None:
        """Process id of the child, if it runs."""
        return self._process.pid if self._process else None

    async def decide(
        self, estimate: Estimate, forecast: Forecast, now_s: float
    ) -> Decision:
        """Ask the child.

        Raises
        ------
        CommunicationError
            If it died, or its controller failed.
        """
        if self._pipe is None:
            await asyncio.to_thread(self.start)
        pipe = self._pipe
        if pipe is None:
            message = "the optimizer's process could not be started"
            raise CommunicationError(message)
        try:
            pipe.send((estimate, forecast, now_s))
            while not pipe.poll():
                await asyncio.sleep(0.01)  # a wait that can be cancelled at any time
            kind, content = pipe.recv()
        except (EOFError, OSError) as error:
            code = await self._end()
            message = f"the optimizer's process died (exit code {code})"
            raise CommunicationError(message) from error
        if kind == "error":
            raise CommunicationError(content)
        decision: Decision = content
        return decision

    async def abandon(self) -> None:
        """Kill the child: what it computes is of no use any more."""
        await self._end()

    async def close(self) -> None:
        """End the child: it leaves by itself when its pipe closes, or is killed."""
        await self._end(gently=True)

    async def _end(self, gently: bool = False) -> int | None:
        """Close the pipe, kill, reap; returns the exit code."""
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        if process is None:
            return None
        if gently:
            await asyncio.to_thread(process.join, _END_WITHIN_S)
        if process.is_alive():
            process.kill()
        await asyncio.to_thread(process.join, _END_WITHIN_S)
        code = process.exitcode
        with contextlib.suppress(ValueError):
            process.close()
        return code


def _serve(pipe: Connection, factory: Factory, memory_bytes: int) -> None:
    """Answer until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    with contextlib.suppress(OSError):
        os.nice(5)  # the safety cycle goes first
    controller = factory()
    with contextlib.suppress(EOFError, OSError):
        while True:
            estimate, forecast, now_s = pipe.recv()
            answer: tuple[str, Decision | str]
            try:
                answer = ("ok", controller.decide(estimate, forecast, now_s))
            except Exception as error:  # the parent says it and falls back
                answer = ("error", f"{type(error).__name__}: {error}")
            pipe.send(answer)
