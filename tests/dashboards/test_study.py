"""``wetbulb study``: the report's numbers are the results'."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboards.cli import app


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["study", *arguments])
    return result.exit_code, result.stdout


@pytest.mark.slow
def test_a_study_runs_from_file_to_report(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    asked = ("--layouts", "40", "--finalists", "3", "--scheduler", "serial")
    code, text = call("run", "micro_module_ratio", *asked, "--out", out, "--json")
    assert code == 0, text
    told = json.loads(text)
    page = Path(told["written"]["html"]).read_text(encoding="utf-8")
    assert told["answer"] in page
    for finalist in told["finalists"]:
        assert f"<td>{finalist['verdict']['tco_usd']:.6g}</td>" in page
        for name in ("pue", "wue_l_kwh"):
            full, quick = finalist["verdict"][name], finalist[f"screened_{name}"]
            assert quick == pytest.approx(full, rel=0.02)
    for name in ("floor-plan", "one-line"):
        assert f'<svg id="{name}"' in page
    assert not re.search(r'(src|href)="https?://', page)
    code, text = call("status", out, "--json")
    assert code == 0
    assert json.loads(text)["finished"] is True
    code, text = call("report", out, "--json")
    assert json.loads(text)["answer"] == told["answer"]


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    assert call("status", str(tmp_path))[0] == 3
    assert call("report", str(tmp_path))[0] == 3
