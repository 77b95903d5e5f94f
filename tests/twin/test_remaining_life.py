"""Remaining life: the ageing models carried to their end at the recorded use."""

import numpy as np
import pytest

from plant.power.capacitor import Capacitor
from twin import battery_life, capacitor_life
from twin.battery_life import CHEMISTRIES, Use, outlook, used
from twin.config import load_site
from twin.errors import DataError
from twin.history import History
from twin.signals import Inputs, Outputs, Setpoints

BATTERY = load_site("hybrid_10mw").facility.power.battery
STANDBY = Use(np.full(288, 0.9), 0.0, 0.0, 0.0, 0.0)
WORKING = Use(np.linspace(0.6, 0.95, 288), 1.0, 0.35, 0.08, 0.3)


def record(soc, power_w) -> History:
    outputs = np.full((len(soc), len(Outputs._fields)), np.nan)
    outputs[:, Outputs._fields.index("battery_soc")] = soc
    outputs[:, Outputs._fields.index("battery_power_w")] = power_w
    blank = np.zeros((len(soc), len(Inputs._fields)))
    moves = np.zeros((len(soc), len(Setpoints._fields)))
    time_s = (np.arange(len(soc)) + 1.0) * 300.0
    return History(time_s, blank, outputs, moves, 300.0, ())


@pytest.mark.parametrize("chemistry", CHEMISTRIES)
def test_at_the_end_that_is_foretold_the_model_has_the_end_capacity(chemistry) -> None:
    found = outlook(chemistry, WORKING, 30.0, 0.2)
    then = outlook(chemistry, WORKING, 30.0, 0.2 + found.years_left)
    assert then.health == pytest.approx(0.8, abs=1e-3)
    assert then.years_left == pytest.approx(0.0, abs=1e-2)


@pytest.mark.parametrize("chemistry", CHEMISTRIES)
def test_warmth_and_years_shorten_what_is_left(chemistry) -> None:
    cool, warm = (outlook(chemistry, STANDBY, c, 1.0).years_left for c in (25.0, 35.0))
    assert warm < cool
    young, old = (outlook(chemistry, WORKING, 30.0, y) for y in (0.1, 0.3))
    assert old.health < young.health
    assert old.years_left == pytest.approx(young.years_left - 0.2, abs=1e-2)


def test_a_capacity_test_overrules_the_calendar() -> None:
    believed = outlook("lfp", WORKING, 30.0, 3.0)
    worse = outlook("lfp", WORKING, 30.0, 3.0, believed.health - 0.03)
    same = outlook("lfp", WORKING, 30.0, 9.0, believed.health)
    assert worse.years_left < believed.years_left
    assert same.years_left == pytest.approx(believed.years_left, abs=1e-2)


def test_use_is_counted_from_charge_and_power() -> None:
    rows = 2 * 288
    power_w = np.where(np.arange(rows) % 288 < 12, 0.5e6, 0.0)  # an hour a day
    soc = np.where(np.arange(rows) % 288 < 144, 0.7, 0.9)
    use = used(record(soc, power_w), BATTERY)
    assert use.cycles_per_day == pytest.approx(0.5e6 * 3600.0 / (2 * BATTERY.energy_j))
    assert use.depth == pytest.approx(0.2)
    assert use.working_c_rate_1_h == pytest.approx(0.5e6 * 3600.0 / BATTERY.energy_j)


def test_a_battery_that_is_not_recorded_is_refused() -> None:
    with pytest.raises(DataError, match="battery_soc"):
        used(record(np.full(5, np.nan), np.zeros(5)), BATTERY)


def test_capacitors_wear_out_when_their_life_is_over() -> None:
    bank, load = Capacitor(), np.full(50, 0.8)
    hot = capacitor_life.outlook(bank, load, 65.0, 0.0)
    assert hot.years_left < 15.0  # warmer than the shelf forgives
    later = capacitor_life.outlook(bank, load, 65.0, hot.years_left)
    assert later.wear == pytest.approx(1.0)
    assert later.years_left == pytest.approx(0.0, abs=1e-9)


def test_unrecorded_loads_are_refused() -> None:
    with pytest.raises(DataError, match="ups_load_fraction"):
        capacitor_life.loads(record(np.full(5, 0.9), np.zeros(5)))


def test_nothing_is_foretold_beyond_what_a_model_can_carry() -> None:
    resting = STANDBY._replace(soc=np.full(288, 0.1))
    assert outlook("lfp", resting, 10.0, 0.0).years_left == float("inf")
    assert battery_life.MOST_YEARS == 60.0
