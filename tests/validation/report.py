"""docs/validation.md: what was reached, what was left out, and what has no reference."""

import ast
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from tests.validation.columns import excused

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCS = ROOT / "docs"
PLANT = ROOT / "plant"
TOLERANCES = tomllib.loads((HERE / "tolerances.toml").read_text())
PROGRAMS = {
    "ep": "EnergyPlus 25.2",
    "mod": "Modelica Buildings",
    "coolprop": "CoolProp 8",
    "pybamm": "PyBaMM 26.10",
    "blast": "BLAST-Lite 1.1",
}
INTRODUCTION = """# Validation

Operating points computed by other programs (see `data/reference/README.md`), replayed
through the equations of `plant/`. They prove that the equations are right; they say
nothing about the accuracy for a real plant.

This page is written by `python -m pytest tests/validation --write-validation`; further
cases in the same format are replayed with `--reference DIR`.
"""
FURTHER = """
## Beyond the shipped points

Moist air above 50 degC is in no shipped case; `test_further_cases.py` makes points of 50 to
79 degC and 61 to 109 kPa with CoolProp and holds them by these limits, wider because the
enhancement factor that is left out grows with the temperature (docs/decisions/0011).

| figure | target | unit |
|---|---|---|"""
LEFT_OUT = """
## Left out

Rows of the reference that a figure above does not judge, and why.

| component | case | rows left out | of | why |
|---|---|---|---|---|"""
NOT_READ = """
## Columns of the reference that nothing is held against

Every other column is an input, is reached by a model, or is tied to others by a balance; the
replay fails on one that is none of it (`tests/validation/columns.py`). Which columns a small
shift of all values would pass unnoticed: `python -m tests.benchmarks.falsify`.

| cases | column | why |
|---|---|---|"""
UNREFERENCED = """
## Without a reference of another program

No case replays these files, neither themselves nor as a part of one that is replayed.
They are held by the contracts that every component obeys (finite, clamped and flagged,
compiled equals plain, monotone, energy balance, rest) and by the tests named here.

| file | tests |
|---|---|"""


class Found(NamedTuple):
    component: str
    case: str
    figure: str
    value: float


class LeftOut(NamedTuple):
    component: str
    case: str
    why: str
    rows: int
    total: int


def report(rows: list[Found], left_out: list[LeftOut]) -> str:
    """One line per component, case and figure; the worst where a figure came twice."""
    head = "| component | reference | case | figure | reached | target | unit |"
    lines = [INTRODUCTION, head, "|---|---|---|---|---|---|---|"]
    worst: dict[tuple[str, str, str], float] = {}
    for row in rows:
        key = (row.component, row.case, row.figure)
        worst[key] = max(row.value, worst.get(key, row.value))
    for (component, name, figure), value in worst.items():
        limit = TOLERANCES[figure]
        program = PROGRAMS.get(name.partition("_")[0], "-")
        reached = f"{value:.2g} | {limit['limit']:g} | {limit['unit']}"
        what = limit["what"]
        lines.append(f"| {component} | {program} | `{name}` | {what} | {reached} |")
    lines += [
        FURTHER,
        *(line_of(TOLERANCES[name]) for name in TOLERANCES if "_hot_" in name),
    ]
    lines.append(LEFT_OUT)
    for gap in dict.fromkeys(left_out):
        counts = f"{gap.rows} | {gap.total}"
        lines.append(f"| {gap.component} | `{gap.case}` | {counts} | {gap.why} |")
    lines.append(NOT_READ)
    for prefix, columns in excused().items():
        lines += [f"| `{prefix}` | `{name}` | {why} |" for name, why in columns.items()]
    lines += [UNREFERENCED, *unreferenced()]
    plots = sorted((DOCS / "validation").glob("*.svg"))
    lines += ["", "## Plots", ""]
    lines += [f"![{plot.stem}](validation/{plot.name})" for plot in plots]
    return "\n".join(lines) + "\n"


def line_of(limit: dict[str, Any]) -> str:
    """Row of a figure that has a limit and no shipped case."""
    return f"| {limit['what']} | {limit['limit']:g} | {limit['unit']} |"


def imported(path: Path) -> set[str]:
    """Dotted names that a file imports from the plant."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("plant"):
            names |= {str(node.module)}
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def module_of(path: Path) -> str:
    """Dotted name of a file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def unreferenced() -> list[str]:
    """Components that no validation test reaches, with the tests that do."""
    files = {module_of(path): path for path in PLANT.rglob("*.py")}
    ready = set.union(*(imported(path) for path in HERE.glob("*.py"))) & files.keys()
    reached: set[str] = set()
    while ready:
        name = ready.pop()
        reached.add(name)
        ready |= (imported(files[name]) & files.keys()) - reached
    tests = {path: imported(path) for path in (ROOT / "tests" / "plant").rglob("*.py")}
    lines = []
    for name, path in sorted(files.items()):
        inner = path.stem.startswith("_") or "@kernel" not in path.read_text()
        if inner or name in reached:
            continue
        holders = sorted(f"`{p.name}`" for p, names in tests.items() if name in names)
        held_by = ", ".join(holders) or "the contracts alone"
        lines.append(f"| `{path.relative_to(ROOT)}` | {held_by} |")
    return lines
