"""Folders of runs: new ones by time, none used twice."""

from datetime import UTC, datetime
from pathlib import Path


def new_directory(parent: Path) -> Path:
    """Folder named by the present time that does not exist yet."""
    stem = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    names = [stem, *(f"{stem}-{number}" for number in range(2, 100))]
    return next(parent / name for name in names if not (parent / name).exists())
