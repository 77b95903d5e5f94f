"""One site, one climate, a year at constant setpoints: the figures that designs turn on."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from twin.compiled import initial_state, run
from twin.config import Site
from twin.scenario import load_scenario
from twin.signals import Inputs, Outputs, Setpoints

HOURS = 8760
STEP_S = 3600.0


class Year(NamedTuple):
    """Hourly outputs of a year and what they sum to."""

    outputs: Outputs  # arrays of shape (8760,)
    pue: float
    site_energy_j: float
    it_energy_j: float
    power_chain_loss_j: float


def simulate_year(
    site: Site,
    weather: str | Path,
    load_share: float | None = None,
    setpoints: Setpoints | None = None,
) -> Year:
    """Run a year in hourly steps.

    Parameters
    ----------
    site
        Nameplates and design setpoints.
    weather
        Name of a shipped file or a path.
    load_share
        Constant share of the rated IT power; the site's own trace if None.
    setpoints
        Held all year; the design if None.

    Returns
    -------
    Year
    """
    scenario = load_scenario(site, "01-01", HOURS, weather_file=weather)
    middle_s = np.float64(STEP_S) * (np.arange(HOURS) + 0.5)
    inputs = scenario.inputs_at(middle_s)
    if load_share is not None:
        rated_w = site.facility.it.racks.rated_power_w
        inputs = inputs._replace(it_demand_w=np.full(HOURS, load_share * rated_w))
    first = Inputs(*(float(np.asarray(field)[0]) for field in inputs))
    chosen = Setpoints(*(float(value) for value in setpoints or site.design))
    start = initial_state(site.facility, first, chosen)
    _, out = run(site.facility, start, inputs, chosen, STEP_S)
    found = Outputs(*out.T)
    site_j, it_j, chain_j = (
        float(np.sum(power) * STEP_S)
        for power in (found.site_power_w, found.it_power_w, found.power_chain_loss_w)
    )
    return Year(found, site_j / it_j, site_j, it_j, chain_j)
