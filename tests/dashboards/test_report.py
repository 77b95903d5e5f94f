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


def test_setpoints_at_a_bound_are_those_of_the_record(
    study: Study, cells: dict[str, list[list[str]]]
) -> None:
    shown = {(row[0], row[2]): row for row in cells["at_bounds"][1:]}
    fixed = study.runs[0]
    # the fixed controller keeps the design: all six cells, pumps at full speed
    for name, value in (("tower_cells_on", 6.0), ("tower_pump_speed", 1.0)):
        assert (fixed.setpoints[name] == value).all()
        _, _, _, end, share = shown[fixed.name, f"guard.{name}.maximum"]
        assert (float(end), float(share)) == (value, 100.0)
    assert not any("ups_eco" in limit for _, limit in shown)
    assert (fixed.name, "guard.tower_supply_c.minimum") not in shown


def test_a_share_of_cycles_at_a_bound_is_counted(study: Study) -> None:
    run = study.candidate
    low = study.site.guard.tcs_supply_c.minimum
    count = len(run.setpoints)
    at_low = count * 2 // 3
    values = [low] * at_low + [low + 3.0] * (count - at_low)
    changed = run._replace(setpoints=run.setpoints.assign(tcs_supply_c=values))
    found = tables.at_bounds(study._replace(runs=(changed,)))
    (entry,) = (b for b in found if b.setpoint == "tcs_supply_c")
    assert entry[2:] == ("minimum", low, pytest.approx(at_low / count))


def test_extrapolated_chiller_energy_is_told(study: Study) -> None:
    run = study.candidate
    table = run.telemetry.assign(chiller_power_w=0.0, chiller_extrapolated=0.0)
    table.loc[0:3, "chiller_power_w"] = (100.0, 100.0, 100.0, 100.0)
    table.loc[0:0, "chiller_extrapolated"] = 1.0
    changed = study._replace(runs=(run._replace(telemetry=table),))
    assert tables.extrapolated(changed) == [(run.name, 0.25)]
    assert f"{run.name} 25 %." in report.render(changed)
    summary = tables.summary(changed)
    assert summary["runs"][0]["chiller_extrapolated_share"] == 0.25


def test_limits_of_the_model_and_the_scaling_are_told(study: Study, page: str) -> None:
    text = " ".join(page.split())
    assert "Condensers of the chillers see the whole tower water flow" in text
    assert "booked out of the cost at the mean price" in text
    peak_kw = study.scenario.load_scaled_from_w / 1e3
    assert f"scaled to the site (peak {peak_kw:.0f} kW before)" in text


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
    bounds = [bound for entry in summary["runs"] for bound in entry["at_bound"]]
    assert bounds == [b._asdict() for b in tables.at_bounds(study)]
    lines = (study.directory / "comparison.csv").read_text().splitlines()
    assert len(lines) == 1 + len(study.runs)


def test_not_a_number_becomes_null() -> None:
    assert plain({"a": (float("nan"), 1.0, "x")}) == {"a": [None, 1.0, "x"]}
