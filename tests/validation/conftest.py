"""Cases found by the prefix of their file name, one table of tolerances, one report."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCS = ROOT / "docs"
SHIPPED = ROOT / "data" / "reference"
TOLERANCES = tomllib.loads((HERE / "tolerances.toml").read_text())
POINTS_DRAWN = 400
ROWS = pytest.StashKey[list["Found"]]()
INTRODUCTION = """# Validation

Operating points computed by other programs (see `data/reference/README.md`), replayed
through the equations of `plant/`. They prove that the equations are right; they say
nothing about the accuracy for a real plant.

This page is written by `python -m pytest tests/validation --write-validation`; further
cases in the same format are replayed with `--reference DIR`.
"""


PROGRAMS = {
    "ep": "EnergyPlus 25.2",
    "mod": "Modelica Buildings",
    "coolprop": "CoolProp 8",
    "pybamm": "PyBaMM 26.10",
    "blast": "BLAST-Lite 1.1",
}


class Found(NamedTuple):
    component: str
    case: str
    figure: str
    value: float


class Case(NamedTuple):
    name: str
    table: pd.DataFrame
    params: dict[str, Any]


def find_cases(folder: Path, prefix: str) -> list[Path]:
    return sorted([*folder.glob(f"{prefix}*.csv"), *folder.glob(f"{prefix}*.csv.gz")])


def pytest_configure(config):
    config.stash[ROWS] = []
    config.addinivalue_line("markers", "prefix(text): of the files a test replays")


def pytest_generate_tests(metafunc):
    """A test with an argument ``case`` runs once per file with its module's prefix."""
    if "case" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("prefix")
    prefix = marker.args[0] if marker else metafunc.module.PREFIX
    folder = metafunc.config.getoption("--reference")
    found = find_cases(folder, prefix)
    names = [path.name.split(".")[0] for path in found]
    metafunc.parametrize("case", found, ids=names, indirect=True)


@pytest.fixture
def case(request):
    path = request.param
    name = path.name.split(".")[0]
    params = path.with_name(f"{name}.params.json")
    known = json.loads(params.read_text()) if params.exists() else {}
    return Case(name, pd.read_csv(path), known)


@pytest.fixture
def check(request, case) -> Callable[[str, float], None]:
    """Hold a figure against its tolerance and keep it for the report."""

    def hold(figure: str, value: float) -> None:
        module = request.module.__name__.rpartition(".")[2]
        component = module.removeprefix("test_").replace("_", " ")
        row = Found(component, case.name, figure, float(value))
        request.config.stash[ROWS].append(row)
        assert value <= TOLERANCES[figure]["limit"], TOLERANCES[figure]["what"]

    return hold


@pytest.fixture
def draw(request, case) -> Callable[..., None]:
    """Save the plot of what is asserted: model and error over reference.

    Shipped cases go to docs/validation, others to runs/validation.
    """
    shipped = request.config.getoption("--reference").resolve() == SHIPPED.resolve()
    folder = DOCS / "validation" if shipped else ROOT / "runs" / "validation"

    def save(quantity: str, reference: Any, model: Any) -> None:
        step = max(1, len(reference) // POINTS_DRAWN)
        x, y = np.asarray(reference)[::step], np.asarray(model)[::step]
        with mpl.rc_context({"svg.hashsalt": "wetbulb", "font.size": 8}):
            figure = Figure(figsize=(6.4, 2.8), layout="constrained")
            left, right = figure.subplots(1, 2)
            left.plot(x, y, ".", markersize=2)
            left.plot([x.min(), x.max()], [x.min(), x.max()], linewidth=0.6)
            left.set(xlabel=f"reference: {quantity}", ylabel="wetbulb")
            right.plot(x, y - x, ".", markersize=2)
            right.set(xlabel=f"reference: {quantity}", ylabel="wetbulb - reference")
            figure.suptitle(case.name)
            slug = quantity.split(" [")[0].replace(" ", "_")
            target = folder / f"{case.name}-{slug}.svg"
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(target, metadata={"Date": None})

    return save


def pytest_sessionfinish(session):
    rows = session.config.stash[ROWS]
    if session.config.getoption("--write-validation") and rows:
        (DOCS / "validation.md").write_text(report(rows))


def report(rows: list[Found]) -> str:
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
    plots = sorted((DOCS / "validation").glob("*.svg"))
    lines += ["", "## Plots", ""]
    lines += [f"![{plot.stem}](validation/{plot.name})" for plot in plots]
    return "\n".join(lines) + "\n"
