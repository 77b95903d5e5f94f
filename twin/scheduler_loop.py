"""The compiled event loop of the scheduler.

Events are releases, ends, and changes of capacity or budget. Running jobs are kept twice:
in a heap by the end that comes, and sorted by the end that the scheduler expects. The queue
is a linked list. After a mere release only the new jobs are tried, because nothing else
can have become possible; a million jobs take seconds. A new job behind more than ``depth``
others is tried once, when it comes.
"""

import numpy as np
from numpy.typing import NDArray

from twin.compiled import _compiled
from twin.forecast import Series

Index = NDArray[np.int64]
ROUNDING = 1e-9  # units, in a sum of fractions
ROUNDING_W = 1e-3


@_compiled
def _at(time_s: Series, t: float) -> int:
    """Index of the step in force."""
    return max(int(np.searchsorted(time_s, t, side="right")) - 1, 0)


@_compiled
def _least(time_s: Series, value: Series, now: float, until: float) -> float:
    """Smallest value in force from now until then."""
    k = _at(time_s, now)
    least = value[k]
    k += 1
    while k < len(time_s) and time_s[k] < until:
        least = min(least, value[k])
        k += 1
    return float(least)


@_compiled
def _push(heap: Index, key: Series, count: int, job: int) -> None:
    """Add to the heap of ``count`` entries."""
    k = count
    heap[k] = job
    while k > 0 and key[heap[(k - 1) // 2]] > key[heap[k]]:
        heap[k], heap[(k - 1) // 2] = heap[(k - 1) // 2], heap[k]
        k = (k - 1) // 2


@_compiled
def _pop(heap: Index, key: Series, count: int) -> int:
    """Take the first of the heap of ``count`` entries."""
    top = heap[0]
    heap[0] = heap[count - 1]
    k = 0
    while 2 * k + 1 < count - 1:
        child = 2 * k + 1
        if child + 1 < count - 1 and key[heap[child + 1]] < key[heap[child]]:
            child += 1
        if key[heap[child]] >= key[heap[k]]:
            break
        heap[k], heap[child] = heap[child], heap[k]
        k = child
    return int(top)


@_compiled
def _place(ordered: Index, key: Series, count: int, value: float) -> int:
    """Where a value belongs among ``count`` entries sorted by key."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if key[ordered[middle]] < value:
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def _insert(ordered: Index, key: Series, count: int, job: int) -> None:
    """Add to the list sorted by key."""
    k = _place(ordered, key, count, key[job])
    for i in range(count, k, -1):
        ordered[i] = ordered[i - 1]
    ordered[k] = job


@_compiled
def _remove(ordered: Index, key: Series, count: int, job: int) -> None:
    """Take out of the list sorted by key."""
    k = _place(ordered, key, count, key[job])
    while ordered[k] != job:
        k += 1
    for i in range(k, count - 1):
        ordered[i] = ordered[i + 1]


@_compiled
def _shadow(
    ordered: Index,
    expected: Series,
    count: int,
    units: Series,
    power: Series,
    free: tuple[float, float],
    head: int,
    now: float,
) -> tuple[float, float, float]:
    """When the first job can start by the limits, and what is left beside it then."""
    free_units, free_power = free
    for k in range(count):
        job = ordered[k]
        fits = (
            free_units + ROUNDING >= units[head]
            and free_power + ROUNDING_W >= power[head]
        )
        if fits and expected[job] > now:  # all that end at the same time count
            break
        free_units += units[job]
        free_power += power[job]
        now = max(now, expected[job])
    return now, free_units - units[head], free_power - power[head]


@_compiled
def schedule_loop(
    release: Series,
    units: Series,
    power: Series,
    run: Series,
    limit: Series,
    capacity_time: Series,
    capacity: Series,
    budget_time: Series,
    budget: Series,
    depth: int,
    start: Series,
) -> None:
    """Fill ``start``; jobs sorted by release, all arrays of shape (jobs,).

    One function of many lines on purpose: the state of the loop is a dozen scalars,
    which compiled code keeps in registers and helpers would have to hand around.
    """
    n = len(release)
    end, expected = np.empty(n), np.empty(n)
    heap, ordered = np.empty(n, np.int64), np.empty(n, np.int64)
    follower = np.full(n, -1, np.int64)
    running, head, tail, arrived = 0, -1, -1, 0
    used_units, used_power = 0.0, 0.0
    now = -np.inf
    shadow, extra_units, extra_power = np.inf, 0.0, 0.0
    while arrived < n or head >= 0:
        upcoming = np.inf
        if arrived < n:
            upcoming = release[arrived]
        if running > 0:
            upcoming = min(upcoming, end[heap[0]])
        turn = np.inf  # next change of capacity or budget
        for times in (capacity_time, budget_time):
            k = np.searchsorted(times, now, side="right")
            if k < len(times):
                turn = min(turn, times[k])
        if head >= 0:
            upcoming = min(upcoming, turn)
        changed = turn <= upcoming
        if upcoming == np.inf:  # nothing will ever free more: the first job never fits
            head = follower[head]
            if head < 0:
                tail = -1
        else:
            now = upcoming
        while running > 0 and end[heap[0]] <= now:
            job = _pop(heap, end, running)
            _remove(ordered, expected, running, job)
            running -= 1
            used_units -= units[job]
            used_power -= power[job]
            changed = True
        if running == 0:  # no rounding is left behind
            used_units, used_power = 0.0, 0.0
        last = tail
        while arrived < n and release[arrived] <= now:
            if tail < 0:
                head = arrived
            else:
                follower[tail] = arrived
            tail = arrived
            arrived += 1
        changed = changed or last < 0
        before, job, tried, is_first = -1, head, 0, True
        if not changed:
            before, job, is_first = last, follower[last], False
        while job >= 0 and (is_first or tried <= depth):
            until = now + limit[job]
            free_units = _least(capacity_time, capacity, now, until) - used_units
            free_power = _least(budget_time, budget, now, until) - used_power
            fits = (
                units[job] <= free_units + ROUNDING
                and power[job] <= free_power + ROUNDING_W
            )
            if not is_first:
                beside = (
                    units[job] <= extra_units + ROUNDING and power[job] <= extra_power
                )
                fits = fits and depth > 0 and (until <= shadow or beside)
                if fits and until > shadow:
                    extra_units -= units[job]
                    extra_power -= power[job]
            elif not fits:
                now_units = capacity[_at(capacity_time, now)] - used_units
                now_power = budget[_at(budget_time, now)] - used_power
                shadow, extra_units, extra_power = _shadow(
                    ordered,
                    expected,
                    running,
                    units,
                    power,
                    (now_units, now_power),
                    job,
                    now,
                )
                is_first = False
            after = follower[job]
            if not fits:
                before = job
                tried += 1
                job = after
                continue
            start[job] = now
            end[job] = now + run[job]
            expected[job] = until
            _push(heap, end, running, job)
            _insert(ordered, expected, running, job)
            running += 1
            used_units += units[job]
            used_power += power[job]
            if before < 0:
                head = after
            else:
                follower[before] = after
            if after < 0:
                tail = before
            job = after
