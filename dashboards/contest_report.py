"""A comparison on the terminal, as a page, as a section of a document and as tables."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich import box
from rich.console import Console
from rich.table import Table

from dashboards import console, contest_figures
from dashboards.contest_tables import grid, names, titles
from dashboards.contest_tables import words as sentences
from dashboards.report import TEMPLATES
from dashboards.style import svg
from twin.errors import ConfigError

if TYPE_CHECKING:
    from dashboards.contest import Compared

__all__ = ["show", "titles", "words", "write", "write_page"]

INTRODUCTION = (
    "All controllers met the same days, the same plant with perturbed nameplates and the "
    "same noise of the sensors; days are judged from noon to noon. `fixed` is as found, "
    "`best_constant` was searched on the judged days with full knowledge, `rules` are in "
    "the manner of ASHRAE Guideline 36, `search` is the static optimum of the twin, "
    "`oracle` the cheapest course found with perfect knowledge, `least_energy` the same "
    "search told to save energy and nothing else. Energy counts what brings the battery "
    "back to where it was; beyond the load is all energy but what the load asked for, so "
    "that leakage and server fans, which answer to the cooling, are in it. The objective "
    "is the bill of `optimizer/problem.py`. Brackets are 95 % bootstrap intervals over "
    "days; where there are none the sample is too small to print one. All of it is "
    "simulation: a saving in a real plant needs a measured baseline there."
)
PIPE_WIDTH = 120  # columns where standard output is not a terminal


def words(found: "Compared") -> list[str]:
    """Sentences of a comparison."""
    return [*sentences(found.verdict), f"Rules: {found.rules}."]


def show(found: "Compared") -> None:
    """Print table and sentences for people."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    screen = Console(width=width, markup=False)  # units stand in brackets
    columns = names(found.verdict)
    for first in range(0, len(columns), 3):  # intervals are wide
        table = Table(box=box.SIMPLE, pad_edge=False, title=None)
        table.add_column(found.site)
        for name in columns[first : first + 3]:
            table.add_column(name, justify="right")
        for row in grid(found.verdict):
            table.add_row(row[0], *row[1 + first : 4 + first])
        screen.print(table)
    for sentence in words(found):
        console.write(sentence)
    console.write(f"report: {found.request.out / 'report.html'}")


def write(found: "Compared") -> None:
    """Put report, section, verdict and days into the folder."""
    from dashboards.contest import summary

    out = found.request.out
    rows = [
        {"controller": outcome.controller, "episode": outcome.episode.name}
        | day._asdict()
        for outcome in found.outcomes
        for day in outcome.days
    ]
    pd.DataFrame(rows).to_csv(out / "days.csv", index=False)
    document: dict[str, Any] = summary(found)
    text = json.dumps(document, indent=2, allow_nan=False)
    (out / "verdict.json").write_text(text + "\n", encoding="utf-8")
    (out / "section.md").write_text(section(found), encoding="utf-8")
    (out / "report.html").write_text(page(found), encoding="utf-8")


def section(found: "Compared") -> str:
    """Section of a document: heading, table, sentences."""
    columns = names(found.verdict)
    lines = [
        f"## {found.site}",
        "",
        f"Episodes: {', '.join(episode.name for episode in found.episodes)}.",
        "",
        f"| figure | {' | '.join(columns)} |",
        f"|---|{'---|' * len(columns)}",
        *(f"| {' | '.join(row)} |" for row in grid(found.verdict)),
        "",
        *(f"- {sentence}" for sentence in words(found)),
        "",
    ]
    return "\n".join(lines)


def write_page(
    path: Path, found: Sequence["Compared"], arguments: Sequence[str]
) -> None:
    """Put the sections of all sites into one document that names its command.

    Raises
    ------
    ConfigError
        If it cannot be written.
    """
    head = [
        "# Controllers compared",
        "",
        f"Written by `wetbulb {' '.join(arguments)}`. {INTRODUCTION}",
        "",
    ]
    text = "\n".join([*head, *(section(one) for one in found)])
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"--page {path}: {error.strerror}. Give another file."
        raise ConfigError(message) from error


def page(found: "Compared") -> str:
    """Self-contained page with pictures."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pictures = contest_figures.all_pictures(found.outcomes)
    return environment.get_template("contest.html.j2").render(
        site=found.site,
        episodes=", ".join(episode.name for episode in found.episodes),
        names=names(found.verdict),
        grid=grid(found.verdict),
        words=words(found),
        constants=found.constants,
        settings=found.request,
        pictures=[(p.caption, svg(p.figure, p.name)) for p in pictures],
    )
