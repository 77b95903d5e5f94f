"""``wetbulb train``: its options."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards import console


def train(
    sites: Annotated[
        list[str], typer.Argument(help="Shipped sites or YAML files to learn from.")
    ],
    algo: Annotated[str, typer.Option(help="ppo, sac, tqc or crossq.")] = "ppo",
    steps: Annotated[
        int, typer.Option(help="Decisions of a quarter hour, over all plants.")
    ] = 8_000_000,
    seed: Annotated[int, typer.Option(help="The same seed trains the same.")] = 0,
    weather: Annotated[
        list[str] | None,
        typer.Option(help="EPW or CSV file, may be repeated; the sites' own if none."),
    ] = None,
    load: Annotated[
        list[str] | None,
        typer.Option(help="IT power or jobs, may be repeated; the sites' own if none."),
    ] = None,
    days: Annotated[int, typer.Option(help="Days prepared per site.")] = 320,
    variants: Annotated[
        int, typer.Option(help="Of each site, with other nameplates; 1: none.")
    ] = 5,
    plants: Annotated[int, typer.Option(help="Simulated side by side.")] = 256,
    clone_days: Annotated[
        int, typer.Option(help="Days per site on which the MPC is imitated first.")
    ] = 4,
    out: Annotated[
        Path, typer.Option(help="Folder; a training that was killed goes on there.")
    ] = Path("runs/train"),
    name: Annotated[str, typer.Option(help="Of the policy's files.")] = "policy",
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable output.")
    ] = False,
) -> None:
    """Train a learned controller on the twin (extra `rl`)."""
    with console.reporting(as_json):
        from dashboards import train as training
        from optimizer.rl.recipe import Recipe

        recipe = Recipe(
            tuple(sites),
            tuple(weather or ()),
            tuple(load or ()),
            algo,
            steps,
            seed,
            days,
            plants=plants,
            variants=variants,
            clone_days=clone_days,
        )
        training.run(training.Request(recipe, out, name), as_json)
