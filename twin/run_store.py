"""What a long run keeps on disk, so that a kill costs a stretch and not the run.

The folder of a run holds ``run.json`` (everything that decides its numbers) and, while it
runs, one ``part_NNNN.npz`` per stretch and ``checkpoint.npz`` with the position. Files
appear by renaming, so a kill never leaves half of one. The same ``run.json`` gives the
same numbers bit for bit.
"""

import hashlib
import inspect
import json
import platform
from pathlib import Path
from typing import Any

import numba
import numpy as np

from twin.called_position import CalledPosition
from twin.compiled import source_digest
from twin.errors import ConfigError
from twin.results import Course
from twin.walks import Position

RUN_FILE, CHECKPOINT = "run.json", "checkpoint.npz"
RESULTS = "results.nc"  # of ``twin.results.write``


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def versions(controller: object) -> dict[str, str]:
    """Everything beside the inputs that could change a number."""
    rules = inspect.getsourcefile(type(controller))
    return {
        "equations": source_digest(*([Path(rules)] if rules else [])),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "machine": platform.machine(),
    }


class RunStore:
    """Folder of one run.

    Parameters
    ----------
    directory
        Made if it does not exist.
    identity
        What decides the numbers of the run, for ``run.json``.

    Raises
    ------
    ConfigError
        If the folder holds another run, or this one, finished: nothing is changed then.
    """

    def __init__(self, directory: Path, identity: dict[str, Any]) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / RUN_FILE
        text = json.dumps(identity, indent=2, sort_keys=True) + "\n"
        if path.exists() and path.read_text(encoding="utf-8") != text:
            message = (
                f"{directory}: holds another run ({_difference(path, identity)}). Give "
                "another --out, or remove the folder."
            )
            raise ConfigError(message)
        if (directory / RESULTS).exists() and not (directory / CHECKPOINT).exists():
            message = (
                f"{directory}: already holds this run, finished. Nothing was changed. "
                "Read it there, or give another folder as --out."
            )
            raise ConfigError(message)
        path.write_text(text, encoding="utf-8")

    def save(
        self, number: int, part: Course, position: Position | CalledPosition
    ) -> None:
        """Keep a stretch and where it ends."""
        self._replace(f"part_{number:04d}.npz", part._asdict())
        self._replace(CHECKPOINT, {**position._asdict(), "parts": number + 1})

    def load(self) -> tuple[dict[str, Any], list[Course]]:
        """Fields of the position where the run stopped and the stretches before.

        Both are empty where there is no checkpoint.
        """
        path = self.directory / CHECKPOINT
        if not path.exists():
            return {}, []
        with np.load(path) as kept:
            values: dict[str, Any] = {name: kept[name] for name in kept.files}
        count = int(values.pop("parts"))
        values["scan"] = int(values["scan"])
        return values, [self._part(number) for number in range(count)]

    def clear(self) -> None:
        """Forget stretches and position once the results are written."""
        for path in [*self.directory.glob("part_*.npz"), self.directory / CHECKPOINT]:
            path.unlink(missing_ok=True)

    def _part(self, number: int) -> Course:
        with np.load(self.directory / f"part_{number:04d}.npz") as kept:
            return Course(*(kept[name] for name in Course._fields))

    def _replace(self, name: str, arrays: dict[str, Any]) -> None:
        """Write a file so that it is there as a whole or not at all."""
        fresh = self.directory / f"fresh_{name}"
        np.savez(fresh, **arrays)
        fresh.replace(self.directory / name)


def _difference(path: Path, identity: dict[str, Any]) -> str:
    """First entries in which two runs differ."""
    try:
        other = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return f"{RUN_FILE} is not readable"
    names = sorted(set(other) | set(identity))
    odd = [name for name in names if other.get(name) != identity.get(name)]
    return ", ".join(odd[:3]) + " differ"
