"""The commands ``wetbulb points``; heavy parts load when they run."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dashboards import console
from dashboards.cli_options import (
    DeviceBacnetPortOption,
    DeviceHostOption,
    DevicePortOption,
    SpokenOption,
)

points_app = typer.Typer(
    help="Check, read and write the points of a site; import and export point maps.",
    no_args_is_help=True,
)

MapArgument = Annotated[
    str, typer.Argument(metavar="MAP", help="Name of a shipped point map, or a file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
DirectoryOption = Annotated[
    Path,
    typer.Option(help="Where audit.sqlite is kept; it also remembers the last write."),
]


@points_app.command("check")
def points_check(
    point_map: MapArgument,
    live: Annotated[
        bool, typer.Option("--live", help="Also read every point from its device.")
    ] = False,
    host: DeviceHostOption = None,
    port: DevicePortOption = None,
    bacnet_port: DeviceBacnetPortOption = None,
    protocol: SpokenOption = "as-mapped",
    as_json: JsonOption = False,
) -> None:
    """Check a point map: all mistakes at once, each with line and repair."""
    with console.reporting(as_json):
        from dashboards import points
        from dashboards.places import Where

        where = Where(point_map, host, port, bacnet_port, protocol)
        points.check(where, live, as_json)


@points_app.command("scan")
def points_scan(
    host: Annotated[str, typer.Argument(help="Gateway or device.")],
    port: Annotated[
        int | None, typer.Option(help="502, or 47808 for BACnet, if not given.")
    ] = None,
    protocol: Annotated[
        Literal["modbus", "bacnet"], typer.Option(help="What to speak.")
    ] = "modbus",
    units: Annotated[str, typer.Option(help="Modbus units, e.g. 1-10,20.")] = "1-4",
    addresses: Annotated[
        int, typer.Option(min=1, max=65536, help="First so many of each table.")
    ] = 512,
    timeout: Annotated[float, typer.Option(min=0.01, help="For an answer in s.")] = 0.5,
    as_json: JsonOption = False,
) -> None:
    """Find what answers: Modbus units and their registers, or BACnet objects."""
    with console.reporting(as_json):
        from dashboards import points_scan as scanning

        asked = scanning.Request(host, port, protocol, units, addresses, timeout)
        scanning.run(asked, as_json)


@points_app.command("read")
def points_read(
    point_map: MapArgument,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="All if none.")
    ] = None,
    host: DeviceHostOption = None,
    port: DevicePortOption = None,
    bacnet_port: DeviceBacnetPortOption = None,
    protocol: SpokenOption = "as-mapped",
    as_json: JsonOption = False,
) -> None:
    """Read points once: value, unit, quality, raw."""
    with console.reporting(as_json):
        from dashboards import points
        from dashboards.places import Where

        where = Where(point_map, host, port, bacnet_port, protocol)
        points.read(where, names or [], as_json)


@points_app.command("write", context_settings={"ignore_unknown_options": True})
def points_write(
    point_map: MapArgument,
    name: Annotated[str, typer.Argument(help="setpoints.*, or a service point.")],
    value: Annotated[float, typer.Argument(help="In the unit of the map.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    site: Annotated[
        str | None, typer.Option(help="Site whose narrower limits also hold.")
    ] = None,
    directory: DirectoryOption = Path("runs/commissioning"),
    host: DeviceHostOption = None,
    port: DevicePortOption = None,
    bacnet_port: DeviceBacnetPortOption = None,
    protocol: SpokenOption = "as-mapped",
    as_json: JsonOption = False,
) -> None:
    """Write one point within its limits, read it back, keep a record."""
    with console.reporting(as_json):
        from dashboards import points
        from dashboards.places import Where

        where = Where(point_map, host, port, bacnet_port, protocol)
        wanted = points.Wanted(name, value, yes, site, directory)
        points.write(where, wanted, as_json)


@points_app.command("release")
def points_release(
    point_map: MapArgument,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="All with on_exit: default if none."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    directory: DirectoryOption = Path("runs/commissioning"),
    host: DeviceHostOption = None,
    port: DevicePortOption = None,
    bacnet_port: DeviceBacnetPortOption = None,
    protocol: SpokenOption = "as-mapped",
    as_json: JsonOption = False,
) -> None:
    """Give setpoints back: Null over BACnet, the default over Modbus; keep a record."""
    with console.reporting(as_json):
        from dashboards import points
        from dashboards.places import Where

        where = Where(point_map, host, port, bacnet_port, protocol)
        points.release(where, points.Given(names or [], yes, directory), as_json)


@points_app.command("import")
def points_import(
    registry: Annotated[
        Path,
        typer.Argument(help="CSV: VOLTTRON Modbus or BACnet registry, or our own."),
    ],
    out: Annotated[Path, typer.Option(help="YAML to write; must not exist.")],
    names: Annotated[
        Path | None, typer.Option(help="CSV of two columns: their name, our signal.")
    ] = None,
    device: Annotated[str, typer.Option(help="Name of the device.")] = "bms",
    host: Annotated[str, typer.Option(help="Of the device.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="The protocol's if absent.")] = None,
    unit: Annotated[int, typer.Option(help="Modbus unit.")] = 1,
    instance: Annotated[int, typer.Option(help="BACnet device instance.")] = 1001,
    as_json: JsonOption = False,
) -> None:
    """Make a point map of a CSV registry, and say what is still missing in it."""
    with console.reporting(as_json):
        from dashboards import points_exchange

        there = points_exchange.There(device, host, port, unit, instance)
        points_exchange.bring_in(registry, out, names, there, as_json)


@points_app.command("export")
def points_export(
    point_map: MapArgument,
    form: Annotated[
        Literal["csv", "brick", "haystack"],
        typer.Option("--format", help="CSV, Brick Turtle (extra semantic), Haystack."),
    ] = "csv",
    out: Annotated[
        Path | None, typer.Option(help="File; standard output if not given.")
    ] = None,
) -> None:
    """Write a point map as CSV, Brick TTL or Haystack JSON."""
    with console.reporting(as_json=False):
        from dashboards import points_exchange

        points_exchange.bring_out(point_map, form, out)
