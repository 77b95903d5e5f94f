"""A study as one self-contained HTML page: no script, nothing loaded from elsewhere."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboards import figures, tables
from dashboards.results import Study
from dashboards.style import svg

TEMPLATES = Path(__file__).parent / "templates"


def render(study: Study) -> str:
    """Report of a study.

    Parameters
    ----------
    study
        Finished runs.

    Returns
    -------
    str
        HTML page: answer, table, pictures, binding limits, assumptions, limits of the
        model.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pictures = [(p.caption, svg(p.figure, p.name)) for p in figures.all_pictures(study)]
    return environment.get_template("report.html.j2").render(
        study=study,
        mwh=lambda energy_j: tables.digits(energy_j / tables.J_PER_MWH, 2),
        answer=tables.answer(study),
        headings=tables.headings(),
        rows=[tables.row(run) for run in study.runs],
        savings=tables.savings(study.runs),
        pictures=pictures,
        margins=tables.margins(study),
        overruled=tables.overruled(study),
        at_bounds=tables.at_bounds(study),
        extrapolated=tables.extrapolated(study),
    )


def write(study: Study) -> Path:
    """Put the report into the folder of the study and say where it is."""
    path = study.directory / "report.html"
    path.write_text(render(study), encoding="utf-8")
    return path
