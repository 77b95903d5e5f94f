"""``wetbulb tune``: controllers fitted to a site."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards import console

tune_app = typer.Typer(help="Fit a controller to a site.", no_args_is_help=True)


@tune_app.command("rules")
def tune_rules(
    site: Annotated[
        str, typer.Argument(help="Name of a shipped site, or path to a YAML file.")
    ],
    trials: Annotated[int, typer.Option(help="Parameter sets to try.")] = 200,
    weather: Annotated[
        str | None, typer.Option(help="EPW or CSV file; the site's own if not given.")
    ] = None,
    load: Annotated[
        str | None,
        typer.Option(help="IT power or jobs; the site's own if not given."),
    ] = None,
    load_as_is: Annotated[
        bool, typer.Option("--load-as-is", help="Take the load in watts, unscaled.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of days, plants and search.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="File; where the controller `rules` looks if not given."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable output.")
    ] = False,
) -> None:
    """Tune the rules on other days and plants than any comparison judges."""
    with console.reporting(as_json):
        from dashboards import tune
        from optimizer.episodes import World

        world = World(weather, load, not load_as_is)
        tune.run(tune.Request(site, world, trials, seed, out), as_json)
