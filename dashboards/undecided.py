"""Runs in which no controller could act: nothing to compare, and a reason to name."""

import math
from collections import Counter
from pathlib import Path

from bms_io.daemon.audit import AUDIT_FILE, Entry, entries
from bms_io.daemon.setup import LoopResult
from twin.config import Control
from twin.errors import WetbulbError


def refuse_undecided(control: Control, results: list[LoopResult]) -> None:
    """Say so if a run never came to a decision.

    Parameters
    ----------
    control
        Pace of the runs.
    results
        Finished runs; all their files stay where they are.

    Raises
    ------
    WetbulbError
        Naming each such controller, the most frequent reason, the log and what
        to do.
    """
    told = [_tell(control, result) for result in results if _is_undecided(result)]
    if told:
        raise WetbulbError("\n".join(told))


def _events(result: LoopResult) -> list[Entry]:
    """Rows of the audit log."""
    return list(entries(_log(result)))


def _log(result: LoopResult) -> Path:
    return result.directory / AUDIT_FILE


def _is_undecided(result: LoopResult) -> bool:
    """Whether every control cycle was held."""
    if result.held < len(result.decisions) or result.held == 0:
        return False  # at least one decision went through; spares reading the log
    return all(entry.event != "decision" for entry in _events(result))


def _tell(control: Control, result: LoopResult) -> str:
    """Which controller, how often, why, where and what to do."""
    every = max(round(control.control_interval_s / control.scan_interval_s), 1)
    cycles = math.ceil(len(result.telemetry) / every)
    return (
        f"{result.name}: no decision was possible in {cycles} control cycles, so there "
        f"is nothing to compare. Most frequent reason: {_main_reason(result)}. "
        f"All reasons are in {_log(result)}. A reading that is bad: correct its "
        "range or registers in the point map, or the weather or load behind it. A "
        "controller that failed: correct it, or leave it out. Then run again, into a "
        "new folder."
    )


def _main_reason(result: LoopResult) -> str:
    """Reason of most holds; ages and places in its wording do not make another."""
    holds = [str(e.details["why"]) for e in _events(result) if e.event == "hold"]
    reasons = [reason for why in holds for reason in why.split("; ")]
    (subject, _), *_ = Counter(r.partition(":")[0] for r in reasons).most_common(1)
    return next(r for r in reasons if r.partition(":")[0] == subject)
