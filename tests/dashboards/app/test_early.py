"""Early warnings on the page of alarms."""

import json
import shutil

import pytest

pytest.importorskip("streamlit", reason='pip install "wetbulb[ui]"')
from bms_io.daemon import early
from tests.dashboards.app.test_pages import opened

WORDS = ["WARNING tower pumps: tower pump wear, 97% sure", "do: compare the pumps"]


@pytest.fixture
def run(runs, tmp_path):
    """A copy of a run, to put a diagnosis into."""
    return shutil.copytree(runs["hybrid_10mw"], tmp_path / "run")


def test_a_run_without_a_diagnosis_says_how_to_get_one(run):
    page = opened(run, "alarms")
    assert any("wetbulb diagnose" in caption.value for caption in page.caption)


def test_a_warning_is_shown_as_it_was_told(run):
    document = {"days": 40, "warnings": [{"words": WORDS}]}
    (run / early.DIAGNOSIS_FILE).write_text(json.dumps(document), encoding="utf-8")
    page = opened(run, "alarms")
    assert not page.exception
    assert any(WORDS[0] in text.value for text in page.markdown)
    assert any(WORDS[1] in text.value for text in page.text)


def test_no_warning_is_said_with_the_days_looked_at(run):
    document = {"days": 40, "warnings": []}
    (run / early.DIAGNOSIS_FILE).write_text(json.dumps(document), encoding="utf-8")
    page = opened(run, "alarms")
    assert any("40 days" in caption.value for caption in page.caption)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"days": 3, "warnings": [{}]}'])
def test_a_damaged_diagnosis_is_said(run, text):
    (run / early.DIAGNOSIS_FILE).write_text(text, encoding="utf-8")
    page = opened(run, "alarms")
    assert not page.exception
    assert "diagnosis.json" in page.error[0].value
