"""Progress bars on standard error, only where somebody watches."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from dashboards import console

if TYPE_CHECKING:  # the daemon's imports take half a second of every command
    from bms_io.daemon.setup import Progress as Report

SECONDS_BETWEEN_LINES = 30.0
WorkProgress = Callable[[float], None]


@contextmanager
def bars(names: Sequence[str], turns: int) -> Iterator[dict[str, "Report"]]:
    """One bar per name.

    Parameters
    ----------
    names
        Labels.
    turns
        Length of every bar.

    Yields
    ------
    dict
        By name, a function that takes turns done and turns in all.
    """
    progress = Progress(
        TextColumn("{task.description:>10}"),
        BarColumn(bar_width=40, complete_style="grey50", finished_style="grey70"),
        TextColumn("{task.completed:.0f}/{task.total:.0f} scans"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not console.is_terminal(),
    )
    with progress:
        tasks = {name: progress.add_task(name, total=turns) for name in names}
        yield {name: _report(progress, task) for name, task in tasks.items()}


def _report(progress: Progress, task: TaskID) -> "Report":
    """Bind one bar."""
    return lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def work_bar(name: str, total: float) -> Iterator[WorkProgress]:
    """One bar with the time left; lines of text where nobody watches a terminal.

    Parameters
    ----------
    name
        Label.
    total
        Length of the bar, in any unit of work.

    Yields
    ------
    Callable
        Takes the work done so far.
    """
    if not console.is_terminal():
        yield _lines(name, total)
        return
    progress = Progress(
        TextColumn("{task.description:>10}"),
        BarColumn(bar_width=40, complete_style="grey50", finished_style="grey70"),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
    )
    with progress:
        task = progress.add_task(name, total=total)
        yield lambda done: progress.update(task, completed=done)


def _lines(name: str, total: float) -> WorkProgress:
    """At most one line every half minute."""
    began_s = told_s = time.monotonic()

    def tell(done: float) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if now_s - told_s < SECONDS_BETWEEN_LINES or not 0.0 < done <= total:
            return
        told_s = now_s
        left_s = (now_s - began_s) * (total / done - 1.0)
        console.note(f"{name}: {done / total:.0%}, about {left_s / 60.0:.0f} min left")

    return tell
