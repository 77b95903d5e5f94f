"""The command ``wetbulb``.

Only typer is imported here; a command loads what it needs when it runs, so that
``wetbulb --help`` answers at once.

Exit codes: 0 ok, 1 the run failed, 2 wrong usage, 3 a file or value is invalid,
4 the guard refused, 130 interrupted.
"""

import gc
from pathlib import Path
from typing import Annotated

import typer

from dashboards import calibration_commands as telemetry
from dashboards import console
from dashboards.cli_options import (
    SPOKEN_HELP,
    ControllersOption,
    DateOption,
    ForecastOption,
    HoursOption,
    JsonOption,
    LoadAsIsOption,
    LoadDayOption,
    LoadOption,
    MayWaitOption,
    PortOption,
    SeedOption,
    SiteArgument,
    SiteOption,
    Spoken,
    SpreadOption,
    WeatherOption,
)
from dashboards.component_commands import component_app
from dashboards.control_commands import audit_app, control_app
from dashboards.job_commands import forecast_app, jobs_app
from dashboards.points_commands import points_app
from dashboards.site_commands import site_app
from dashboards.study_commands import study_app
from dashboards.train_commands import train
from dashboards.tune_commands import tune_app

# compiling makes millions of small objects that live: the default of 700 costs 1.5 s
OBJECTS_PER_COLLECTION = 50_000

app = typer.Typer(
    name="wetbulb",
    help="Digital twin and control optimizer for AI data centers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(site_app, name="site")
app.add_typer(points_app, name="points")
app.add_typer(component_app, name="component")
app.add_typer(control_app, name="control")
app.add_typer(audit_app, name="audit")
app.add_typer(jobs_app, name="jobs")
app.add_typer(forecast_app, name="forecast")
app.add_typer(tune_app, name="tune")
app.add_typer(study_app, name="study")
app.command()(telemetry.calibrate)
app.command()(telemetry.diagnose)
app.command()(telemetry.life)
app.command()(train)
app.add_typer(telemetry.calibration_app, name="calibration")


@app.command()
def demo(
    hours: HoursOption = 24.0,
    date: DateOption = "04-07",
    site: SiteOption = "hybrid_10mw",
    weather: WeatherOption = None,
    load: LoadOption = None,
    load_as_is: LoadAsIsOption = False,
    load_day: LoadDayOption = None,
    forecast: ForecastOption = None,
    controllers: ControllersOption = "fixed,rules,mpc",
    seed: SeedOption = 1,
    spread: SpreadOption = 0.05,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of results; runs/<UTC time> if not given."),
    ] = None,
    dashboard: Annotated[
        bool, typer.Option("--dashboard", help="Show it on 127.0.0.1 while it runs.")
    ] = False,
    port: PortOption = 8501,
    browser: Annotated[
        bool, typer.Option(help="Open the report when it is done.")
    ] = True,
    bms_io: Annotated[
        Spoken, typer.Option("--bms-io", help="What the plant speaks: " + SPOKEN_HELP)
    ] = "as-mapped",
    as_json: JsonOption = False,
) -> None:
    """Run a day in closed loop over Modbus and compare the controllers."""
    with console.reporting(as_json):
        from dashboards.demo import Request, run

        wanted = tuple(name.strip() for name in controllers.split(","))
        request = Request(
            hours=hours,
            date=date,
            site=site,
            weather=weather,
            load=load,
            controllers=wanted,
            seed=seed,
            spread=spread,
            out=out,
            browser=browser,
            scale_load=not load_as_is,
            load_day=load_day,
            forecast=forecast,
            spoken=bms_io,
            dashboard_port=port if dashboard else 0,
        )
        run(request, as_json)


@app.command()
def simulate(
    site: SiteArgument,
    weather: WeatherOption = None,
    load: LoadOption = None,
    load_as_is: LoadAsIsOption = False,
    load_day: LoadDayOption = None,
    forecast: ForecastOption = None,
    may_wait: MayWaitOption = None,
    controller: Annotated[
        str, typer.Option(help="fixed, rules, search, mpc or rl:POLICY.")
    ] = "rules",
    start: Annotated[str, typer.Option(help="First day, MM-DD, local.")] = "01-01",
    days: Annotated[float, typer.Option(help="Simulated days.")] = 365.0,
    dt: Annotated[float, typer.Option(help="Step of the physics in s.")] = 60.0,
    seed: SeedOption = 1,
    spread: SpreadOption = 0.0,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder; a killed run goes on there. By time if not given."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a site under one controller, e.g. a year at one-minute steps.

    Writes run.json, results.nc, telemetry.parquet and setpoints.parquet.
    """
    with console.reporting(as_json):
        from dashboards import simulate as simulation

        simulation.run(
            simulation.Request(
                site=site,
                weather=weather,
                load=load,
                scale_load=not load_as_is,
                load_day=load_day,
                forecast=forecast,
                may_wait=tuple(may_wait or ()),
                controller=controller,
                start=start,
                days=days,
                dt_s=dt,
                seed=seed,
                spread=spread,
                out=out,
            ),
            as_json,
        )


@app.command()
def dashboard(
    run_dir: Annotated[
        Path, typer.Argument(help="Folder of a run of `demo` or `simulate`.")
    ],
    port: PortOption = 8501,
) -> None:
    """Show a finished or running demo, or a simulation, on 127.0.0.1; Ctrl-C ends it."""
    with console.reporting(as_json=False):
        from dashboards import dashboard as screen

        screen.run(run_dir, port)


@app.command()
def report(
    run_dir: Annotated[
        Path, typer.Argument(help="Folder of a finished run of `demo` or `simulate`.")
    ],
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Also PDF (extra report).")
    ] = False,
    xlsx: Annotated[
        bool, typer.Option("--xlsx", help="Also XLSX with the yearly KPI sheet.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a finished run: self-contained HTML; PDF and XLSX on request."""
    with console.reporting(as_json):
        from dashboards import report_command

        asked = {"pdf": pdf, "xlsx": xlsx}
        formats = tuple(name for name, wanted in asked.items() if wanted)
        report_command.run(run_dir, formats, as_json)


@app.command()
def compare(
    site: SiteArgument,
    hours: HoursOption = 24.0,
    date: DateOption = "04-07",
    days: Annotated[
        int | None, typer.Option(min=1, help="Days drawn over the year.")
    ] = None,
    weeks: Annotated[
        int | None, typer.Option(min=1, help="Weeks drawn over the year.")
    ] = None,
    year: Annotated[bool, typer.Option("--year", help="All days of the year.")] = False,
    weather: WeatherOption = None,
    load: LoadOption = None,
    load_as_is: LoadAsIsOption = False,
    load_day: LoadDayOption = None,
    forecast: ForecastOption = None,
    may_wait: MayWaitOption = None,
    controllers: ControllersOption = "fixed,rules,mpc",
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Also the mpc without each lever.")
    ] = False,
    seed: SeedOption = 1,
    spread: SpreadOption = 0.05,
    out: Annotated[
        Path, typer.Option(help="Folder; a killed comparison goes on there.")
    ] = Path("runs/comparison"),
    page: Annotated[Path | None, typer.Option(help="Markdown of all tables.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare controllers without a wire: fixed, rules, search, mpc, rl:POLICY; hindsight.

    With --days, --weeks or --year: paired runs behind noisy sensors, with intervals; also
    best_constant, mpc_foresight, least_energy, oracle, and SITE `all`. Otherwise --hours.
    """
    with console.reporting(as_json):
        names = tuple(name.strip() for name in controllers.split(","))
        if days or weeks or year:
            from dashboards import contest

            world = contest.World(weather, load, not load_as_is)
            sampled = (days or 0, weeks or 0, year, ablation, out, page)
            asked = contest.Request(site, world, names, seed, spread, *sampled)
            contest.run(asked, as_json)
            return
        from dashboards import compare as comparing

        comparing.run(
            comparing.Request(
                site=site,
                date=date,
                hours=hours,
                weather=weather,
                load=load,
                scale_load=not load_as_is,
                load_day=load_day,
                forecast=forecast,
                may_wait=tuple(may_wait or ()),
                controllers=names,
                seed=seed,
                spread=spread,
            ),
            as_json,
        )


@app.command()
def bench(
    runs: Annotated[int, typer.Option(min=1, help="Runs behind each median.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Measure the speed on this machine against the targets; takes a minute or two."""
    with console.reporting(as_json):
        from dashboards import bench as benchmark

        benchmark.run(runs, as_json)


@app.command("serve-plant")
def serve_plant(
    site: SiteArgument,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port; 0 takes a free one.")
    ] = 5020,
    hours: HoursOption = 24.0,
    date: DateOption = "04-07",
    points: Annotated[
        str | None,
        typer.Option(
            metavar="MAP", help="Shipped or own map; the site's if not given."
        ),
    ] = None,
    weather: WeatherOption = None,
    load: LoadOption = None,
    load_as_is: LoadAsIsOption = False,
    load_day: LoadDayOption = None,
    seed: SeedOption = 1,
    spread: SpreadOption = 0.05,
    speed: Annotated[
        float,
        typer.Option(min=0.0, help="Plant seconds per second; 0: a client moves it."),
    ] = 0.0,
    protocol: Annotated[
        Spoken, typer.Option(help="What the plant speaks: " + SPOKEN_HELP)
    ] = "as-mapped",
    bacnet_port: Annotated[
        int, typer.Option(min=0, max=65535, help="UDP port; 0 takes a free one.")
    ] = 47808,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="What goes wrong, repeatable: TARGET:KIND[=AMOUNT][@START_S]"
            "[+DURATION_S], TARGET a point, a device or e.g. chillers_out, KIND off, "
            "stuck, garbage, wrong, slow, delayed, intermittent, drift or trip."
        ),
    ] = None,
    noise: Annotated[float, typer.Option(min=0.0, help="Times the usual noise.")] = 1.0,
    bias: Annotated[float, typer.Option(min=0.0, help="Constant errors in K")] = 0.0,
    resolution: Annotated[float, typer.Option(min=0.0, help="Steps shown in K")] = 0.0,
    delay: Annotated[float, typer.Option(min=0.0, help="Age of readings in s")] = 0.0,
) -> None:
    """Start the virtual plant of a site on Modbus TCP or BACnet/IP; Ctrl-C ends it.

    Prints one JSON line with host, ports and pid when it is ready.
    """
    with console.reporting(as_json=False):
        from bms_io.plant_server import PlantJob, run_server

        job = PlantJob(
            spoken=protocol,
            bacnet_port=bacnet_port,
            site=site,
            points=points,
            start=date,
            hours=hours,
            weather=weather,
            load=load,
            host=host,
            port=port,
            seed=seed,
            spread=spread,
            scale_load=not load_as_is,
            speed=speed,
            load_day=load_day,
            faults=tuple(fault or ()),
            noise=noise,
            bias_k=bias,
            resolution_k=resolution,
            delay_s=delay,
        )
        run_server(job)


@app.command()
def claims(as_json: JsonOption = False) -> None:
    """Check published claims for such systems against the reference sites."""
    with console.reporting(as_json):
        from dashboards.claims import show

        show(as_json)


@app.command()
def version(as_json: JsonOption = False) -> None:
    """Print the version."""
    import platform
    from importlib import metadata

    python = platform.python_version()
    try:
        wetbulb = metadata.version("wetbulb")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        wetbulb = "0+checkout"
    if as_json:
        console.write_json({"wetbulb": wetbulb, "python": python})
    else:
        console.write(f"wetbulb {wetbulb} (Python {python})")


def main() -> None:
    """Entry point of the command."""
    gc.set_threshold(OBJECTS_PER_COLLECTION)
    app()


if __name__ == "__main__":  # python -m dashboards.cli, from a checkout
    main()
