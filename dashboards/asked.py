"""What commands that run a site say and check before they start."""

import math

from dashboards import console
from twin.config import Site
from twin.errors import ConfigError
from twin.given_forecast import told
from twin.scenario import Scenario

MOST_SCANS = 1e7  # decades; keeps out what is not a length


def check_hours(hours: float, site: Site) -> None:
    """Refuse a length that is not a whole number of scans."""
    scan_s = site.control.scan_interval_s
    scans = hours * 3600.0 / scan_s
    if 1.0 <= scans < MOST_SCANS and math.isclose(scans, round(scans)):
        return
    example_h = 36.0 * scan_s / 3600.0  # a round number of hours at any pace
    message = (
        f"--hours {hours:g} ({hours * 60.0:g} min): the site is scanned every "
        f"{scan_s / 60.0:g} min. Give a positive multiple of {scan_s / 60.0:g} min, in "
        f"hours, e.g. {example_h:g}."
    )
    raise ConfigError(message)


def told_load(scenario: Scenario) -> str:
    """One line on the IT load of a run: where from, and whether it was scaled."""
    load, from_w = scenario.load, scenario.load_scaled_from_w
    peak = f"{load.power_w.max() / 1e3:,.0f} kW"
    if not from_w:
        return f"IT load {load.source}: taken as it is, peak {peak}"
    return (
        f"IT load {load.source}: scaled to the site, peak from {from_w / 1e3:,.0f} kW to "
        f"{peak} (--load-as-is takes it unscaled)"
    )


def tell_forecast(scenario: Scenario) -> None:
    """Say what a given forecast is good for."""
    if scenario.given is not None:
        console.note(told(scenario.given, scenario.duration_s))


def tell_inputs(scenario: Scenario) -> None:
    """Say where the IT load comes from, and what a given forecast is good for."""
    console.note(told_load(scenario))
    tell_forecast(scenario)
