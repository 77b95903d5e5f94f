"""Where decisions are made, beside the loop: a late one is thrown away.

The loop never waits longer than its pace allows. A decision that is not ready goes on in
the background until its deadline; then its maker is ended and the result discarded.
"""

import asyncio
import contextlib
import time
from math import isinf
from typing import NamedTuple, Protocol

from twin.forecast import Forecast
from twin.interfaces import Controller, Decision, Estimate

FAILED = "controller failed"


class Decider(Protocol):
    """Makes decisions somewhere else than in the loop."""

    @property
    def name(self) -> str:
        """Name of the controller."""

    async def decide(
        self, estimate: Estimate, forecast: Forecast, now_s: float
    ) -> Decision:
        """Ask the controller; may raise anything, may take forever."""

    async def abandon(self) -> None:
        """Throw away what is being made."""

    async def close(self) -> None:
        """End it."""


class InThread:
    """A controller in a thread of this process, for tests and quick controllers."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    @property
    def name(self) -> str:
        """Name of the controller."""
        return self._controller.name

    async def decide(
        self, estimate: Estimate, forecast: Forecast, now_s: float
    ) -> Decision:
        """Ask it."""
        return await asyncio.to_thread(
            self._controller.decide, estimate, forecast, now_s
        )

    async def abandon(self) -> None:
        """Leave the thread to itself; nobody looks at its result."""

    async def close(self) -> None:
        """Nothing to end."""


class Outcome(NamedTuple):
    """What came of asking."""

    decision: Decision | None
    failure: str  # empty, or why there is none


class Desk:
    """At most one decision under way.

    Parameters
    ----------
    decider
        Who makes it.
    deadline_s
        On the wall clock.
    """

    def __init__(self, decider: Decider, deadline_s: float) -> None:
        self._decider = decider
        self._deadline_s = deadline_s
        self._task: asyncio.Task[Decision] | None = None
        self._begun_s = 0.0
        self.discarded = 0

    @property
    def busy(self) -> bool:
        """Whether a decision is under way."""
        return self._task is not None

    def begin(self, estimate: Estimate, forecast: Forecast, now_s: float) -> None:
        """Start a decision; one that is under way goes on instead."""
        if self._task is None:
            self._begun_s = time.monotonic()
            self._task = asyncio.create_task(
                self._decider.decide(estimate, forecast, now_s)
            )

    async def collect(self, patience_s: float) -> Outcome | None:
        """Wait for a while.

        Parameters
        ----------
        patience_s
            Longest wait. [s]

        Returns
        -------
        Outcome or None
            None if it is still under way, or none is.
        """
        task = self._task
        if task is None:
            return None
        left_s = self._begun_s + self._deadline_s - time.monotonic()
        longest_s = max(min(patience_s, left_s), 0.0)
        await asyncio.wait({task}, timeout=None if isinf(longest_s) else longest_s)
        spent_s = time.monotonic() - self._begun_s
        if task.done():
            self._task = None
            return self._outcome(task, spent_s)
        if spent_s < self._deadline_s:
            return None
        await self.drop()
        return Outcome(None, f"{FAILED}: no decision within {self._deadline_s:g} s")

    def _outcome(self, task: asyncio.Task[Decision], spent_s: float) -> Outcome:
        """Take a result, if it is one and in time."""
        error = task.exception()
        if error is not None:
            # a solver may fail in any way, and none of them may reach the plant
            return Outcome(None, f"{FAILED}: {type(error).__name__}: {error}")
        if spent_s > self._deadline_s:
            self.discarded += 1
            return Outcome(None, f"{FAILED}: {spent_s:.1f} s are too late")
        decision = task.result()
        return Outcome(decision._replace(solve_s=decision.solve_s or spent_s), "")

    async def drop(self) -> None:
        """Throw away what is under way."""
        task, self._task = self._task, None
        if task is None:
            return
        self.discarded += 1
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
        await self._decider.abandon()

    async def close(self) -> None:
        """End it."""
        await self.drop()
        await self._decider.close()
