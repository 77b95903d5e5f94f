"""Which days of a history to fit, and which to judge by."""

import numpy as np

from twin.errors import DataError
from twin.history import History
from twin.replay import Block, blocks

VALIDATION = 0.25  # last share of the history
MOST_DAYS = 16  # of the fit; further days of a year repeat what these show
LEAST_BLOCKS = 4


def split(history: History, days: int) -> tuple[list[Block], list[Block]]:
    """Stretches to fit and, later in time, to validate on.

    Raises
    ------
    DataError
        If there are fewer than ``LEAST_BLOCKS`` stretches.
    """
    span_s = float(history.time_s[-1] - history.time_s[0])
    length_s = min(86400.0, max(span_s / 8.0, 3.5 * 3600.0))
    cut = blocks(history, length_s)
    if len(cut) < LEAST_BLOCKS:
        message = (
            f"the history has {len(cut)} usable stretches of {length_s / 3600:.1f} h "
            f"without a gap; at least {LEAST_BLOCKS} are needed. Record for at least a "
            "day, better for weeks with warm and cold days, low and high load."
        )
        raise DataError(message)
    later = max(round(VALIDATION * len(cut)), 1)
    return different(cut[:-later], days), cut[-later:]


def different(parts: list[Block], count: int) -> list[Block]:
    """Stretches that are as far from each other as there are (farthest point first)."""
    rows = [
        np.concatenate([p.history.inputs, p.history.setpoints], axis=1) for p in parts
    ]
    at = np.array([np.r_[r.mean(axis=0), r.max(axis=0) - r.min(axis=0)] for r in rows])
    spread = at.std(axis=0)
    at = (at - at.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    chosen = [int(np.argmax((at**2).sum(axis=1)))]
    away = ((at - at[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < min(count, len(parts)):
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, ((at - at[chosen[-1]]) ** 2).sum(axis=1))
    return [parts[k] for k in sorted(chosen)]
