"""Controllers side by side: the same scenario, the same plant, in one process."""

from collections.abc import Sequence
from typing import NamedTuple

from twin.config import Site
from twin.errors import WetbulbError
from twin.interfaces import Controller
from twin.kpis import Kpis, kpis
from twin.results import OVERRULED, Results
from twin.scenario import Scenario
from twin.signals import Setpoints
from twin.simulate import simulate
from twin.topology import Facility


class Compared(NamedTuple):
    """One controller's figures and counts."""

    name: str
    kpis: Kpis
    cycles: int  # control cycles
    fallbacks: int  # decisions whose status is not "ok"
    guard_changes: int  # setpoints, over all cycles, that are not what was wished
    guard_violations: tuple[str, ...]  # counted apart from the guard; must be empty
    results: Results


def compare(
    site: Site,
    scenario: Scenario,
    controllers: Sequence[Controller],
    plant: Facility | None = None,
) -> list[Compared]:
    """Run controllers one after the other on the same hours of the same plant.

    Parameters
    ----------
    site
        Limits, tariff, pace; what the controllers know.
    scenario
        Truth of the run.
    controllers
        Fresh ones, in the order of the result.
    plant
        What they meet, if it differs from the site's nameplates.

    Returns
    -------
    list of Compared
        One per controller.

    Raises
    ------
    WetbulbError
        If a run ended early: its figures would cover other hours than the others'.
    """
    return [_one(site, scenario, each, plant) for each in controllers]


def _one(
    site: Site, scenario: Scenario, controller: Controller, plant: Facility | None
) -> Compared:
    """Run one controller."""
    results = simulate(site, scenario, controller, plant)
    if results.status != "ok":
        message = (
            f"{results.name}: {results.status}, so there is nothing to compare. "
            "Shorten the run to end before, or correct the site."
        )
        raise WetbulbError(message)
    setpoints = results.setpoints
    changes = (results.arrays[OVERRULED + name].sum() for name in Setpoints._fields)
    return Compared(
        name=results.name,
        kpis=kpis(site, scenario, results.telemetry, setpoints),
        cycles=len(setpoints),
        fallbacks=sum(decision.status != "ok" for decision in results.decisions),
        guard_changes=sum(int(count) for count in changes),
        guard_violations=tuple(results.guard_violations),
        results=results,
    )
