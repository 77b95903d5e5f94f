"""A pool in closed loop whose deferrable jobs wait for a plan.

The scheduler knows what any scheduler knows: who runs and with what limit, who waits. It
goes on from one decision to the next, so nothing later can change what has been.

A deferrable job that could start when it is submitted is held instead; its units stay
free for it, so that it can start at any time and does so at the latest start that still
meets its deadline. A plan (energy taken over time) lets held jobs start before. As soon as
somebody has to queue because of that, all held jobs start at once: the others then meet
what they would have met without a plan, save that the held jobs started later. A job that
has to queue anyhow is not held, nor is one if less than ``HEADROOM`` would stay free.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.flexibility import Waiters, begins
from twin.forecast import DAY_S, Movable, Series
from twin.interfaces import JobPlan
from twin.job_load import JobLoad
from twin.job_table import CLASSES, Jobs, size, take
from twin.jobs import FRONTIER, Grid, Mode, phase_powers, power_series
from twin.queue_forecast import total_times, visible
from twin.scheduling import Request, constant, limits, schedule

STEADY = 2  # column of the phases
TICK_S = 900.0  # the scheduler looks at the whole queue again
HEADROOM = 0.1  # assumption: share of the units that stays free for others
TYPICAL = 0.5  # quantile of run times that energies of held jobs rest on
BEFORE_S = 1e-3  # so that those who run come first in the scheduler's queue


class Delays(NamedTuple):
    """What waiting for a plan cost; by class: mean and largest delay."""

    delay_s: dict[str, tuple[float, float]]
    missed: int  # deadlines that would have been met without the plan
    held: int  # jobs that were held
    still_held: int  # that have not started by the end
    postponed_j: float  # energy of the site's jobs that comes after the end only


class HeldJobs:
    """Jobs of a load from time 0 of its clock on.

    Parameters
    ----------
    load
        Its jobs that started before time 0 run on; later starts are made here.
    window_s
        Class -> how long its jobs may be put off beyond submission and limit. [s]

    Attributes
    ----------
    held, was_held
        Jobs that wait now, and that have waited and started; shape (jobs,).
    """

    def __init__(self, load: JobLoad, window_s: dict[str, float]) -> None:
        self._load = load
        jobs = load.jobs
        limit_s, run_s = limits(jobs.requested_s, jobs.run_s)
        begun = np.isfinite(jobs.start_s) & (jobs.start_s < 0.0)
        self._can_run = np.isfinite(run_s) & (run_s > 0.0) & (size(jobs) <= load.units)
        self._run_s, self._limit_s = run_s, limit_s
        self._start_s = np.where(begun, jobs.start_s, np.nan)
        window = np.array([window_s.get(name, np.nan) for name in CLASSES])
        latest = jobs.submit_s + window[jobs.job_class]
        may_wait = self._can_run & (jobs.submit_s >= 0.0) & (latest > jobs.submit_s)
        self._latest_s = np.where(may_wait, latest, np.nan)  # start
        self._begin_s = self._latest_s.copy()  # of held jobs, by the plan
        self._is_new = may_wait.copy()  # deferrable, not judged yet
        self.held = np.zeros(len(run_s), dtype=bool)
        self.was_held = self.held.copy()
        self._now_s = 0.0

    @property
    def jobs(self) -> Jobs:
        """All jobs, with the starts made so far."""
        jobs, begun = self._load.jobs, np.isfinite(self._start_s)
        old = np.isfinite(jobs.start_s) & (jobs.start_s < 0.0)
        end_s = np.where(old, jobs.end_s, self._start_s + self._run_s)
        run_s = np.where(old, jobs.run_s, self._run_s)
        return jobs._replace(
            start_s=self._start_s,
            end_s=np.where(begun, end_s, np.nan),
            run_s=np.where(begun, run_s, np.nan),
        )

    def advance(self, until_s: float) -> None:
        """Let time pass: submissions, ends and starts before ``until_s``."""
        while self._now_s < until_s:
            tick_s = (np.floor(self._now_s / TICK_S) + 1.0) * TICK_S
            begin_s = float(self._begin_s[self.held].min(initial=np.inf))
            self._go_on(min(until_s, tick_s, max(begin_s, self._now_s)))
            self._start(self.held & (self._begin_s <= self._now_s))

    def _start(self, these: NDArray[np.bool_]) -> None:
        """Start held jobs now."""
        self._start_s[these] = self._now_s
        self.held[these] = False
        self.was_held |= these

    def _go_on(self, until_s: float) -> None:
        """Scheduler from now to a time, or to where a job is held or held ones start."""
        submit_s = self._load.jobs.submit_s
        waits = np.isnan(self._start_s) & self._can_run & ~self.held
        queue = np.flatnonzero(waits & (submit_s < until_s))
        start_s = self._scheduled(queue)
        ready_s = np.maximum(submit_s[queue], self._now_s)
        stop_s = until_s
        if self.held.any():
            blocked = ~(start_s <= ready_s)
            stop_s = min(until_s, float(ready_s[blocked].min(initial=np.inf)))
        found = self._first_to_hold(queue, start_s, stop_s)
        is_in_the_way = found is None and stop_s < until_s
        if found is not None:
            stop_s = float(submit_s[found])
            self.held[found] = True
        started = start_s < stop_s
        self._start_s[queue[started]] = start_s[started]
        self._is_new &= submit_s > stop_s
        self._now_s = stop_s
        if is_in_the_way:
            self._start(self.held.copy())

    def _first_to_hold(
        self, queue: NDArray[np.int64], start_s: Series, stop_s: float
    ) -> int | None:
        """First new job that would start at its submission and can wait instead."""
        submit_s = self._load.jobs.submit_s
        soon = self._is_new[queue] & (start_s == submit_s[queue]) & (start_s < stop_s)
        tentative = self._start_s.copy()
        tentative[queue] = start_s
        for job in queue[soon]:
            if self._can_wait(int(job), tentative):
                return int(job)
        return None

    def _can_wait(self, job: int, start_s: Series) -> bool:
        """Whether headroom would stay beside a job and nobody queues."""
        units, at_s = size(self._load.jobs), self._load.jobs.submit_s[job]
        begun = start_s <= at_s
        runs = begun & (start_s + self._run_s > at_s)
        here = self._can_run & (self._load.jobs.submit_s <= at_s)
        queues = here & ~begun & ~self.held
        taken = units[runs].sum() + units[self.held].sum()
        least = HEADROOM * self._load.units
        return bool(not queues.any() and taken + least <= self._load.units)

    def _running(self, now_s: float) -> NDArray[np.int64]:
        """Jobs that run at a time."""
        ends_s = self._start_s + self._run_s
        return np.flatnonzero((self._start_s <= now_s) & (ends_s > now_s))

    def _scheduled(self, queue: NDArray[np.int64]) -> Series:
        """Starts of the queue beside what runs now, held jobs keeping their units."""
        now_s, units = self._now_s, size(self._load.jobs)
        runs = self._running(now_s)
        every = np.concatenate([runs, queue])
        begun = np.arange(len(every)) < len(runs)
        since_s = np.where(begun, now_s - self._start_s[every] - BEFORE_S, 0.0)
        submit_s = self._load.jobs.submit_s[every]
        request = Request(
            np.where(begun, now_s - BEFORE_S, np.maximum(submit_s, now_s)),
            units[every],
            np.zeros(len(every)),
            self._run_s[every] - since_s,
            np.maximum(self._limit_s[every] - since_s, BEFORE_S),
        )
        free = self._load.units - float(units[self.held].sum())
        room = constant(max(free, float(units[runs].sum())))
        return np.asarray(schedule(request, room)[len(runs) :])

    def follow(self, plan: JobPlan | None) -> None:
        """Let held jobs start when a plan says; without one, at once."""
        held = np.flatnonzero(self.held)
        if plan is None:
            self._begin_s[held] = self._now_s
            return
        some = self._waiters(held)
        begin_s = begins(some, plan.energy_j / self._load.scale, plan.edge_s)
        self._begin_s[held] = np.clip(begin_s, self._now_s, self._latest_s[held])

    def _waiters(self, held: NDArray[np.int64]) -> Waiters:
        """Held jobs as they look from here: typical run times of jobs like them."""
        seen = visible(self.jobs, self._now_s)
        table, _ = phase_powers(FRONTIER, Mode())
        some = take(self._load.jobs, held)._replace(start_s=np.full(len(held), np.nan))
        middle = np.full((len(held), 1), TYPICAL)
        length_s = total_times(seen, some, self._now_s, middle)[:, 0]
        power_w = size(some) * table[some.job_class, STEADY]
        earliest_s = np.full(len(held), self._now_s)
        return Waiters(power_w, length_s, earliest_s, self._latest_s[held])

    def movable(self, step_s: Series, load_w: Series) -> Movable | None:
        """What a plan over the next steps may choose; None if nothing is held.

        Parameters
        ----------
        step_s
            Lengths of the steps from now. [s]
        load_w
            Expected IT power of the site, these jobs as early as they can run. [W]
        """
        held = np.flatnonzero(self.held)
        if len(held) == 0:
            return None
        power, length, earliest, latest = self._waiters(held)
        edge_s = self._now_s + np.concatenate([[0.0], np.cumsum(step_s)])
        end = edge_s[1:, None]
        soon = np.clip(end - earliest, 0.0, length) @ power
        late = np.clip(end - latest, 0.0, length) @ power
        placed_w = np.diff(soon, prepend=0.0) / step_s
        scale = self._load.scale
        table, idle = phase_powers(FRONTIER, Mode())
        full_w = self._load.units * (idle + float(table[:, STEADY].max())) * scale
        full_w = min(full_w, self._load.most_w)
        room_w = np.maximum(full_w - load_w, 0.0) + placed_w * scale
        most_w = np.minimum(room_w, float(power.sum()) * scale)
        late[-1] = soon[-1]  # nothing is put off beyond the horizon to be forgotten
        least_j = np.minimum(late * scale, _reach(most_w * step_s, soon * scale))
        return Movable(placed_w * scale, least_j, soon * scale, most_w)

    def power(
        self, begin_s: float, end_s: float, step_s: float
    ) -> tuple[Series, Series]:
        """Middles of steps around a span, and the mean power in each [s, W]."""
        first = np.floor(begin_s / step_s) - 1.0
        steps = int(np.ceil(end_s / step_s) - first) + 1
        grid = Grid(float(first * step_s), step_s, steps)
        power_w = power_series(self.jobs, grid, self._load.units, FRONTIER, Mode())
        middle_s = (first + np.arange(steps) + 0.5) * step_s
        return middle_s, power_w * self._load.scale

    def delays(self) -> Delays:
        """Starts so far against those without any plan."""
        plain = HeldJobs(self._load, {})
        plain.advance(self._now_s + DAY_S)
        begun = np.isfinite(plain._start_s) & (plain._start_s < self._now_s)
        start_s = np.where(np.isnan(self._start_s), self._now_s, self._start_s)
        delay_s = start_s - plain._start_s
        told = {}
        for k, name in enumerate(CLASSES):
            mine = begun & (self._load.jobs.job_class == k) & (plain._start_s >= 0.0)
            if mine.any():
                told[name] = (float(delay_s[mine].mean()), float(delay_s[mine].max()))
        late = self._can_run & (start_s > self._latest_s + 1.0)
        missed = late & (plain._start_s <= self._latest_s)
        held = self.was_held | self.held
        counts = [int(x.sum()) for x in (missed, held, self.held)]
        taken_w = (x.power(0.0, self._now_s, TICK_S)[1][1:-1] for x in (plain, self))
        before, now = (float(power_w.sum()) * TICK_S for power_w in taken_w)
        return Delays(told, counts[0], counts[1], counts[2], before - now)


def held_jobs(load: JobLoad | None) -> HeldJobs | None:
    """Jobs of a load that wait for a plan; None if none may."""
    if load is None or not load.window_s:
        return None
    return HeldJobs(load, dict(load.window_s))


def _reach(room_j: Series, most_j: Series) -> Series:
    """Energy taken by the end of each step if as much as possible is taken."""
    taken, reach = 0.0, np.empty(len(room_j))
    for step in range(len(room_j)):
        taken = min(taken + room_j[step], most_j[step])
        reach[step] = taken
    return reach * (1.0 - 1e-6)  # above the rounding of the solver
