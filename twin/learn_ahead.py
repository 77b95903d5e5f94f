"""Learning that no decision waits for, with the same result at any speed.

What is learned counts for a period of plant time. It is learned in a thread of its own
from what was known at the start of its period, and counts from ``lag_s`` later on; until
then the one before counts. While plant time is real time nothing waits; a run that is
faster than that waits, so that it comes to the same numbers.
"""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Generic, TypeVar

Learned = TypeVar("Learned")


class LearnAhead(Generic[Learned]):
    """Something that is learned again every period; may be shared.

    Parameters
    ----------
    learn
        From what is known at a plant time [s]; runs in a thread of its own.
    period_s, lag_s
        How long what is learned counts, and plant time to learn it in. [s]
    """

    def __init__(
        self, learn: Callable[[float], Learned], period_s: float, lag_s: float
    ) -> None:
        self._learn = learn
        self._period_s, self._lag_s = period_s, lag_s
        self._found: dict[int, Future[Learned]] = {}
        self._lock = Lock()

    def at(self, now_s: float) -> Learned:
        """What counts at a time; begins to learn what will count next.

        Raises
        ------
        Exception
            Whatever learning raised.
        """
        begun = max(int(now_s // self._period_s), 0)
        counts = max(int((now_s - self._lag_s) // self._period_s), 0)
        found = self._of(counts)
        self._of(begun)
        return found.result()

    def _of(self, period: int) -> Future[Learned]:
        """What is learned, or being learned, from before a period."""
        with self._lock:
            if period not in self._found:
                found: Future[Learned] = Future()
                self._found[period] = found
                thread = Thread(target=self._fill, args=(period, found))
                thread.daemon = True  # an ended run does not wait for it
                thread.start()
            return self._found[period]

    def _fill(self, period: int, found: Future[Learned]) -> None:
        """Learn; a failure is raised where the result is asked for."""
        try:
            found.set_result(self._learn(period * self._period_s))
        except Exception as error:  # handed over, not hidden
            found.set_exception(error)
