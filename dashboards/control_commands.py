"""The commands ``wetbulb control`` and ``wetbulb audit``; heavy parts load when they run."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dashboards import console
from dashboards.cli_options import (
    DeviceBacnetPortOption,
    DeviceHostOption,
    DevicePortOption,
    SpokenOption,
)


class _RunUnlessNamed(TyperGroup):
    """``wetbulb control SITE`` runs a daemon; ``wetbulb control status`` asks one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``run`` in front of what is no command."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)


control_app = typer.Typer(
    cls=_RunUnlessNamed,
    help="Run the controller daemon: wetbulb control SITE; or ask one that runs.",
    no_args_is_help=True,
)
audit_app = typer.Typer(help="Audit log of a daemon or a run.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
DirectoryOption = Annotated[
    Path, typer.Option("--directory", help="Where the daemon keeps its files.")
]
DIRECTORY = Path("runs/control")


@control_app.command("run")
def control_run(
    site: Annotated[
        str, typer.Argument(help="Name of a shipped site, or a YAML file.")
    ],
    points: Annotated[str | None, typer.Option(help="Point map.")] = None,
    limits: Annotated[str | None, typer.Option(help="Limits of the verifier.")] = None,
    controller: Annotated[
        str, typer.Option(help="fixed, rules, search, mpc or rl:POLICY.")
    ] = "mpc",
    mode: Annotated[
        str, typer.Option(help="off, shadow, advise or auto; auto also needs arming.")
    ] = "shadow",
    date: Annotated[
        str | None, typer.Option(help="Day of plant time 0, MM-DD; today if not given.")
    ] = None,
    weather: Annotated[str | None, typer.Option(help="EPW or CSV file.")] = None,
    load: Annotated[str | None, typer.Option(help="CSV of IT power.")] = None,
    host: DeviceHostOption = None,
    port: DevicePortOption = None,
    bacnet_port: DeviceBacnetPortOption = None,
    protocol: SpokenOption = "as-mapped",
    scan: Annotated[
        float | None,
        typer.Option(help="Safety cycle, plant time in s; the site's else."),
    ] = None,
    speed: Annotated[
        float, typer.Option(min=0.01, help="Plant seconds per second; 1 if real.")
    ] = 1.0,
    deadline: Annotated[
        float, typer.Option(min=0.1, help="Of a decision, wall clock in s.")
    ] = 60.0,
    good_cycles: Annotated[int, typer.Option(min=1, help="Before auto.")] = 3,
    api_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free.")] = 0,
    hours: Annotated[
        float | None,
        typer.Option(help="End after this plant time; never if not given."),
    ] = None,
    memory: Annotated[
        int, typer.Option(min=256, help="Address space of the optimizer in MiB.")
    ] = 4096,
    postgres: Annotated[
        str | None,
        typer.Option(help="Also copy the history there, e.g. 'host=db dbname=plant'."),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            help="Versions of the fitted numbers; the accepted one is the twin's."
        ),
    ] = None,
    directory: DirectoryOption = DIRECTORY,
) -> None:
    """Run the daemon; it starts in shadow and writes nothing before it is in auto."""
    with console.reporting(as_json=False):
        from datetime import datetime

        from dashboards import control

        control.run(
            control.Request(
                site=site,
                points=points,
                limits=limits,
                controller=controller,
                mode=mode,
                date=date or datetime.now().astimezone().strftime("%m-%d"),
                weather=weather,
                load=load,
                host=host,
                port=port,
                scan_s=scan,
                speed=speed,
                deadline_s=deadline,
                good_cycles=good_cycles,
                api_port=api_port,
                hours=hours,
                memory_mib=memory,
                postgres=postgres,
                directory=directory,
                store=store,
                bacnet_port=bacnet_port,
                spoken=protocol,
            )
        )


def _tell(directory: Path, command: str, role: str = "operator", **body: Any) -> None:
    """Send a command to the daemon."""
    with console.reporting(as_json=False):
        from dashboards import control

        said = control.ask(directory, command, role, **(body or {"asked": command}))
        told = (
            "taken, in force at the next turn" if "next_turn" in said else said["done"]
        )
        if said.get("missing"):
            told = f"noted, auto still needs: {'; '.join(said['missing'])}"
        console.write(f"{command}: {told}")


@control_app.command("status")
def control_status(
    directory: DirectoryOption = DIRECTORY, as_json: JsonOption = False
) -> None:
    """Print mode, what auto still needs, alarms, active and wanted setpoints."""
    with console.reporting(as_json):
        from dashboards import control

        control.show_status(directory, as_json)


@control_app.command("arm")
def control_arm(directory: DirectoryOption = DIRECTORY) -> None:
    """Allow auto; a person does this each time."""
    _tell(directory, "arm")


@control_app.command("disarm")
def control_disarm(directory: DirectoryOption = DIRECTORY) -> None:
    """Take the permission back; from auto the plant is ramped home."""
    _tell(directory, "disarm")


@control_app.command("mode")
def control_mode(
    mode: Annotated[str, typer.Argument(help="off, shadow, advise or auto.")],
    directory: DirectoryOption = DIRECTORY,
) -> None:
    """Ask for a mode; leaving auto ramps the plant home first."""
    _tell(directory, "mode", mode=mode)


NumberArgument = Annotated[
    int, typer.Argument(help="Of the recommendation, see status.")
]


@control_app.command("accept")
def control_accept(
    number: NumberArgument,
    reason: Annotated[str, typer.Option(help="For the audit log.")] = "",
    directory: DirectoryOption = DIRECTORY,
) -> None:
    """Say that a recommendation of advise mode is carried out by hand."""
    _tell(directory, "accept", number=number, reason=reason)


@control_app.command("reject")
def control_reject(
    number: NumberArgument,
    reason: Annotated[str, typer.Option(help="Why; it is needed.")],
    directory: DirectoryOption = DIRECTORY,
) -> None:
    """Say that a recommendation of advise mode is not carried out, and why."""
    _tell(directory, "reject", number=number, reason=reason)


@control_app.command("approve")
def control_approve(
    role: Annotated[str, typer.Option(help="operator or engineer: whose token.")],
    who: Annotated[
        str | None, typer.Option(help="Your name for the audit log; the login else.")
    ] = None,
    directory: DirectoryOption = DIRECTORY,
) -> None:
    """Approve edited limits; auto needs an operator and an engineer, two persons."""
    _tell(directory, "approve", role, **({"who": who} if who else {}))


@control_app.command("exit-to-local")
def control_exit(directory: DirectoryOption = DIRECTORY) -> None:
    """Ramp the plant home and give it back to its local control."""
    _tell(directory, "exit-to-local")


@control_app.command("reset")
def control_reset(directory: DirectoryOption = DIRECTORY) -> None:
    """Say that an emergency is over; needs the engineer's token."""
    _tell(directory, "reset", "engineer")


@control_app.command("acknowledge")
def control_acknowledge(
    alarm: Annotated[str, typer.Argument(help="Name, see status.")],
    directory: DirectoryOption = DIRECTORY,
) -> None:
    """Say that an alarm was seen."""
    _tell(directory, "acknowledge", alarm=alarm)


@control_app.command("shelve")
def control_shelve(
    alarm: Annotated[str, typer.Argument(help="Name, see status.")],
    hours: Annotated[
        float, typer.Option(min=0.01, help="At most a shift; a slow fault 30 days.")
    ] = 1.0,
    directory: DirectoryOption = DIRECTORY,
) -> None:
    """Put an alarm away for a while; it comes back by itself."""
    _tell(directory, "shelve", alarm=alarm, for_s=hours * 3600.0)


@audit_app.command("verify")
def audit_verify(
    path: Annotated[Path, typer.Argument(help="audit.sqlite, or its folder.")],
    as_json: JsonOption = False,
) -> None:
    """Check that no row of an audit log was changed, removed or put in."""
    with console.reporting(as_json):
        from dashboards import control

        control.show_verified(path, as_json)
