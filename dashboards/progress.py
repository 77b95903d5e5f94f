"""Progress bars on standard error, only where somebody watches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bms_io.loop import Progress as Report
from dashboards import console


@contextmanager
def bars(names: Sequence[str], turns: int) -> Iterator[dict[str, Report]]:
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


def _report(progress: Progress, task: TaskID) -> Report:
    """Bind one bar."""
    return lambda done, total: progress.update(task, completed=done, total=total)
