"""``wetbulb site``: look at a site file before a run does."""

from typing import Any

import yaml

from bms_io.points import PointMap, load_points
from dashboards import console
from dashboards.plain import plain
from twin.config import Site, load_site, schema
from twin.errors import ConfigError, WetbulbError
from twin.resources import resolve
from twin.scenario import Scenario, load_scenario

CHECK_DAY = "01-01"  # any day reads the same files


def check(site: str, as_json: bool) -> None:
    """Read the site and every file that it names; report all findings at once."""
    loaded = load_site(site)
    findings: list[str] = []
    points = _points(loaded, findings)
    scenario = _scenario(loaded, findings)
    if points is None or scenario is None:
        raise ConfigError("\n".join(findings))
    summary = {
        "site": loaded.name,
        "ok": True,
        "weather": scenario.weather.source,
        "load": scenario.load.source,
        "price": scenario.price.source,
        "carbon": scenario.carbon.source,
        "points": len(points.points),
        "writable_points": sum(p.write is not None for p in points.points.values()),
    }
    if as_json:
        console.write_json(summary)
        return
    console.write(f"{loaded.name}: ok")
    for key in list(summary)[2:]:
        console.write(f"  {key.replace('_', ' ')}: {summary[key]}")


def _points(site: Site, findings: list[str]) -> PointMap | None:
    """Point map of the site, or its findings."""
    try:
        return load_points(resolve(site.defaults.points, "points", ".yaml"))
    except WetbulbError as error:
        findings.append(str(error))
        return None


def _scenario(site: Site, findings: list[str]) -> Scenario | None:
    """Weather, load, prices and carbon of the site, or their findings."""
    try:
        return load_scenario(site, CHECK_DAY, 1.0)
    except WetbulbError as error:
        findings.append(str(error))
        return None


def show(site: str, as_json: bool) -> None:
    """Print every value of the site, defaults included."""
    values: dict[str, Any] = plain(load_site(site))
    if as_json:
        console.write_json(values)
    else:
        console.write(yaml.safe_dump(values, sort_keys=False, width=88).rstrip())


def print_schema() -> None:
    """Print the JSON Schema of site files, for editors."""
    console.write_json(schema())
