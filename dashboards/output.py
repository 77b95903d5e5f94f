"""Where a study goes: files in its folder, table and summary on the terminal."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from dashboards import console, report, tables
from dashboards.results import Study
from dashboards.tables import Judged

PIPE_WIDTH = 100  # columns where standard output is not a terminal


def save(study: Study) -> Path:
    """Write report, comparison and summary beside the telemetry.

    Returns
    -------
    Path
        The report.
    """
    rows = [{"controller": run.name, **run.kpis._asdict()} for run in study.runs]
    pd.DataFrame(rows).to_csv(study.directory / "comparison.csv", index=False)
    text = json.dumps(tables.summary(study), indent=2, allow_nan=False)
    (study.directory / "summary.json").write_text(text + "\n", encoding="utf-8")
    return report.write(study)


def show(study: Study, report_path: Path, as_json: bool) -> None:
    """Print the summary for machines, or table and places for people."""
    if as_json:
        console.write_json({**tables.summary(study), "report": str(report_path)})
        return
    show_comparison(study.runs)
    counts = ", ".join(f"{run.name} {run.guard_violations}" for run in study.runs)
    console.write(f"guard violations: {counts}")
    console.write(f"report: {report_path}")
    console.write(f"tables: {study.directory}/*/telemetry.csv, setpoints.csv")


def show_comparison(runs: Sequence[Judged]) -> None:
    """Print controllers against figures, and what the last one saves."""
    screen = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    screen.print(_comparison(runs))
    for saving in tables.savings(runs):
        console.write(
            f"{runs[-1].name} saves against {saving.against}: "
            f"{saving.site_energy:.2%} of the site energy, "
            f"{saving.cooling_energy:.2%} of the cooling energy, "
            f"{saving.overhead_energy:.2%} of all energy but IT, "
            f"{saving.cost:.2%} of the cost"
        )
        parts = (
            ("cooling", saving.cooling_saved_j),
            ("IT (cooler chips leak less)", saving.it_saved_j),
            ("the power chain", saving.power_chain_saved_j),
        )
        told = ", ".join(
            f"{tables.digits(j / tables.J_PER_MWH, 2)} MWh in {n}" for n, j in parts
        )
        console.write(f"  of this {told}")


def _comparison(runs: Sequence[Judged]) -> Table:
    """Controllers against figures, the candidate in bold."""
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True, padding=0)
    table.add_column("controller")
    for column in tables.COLUMNS:
        words = [*column.title.split(), column.unit]  # narrow enough for 80 columns
        table.add_column("\n".join(words).rstrip(), justify="right")
    for run in runs:
        is_candidate = run is runs[-1]
        table.add_row(*tables.row(run), style="bold" if is_candidate else None)
    return table
