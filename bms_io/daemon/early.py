"""Early warnings of slow faults, as ``wetbulb diagnose`` left them in a folder."""

import json
from pathlib import Path
from typing import NamedTuple

DIAGNOSIS_FILE = "diagnosis.json"


class Early(NamedTuple):
    """What a diagnosis says."""

    days: int
    warnings: tuple[tuple[str, ...], ...]  # sentences of each, the headline first


def read(directory: Path) -> Early | None:
    """The diagnosis of a run, or None if there is none.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    path = directory / DIAGNOSIS_FILE
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        told = tuple(tuple(map(str, one["words"])) for one in document["warnings"])
        return Early(int(document["days"]), told)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        message = f"{path}: not a diagnosis"
        raise ValueError(message) from error


class EarlyWatch:
    """Tells what the diagnosis in a folder warns of, also one that comes later.

    Parameters
    ----------
    directory
        Of the daemon.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stamp = 0
        self._said = ""

    def __call__(self) -> str:
        """Headlines of the warnings, empty if there are none; never raises."""
        try:
            stamp = (self._directory / DIAGNOSIS_FILE).stat().st_mtime_ns
        except OSError:
            self._stamp, self._said = 0, ""
            return ""
        if stamp != self._stamp:
            self._stamp, self._said = stamp, _headlines(self._directory)
        return self._said


def _headlines(directory: Path) -> str:
    try:
        found = read(directory)
    except (OSError, ValueError):
        return f"{DIAGNOSIS_FILE} is damaged; run `wetbulb diagnose --out` again"
    return "; ".join(words[0] for words in found.warnings if words) if found else ""
