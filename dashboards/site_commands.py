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
