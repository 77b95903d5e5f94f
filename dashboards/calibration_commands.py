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
        typer.Option(help="Folder of a run, or of a daemon with its history."),
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
        typer.Option(help="Folder of a run, or of a daemon with its history."),
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


def life(
    site: SiteArgument,
    history: Annotated[
        Path, typer.Option(help="Folder of a run, or of a daemon with its history.")
    ],
    years: Annotated[
        float, typer.Option(min=0.0, help="The batteries have been in service.")
    ],
    chemistry: Annotated[str, typer.Option(help="lfp, nmc111 or nmc811.")] = "lfp",
    battery_c: Annotated[
        float, typer.Option(min=-20.0, max=60.0, help="Mean of the cells, in degC.")
    ] = 25.0,
    capacity: Annotated[
        float | None,
        typer.Option(min=0.01, max=1.0, help="Of a capacity test, share of new."),
    ] = None,
    end_capacity: Annotated[
        float, typer.Option(min=0.5, max=0.95, help="When they are exchanged.")
    ] = 0.8,
    ups_c: Annotated[
        float, typer.Option(min=0.0, max=70.0, help="Air around the UPS, in degC.")
    ] = 30.0,
    ups_years: Annotated[
        float | None,
        typer.Option(min=0.0, help="Of the UPS capacitors; as the batteries else."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how long batteries and UPS capacitors will last, from how they are used."""
    with console.reporting(as_json):
        from dashboards.life import Request, run

        run(
            Request(
                site,
                history,
                years,
                chemistry,
                battery_c,
                capacity,
                end_capacity,
                ups_c,
                years if ups_years is None else ups_years,
            ),
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
