r"""The objective: what a course of the site costs, item by item, in USD.

Every controller that weighs and every comparison that judges uses this one file: the plan
and its confirmation on the twin, the searches, the bound and the tables.

.. math::

    J = \sum_t \Delta t_t \left( \pi_t P_t + c_{CO_2} \gamma_t P_t + c_w \dot m_t
        + c_f N \lambda(T_{chip,t}) + c_x (x_t - x^{cap}_t)^+
        + c_K \sum_j (T_j - T_j^{max})^+ + c_G (P_t - P^{max})^+
        \right) + \pi_D \left( \max_t \bar P_t - D \right)^+ + \text{wear} + \text{charge}

The power :math:`P` is the meter's: server fans and leakage are in it, so warming the room
or the chips cannot look like a saving, as it can in PUE. Failures follow the chips'
temperature (``plant.it.reliability``). Wear counts starts of cells, chillers, air units
and UPS modules, changes of UPS mode, reversals of setpoints and energy through the
battery; a start costs in proportion to what starts, so that 50 kW and 100 MW weigh alike.

Everything is a pure function of arrays over time.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from plant.it import reliability
from plant.it.reliability import Chips
from twin.config import Site
from twin.effective_compute import chip_count
from twin.kpis import HOURS_PER_MONTH, battery_owed, battery_taken, peak, reversals
from twin.results import Results
from twin.scenario import Scenario
from twin.signals import Inputs, Outputs, Setpoints
from twin.topology import Facility

Array = NDArray[np.float64]


class Weights(NamedTuple):
    """What things cost beside the tariff. Every default is an assumption."""

    carbon_usd_kg: float = 0.05
    water_usd_kg: float = 0.003  # water and sewer, 3 USD/m3
    chip_failure_usd: float = 100.0  # handling and the restart of a small job
    compute_usd_j: float = (
        2.0 / 3.6e6
    )  # put off by a cap: 1 kW of chip rents at 2 USD/h
    exceedance_usd_k_s: float = 200.0 / 3600.0  # above a temperature limit
    over_grid_usd_j: float = (
        20.0 / 3.6e6
    )  # drawn beyond the connection, ten times a cap
    fan_start_usd_w: float = 1.0 / 18e3  # per watt of the fans of a cell or air unit
    chiller_start_usd_w: float = 5.0 / 1.4e6  # per watt of its capacity
    ups_switch_usd_w: float = 2.0 / 12.5e6  # per watt of the modules that switch
    # Of any setpoint, per watt of the racks: 10 MW have some 100 actuators of 500 USD
    # that last 250,000 reversals.
    reversal_usd_w: float = 0.2 / 10e6
    battery_wear_usd_j: float = 40.0 / 3.6e9  # discharged at the bus


class WearPrices(NamedTuple):
    """What wears a site, each time it happens [USD]."""

    cell_start: float
    chiller_start: float
    air_unit_start: float
    module_start: float
    mode_change: float  # of all UPS modules
    reversal: float


def wear_prices(facility: Facility, weights: Weights) -> WearPrices:
    """Prices of wear for the nameplates of a site."""
    modules, chiller = facility.power.ups, facility.trim_chillers.chiller
    switch = weights.ups_switch_usd_w * modules.rated_power_w
    return WearPrices(
        cell_start=weights.fan_start_usd_w * facility.heat_rejection.tower.fan_power_w,
        chiller_start=weights.chiller_start_usd_w * chiller.reference_capacity_w,
        air_unit_start=weights.fan_start_usd_w * facility.air.in_row.fan.fan_power_w,
        module_start=switch,
        mode_change=switch * facility.power.ups_count,
        reversal=weights.reversal_usd_w * facility.it.racks.rated_power_w,
    )


class Prices(NamedTuple):
    """Prices over time, and of the peak."""

    energy_usd_j: Array  # (time,)
    carbon_kg_j: Array  # (time,)
    demand_usd_w: float  # for every watt above the peak before
    peak_before_w: float = 0.0
    pv_w: Array | float = 0.0  # (time,), what the site's own modules deliver


class Rates(NamedTuple):
    """Cost per second of what runs [USD/s], arrays of one shape."""

    energy: Array
    carbon: Array
    water: Array
    failures: Array
    compute: Array
    exceedance: Array


class Bill(NamedTuple):
    """Cost of a course, in USD."""

    energy: float
    carbon: float
    water: float
    failures: float
    compute: float  # work put off by a cap of the IT power
    exceedance: float
    demand: float
    wear: float
    charge_owed: float  # to bring the battery back to where it was

    @property
    def total(self) -> float:
        """The objective."""
        return float(sum(self))


def beside_energy(
    facility: Facility,
    weights: Weights,
    inputs: Inputs,
    outputs: Outputs,
    setpoints: Setpoints,
) -> tuple[Array, Array, Array]:
    """Water, failures and compute [USD/s]: what needs no price of energy.

    Parameters
    ----------
    facility
        Nameplates.
    weights
        Prices.
    inputs, outputs, setpoints
        Arrays that broadcast.
    """
    makeup = np.asarray(outputs.tower_makeup_kg_s) + outputs.ahu_makeup_kg_s
    rate = np.asarray(reliability.failure_rate(Chips(), outputs.chip_c))
    asked_w = np.minimum(inputs.it_demand_w, facility.it.racks.rated_power_w)
    short_w = np.asarray(asked_w - setpoints.it_power_cap_w)
    return (
        weights.water_usd_kg * makeup,
        weights.chip_failure_usd * chip_count(facility) * rate,
        weights.compute_usd_j * np.maximum(short_w, 0.0),
    )


def exceedance_k(limits_c: Array, limited_c: Array) -> Array:
    """Sum of what is above each limit, over the last axis [K]."""
    return np.asarray(np.maximum(limited_c - limits_c, 0.0).sum(axis=-1))


def rates(
    site: Site,
    weights: Weights,
    prices: Prices,
    inputs: Inputs,
    outputs: Outputs,
    setpoints: Setpoints,
) -> Rates:
    """Cost per second of what runs.

    Parameters
    ----------
    site
        Nameplates and limits.
    weights, prices
        What things cost; prices of shape (time,).
    inputs, outputs, setpoints
        Arrays of shape (..., time).
    """
    power_w = np.maximum(np.asarray(outputs.site_power_w) - prices.pv_w, 0.0)
    limited = np.stack([getattr(outputs, n) for n in site.limits._fields], axis=-1)
    above_k = exceedance_k(np.array(site.limits), limited)
    over_w = np.maximum(power_w - site.facility.power.grid_limit_w, 0.0)
    return Rates(
        prices.energy_usd_j * power_w,
        weights.carbon_usd_kg * prices.carbon_kg_j * power_w,
        *beside_energy(site.facility, weights, inputs, outputs, setpoints),
        weights.exceedance_usd_k_s * above_k + weights.over_grid_usd_j * over_w,
    )


def starts(count: Array) -> Array:
    """Units that came into service over time, the last axis."""
    return np.asarray(np.maximum(np.diff(count), 0.0).sum(axis=-1))


def wear(
    facility: Facility,
    weights: Weights,
    step_s: Array,
    outputs: Outputs,
    setpoints: Setpoints,
    reversed_count: Array | float,
) -> Array:
    """Starts, changes of mode, reversals and battery throughput [USD].

    Parameters
    ----------
    facility, weights
        Nameplates and prices.
    step_s, outputs
        Arrays of shape (..., time).
    setpoints
        In force, shape (..., cycles).
    reversed_count
        Reversals of setpoints (``twin.kpis.reversals``), shape (...).

    Returns
    -------
    ndarray
        Shape (...).
    """
    discharged_w = np.maximum(np.asarray(outputs.battery_power_w), 0.0)
    modes = np.abs(np.diff(np.round(outputs.ups_eco))).sum(axis=-1)
    price = wear_prices(facility, weights)
    return np.asarray(
        price.cell_start * starts(np.asarray(outputs.tower_cells_on))
        + price.chiller_start * starts(np.asarray(outputs.chillers_on))
        + price.air_unit_start * starts(np.asarray(setpoints.air_units_on))
        + price.module_start * starts(np.asarray(setpoints.ups_modules_on))
        + price.mode_change * modes
        + price.reversal * reversed_count
        + weights.battery_wear_usd_j * np.sum(discharged_w * step_s, axis=-1)
    )


def charge_owed(site: Site, prices: Prices, outputs: Outputs) -> float:
    """Cost of restoring the first state of charge, at the mean price [USD]."""
    taken_j = battery_taken(site, pd.DataFrame({"battery_soc": outputs.battery_soc}))
    return taken_j * float(np.mean(prices.energy_usd_j))


def bill(
    site: Site,
    weights: Weights,
    prices: Prices,
    step_s: Array,
    inputs: Inputs,
    outputs: Outputs,
    setpoints: Setpoints,
) -> Bill:
    """Cost of a course.

    Parameters
    ----------
    site
        Nameplates and limits.
    weights, prices
        What things cost; prices of shape (time,).
    step_s
        Lengths of the steps, shape (time,). [s]
    inputs, outputs
        Over the steps, arrays of shape (time,).
    setpoints
        In force, arrays of shape (cycles,); cycles of equal length fill the steps.

    Returns
    -------
    Bill
        Item by item; ``total`` is the objective.
    """
    cycle = np.arange(len(step_s)) * len(np.asarray(setpoints[0])) // len(step_s)
    held = Setpoints(*(np.asarray(values)[cycle] for values in setpoints))
    running = rates(site, weights, prices, inputs, outputs, held)
    items = [float(np.sum(rate * step_s)) for rate in running]
    bought_w = np.maximum(np.asarray(outputs.site_power_w) - prices.pv_w, 0.0)
    highest_w = peak(bought_w, step_s)
    above_w = max(highest_w - prices.peak_before_w, 0.0)
    items += [
        prices.demand_usd_w * above_w,
        float(
            wear(
                site.facility,
                weights,
                step_s,
                outputs,
                setpoints,
                reversals(pd.DataFrame(setpoints._asdict())),
            )
        ),
        charge_owed(site, prices, outputs),
    ]
    return Bill(*items)


def bill_of(
    site: Site, scenario: Scenario, results: Results, weights: Weights | None = None
) -> Bill:
    """Cost of a finished run, from what was recorded.

    What PV delivers is not bought; charge owed costs what ``twin.kpis`` says.

    Parameters
    ----------
    site, scenario
        Limits, tariff, prices.
    results
        Of ``twin.simulate``; the first scenario counts.
    weights
        The defaults if None.
    """
    telemetry = results.telemetry
    end_s = telemetry["time_s"].to_numpy(dtype=float)
    step_s = np.diff(end_s, prepend=0.0)
    middle_s = end_s - step_s / 2.0
    hours = float(step_s.sum()) / 3600.0
    prices = Prices(
        np.asarray(scenario.price_at(middle_s)),
        np.asarray(scenario.carbon_at(middle_s)),
        site.tariff.demand_charge_usd_w_month * hours / HOURS_PER_MONTH,
        pv_w=np.asarray(scenario.pv_at(middle_s)),
    )
    moves, priced = results.setpoints, weights or Weights()
    items = bill(
        site,
        priced,
        prices,
        step_s,
        Inputs(*(telemetry[name].to_numpy(dtype=float) for name in Inputs._fields)),
        Outputs(*(telemetry[name].to_numpy(dtype=float) for name in Outputs._fields)),
        Setpoints(*(moves[name].to_numpy(dtype=float) for name in Setpoints._fields)),
    )
    owed = battery_owed(site, scenario, telemetry)
    return items._replace(charge_owed=owed.usd + priced.carbon_usd_kg * owed.carbon_kg)
