"""``wetbulb diagnose``: slow faults in a plant's telemetry, before they are failures."""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from dashboards import console
from dashboards.calibration import PIPE_WIDTH
from dashboards.plain import plain
from dashboards.telemetry import history_of
from twin.config import Site, load_site
from twin.diagnose import DAY_S, Diagnosis, diagnose
from twin.drill import drilled, parsed
from twin.findings import Finding
from twin.mistaken import trusted
from twin.versions import in_force

LEAST_WATER_M3 = 0.1  # a day, said
LIKELY = 0.05  # suspects below it are not shown


class Request(NamedTuple):
    """What the user asked for."""

    site: str
    history: Path
    store: Path | None
    baseline_days: int
    false_per_month: float
    plot: Path | None
    drill: str | None = None
    out: Path | None = None


def run(request: Request, as_json: bool) -> None:
    """Look for slow faults and show what was found.

    Raises
    ------
    WetbulbError
        If a file cannot be used, or the history is too short.
    """
    site = in_force(load_site(request.site), request.store)
    history = trusted(site.facility, history_of(request.history))
    if request.drill:
        drill = parsed(request.drill)
        history = drilled(site.facility, history, drill)
        console.note(
            f"drill: {drill.family.name} of {drill.severity:g} laid over the telemetry "
            f"from day {drill.from_day:g} on; this is not what the plant did"
        )
    found = diagnose(
        site.facility,
        site.limits,
        history,
        request.baseline_days,
        request.false_per_month,
        console.note,
    )
    if request.plot:
        courses(found).savefig(request.plot)
    document = _summary(site, found, history.notes)
    if request.out:
        request.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        console.note(f"written: {request.out}")
    if as_json:
        console.write_json(document)
        return
    for note in history.notes:
        console.write(f"note: {note}")
    _show(found, request)


def _summary(site: Site, found: Diagnosis, notes: tuple[str, ...]) -> dict[str, Any]:
    """For machines."""
    names = [family.name for family in found.families]
    document: dict[str, Any] = plain(
        {
            "site": site.name,
            "days": len(found.end_s),
            "threshold": found.threshold,
            "watched": names,
            "not_visible": [family.name for family in found.blind],
            "cusum": dict(zip(names, found.cusum[-1], strict=True)),
            "warnings": [
                {**one._asdict(), "words": words(one)} for one in found.findings
            ],
            "notes": notes,
        }
    )
    return document


def _show(found: Diagnosis, request: Request) -> None:
    """For people."""
    console.write(
        f"{len(found.end_s)} days, the first {request.baseline_days} taken as sound; "
        f"{len(found.families)} kinds of fault watched, at most "
        f"{request.false_per_month:g} false alarms a month"
    )
    if found.blind:
        hidden = ", ".join(family.name for family in found.blind)
        console.write(f"not to be seen in these signals: {hidden}")
    if not found.findings:
        console.write("no warning")
    for finding in found.findings:
        console.write("\n  ".join(words(finding)))
    screen = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    screen.print(_levels(found))


def words(finding: Finding) -> list[str]:
    """One warning in one look: what, how sure, since when, what to do, what it costs."""
    first = finding.suspects[0]
    others = [
        f"or {other.family.name}, {other.confidence:.0%}"
        for other in finding.suspects[1:]
        if other.confidence >= LIKELY
    ]
    waiting = f"{finding.waste_w * DAY_S / 3.6e6:,.0f} kWh"
    water_m3 = finding.waste_water_kg_s * DAY_S / 1e3
    if abs(water_m3) >= LEAST_WATER_M3:
        waiting += f" and {water_m3:,.1f} m3 of water"
    return [
        f"WARNING {first.family.component}: {first.family.name}, "
        f"{first.confidence:.0%} sure",
        f"raised on day {finding.raised_s / DAY_S:.0f}, began about day "
        f"{finding.since_s / DAY_S:.0f}; now {first.severity:.2g} "
        f"(0.1, or 1 K, means {first.family.meaning})",
        *others,
        f"evidence: {', '.join(finding.evidence)}",
        f"do: {first.family.action}",
        f"waiting costs {waiting} a day; {_limit(finding)}",
    ]


def _limit(finding: Finding) -> str:
    """How long until a temperature limit, in words."""
    if np.isnan(finding.limit_days):
        return "it does not lead to a temperature limit"
    if np.isinf(finding.limit_days):
        return "it does not grow"
    return f"a temperature limit in about {finding.limit_days:.0f} days"


def _levels(found: Diagnosis) -> Table:
    """How near each kind of fault is to a warning."""
    table = Table(title="how near to a warning", box=None, pad_edge=False)
    table.add_column("kind of fault")
    table.add_column("component")
    table.add_column("severity now", justify="right")
    table.add_column("evidence / threshold", justify="right")
    order = np.argsort(-found.cusum[-1])
    for k in order:
        family, share = found.families[k], found.cusum[-1][k] / found.threshold
        severity = found.severity[-1][k]
        table.add_row(family.name, family.component, f"{severity:+.3f}", f"{share:.0%}")
    return table


def courses(found: Diagnosis) -> Figure:
    """Evidence of each kind over the days, the largest named."""
    figure, axes = plt.subplots(figsize=(8.0, 4.0), layout="constrained")
    day = found.end_s / DAY_S
    top = np.argsort(-found.cusum.max(axis=0))[:4]
    for k, family in enumerate(found.families):
        named = k in top
        axes.plot(
            day,
            found.cusum[:, k],
            color=None if named else "0.85",
            linewidth=1.5 if named else 0.8,
            label=family.name if named else None,
            zorder=2 if named else 1,
        )
    axes.axhline(found.threshold, color="0.3", linestyle="--", linewidth=1.0)
    axes.set_xlabel("day of the history")
    axes.set_ylabel("CUSUM [standard deviations]")
    axes.set_title("Evidence of slow faults; dashed: warning")
    axes.legend(loc="upper left", frameon=False)
    return figure
