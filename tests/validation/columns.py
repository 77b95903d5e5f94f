"""Which columns of a case the validation reads: a result that nobody reads proves nothing.

A column is an input, a result that a model is held against, a result that a balance ties
to others (``test_balances.py``), or stands in ``not_judged.toml`` with the reason.
"""

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

NOT_JUDGED = Path(__file__).with_name("not_judged.toml")


class Watched(pd.DataFrame):
    """Table that notes the columns that are asked for, also of its rows."""

    _metadata = ["reads"]  # noqa: RUF012 - the name and form that pandas looks for
    reads: set[str]

    @property
    def _constructor(self) -> type["Watched"]:
        return Watched

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            self.reads.add(key)
        return super().__getitem__(key)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._info_axis:
            self.reads.add(name)
        return super().__getattr__(name)


def watched(table: pd.DataFrame, reads: set[str]) -> Watched:
    """Table whose reads are noted in ``reads``."""
    found = Watched(table)
    found.reads = reads
    return found


def excused() -> dict[str, dict[str, str]]:
    """Reason by column by prefix of the case."""
    return tomllib.loads(NOT_JUDGED.read_text())


def unread(reads: dict[str, tuple[set[str], set[str]]]) -> list[str]:
    """Columns that were neither read nor excused, as ``case: columns``.

    Parameters
    ----------
    reads
        By case: all its columns, and those that were read.
    """
    reasons, found = excused(), []
    for case, (every, read) in sorted(reads.items()):
        allowed = {
            column
            for prefix, columns in reasons.items()
            if case.startswith(prefix)
            for column in columns
        }
        left = sorted(every - read - allowed)
        if left:
            found.append(f"{case}: {', '.join(left)}")
    return found
