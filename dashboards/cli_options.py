"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

SiteArgument = Annotated[
    str, typer.Argument(help="Name of a shipped site, or path to a YAML file.")
]
SiteOption = Annotated[
    str, typer.Option("--site", help="Name of a shipped site, or path to a YAML file.")
]
# the same words as bms_io.spoken.Spoken, which would load the drivers with --help
Spoken = Literal["as-mapped", "modbus", "bacnet", "both"]
SPOKEN_HELP = (
    "as its point map says, Modbus TCP, BACnet/IP, or both: meters and UPS on Modbus, "
    "cooling on BACnet, where the map itself has one protocol only."
)
DeviceHostOption = Annotated[
    str | None, typer.Option(help="Host of all devices instead of the map's.")
]
DevicePortOption = Annotated[
    int | None,
    typer.Option(
        help="Modbus TCP port instead of the first of the map; others follow."
    ),
]
DeviceBacnetPortOption = Annotated[
    int | None, typer.Option(help="UDP port of the first BACnet device, others follow.")
]
SpokenOption = Annotated[
    Spoken,
    typer.Option("--protocol", help="What the plant speaks, as for serve-plant."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
HoursOption = Annotated[float, typer.Option(help="Simulated hours.")]
DateOption = Annotated[str, typer.Option(help="Day of the year, MM-DD, local.")]
WeatherOption = Annotated[
    str | None, typer.Option(help="EPW or CSV file; the site's own if not given.")
]
LoadOption = Annotated[
    str | None,
    typer.Option(help="CSV of IT power, or job table; the site's own if not given."),
]
LoadDayOption = Annotated[
    float | None, typer.Option(min=0.0, help="Days of the load before the run starts.")
]
ControllersOption = Annotated[
    str, typer.Option(help="Comma-separated; the last one is the candidate.")
]
LoadAsIsOption = Annotated[
    bool, typer.Option("--load-as-is", help="Take the load in watts, unscaled.")
]
MayWaitOption = Annotated[
    list[str] | None,
    typer.Option(help="CLASS=HOURS that jobs of the load may wait; repeatable."),
]
ForecastOption = Annotated[
    Path | None,
    typer.Option(
        "--forecast", help="CSV of a forecast: time with offset, dry_bulb_c, ..."
    ),
]
PortOption = Annotated[
    int, typer.Option(min=1, max=65535, help="TCP port of the dashboard.")
]
SeedOption = Annotated[int, typer.Option(help="Seed of plant errors and sensor noise.")]
SpreadOption = Annotated[
    float,
    typer.Option(
        min=0.0, max=0.5, help="Half width of the errors of the plant's nameplates."
    ),
]
