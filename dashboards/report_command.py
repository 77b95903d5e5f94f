"""``wetbulb report``: report of a finished run as HTML, PDF, XLSX and KPI sheet."""

import importlib.util
import json
from pathlib import Path
from typing import Any

from dashboards import console, report, reread
from dashboards.plain import plain
from dashboards.results import Study
from twin.errors import ConfigError

NEEDS = {"pdf": "weasyprint", "xlsx": "xlsxwriter"}


def run(directory: Path, formats: tuple[str, ...], as_json: bool) -> None:
    """Write the report beside the run, in every format that is asked for.

    Raises
    ------
    WetbulbError
        If there is no finished run, or an extra is missing.
    """
    for name in formats:
        check_extra(name)
    study = reread.study(directory)
    written = {name: str(_write(study, name)) for name in ("html", *formats)}
    if as_json:
        figures = [{"controller": r.name, **r.kpis._asdict()} for r in study.runs]
        console.write_json(plain({"written": written, "runs": figures}))
        return
    for path in written.values():
        console.write(path)


def check_extra(name: str) -> None:
    """Refuse a format whose extra is not installed."""
    if importlib.util.find_spec(NEEDS[name]) is None:
        message = (
            f"--{name} needs {NEEDS[name]}, which the extra `report` brings. Install it "
            'with: pip install "wetbulb[report]"'
        )
        raise ConfigError(message)


def _write(study: Study, name: str) -> Path:
    """One format."""
    if name == "html":
        return report.write(study)
    path = study.directory / f"report.{name}"
    if name == "pdf":
        from dashboards.print import pdf

        pdf.write(report.render(study), path)
    else:
        from dashboards.print import workbook

        workbook.write(study, path)
        sheet: Any = workbook.kpi_sheet(study).to_dict(orient="records")
        text = json.dumps(plain(sheet), indent=2) + "\n"
        (study.directory / "kpi_sheet.json").write_text(text, encoding="utf-8")
    return path
