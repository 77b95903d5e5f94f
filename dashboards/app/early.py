"""Early warnings of slow faults, as ``wetbulb diagnose`` left them beside a run."""

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
