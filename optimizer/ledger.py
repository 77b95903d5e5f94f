"""What a run cost, day by day: the blocks of every comparison."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from optimizer.episodes import DAY_S, WARM_UP_S, Episode, month_day
from optimizer.problem import Bill, Prices, Weights, bill
from twin.config import Site
from twin.errors import WetbulbError
from twin.kpis import HOURS_PER_MONTH, kpis
from twin.results import Results
from twin.scenario import Scenario
from twin.signals import Inputs, Outputs, Setpoints


class Day(NamedTuple):
    """Figures of one day of one controller; everything but the peak adds up."""

    day: str  # MM-DD
    wet_bulb_c: float  # mean
    site_energy_j: float  # with what brings the battery back to where it was
    it_energy_j: float
    asked_energy_j: float  # by the load, before leakage and fans answer to the cooling
    cooling_energy_j: float
    power_chain_energy_j: float
    tower_fan_energy_j: float
    pump_energy_j: float
    air_energy_j: float  # in-row fans and outdoor-air units
    chiller_energy_j: float
    water_kg: float
    carbon_kg: float
    energy_cost_usd: float
    demand_cost_usd: float  # of the day's own peak
    cost_usd: float
    peak_w: float
    violation_k_min: float
    starts: float  # of chillers and tower cells
    reversals: float
    free_cooling_h: float  # without any chiller
    eco_h: float  # UPS in ECO mode
    # the objective, item by item, see optimizer.problem.Bill [USD]
    bill_energy: float
    bill_carbon: float
    bill_water: float
    bill_failures: float
    bill_compute: float
    bill_exceedance: float
    bill_demand: float
    bill_wear: float
    bill_charge_owed: float
    # plan's linear model against the twin, absolute, first steps; 0 without a model
    linearization_error_j: float


BILL = tuple(f"bill_{name}" for name in Bill._fields)
ENERGIES = {
    "tower_fan_energy_j": ("tower_fan_power_w",),
    "pump_energy_j": ("tower_pump_power_w", "fws_pump_power_w", "tcs_pump_power_w"),
    "air_energy_j": ("in_row_fan_power_w", "ahu_power_w"),
    "chiller_energy_j": ("chiller_power_w",),
}
STARTED = ("chillers_on", "tower_cells_on")


def days_of(
    site: Site, scenario: Scenario, episode: Episode, results: Results
) -> list[Day]:
    """Figures of each judged day of a run.

    Parameters
    ----------
    site, scenario, episode
        Of the run.
    results
        What it left.

    Raises
    ------
    WetbulbError
        If the run ended early: its figures would cover other hours than the others'.
    """
    if results.status != "ok":
        message = (
            f"{results.name} on {episode.name}: {results.status}, so there is nothing "
            "to compare. Leave this controller out, or correct the site."
        )
        raise WetbulbError(message)
    telemetry, setpoints = results.telemetry, results.setpoints
    found = []
    for number in range(episode.days):
        begin_s = WARM_UP_S + number * DAY_S
        rows = telemetry[_inside(telemetry["time_s"], begin_s, 1e-6)]
        moves = setpoints[_inside(setpoints["time_s"], begin_s, 0.0)]
        name = month_day(episode.first_day + number)
        error_j = _linearization_error_j(site, results, begin_s)
        found.append(_day(site, scenario, name, (rows, moves), error_j))
    return found


def _linearization_error_j(site: Site, results: Results, begin_s: float) -> float:
    """Sum over a day's decisions of what the plan's linear model missed the twin by."""
    error_w = np.array([d.linearization_error_w for d in results.decisions])
    begun_s = results.arrays["control_time"].to_numpy()[: len(error_w)]
    of_day = (begun_s >= begin_s) & (begun_s < begin_s + DAY_S)
    missed_w = np.nansum(np.abs(error_w[of_day]))
    return float(missed_w) * site.control.control_interval_s


def _inside(time_s: "pd.Series[float]", begin_s: float, after_s: float) -> Any:
    """Rows of one day; scans stand at their ends, setpoints at their beginnings."""
    return (time_s >= begin_s + after_s) & (time_s < begin_s + DAY_S + after_s)


def _day(
    site: Site,
    scenario: Scenario,
    name: str,
    tables: tuple[pd.DataFrame, pd.DataFrame],
    linearization_error_j: float,
) -> Day:
    """Figures of one day from its rows."""
    rows, moves = tables
    figures = kpis(site, scenario, rows, moves)
    scan_s = DAY_S / len(rows)
    sums = {
        key: float(rows[list(names)].to_numpy().sum()) * scan_s
        for key, names in ENERGIES.items()
    }
    asked_w = np.minimum(rows["it_demand_w"], site.facility.it.racks.rated_power_w)
    owed = _bill(site, scenario, rows, moves)
    switched = np.diff(rows[list(STARTED)].to_numpy(), axis=0)
    return Day(
        day=name,
        wet_bulb_c=float(rows["wet_bulb_c"].mean()),
        **sums,
        **{key: float(getattr(figures, key)) for key in _SHARED},
        asked_energy_j=float(asked_w.sum()) * scan_s,
        violation_k_min=figures.violation_kh * 60.0,
        starts=float(np.maximum(switched, 0.0).sum()),
        free_cooling_h=float((rows["chillers_on"] < 1.0).sum()) * scan_s / 3600.0,
        eco_h=float((rows["ups_eco"] > 0.0).sum()) * scan_s / 3600.0,
        **dict(zip(BILL, owed, strict=True)),
        linearization_error_j=linearization_error_j,
    )


def _bill(
    site: Site, scenario: Scenario, rows: pd.DataFrame, moves: pd.DataFrame
) -> Bill:
    """Objective of one day; each day pays its share of a month with its own peak."""
    step_s = np.full(len(rows), DAY_S / len(rows))
    middle_s = rows["time_s"].to_numpy(dtype=float) - step_s / 2.0
    demand = site.tariff.demand_charge_usd_w_month * 24.0 / HOURS_PER_MONTH
    prices = Prices(
        np.asarray(scenario.price_at(middle_s)),
        np.asarray(scenario.carbon_at(middle_s)),
        demand,
        pv_w=np.asarray(scenario.pv_at(middle_s)),
    )
    outputs = _columns(Outputs, rows)
    inputs = _columns(Inputs, rows)
    return bill(
        site, Weights(), prices, step_s, inputs, outputs, _columns(Setpoints, moves)
    )


def _columns(kind: Any, table: pd.DataFrame) -> Any:
    """Signals of one kind as arrays of shape (time,)."""
    return kind(*(table[name].to_numpy(dtype=float) for name in kind._fields))


_SHARED = (
    "site_energy_j",
    "it_energy_j",
    "cooling_energy_j",
    "power_chain_energy_j",
    "water_kg",
    "carbon_kg",
    "energy_cost_usd",
    "demand_cost_usd",
    "cost_usd",
    "peak_w",
    "reversals",
)
