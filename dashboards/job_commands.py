"""The commands ``wetbulb jobs`` and ``wetbulb forecast``; heavy parts load when they run."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards import console

jobs_app = typer.Typer(
    help="Job records, queues and their power.", no_args_is_help=True
)
forecast_app = typer.Typer(help="Forecasts with quantiles.", no_args_is_help=True)

FRONTIER_IDLE_W, FRONTIER_PEAK_W = 88.0, 560.0  # as twin.jobs.FRONTIER, see the tests

JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
TableArgument = Annotated[Path, typer.Argument(help="Table made by `jobs import`.")]
PlotOption = Annotated[Path | None, typer.Option(help="Figure to write, e.g. an .svg.")]


@jobs_app.command("import")
def jobs_import(
    file: Annotated[Path, typer.Argument(help="Job records.")],
    form: Annotated[
        str,
        typer.Option("--format", help="sacct, squeue, eagle, swf, alibaba2023, pm100"),
    ],
    out: Annotated[Path, typer.Option(help="Table to write.")] = Path("jobs.parquet"),
    utc_offset: Annotated[
        float | None,
        typer.Option(
            min=-12.0,
            max=14.0,
            help="Hours that the file's clock is ahead of UTC, e.g. -7; one for all rows.",
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(help="Zone of the file's clock, e.g. America/Denver."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read job records into one table; bad rows are counted and named.

    For --format sacct write the file with: sacct --allusers --parsable2
    --format=JobID,JobName,Partition,Submit,Start,End,ElapsedRaw,TimelimitRaw,NNodes,AllocTRES,State
    """
    with console.reporting(as_json):
        from dashboards.jobs import clock_of, import_file

        import_file(file, form, clock_of(utc_offset, zone), out, as_json)


@jobs_app.command("show")
def jobs_show(
    table: TableArgument, plot: PlotOption = None, as_json: JsonOption = False
) -> None:
    """Summary of a job table; with --plot its utilization and power over time."""
    with console.reporting(as_json):
        from dashboards.jobs import show

        show(table, plot, as_json)


@jobs_app.command("simulate")
def jobs_simulate(
    table: Annotated[
        Path | None, typer.Argument(help="Job table; synthetic jobs if not given.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="Days of synthetic jobs.")] = 28,
    training: Annotated[
        float, typer.Option(min=0.0, help="Accelerators of the training pool.")
    ] = 1024.0,
    inference: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Of the inference pool; what services ask for at once if not given.",
        ),
    ] = None,
    elastic: Annotated[
        float, typer.Option(min=0.0, help="Inference by day, fine-tuning at night.")
    ] = 0.0,
    cap: Annotated[
        float | None, typer.Option(min=1.0, help="Power cap of an accelerator in W.")
    ] = None,
    inlet: Annotated[
        float, typer.Option(min=10.0, max=55.0, help="Coolant inlet in degC.")
    ] = 30.0,
    idle: Annotated[
        float, typer.Option(min=0.0, help="Power of an idle accelerator in W.")
    ] = FRONTIER_IDLE_W,
    peak: Annotated[
        float, typer.Option(min=1.0, help="Power of a busy accelerator in W.")
    ] = FRONTIER_PEAK_W,
    budget: Annotated[
        float | None,
        typer.Option(min=0.0, help="Power the training pool may draw in kW, idle too."),
    ] = None,
    mtbf: Annotated[
        float | None,
        typer.Option(min=1.0, help="Hours between failures of one accelerator."),
    ] = None,
    checkpoint: Annotated[
        float, typer.Option(min=0.1, help="Minutes between checkpoints of a job.")
    ] = 60.0,
    repair: Annotated[
        float, typer.Option(min=0.0, help="Minutes until a failed job runs again.")
    ] = 10.0,
    policy: Annotated[str, typer.Option(help="easy or fcfs")] = "easy",
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of synthetic jobs and failures.")
    ] = 1,
    out: Annotated[Path | None, typer.Option(help="Table of the result.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Schedule a queue over pools of accelerators; waits and power come out."""
    with console.reporting(as_json):
        from dashboards.job_simulation import Breakdowns, Simulation, run_simulation

        breakdowns = None if mtbf is None else Breakdowns(mtbf, checkpoint, repair)
        sizes = (training, inference, elastic)
        asked = Simulation(
            *(table, days, sizes, cap, inlet, idle, peak),
            *(budget, breakdowns, policy, seed, out),
        )
        run_simulation(asked, as_json)


@jobs_app.command("flexibility")
def jobs_flexibility(
    table: TableArgument,
    units: Annotated[float, typer.Option(min=1.0, help="Accelerators of the pool.")],
    window: Annotated[
        list[str] | None,
        typer.Option(help="CLASS=HOURS that it can wait; may be given several times."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Time; the median submission if not given.")
    ] = None,
    share: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Plan: 0 as late, 1 as early as possible."),
    ] = 0.5,
    booked: Annotated[
        bool, typer.Option("--booked", help="Jobs of the next 24 h are known already.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="CSV of the steps.")] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Energy that jobs can put off in the next 24 h; a plan, scheduled, with its delays."""
    with console.reporting(as_json):
        from dashboards.flexibility import Asked, run

        windows = tuple(window or ("general=6", "finetuning=12"))
        run(Asked(table, units, at, windows, share, booked, out, plot), as_json)


@forecast_app.command("run")
def forecast_run(
    table: TableArgument,
    units: Annotated[float, typer.Option(min=1.0, help="Accelerators of the pool.")],
    at: Annotated[
        str | None, typer.Option(help="Time of the forecast; else the last submission.")
    ] = None,
    history_days: Annotated[int, typer.Option(min=14, help="Days to learn from.")] = 42,
    utc_offset: Annotated[
        float,
        typer.Option(
            min=-12.0, max=14.0, help="Hours that the people's clock is ahead of UTC."
        ),
    ] = 0.0,
    out: Annotated[Path | None, typer.Option(help="CSV to write.")] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """IT power of the next 24 h from a job table, with quantiles."""
    with console.reporting(as_json):
        from dashboards.forecasting import Asked, run

        run(Asked(table, units, at, history_days, utc_offset, out, plot), as_json)


@forecast_app.command("evaluate")
def forecast_evaluate(
    out: Annotated[Path, typer.Option(help="Document to write.")] = Path(
        "docs/forecasts.md"
    ),
    only_jobs: Annotated[
        bool, typer.Option("--only-jobs", help="Leave out weather, prices, carbon.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge the forecasts on unseen data against three baselines; some minutes."""
    with console.reporting(as_json):
        from dashboards.forecasting import evaluate

        evaluate(out, only_jobs, as_json)
