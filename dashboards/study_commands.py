"""The commands ``wetbulb study``; heavy parts load when they run."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards import console

study_app = typer.Typer(help="Plan what to build, years ahead.", no_args_is_help=True)

StudyArgument = Annotated[
    str, typer.Argument(help="Name of a shipped study, or path to a YAML file.")
]
FolderArgument = Annotated[Path, typer.Argument(help="Folder of `study run`.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@study_app.command("check")
def study_check(study: StudyArgument, as_json: JsonOption = False) -> None:
    """Check the study, its catalogue, site and climates; every finding at once."""
    with console.reporting(as_json):
        from dashboards.study import check

        check(study, as_json)


@study_app.command("run")
def study_run(
    study: StudyArgument,
    layouts: Annotated[int, typer.Option(min=1, help="Layouts to screen.")] = 2000,
    finalists: Annotated[int, typer.Option(min=1, help="Full years.")] = 10,
    scheduler: Annotated[
        str, typer.Option(help="processes, serial, dask, or tcp://HOST:PORT of one.")
    ] = "processes",
    seed: Annotated[int, typer.Option(help="Of the sampled layouts.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder; a killed study goes on there.")
    ] = None,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="Also XLSX.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also PDF.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Zoning, screening, full years, failures, tornado; writes the report."""
    with console.reporting(as_json):
        from dashboards import study as studies

        asked = {"xlsx": xlsx, "pdf": pdf}
        formats = tuple(name for name, wanted in asked.items() if wanted)
        folder = out or Path("runs") / f"study_{Path(study).stem}"
        request = studies.Request(
            study, layouts, finalists, scheduler, seed, folder, formats
        )
        studies.run(request, as_json)


@study_app.command("status")
def study_status(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """How far a study is, and about how long it still takes."""
    with console.reporting(as_json):
        from dashboards.study import status

        status(folder, as_json)


@study_app.command("report")
def study_report(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Print the answer of a finished study and where its report is."""
    with console.reporting(as_json):
        from dashboards.study import report

        report(folder, as_json)
