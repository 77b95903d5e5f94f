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

from tests.validation.columns import unread, watched
from tests.validation.report import DOCS, ROOT, TOLERANCES, Found, LeftOut, report

HERE = Path(__file__).parent
SHIPPED = ROOT / "data" / "reference"
POINTS_DRAWN = 400
ROWS = pytest.StashKey[list[Found]]()
LEFT_OUT = pytest.StashKey[list[LeftOut]]()
DESELECTED = pytest.StashKey[list[str]]()
READS = pytest.StashKey[dict[str, tuple[set[str], set[str]]]]()


class Case(NamedTuple):
    name: str
    table: pd.DataFrame
    params: dict[str, Any]


def shipped_params(name: str) -> dict[str, Any]:
    """Parameters of a shipped case, to tell whether another one has the same."""
    return json.loads((SHIPPED / f"{name}.params.json").read_text())


def published(name: str) -> dict[str, Any]:
    """Equipment of a family whose parameters stand in the model it was run with."""
    return tomllib.loads((HERE / "published.toml").read_text())[name]


def find_cases(folder: Path, prefix: str) -> list[Path]:
    return sorted([*folder.glob(f"{prefix}*.csv"), *folder.glob(f"{prefix}*.csv.gz")])


def pytest_configure(config):
    config.stash[ROWS], config.stash[LEFT_OUT], config.stash[DESELECTED] = [], [], []
    config.stash[READS] = {}
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
    table = pd.read_csv(path)
    sparse = getattr(request.module, "SPARSE", ())
    blank = blanks(table.drop(columns=list(sparse), errors="ignore"))
    if blank:
        pytest.fail(
            f"{path}: no number in {blank}. Fill or remove them.", pytrace=False
        )
    every, reads = request.config.stash[READS].setdefault(name, (set(table), set()))
    assert every == set(table)
    return Case(name, watched(table, reads), known)


def blanks(table: pd.DataFrame) -> str:
    """Cells without a finite number: pandas would leave them out of every figure."""
    numbers = table.select_dtypes("number")
    found = [
        f"{column} (rows {', '.join(map(str, rows[:3] + 1))}, {len(rows)} in all)"
        for column in numbers
        if len(rows := np.flatnonzero(~np.isfinite(numbers[column].to_numpy(float))))
    ]
    return "; ".join(found)


@pytest.fixture
def exclude(request, case) -> Callable[[str], None]:
    """Leave a whole case out; it stands in the report with the reason."""

    def left_out(why: str) -> None:
        count, names = len(case.table), (component_of(request), case.name)
        request.config.stash[LEFT_OUT].append(LeftOut(*names, why, count, count))
        pytest.skip(f"{case.name}: {why}")

    return left_out


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """A case that lacks a column or a parameter fails with a sentence, not a trace."""
    try:
        return (yield)
    except (AttributeError, KeyError) as error:
        case = pyfuncitem.funcargs.get("case")
        sentence = lacking(case, error) if case is not None else ""
        if sentence:
            pytest.fail(sentence, pytrace=False)
        raise


def lacking(case: Case, error: Exception) -> str:
    """What a case does not have; empty where the error is another one."""
    if isinstance(error, KeyError):
        name = str(error.args[0])
    elif isinstance(getattr(error, "obj", None), pd.DataFrame):
        name = str(getattr(error, "name", ""))
    else:
        return ""
    if name in case.table:
        return ""
    stated = (
        ", ".join(case.params) or f"none, {case.name}.params.json is missing or empty"
    )
    columns = ", ".join(map(str, case.table))
    return (
        f"{case.name}: neither a column nor a parameter {name}. "
        f"Columns: {columns}. Parameters: {stated}."
    )


def component_of(request) -> str:
    """Component that a module replays, from its name."""
    module = request.module.__name__.rpartition(".")[2]
    return module.removeprefix("test_").replace("_", " ")


@pytest.fixture
def keep(request, case) -> Callable[..., pd.DataFrame]:
    """Rows to be judged; those left out stand in the report, with the reason.

    A case of which nothing is left fails: it would prove nothing.
    """

    def kept(table: pd.DataFrame, rows: Any, why: str) -> pd.DataFrame:
        chosen = table[np.asarray(rows)]
        assert len(chosen), f"{case.name}: no row is left ({why})"
        names = component_of(request), case.name
        request.config.stash[LEFT_OUT].append(
            LeftOut(*names, why, len(table) - len(chosen), len(table))
        )
        return chosen

    return kept


@pytest.fixture
def check(request, case) -> Callable[[str, float], None]:
    """Hold a figure against its tolerance and keep it for the report."""

    def hold(figure: str, value: float) -> None:
        row = Found(component_of(request), case.name, figure, float(value))
        request.config.stash[ROWS].append(row)
        assert np.isfinite(value), f"{figure}: {value}"
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
        assert np.isfinite(np.asarray(model, float)).all(), f"{quantity}: not a number"
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


def pytest_deselected(items):
    """Remember that figures are missing from this run."""
    for item in items:
        if HERE in item.path.parents:
            item.config.stash[DESELECTED].append(item.name)


def partial(session) -> str:
    """Why this run does not give the whole page; empty where it does."""
    config = session.config
    if config.getoption("--reference").resolve() != SHIPPED.resolve():
        return "--reference is not the shipped folder"
    ran = {item.path.name for item in session.items}
    missing = sorted({path.name for path in HERE.glob("test_*.py")} - ran)
    if missing:
        return f"not run: {', '.join(missing)}"
    if config.stash[DESELECTED] or any("[" in str(word) for word in config.args):
        return "some tests were deselected"
    if config.option.keyword or any("::" in str(word) for word in config.args):
        return "only some tests were selected"
    return "" if session.testsfailed == 0 else f"{session.testsfailed} tests failed"


def pytest_sessionfinish(session):
    config = session.config
    left = unread(config.stash[READS])
    if left and not partial(session):
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        why = "no test reads, and not_judged.toml does not excuse"
        reporter.write_line(f"\nvalidation: {why}, {'; '.join(left)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if not config.getoption("--write-validation"):
        return
    why = partial(session)
    if why:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        reporter.write_line(f"\ndocs/validation.md is left as it is: {why}.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return
    page = report(config.stash[ROWS], config.stash[LEFT_OUT])
    (DOCS / "validation.md").write_text(page)
