"""Processes that compute beside ours and end with it, whatever ends it."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess


def worker_pool(count: int) -> ProcessPoolExecutor:
    """Pool of spawned processes.

    Who is killed cannot tell its workers; they would finish what they are at, which takes
    minutes, or wait for work forever. So each watches its parent.
    """
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """End this worker when its parent has ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
