"""Where chunks of a study run: this process, a pool of processes, or Dask.

A chunk is a pure function of its task, so the place changes nothing in the result. Each
finished chunk is one Parquet shard, written beside a manifest: a killed study goes on
with the chunks that are missing.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd

from twin.errors import ConfigError
from twin.workers import worker_pool

Chunk = Callable[[Any], pd.DataFrame]
Progress = Callable[[int, int], None]
MANIFEST = "manifest.json"


def shard_path(folder: Path, number: int) -> Path:
    """File of one chunk."""
    return folder / f"shard_{number:05d}.parquet"


def run_chunks(
    function: Chunk,
    tasks: Sequence[Any],
    folder: Path,
    identity: dict[str, Any],
    scheduler: str = "processes",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Run what is missing and return all of it in the order of the tasks.

    Parameters
    ----------
    function
        Pure, importable by name in another process.
    tasks
        One per chunk.
    folder
        For shards and manifest.
    identity
        What the results depend on; a folder with another identity is refused.
    scheduler
        ``serial``, ``processes``, ``dask`` or the address of one, ``tcp://...``.
    progress
        Called with chunks done and chunks in all.

    Raises
    ------
    ConfigError
        If the folder belongs to another study, or Dask is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _claim(folder, {**identity, "chunks": len(tasks)})
    missing = [n for n in range(len(tasks)) if not shard_path(folder, n).is_file()]
    done = len(tasks) - len(missing)
    for number, frame in _places(scheduler)(function, tasks, missing, scheduler):
        part = shard_path(folder, number).with_suffix(".part")
        frame.to_parquet(part, index=False)
        part.replace(shard_path(folder, number))
        done += 1
        if progress:
            progress(done, len(tasks))
    shards = [pd.read_parquet(shard_path(folder, n)) for n in range(len(tasks))]
    return pd.concat(shards, ignore_index=True)


def _claim(folder: Path, identity: dict[str, Any]) -> None:
    """Write the manifest, or check the one that is there."""
    path = folder / MANIFEST
    text = json.dumps(identity, indent=2, sort_keys=True) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        message = (
            f"{folder}: holds results of another study, version or sample. Give another "
            "folder with --out, or delete this one."
        )
        raise ConfigError(message)
    path.write_text(text, encoding="utf-8")


Place = Callable[
    [Chunk, Sequence[Any], list[int], str], Iterator[tuple[int, pd.DataFrame]]
]


def _places(scheduler: str) -> Place:
    if scheduler == "serial":
        return _serial
    if scheduler == "processes":
        return _processes
    if scheduler == "dask" or "://" in scheduler:
        return _dask
    message = (
        f"--scheduler {scheduler}: no such place. Allowed: serial, processes, dask, or "
        "the address of a Dask scheduler, e.g. tcp://10.0.0.5:8786."
    )
    raise ConfigError(message)


def _serial(
    function: Chunk, tasks: Sequence[Any], missing: list[int], _: str
) -> Iterator[tuple[int, pd.DataFrame]]:
    for number in missing:
        yield number, function(tasks[number])


def _processes(
    function: Chunk, tasks: Sequence[Any], missing: list[int], _: str
) -> Iterator[tuple[int, pd.DataFrame]]:
    if not missing:
        return
    with worker_pool(min(os.cpu_count() or 1, len(missing))) as pool:
        waiting = {pool.submit(function, tasks[n]): n for n in missing}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


def _dask(
    function: Chunk, tasks: Sequence[Any], missing: list[int], scheduler: str
) -> Iterator[tuple[int, pd.DataFrame]]:
    try:
        import distributed
    except ModuleNotFoundError as error:
        message = (
            f"--scheduler {scheduler} needs Dask, which the extra `study` brings. "
            'Install it with: pip install "wetbulb[study]"'
        )
        raise ConfigError(message) from error
    library: Any = distributed  # untyped in parts
    with ExitStack() as stack:
        place = scheduler
        if "://" not in scheduler:
            place = stack.enter_context(library.LocalCluster(dashboard_address=None))
        client = stack.enter_context(library.Client(place))
        waiting = {
            client.submit(function, tasks[n], pure=False, retries=3): n for n in missing
        }
        for future in library.as_completed(list(waiting)):
            yield waiting[future], future.result()
