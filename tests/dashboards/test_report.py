"""The numbers in the report are those of the results, and the page stands alone."""

import json
import re
from html.parser import HTMLParser

import pytest

from dashboards import output, report, tables
from dashboards.plain import plain
from dashboards.results import Study


class Tables(HTMLParser):
    """Cells of every table with an id, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self._table = ""
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._table = dict(attrs).get("id") or ""
            self.rows[self._table] = []
        elif tag == "tr":
            self.rows[self._table].append([])
        elif tag in ("td", "th"):
            self._in_cell = True
            self.rows[self._table][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[self._table][-1][-1] += data


@pytest.fixture(scope="module")
def page(study: Study) -> str:
    return report.render(study)


@pytest.fixture(scope="module")
def cells(page: str) -> dict[str, list[list[str]]]:
    parser = Tables()
    parser.feed(page)
    return parser.rows


def test_comparison_shows_the_kpis(
    study: Study, cells: dict[str, list[list[str]]]
) -> None:
    heading, *rows = cells["comparison"]
    assert heading[0] == "controller"
    assert [row[0] for row in rows] == [run.name for run in study.runs]
    for row, run in zip(rows, study.runs, strict=True):
        shown = dict(zip(heading, row, strict=True))
        k = run.kpis
        expected = {
            "site energy [MWh]": (k.site_energy_j / 3.6e9, 0.005),
            "cooling energy [MWh]": (k.cooling_energy_j / 3.6e9, 0.005),
            "PUE": (k.pue, 0.00005),
            "WUE [L/kWh]": (k.wue_l_kwh, 0.0005),
            "cost [USD]": (k.cost_usd, 0.5),
            "peak [kW]": (k.peak_w / 1e3, 0.5),
            "violations [K h]": (k.violation_kh, 0.005),
            "reversals": (k.reversals, 0.0),
        }
        assert shown.keys() - {"controller"} == expected.keys()
        for name, (value, rounding) in expected.items():
            number = float(shown[name].replace(",", ""))
            assert number == pytest.approx(value, abs=rounding * 1.001), name


def test_savings_are_those_of_the_energies(
    study: Study, cells: dict[str, list[list[str]]]
) -> None:
    base, mine = (run.kpis.site_energy_j for run in study.runs)
    _, row = cells["savings"]
    assert row[0] == study.runs[0].name
    assert float(row[1]) == pytest.approx(100 * (base - mine) / base, abs=0.005)


def test_answer_comes_first(study: Study, page: str) -> None:
    text = tables.answer(study)
    assert page.index(text) < page.index("<table")
    assert f"PUE of {study.candidate.kpis.pue:.4f}" in text


def test_margins_are_those_of_the_telemetry(
    study: Study, cells: dict[str, list[list[str]]]
) -> None:
    rows = {(row[0], row[1]): row for row in cells["margins"][1:]}
    for run in study.runs:
        for name, limit_c in study.site.limits._asdict().items():
            margin_k = limit_c - run.telemetry[name].max()
            assert float(rows[run.name, name][4]) == pytest.approx(margin_k, abs=0.006)


def test_page_stands_alone(page: str) -> None:
    names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!#)', names)
    assert page.count("<svg") == 5


def test_names_from_outside_are_escaped(study: Study) -> None:
    hostile = study.site._replace(name="<script>alert(1)</script>")
    page = report.render(study._replace(site=hostile))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_saved_summary_holds_the_same_figures(study: Study) -> None:
    path = output.save(study)
    assert path.name == "report.html"
    summary = json.loads((study.directory / "summary.json").read_text())
    for entry, run in zip(summary["runs"], study.runs, strict=True):
        assert entry["controller"] == run.name
        for name, value in run.kpis._asdict().items():
            assert entry[name] == pytest.approx(value)
    lines = (study.directory / "comparison.csv").read_text().splitlines()
    assert len(lines) == 1 + len(study.runs)


def test_not_a_number_becomes_null() -> None:
    assert plain({"a": (float("nan"), 1.0, "x")}) == {"a": [None, 1.0, "x"]}
