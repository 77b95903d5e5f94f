"""``wetbulb claims``: what is published, what the twin finds, and why."""

import sys

from rich import box
from rich.console import Console
from rich.table import Table

from dashboards import console, controllers
from optimizer.compare import compare
from optimizer.rules_file import tuned_for
from twin import claims
from twin.claims import Claim, Optimized
from twin.config import load_site
from twin.scenario import load_scenario

LEGACY = "legacy_air_2mw"
YEAR_H = 8760.0
PIPE_WIDTH = 150  # columns where standard output is not a terminal


def show(as_json: bool) -> None:
    """Check every claim and print the table."""
    found = claims.check_all(optimized())
    if as_json:
        console.write_json([claim._asdict() for claim in found])
        return
    screen = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    screen.print(_table(found))
    held = sum(claim.holds for claim in found)
    console.write(f"{held} of {len(found)} hold; source of the claims: {claims.SOURCE}")


def optimized() -> Optimized:
    """A year of the legacy site at its fixed setpoints and under its tuned rules."""
    site = load_site(LEGACY)
    scenario = load_scenario(site, "01-01", YEAR_H)
    names = ("fixed", "rules")
    tuned = tuned_for(LEGACY).rules
    fixed, rules = compare(site, scenario, controllers.make(names, site, tuned))
    return Optimized(
        LEGACY,
        scenario.weather.source,
        *names,
        fixed.kpis.site_energy_j,
        rules.kpis.site_energy_j,
        rules.kpis.violation_kh,
    )


def _table(found: list[Claim]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in ("claim", "claimed", "found", "verdict", "why"):
        table.add_column(column, overflow="fold")
    for claim in found:
        verdict = "holds" if claim.holds else "does not hold"
        table.add_row(claim.name, claim.claimed, claim.found, verdict, claim.why)
    return table
