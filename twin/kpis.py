"""Key performance indicators of a run, from recorded telemetry only.

Definitions
-----------
PUE   ISO/IEC 30134-2: energy of the site over energy of the IT equipment, category 3
      (IT measured at the rack inputs), whatever its source. The battery's change of
      charge is booked out, so that emptying it does not look like a saving.
REF   ISO/IEC 30134-3: renewable energy made on site over the site's energy.
ERF   ISO/IEC 30134-6: energy reused outside over the site's energy.
CUE   ISO/IEC 30134-8: kg CO2e of the energy from the grid per kWh of IT energy.
WUE   ISO/IEC 30134-9: water made up, litres per kWh of IT energy.

Energy cost, peak and carbon count what the grid delivers: the site less its PV, never
below zero (what is fed back earns nothing). What the battery owes at the end is bought at
the mean price of the run or of the hours after it in which it would be recharged,
whichever is dearer; a surplus is credited at the cheaper of both. Carbon likewise.

A run shorter than a year gives interval figures, which the standards call by the same
name with a prefix; the report says the interval.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from twin import effective_compute
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
OPTIONAL = (
    "heat_reused_w",
    "battery_power_w",
)  # zero where a site does not report them
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
    peak_w: float  # of the grid
    violation_kh: float
    reversals: int
    missing_share: float  # of the readings used here; bridged linearly
    ref: float
    erf: float
    renewable_energy_j: float
    reused_energy_j: float
    above_grid_limit_j: float  # drawn beyond what the connection may
    effective_chip_h: float  # see twin.effective_compute; 0 without chips on plates
    effective_chip_h_kwh: float  # per kWh of the site
    availability: float  # of the chips; 0 without chips on plates


class Owed(NamedTuple):
    """Charge that the battery lacks at the end of a run, and what it costs."""

    energy_j: float  # negative if it has gained
    usd: float
    carbon_kg: float


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
    step_s = _steps(telemetry["time_s"].to_numpy(dtype=float))
    energy = {
        name: float(np.sum(telemetry[name].to_numpy(dtype=float) * step_s))
        for name in (*METERED, *OPTIONAL)
    }
    owed = battery_owed(site, scenario, telemetry)
    supply = _supply(site, scenario, telemetry, owed)
    site_j = energy["site_power_w"] + owed.energy_j
    it_kwh = energy["it_power_w"] / J_PER_KWH
    water_kg = energy["tower_makeup_kg_s"] + energy["ahu_makeup_kg_s"]
    compute = effective_compute.delivered(
        site.facility,
        telemetry["it_power_w"].to_numpy(dtype=float),
        telemetry["chip_c"].to_numpy(dtype=float),
        step_s,
    )
    chip_h = compute.effective_chip_s / 3600.0
    return Kpis(
        hours=float(step_s.sum()) / 3600.0,
        site_energy_j=site_j,
        it_energy_j=energy["it_power_w"],
        cooling_energy_j=energy["cooling_power_w"],
        power_chain_energy_j=energy["power_chain_loss_w"],
        pue=site_j / energy["it_power_w"],
        wue_l_kwh=water_kg / it_kwh,
        cue_kg_kwh=supply.carbon_kg / it_kwh,
        water_kg=water_kg,
        carbon_kg=supply.carbon_kg,
        energy_cost_usd=supply.energy_usd,
        demand_cost_usd=supply.demand_usd,
        cost_usd=supply.energy_usd + supply.demand_usd,
        peak_w=supply.peak_w,
        violation_kh=violation(site, telemetry, step_s),
        reversals=reversals(setpoints),
        missing_share=missing_share,
        ref=supply.renewable_j / site_j,
        erf=energy["heat_reused_w"] / site_j,
        renewable_energy_j=supply.renewable_j,
        reused_energy_j=energy["heat_reused_w"],
        above_grid_limit_j=supply.above_limit_j,
        effective_chip_h=chip_h,
        effective_chip_h_kwh=chip_h / (site_j / J_PER_KWH),
        availability=compute.availability,
    )


class Supply(NamedTuple):
    """Where the energy came from and what it cost."""

    energy_usd: float
    demand_usd: float
    carbon_kg: float
    peak_w: float
    renewable_j: float
    above_limit_j: float


def _supply(
    site: Site, scenario: Scenario, telemetry: pd.DataFrame, owed: Owed
) -> Supply:
    """Grid and PV behind the meter."""
    time_s = telemetry["time_s"].to_numpy(dtype=float)
    step_s = _steps(time_s)
    middle_s = time_s - step_s / 2.0
    pv_w = scenario.pv_at(middle_s)
    grid_w = np.maximum(telemetry["site_power_w"].to_numpy(dtype=float) - pv_w, 0.0)
    months = float(step_s.sum()) / 3600.0 / HOURS_PER_MONTH
    peak_w = peak(grid_w, step_s)
    above_w = np.maximum(grid_w - site.facility.power.grid_limit_w, 0.0)
    price, carbon = scenario.price_at(middle_s), scenario.carbon_at(middle_s)
    return Supply(
        energy_usd=float(np.sum(grid_w * step_s * price)) + owed.usd,
        demand_usd=peak_w * site.tariff.demand_charge_usd_w_month * months,
        carbon_kg=float(np.sum(grid_w * step_s * carbon)) + owed.carbon_kg,
        peak_w=peak_w,
        renewable_j=float(np.sum(pv_w * step_s)),
        above_limit_j=float(np.sum(above_w * step_s)),
    )


def _steps(time_s: Series) -> Series:
    """Length of the scan that ends at each time [s]."""
    before = 2 * time_s[0] - time_s[1] if len(time_s) > 1 else 0.0
    return np.diff(time_s, prepend=before)


def _bridged(site: Site, telemetry: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Telemetry without holes, and the share of readings that were missing."""
    used = [*METERED, "battery_soc", *site.limits._fields]
    missing = telemetry[used].isna()
    worst = missing.mean()
    if worst.max() > LARGEST_MISSING_SHARE:
        name = str(worst.idxmax())
        message = (
            f"telemetry: {name} is missing in {worst.max():.0%} of the scans; figures "
            f"need at least {1 - LARGEST_MISSING_SHARE:.0%}. See the audit log for why."
        )
        raise DataError(message)
    bridged = telemetry.assign(
        **{name: 0.0 for name in OPTIONAL if name not in telemetry}
    )
    bridged[list(OPTIONAL)] = bridged[list(OPTIONAL)].fillna(0.0)
    bridged[used] = telemetry[used].interpolate(limit_direction="both")
    return bridged, float(missing.to_numpy().mean())


def battery_taken(site: Site, telemetry: pd.DataFrame) -> float:
    """Energy that must be charged to restore the state of charge before the run [J].

    The first row stands at the end of the first scan: what the battery delivered in it,
    if ``battery_power_w`` was recorded, is put back.
    """
    soc = telemetry["battery_soc"].to_numpy(dtype=float)
    battery = site.facility.power.battery
    eta = battery.one_way_efficiency
    missing_j = float(soc[0] - soc[-1]) * battery.energy_j
    if "battery_power_w" in telemetry and "time_s" in telemetry:
        bus_w = float(telemetry["battery_power_w"].iloc[0])
        cells_w = bus_w / eta if bus_w > 0 else bus_w * eta
        missing_j += cells_w * float(_steps(telemetry["time_s"].to_numpy(float))[0])
    return missing_j / eta if missing_j > 0 else missing_j * eta


def battery_owed(site: Site, scenario: Scenario, telemetry: pd.DataFrame) -> Owed:
    """Energy, cost and carbon of restoring the first state of charge."""
    taken_j = battery_taken(site, telemetry)
    time_s = telemetry["time_s"].to_numpy(dtype=float)
    charge_w = max(site.facility.power.battery.charge_power_w, 1.0)
    hours = max(int(np.ceil(abs(taken_j) / charge_w / 3600.0)), 1)
    after_s = time_s[-1] + 3600.0 * (np.arange(hours) + 0.5)
    middle_s = time_s - _steps(time_s) / 2.0
    rates = []
    for series in (scenario.price_at, scenario.carbon_at):
        run, later = float(series(middle_s).mean()), float(series(after_s).mean())
        rates.append(max(run, later) if taken_j > 0 else min(run, later))
    return Owed(taken_j, taken_j * rates[0], taken_j * rates[1])


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


def directions(moves: Series) -> Series:
    """+1 up, -1 down, 0 where a setpoint stays, any shape."""
    return np.asarray(np.where(np.abs(moves) > 1e-9, np.sign(moves), 0.0))


def reversals(setpoints: pd.DataFrame) -> int:
    """How often any setpoint moved against its last move."""
    count = 0
    for name in Setpoints._fields:
        way = directions(np.diff(setpoints[name].to_numpy(dtype=float)))
        way = way[way != 0.0]
        count += int(np.sum(way[1:] != way[:-1]))
    return count
