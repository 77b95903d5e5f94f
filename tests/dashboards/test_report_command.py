"""``wetbulb report``: the same numbers in every format, from disk."""

import json

import pandas as pd
import pytest

from dashboards import report_command, reread, tables
from dashboards.print import workbook
from tests.dashboards.app.conftest import simulated
from twin.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return simulated(tmp_path_factory.mktemp("report") / "run", "micro_module_1mw")


def test_html_workbook_and_sheet_tell_the_figures_of_the_record(
    directory, capsys, monkeypatch
):
    report_command.run(directory, ("xlsx",), as_json=True)
    said = json.loads(capsys.readouterr().out)
    study = reread.study(directory)
    (run,) = study.runs
    assert said["runs"][0]["pue"] == run.kpis.pue
    html = (directory / "report.html").read_text(encoding="utf-8")
    for cell in tables.row(run):
        assert f"<td>{cell}</td>" in html
    book = pd.read_excel(directory / "report.xlsx", sheet_name=None)
    assert set(book) == set(workbook.sheets(study))
    assert book["figures"]["pue"][0] == pytest.approx(run.kpis.pue, rel=1e-12)
    sheet = book["kpi_sheet"].set_index("symbol")
    assert sheet.loc["E_DC", "value"] == pytest.approx(run.kpis.site_energy_j / 3.6e6)
    assert sheet.loc["PUE", "period"] == "6 h only"  # not a year, and it says so
    pd.testing.assert_frame_equal(
        book["telemetry rules"], study.runs[0].telemetry, check_dtype=False
    )


@pytest.mark.slow
def test_pdf_is_made_of_the_same_page(directory):
    pytest.importorskip("weasyprint", reason='pip install "wetbulb[report]"')
    report_command.run(directory, ("pdf",), as_json=False)
    assert (directory / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_missing_extra_is_named(directory, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"extra `report`.*pip install"):
        report_command.run(directory, ("pdf",), as_json=False)


def test_run_that_goes_on_is_refused(tmp_path, directory):
    asked = json.loads((directory / "run.json").read_text(encoding="utf-8"))["run"]
    asked |= {"controllers": ["rules"], "date": asked["start"], "hours": 6.0}
    (tmp_path / "run.json").write_text(json.dumps({"run": asked}), encoding="utf-8")
    (tmp_path / "rules").mkdir()
    with pytest.raises(DataError, match="not finished"):
        reread.study(tmp_path)
