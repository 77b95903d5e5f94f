"""Tables of ``tests.benchmarks.bench_diagnosis``."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Case(NamedTuple):
    """A plant in a climate."""

    site: str
    weather: str | None  # the site's own if None
    start: str
    seed: int
    group: str  # "tuning": looked at while the method was made; else "unseen"
    cycled: bool = False  # the battery works every day, as under the mpc


class Verdict(NamedTuple):
    """What became of one fault."""

    family: str
    severity: str
    found: bool
    delay_days: float
    first: str  # likeliest family
    confidence: float
    right: bool


Verdicts = list[Verdict]


INTRODUCTION = """# Diagnosis: how soon and how surely slow faults are found

Written by `python -m tests.benchmarks.bench_diagnosis --out docs/diagnosis.md`. Each case is
a plant with nameplates off by up to 5 %, behind sensors with noise of 1 % (powers, flows)
and 0.1 K, run by the rules. The twin is calibrated on its first 14 days, which are also
the baseline. From day 20 on a fault grows to its severity within six days; the record ends
on day 40. Where the battery cycles, it works daily as under the mpc; else it rests and its
cells cannot be judged. "Typical" severities stand in `twin/fault_families.py` (0.2 of a
conductance, 0.1 of a pump's efficiency, 0.5 K of a sensor, ...); small is half of it, large
is twice. Found: a warning was raised after the onset. Isolated: its likeliest family is the
true one, of those found. False: warnings on the same plant without any fault. `tuning`
cases were looked at while the method was made, `unseen` ones were not.

What this does not show: the plants are the twin with other numbers and noise, so what a real
plant does that no twin has is missing here; a fault has one cause and one place. Leaks of
the closed loops and rooms without their own meter have no signature yet. A kind of fault
that the recorded days cannot show is said to be out of sight.
"""


def page(cases: Sequence[Case], results: Sequence[tuple[Verdicts, int, int]]) -> str:
    """Markdown of all tables."""
    lines = [INTRODUCTION, "## By case", ""]
    lines += [
        "| site | weather | start | group | found | isolated | median delay [d] "
        "| false warnings | sound days |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for case, (verdicts, false, days) in zip(cases, results, strict=True):
        weather = (case.weather or "own").split(".")[0]
        weather += ", battery cycles" if case.cycled else ""
        lines.append(
            f"| {case.site} | {weather} | {case.start} | {case.group} "
            f"| {_counts(verdicts)} | {false} | {days} |"
        )
    for group in ("tuning", "unseen"):
        these = [r for c, r in zip(cases, results, strict=True) if c.group == group]
        verdicts = [v for one in these for v in one[0]]
        false, days = sum(r[1] for r in these), sum(r[2] for r in these)
        lines.append(
            f"| all {group} | | | {group} | {_counts(verdicts)} | {false} | {days} |"
        )
    every = [v for one in results for v in one[0]]
    lines += ["", "## By severity, all cases", "", *_table(every, "severity")]
    lines += ["", "## By kind of fault, all cases", "", *_table(every, "family")]
    lines += ["", "## Taken for another", "", *_mistaken(every)]
    return "\n".join(lines) + "\n"


def _counts(verdicts: Sequence[Verdict]) -> str:
    """Found, isolated and delay, as cells."""
    found = [v for v in verdicts if v.found]
    right = sum(v.right for v in found)
    delay = float(np.median([v.delay_days for v in found])) if found else float("nan")
    share = 100.0 * right / max(len(found), 1)
    return (
        f"{len(found)} of {len(verdicts)} ({100.0 * len(found) / len(verdicts):.0f} %) "
        f"| {right} ({share:.0f} %) | {delay:.0f}"
    )


def _table(verdicts: Sequence[Verdict], key: str) -> list[str]:
    """One line per severity or family."""
    lines = [
        f"| {key} | found | isolated | median delay [d] |",
        "|---|---|---|---|",
    ]
    names = dict.fromkeys(getattr(v, key) for v in verdicts)
    for name in names:
        these = [v for v in verdicts if getattr(v, key) == name]
        lines.append(f"| {name} | {_counts(these)} |")
    return lines


def _mistaken(verdicts: Sequence[Verdict]) -> list[str]:
    """Which family was named instead, most frequent first."""
    pairs = Counter((v.family, v.first) for v in verdicts if v.found and not v.right)
    return [
        f"- {true} was taken for {named}: {count} times"
        for (true, named), count in pairs.most_common()
    ]
