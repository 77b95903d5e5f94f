"""What a control interval costs, for many plants at once, by ``optimizer.problem``."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import Prices, Weights, rates, wear
from twin.config import Site
from twin.kpis import HOURS_PER_MONTH, directions
from twin.signals import Inputs, Outputs, Setpoints

Array = NDArray[np.float64]
SITE_W = Outputs._fields.index("site_power_w")


class Carried(NamedTuple):
    """What the next interval's cost depends on; the first axis counts plants."""

    row: Array  # (plants, outputs), last readings
    active: Array  # (plants, setpoints)
    direction: Array  # (plants, setpoints), of each setpoint's last move
    peak_w: Array  # (plants,), bought so far in the billing period


class Interval(NamedTuple):
    """One control interval; the first axis counts plants."""

    inputs: Array  # (plants, inputs)
    rows: Array  # (plants, scans, outputs)
    active: Array  # (plants, setpoints), in force during it
    priced: Array  # (plants, 2), USD/J and kg/J
    pv_w: Array  # (plants,)


def interval_usd(
    site: Site, weights: Weights, before: Carried, now: Interval, hours: float
) -> tuple[Array, Carried]:
    """Cost of an interval [USD], and what the next one depends on.

    Parameters
    ----------
    site, weights
        Limits, tariff, prices.
    before
        From the interval before.
    now
        What happened.
    hours
        Of the day that is judged; the demand charge of a month counts in proportion.
    """
    plants, scans = now.rows.shape[:2]
    step_s = np.full(scans, site.control.control_interval_s / scans)
    demand = site.tariff.demand_charge_usd_w_month * hours / HOURS_PER_MONTH
    prices = Prices(
        now.priced[:, :1], now.priced[:, 1:], demand, pv_w=now.pv_w[:, None]
    )
    inputs = Inputs(*(now.inputs.T[:, :, None]))
    outputs = Outputs(*np.moveaxis(now.rows, 2, 0))
    held = Setpoints(*(now.active.T[:, :, None]))
    running = sum(rates(site, weights, prices, inputs, outputs, held)) * step_s
    way = directions(now.active - before.active)
    turned = (way * before.direction < 0.0).sum(axis=1)
    course = np.concatenate([before.row[:, None], now.rows], axis=1)
    moves = np.stack([before.active, now.active], axis=2)
    worn = wear(
        site.facility,
        weights,
        np.concatenate([[0.0], step_s]),
        Outputs(*np.moveaxis(course, 2, 0)),
        Setpoints(*np.moveaxis(moves, 1, 0)),
        turned,
    )
    bought_w = np.maximum(now.rows[:, :, SITE_W].mean(axis=1) - now.pv_w, 0.0)
    above_w = np.maximum(bought_w - before.peak_w, 0.0)
    usd = (
        np.broadcast_to(running, (plants, scans)).sum(axis=1) + worn + demand * above_w
    )
    after = Carried(
        now.rows[:, -1].copy(),
        now.active.copy(),
        np.where(way != 0.0, way, before.direction),
        np.maximum(before.peak_w, bought_w),
    )
    return np.asarray(usd), after
