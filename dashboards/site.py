"""``wetbulb site``: look at a site file before a run does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from bms_io.points import load_points
from dashboards import console
from dashboards.plain import plain
from dashboards.topology import drawing
from twin.config import Site, load_site, schema
from twin.errors import ConfigError, WetbulbError
from twin.grid import CARBON, PRICE, read_hourly
from twin.resources import resolve
from twin.scenario import WEATHER_SUFFIXES
from twin.weather import read_weather
from twin.workload import read_workload
from twin.yaml_source import describe, read_yaml

Reader = Callable[[Path], Any]


def check(site: str, as_json: bool) -> None:
    """Read the site and every file that it names; report all findings at once."""
    loaded = load_site(site)
    document = read_yaml(resolve(site, "sites", ".yaml"))
    read: dict[str, Any] = {}
    findings: list[str] = []
    for at, folder, suffixes, reader in _named_files(loaded):
        name = getattr(getattr(loaded, at[0]), at[1])
        try:
            read[at[1]] = reader(resolve(name, folder, *suffixes))
        except WetbulbError as error:
            text = describe(document.path, document.lines, at, str(error))
            findings.append(text)
    if findings:
        raise ConfigError("\n".join(findings))
    points = read.pop("points")
    summary = {
        "site": loaded.name,
        "ok": True,
        **{key.removesuffix("_file"): series.source for key, series in read.items()},
        "points": len(points.points),
        "writable_points": sum(p.write is not None for p in points.points.values()),
    }
    if as_json:
        console.write_json(summary)
        return
    console.write(f"{loaded.name}: ok")
    for key in list(summary)[2:]:
        console.write(f"  {key.replace('_', ' ')}: {summary[key]}")


def _named_files(
    site: Site,
) -> list[tuple[tuple[str, str], str, tuple[str, ...], Reader]]:
    """Path in the site file, folder, endings and reader of each file it names."""
    elevation_m = site.location.elevation_m
    return [
        (
            ("defaults", "weather"),
            "weather",
            WEATHER_SUFFIXES,
            lambda path: read_weather(path, elevation_m),
        ),
        (("defaults", "load"), "jobs", (".csv",), read_workload),
        (
            ("tariff", "price_file"),
            "grid",
            (".csv",),
            lambda path: read_hourly(path, PRICE),
        ),
        (
            ("tariff", "carbon_file"),
            "grid",
            (".csv",),
            lambda path: read_hourly(path, CARBON),
        ),
        (("defaults", "points"), "points", (".yaml",), load_points),
    ]


def show(site: str, all_values: bool, as_json: bool) -> None:
    """Draw the topology, or print every value of the site, defaults included."""
    loaded = load_site(site)
    values: dict[str, Any] = plain(loaded)
    if as_json:
        console.write_json(values)
    elif all_values:
        console.write(yaml.safe_dump(values, sort_keys=False, width=88).rstrip())
    else:
        console.write(drawing(loaded))


def print_schema() -> None:
    """Print the JSON Schema of site files, for editors."""
    console.write_json(schema())
