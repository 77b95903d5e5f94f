"""One daemon per plant and host: a lock file that the kernel frees when we die."""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from twin.errors import InstanceError


class InstanceLock:
    """Exclusive lock on a file.

    Parameters
    ----------
    path
        Lock file; made if it is not there, never removed.

    Raises
    ------
    InstanceError
        If another process has it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            message = (
                f"{path}: another daemon (process {owner}) already controls this plant "
                "from this machine. End it first, or watch it with `wetbulb control "
                "status`."
            )
            raise InstanceError(message) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def close(self) -> None:
        """Give the lock back."""
        self._file.close()
