"""The harness refuses what would pass without proving anything, and says why."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plant import heat_exchanger
from tests.validation.columns import excused, unread, watched
from tests.validation.conftest import ROOT, SHIPPED, Case, blanks, find_cases, lacking
from tests.validation.figures import nominal_ntu, number_in

CASE = Case("ep_pump_vs_X", pd.DataFrame({"m_kg_s": [1.0]}), {"design_power_W": 1.0})


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0 - 1e-9, 1.0])
def test_nominal_ntu_gives_the_effectiveness_back(ratio):
    ntu = nominal_ntu(0.8, np.array([ratio]))
    back = heat_exchanger.effectiveness_counterflow(ntu, ratio)
    np.testing.assert_allclose(back, 0.8, rtol=1e-5)


def test_a_missing_column_or_parameter_is_a_sentence():
    with pytest.raises(AttributeError) as column:
        CASE.table.t_in_C  # noqa: B018 - the error is what is tried
    assert "neither a column nor a parameter t_in_C" in lacking(CASE, column.value)
    assert "Columns: m_kg_s" in lacking(CASE, KeyError("fields"))
    without = CASE._replace(params={})
    assert "ep_pump_vs_X.params.json is missing" in lacking(without, KeyError("fields"))


def test_an_error_of_the_model_stays_what_it_is():
    assert lacking(CASE, AttributeError("of another object")) == ""
    assert lacking(CASE, KeyError("m_kg_s")) == ""


def test_a_number_that_a_text_does_not_state_is_named():
    assert number_in("at 20 C, rho=995.586 kg/m3", "rho") == 995.586
    with pytest.raises(KeyError, match="in the text 'no density'"):
        number_in("no density", "rho")


def test_cells_without_a_number_are_named():
    table = pd.DataFrame({"q_W": [1.0, np.nan, np.inf], "kind": ["a", None, "b"]})
    assert blanks(table) == "q_W (rows 2, 3, 2 in all)"
    assert blanks(table.head(1)) == ""


@pytest.mark.parametrize(
    ("folder", "sentence"), [("", "no case X.csv"), ("typo", "there is no such folder")]
)
def test_a_folder_without_cases_fails(tmp_path, folder, sentence):
    call = [sys.executable, "-m", "pytest", "tests/validation/test_pump.py"]
    call += ["--reference", str(tmp_path / folder)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert sentence in done.stderr


def test_the_page_is_not_written_from_a_part():
    page = ROOT / "docs" / "validation.md"
    before = page.read_text()
    call = [sys.executable, "-m", "pytest", "tests/validation/test_pump.py"]
    call += ["--write-validation", "-q"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert page.read_text() == before
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "docs/validation.md is left as it is: not run: test_ageing.py" in done.stdout


def test_every_test_that_judges_saves_its_plot():
    silent = []
    here = Path(__file__).parent
    balances = here / "test_balances.py"  # both sides are the reference's own
    for path in sorted({*here.glob("test_*.py")} - {balances}):
        for node in ast.parse(path.read_text()).body:
            names = {a.arg for a in node.args.args} if hasattr(node, "args") else set()
            if "check" in names and "draw" not in names:
                silent.append(f"{path.name}: {node.name}")
    assert not [name for name in silent if ": test_" in name]


def test_a_column_that_nobody_reads_is_named():
    reads = set()
    table = watched(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0], "c": 5.0}), reads)
    rows = table[table["a"] > 1.0]
    assert rows.b.sum() == 4.0
    assert reads == {"a", "b"}
    assert unread({"some_case": (set(table), reads)}) == ["some_case: c"]


def test_what_is_excused_is_a_column_of_a_shipped_case():
    for prefix, columns in excused().items():
        paths = find_cases(SHIPPED, prefix)
        assert paths, prefix
        known = set.union(*(set(pd.read_csv(path, nrows=1)) for path in paths))
        assert set(columns) <= known, prefix
