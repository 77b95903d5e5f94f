"""Ageing of three lithium cells against BLAST-Lite over ten years."""

import numpy as np
import pytest

from plant.power import ageing, ageing_lfp, ageing_nmc111, ageing_nmc811
from plant.power.ageing import Duty, Health

PREFIX = "blast_"
SPARSE = ("r_rel",)  # calendar ageing has no resistance in the reference
CONDITION = ["cell", "kind", "mean_soc", "dod", "temp_C", "c_rate"]
HOURS = 24.0


def day(mean_soc, depth, c_rate):
    """Hours and charge as the reference samples a day.

    An hour at the top, down, an hour at the bottom, up, and the rest at the top.
    """
    top, bottom, half_h = mean_soc + depth / 2.0, mean_soc - depth / 2.0, 0.0
    if depth > 0.0:
        half_h = depth / c_rate
    hour = np.cumsum([0.0, 1.0, half_h, 1.0, half_h])
    charge = np.array([top, top, bottom, bottom, top, top])
    return np.append(hour, HOURS), charge


def mean(hour, rate):
    return np.trapezoid(rate, hour) / HOURS


def lfp(health, hour, soc, temperature_c, duty, c_rate):
    plate = ageing_lfp.PUBLISHED
    rates = ageing_lfp.rates(plate, soc, temperature_c)
    average = type(rates)(*(mean(hour, rate) for rate in rates))
    drawn = np.append([0.0], c_rate * (np.diff(soc) != 0.0))
    daily_rate = np.trapezoid(drawn[1:], hour[1:]) / HOURS
    return ageing_lfp.age(plate, health, average, duty, daily_rate)


def nmc111(health, hour, soc, temperature_c, duty, c_rate):
    plate = ageing_nmc111.PUBLISHED
    rates = ageing_nmc111.rates(plate, soc, temperature_c)
    average = type(rates)(
        mean(hour, rates.loss), mean(hour, rates.gain), rates.squared_voltage_v2.mean()
    )
    return ageing_nmc111.age(plate, health, average, duty)


def nmc811(health, hour, soc, temperature_c, duty, c_rate):
    plate = ageing_nmc811.PUBLISHED
    rate = mean(hour, ageing_nmc811.rate(plate, soc, temperature_c))
    return ageing_nmc811.age(plate, health, rate, duty, c_rate, temperature_c)


MODELS = {"LFP": lfp, "NMC111": nmc111, "NMC811": nmc811}


def replay(condition, table):
    """Capacity and resistance at the rows of one condition."""
    cell, _, mean_soc, depth, temperature_c, c_rate = condition
    model = MODELS[cell.split("_")[0]]
    hour, soc = day(mean_soc, depth, c_rate)
    more = table[["t_days", "efc"]].diff().to_numpy(float)[1:]
    health, seen = Health(0.0, 0.0, 0.0, 0.0), [(1.0, 1.0)]
    for days, cycles in more:
        duty = Duty(days, cycles, depth)
        health = model(health, hour, soc, temperature_c, duty, c_rate)
        seen.append((ageing.capacity(health), ageing.resistance(health)))
    return np.array(seen, dtype=float).T


@pytest.fixture
def replayed(case):
    table = case.table.copy()
    table["capacity"], table["resistance"] = np.nan, np.nan
    for condition, rows in table.groupby(CONDITION, sort=False):
        capacity, resistance = replay(condition, rows)
        table.loc[rows.index, "capacity"] = capacity
        table.loc[rows.index, "resistance"] = resistance
    return table


def test_ten_years(replayed, check, draw):
    check("ageing_health_max", (replayed.capacity - replayed.q_rel).abs().max())
    known = replayed[replayed.r_rel.notna()]
    error = (known.resistance / known.r_rel - 1.0).abs().max()
    check("ageing_resistance_max", error)
    draw("state of health", replayed.q_rel, replayed.capacity)
