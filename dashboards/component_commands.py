"""The commands ``wetbulb component``; heavy parts load when they run."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards import console

component_app = typer.Typer(
    help="Look at, run and fit one component of the plant.", no_args_is_help=True
)

ComponentArgument = Annotated[
    str, typer.Argument(help="Name, see `wetbulb component list`.")
]
ParamsOption = Annotated[
    Path | None, typer.Option(help="Nameplate, YAML or JSON; see `component show`.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@component_app.command("list")
def component_list(as_json: JsonOption = False) -> None:
    """Print every component."""
    with console.reporting(as_json):
        from dashboards.component import show_all

        show_all(as_json)


@component_app.command("show")
def component_show(name: ComponentArgument, as_json: JsonOption = False) -> None:
    """Print equation, parameters and input columns of a component."""
    with console.reporting(as_json):
        from dashboards.component import show

        show(name, as_json)


@component_app.command("run")
def component_run(
    name: ComponentArgument,
    inputs: Annotated[Path, typer.Option(help="CSV, one row per operating point.")],
    out: Annotated[Path, typer.Option(help="CSV to write.")],
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a component over a table of operating points."""
    with console.reporting(as_json):
        from dashboards.component import run

        run(name, params, inputs, out, as_json)


@component_app.command("fit")
def component_fit(
    name: ComponentArgument,
    data: Annotated[
        Path, typer.Option(help="CSV with input and measured output columns.")
    ],
    params: ParamsOption = None,
    free: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated fields, such as pump.efficiency, loss_curve or "
            "loss_curve[1]; the single numbers in --params if not given."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder; runs/fit-NAME if not given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit a component's parameters to measurements, with 95 % confidence intervals."""
    with console.reporting(as_json):
        from dashboards.component import fit

        fit(name, params, data, free, out, as_json)
