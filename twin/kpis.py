"""Key performance indicators of a run, from recorded telemetry only.

Definitions
-----------
PUE   ISO/IEC 30134-2: energy of the site over energy of the IT equipment, category 3
      (IT measured at the rack inputs). The battery's change of charge is booked out, so
      that emptying it does not look like a saving.
WUE   ISO/IEC 30134-9: water made up, litres per kWh of IT energy.
CUE   ISO/IEC 30134-8: kg CO2e of the site's energy per kWh of IT energy.

A run shorter than a year gives interval figures, which the standards call by the same
name with a prefix; the report says the interval.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.config import Site
from twin.errors import DataError
from twin.forecast import Series
from twin.scenario import Scenario
from twin.signals import Setpoints

J_PER_KWH = 3.6e6
HOURS_PER_MONTH = 730.0
LARGEST_MISSING_SHARE = 0.10
METERED = (
    "site_power_w",
    "it_power_w",
    "cooling_power_w",
    "power_chain_loss_w",
    "tower_makeup_kg_s",
    "ahu_makeup_kg_s",
)
PEAK_WINDOW_S = 900.0  # demand is billed on quarter hours


class Kpis(NamedTuple):
    """Figures of one run."""

    hours: float
    site_energy_j: float
    it_energy_j: float
    cooling_energy_j: float
    power_chain_energy_j: float
    pue: float
    wue_l_kwh: float
    cue_kg_kwh: float
    water_kg: float
    carbon_kg: float
    energy_cost_usd: float
    demand_cost_usd: float  # share of the monthly charge for the hours of the run
    cost_usd: float
    peak_w: float
    violation_kh: float
    reversals: int
    missing_share: float  # of the readings used here; bridged linearly


def kpis(
    site: Site, scenario: Scenario, telemetry: pd.DataFrame, setpoints: pd.DataFrame
) -> Kpis:
    """Figures from what was recorded.

    Parameters
    ----------
    site, scenario
        Limits, tariff, prices.
    telemetry
        One row per scan: ``time_s`` at its end, then signals in SI with the names of
        ``Outputs``; powers are means since the row before.
    setpoints
        One row per control cycle: ``time_s`` and the names of ``Setpoints``.

    Raises
    ------
    DataError
        If more than a tenth of a needed signal is missing.
    """
    telemetry, missing_share = _bridged(site, telemetry)
    time_s = telemetry["time_s"].to_numpy(dtype=float)
    step_s = np.diff(
        time_s, prepend=2 * time_s[0] - time_s[1] if len(time_s) > 1 else 0
    )
    energy = {
        name: float(np.sum(telemetry[name].to_numpy(dtype=float) * step_s))
        for name in METERED
    }
    taken_j = battery_taken(site, telemetry)
    power_w = telemetry["site_power_w"].to_numpy(dtype=float)
    middle_s = time_s - step_s / 2.0
    price = scenario.price_at(middle_s)
    carbon = scenario.carbon_at(middle_s)
    site_j = energy["site_power_w"] + taken_j
    energy_usd = float(np.sum(power_w * step_s * price)) + taken_j * float(price.mean())
    carbon_kg = float(np.sum(power_w * step_s * carbon)) + taken_j * float(
        carbon.mean()
    )
    hours = float(step_s.sum()) / 3600.0
    peak_w = peak(power_w, step_s)
    demand_usd = (
        peak_w * site.tariff.demand_charge_usd_w_month * hours / HOURS_PER_MONTH
    )
    it_kwh = energy["it_power_w"] / J_PER_KWH
    water_kg = energy["tower_makeup_kg_s"] + energy["ahu_makeup_kg_s"]
    return Kpis(
        hours=hours,
        site_energy_j=site_j,
        it_energy_j=energy["it_power_w"],
        cooling_energy_j=energy["cooling_power_w"],
        power_chain_energy_j=energy["power_chain_loss_w"],
        pue=site_j / energy["it_power_w"],
        wue_l_kwh=water_kg / it_kwh,
        cue_kg_kwh=carbon_kg / it_kwh,
        water_kg=water_kg,
        carbon_kg=carbon_kg,
        energy_cost_usd=energy_usd,
        demand_cost_usd=demand_usd,
        cost_usd=energy_usd + demand_usd,
        peak_w=peak_w,
        violation_kh=violation(site, telemetry, step_s),
        reversals=reversals(setpoints),
        missing_share=missing_share,
    )


def _bridged(site: Site, telemetry: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Telemetry without holes, and the share of readings that were missing."""
    used = [*METERED, "battery_soc", *site.limits._fields]
    missing = telemetry[used].isna()
    worst = missing.mean()
    if worst.max() > LARGEST_MISSING_SHARE:
        name = str(worst.idxmax())
        message = (
            f"telemetry: {name} is missing in {worst.max():.0%} of the scans; figures "
            f"need at least {1 - LARGEST_MISSING_SHARE:.0%}. See the journal for why."
        )
        raise DataError(message)
    bridged = telemetry.copy()
    bridged[used] = telemetry[used].interpolate(limit_direction="both")
    return bridged, float(missing.to_numpy().mean())


def battery_taken(site: Site, telemetry: pd.DataFrame) -> float:
    """Energy that must be charged to restore the first state of charge [J]."""
    soc = telemetry["battery_soc"].to_numpy(dtype=float)
    battery = site.facility.power.battery
    missing_j = float(soc[0] - soc[-1]) * battery.energy_j
    eta = battery.one_way_efficiency
    return missing_j / eta if missing_j > 0 else missing_j * eta


def peak(power_w: Series, step_s: Series) -> float:
    """Largest mean power over a quarter hour [W]; the largest step if steps are longer.

    Windows start at the first row and do not overlap, as a demand meter's.
    """
    end_s = np.cumsum(step_s)
    window = np.floor((end_s - step_s / 2.0) / PEAK_WINDOW_S).astype(int)
    energy = np.bincount(window, weights=power_w * step_s)
    length = np.bincount(window, weights=step_s)
    used = length > 0
    return float(np.max(energy[used] / length[used]))


def violation(site: Site, telemetry: pd.DataFrame, step_s: Series) -> float:
    """Exceedance of the temperature limits, summed over limits and time [K h]."""
    total = 0.0
    for name, limit_c in site.limits._asdict().items():
        above_k = np.maximum(telemetry[name].to_numpy(dtype=float) - limit_c, 0.0)
        total += float(np.sum(above_k * step_s)) / 3600.0
    return total


def reversals(setpoints: pd.DataFrame) -> int:
    """How often any setpoint moved against its last move."""
    count = 0
    for name in Setpoints._fields:
        moves = np.diff(setpoints[name].to_numpy(dtype=float))
        direction = np.sign(moves[np.abs(moves) > 1e-9])
        count += int(np.sum(direction[1:] != direction[:-1]))
    return count
