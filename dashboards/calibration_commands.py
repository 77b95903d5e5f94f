"""The commands ``wetbulb calibrate`` and ``wetbulb calibration``; parts load on use."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards import console

calibration_app = typer.Typer(
    help="Versions of a site's fitted numbers: look, accept, roll back, export.",
    no_args_is_help=True,
)

SiteArgument = Annotated[
    str, typer.Argument(help="Name of a shipped site, or path to a YAML file.")
]
StoreArgument = Annotated[Path, typer.Argument(help="Folder of the versions.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
WhoOption = Annotated[str, typer.Option("--by", help="Who consents; goes on record.")]
WhyOption = Annotated[str, typer.Option("--why", help="Reason; goes on record.")]
NumberArgument = Annotated[int, typer.Argument(min=1, help="Version.")]


def calibrate(
    site: SiteArgument,
    history: Annotated[
        Path,
        typer.Option(help="Folder with telemetry and setpoints, Parquet or CSV."),
    ],
    store: Annotated[
        Path | None, typer.Option(help="Folder that keeps versions; none if not given.")
    ] = None,
    days: Annotated[
        int, typer.Option(min=4, help="Most days in the fit; the most different ones.")
    ] = 16,
    plot: Annotated[
        Path | None, typer.Option(help="Figure of before and after, e.g. an .svg.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the nameplates of a site to its telemetry and judge the fit on later days."""
    with console.reporting(as_json):
        from dashboards.calibration import Request, run

        run(Request(site, history, store, days, plot), as_json)


def diagnose(
    site: SiteArgument,
    history: Annotated[
        Path,
        typer.Option(help="Folder with telemetry and setpoints, Parquet or CSV."),
    ],
    store: Annotated[
        Path | None,
        typer.Option(help="Versions of the fitted numbers; the one in force is used."),
    ] = None,
    baseline: Annotated[
        int, typer.Option(min=7, help="First days, that are taken as sound.")
    ] = 14,
    false_alarms: Annotated[
        float, typer.Option(min=0.01, help="False warnings a month that you accept.")
    ] = 0.5,
    plot: Annotated[
        Path | None, typer.Option(help="Figure of the evidence, e.g. an .svg.")
    ] = None,
    drill: Annotated[
        str | None,
        typer.Option(help="Lay a fault over the telemetry: 'tower fouling=0.2@20'."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="JSON file; as diagnosis.json in a run's folder the dashboard shows it."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look for slow faults in telemetry: what, how sure, what it costs, what to do."""
    with console.reporting(as_json):
        from dashboards.diagnosis import Request, run

        run(
            Request(site, history, store, baseline, false_alarms, plot, drill, out),
            as_json,
        )


@calibration_app.command("list")
def listed(store: StoreArgument, as_json: JsonOption = False) -> None:
    """Versions with accuracy, state and who decided."""
    with console.reporting(as_json):
        from dashboards.calibration import show_versions

        show_versions(store, as_json)


@calibration_app.command("accept")
def accept(
    store: StoreArgument, number: NumberArgument, by: WhoOption, why: WhyOption = ""
) -> None:
    """Put a version that passed validation in force."""
    with console.reporting(False):
        from dashboards.calibration import accepted

        accepted(store, number, by, why)


@calibration_app.command("rollback")
def rollback(store: StoreArgument, by: WhoOption, why: WhyOption = "") -> None:
    """Take the version in force out; the accepted one before it comes back."""
    with console.reporting(False):
        from dashboards.calibration import rolled_back

        rolled_back(store, by, why)


@calibration_app.command("export")
def export(
    store: StoreArgument,
    site: SiteArgument,
    out: Annotated[Path, typer.Option(help="Site file to write.")],
) -> None:
    """Write a site file with the version in force, for any other command."""
    with console.reporting(False):
        from dashboards.calibration import exported

        exported(store, site, out)
