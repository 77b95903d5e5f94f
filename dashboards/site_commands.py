"""The commands ``wetbulb site``; heavy parts load when they run."""

from typing import Annotated

import typer

from dashboards import console

site_app = typer.Typer(help="Look at a site file.", no_args_is_help=True)

SiteArgument = Annotated[
    str, typer.Argument(help="Name of a shipped site, or path to a YAML file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@site_app.command("check")
def site_check(site: SiteArgument, as_json: JsonOption = False) -> None:
    """Check the site and every file that it names."""
    with console.reporting(as_json):
        from dashboards.site import check

        check(site, as_json)


@site_app.command("show")
def site_show(
    site: SiteArgument,
    values: Annotated[
        bool, typer.Option("--values", help="Every value, as a site file.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Draw the topology of the site, or print every value, defaults included."""
    with console.reporting(as_json):
        from dashboards.site import show

        show(site, values, as_json)


@site_app.command("schema")
def site_schema() -> None:
    """Print the JSON Schema of site files, for editors."""
    with console.reporting(as_json=True):
        from dashboards.site import print_schema

        print_schema()


@site_app.command("holds")
def site_holds(
    site: SiteArgument,
    fault: Annotated[
        list[str],
        typer.Option("--fault", help="What breaks, e.g. utility_lost or cdus_out=2."),
    ],
    date: Annotated[str, typer.Option(help="Day of the weather, MM-DD.")] = "07-15",
    hour: Annotated[float, typer.Option(help="Hour of that day.")] = 15.0,
    share: Annotated[float, typer.Option(help="Of the rated IT power.")] = 1.0,
    minutes: Annotated[float, typer.Option(help="How long to look.")] = 30.0,
    as_json: JsonOption = False,
) -> None:
    """How long the site holds after a fault, and which limit it meets first."""
    with console.reporting(as_json):
        from dashboards.ride_through import Question, run

        run(Question(site, tuple(fault), date, hour, share, minutes), as_json)
