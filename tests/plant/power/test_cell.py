"""Physics of the lithium cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import cell
from plant.table import lookup
from twin import cell_fit
from twin.resources import resolve

CELLS = cell_fit.load(resolve("cells", "equipment", ".json"))
NMC = CELLS["Chen2020"]


def after(parameters, state, current_a, steps, dt_s=60.0):
    for _ in range(steps):
        state, made = cell.step(parameters, state, current_a, 25.0, dt_s)
    return state, made


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(CELLS)), st.floats(0.3, 0.8), st.floats(0.0, 1.0))
def test_more_current_less_voltage(name, soc, rate):
    parameters = CELLS[name]
    state = cell.at_rest(soc, 25.0)
    current = rate * parameters.capacity_ah
    there = cell.voltage(parameters, state, np.array([-current, 0.0, current]))
    assert there[0] >= there[1] >= there[2]


@pytest.mark.parametrize("name", CELLS)
def test_energy_is_delivered_or_heat(name):
    parameters = CELLS[name]
    current, dt_s = parameters.capacity_ah, 10.0
    state, heat_j, given_j = cell.at_rest(0.8, 25.0), 0.0, 0.0
    for _ in range(180):
        state, made = cell.step(parameters, state, current, 25.0, dt_s)
        heat_j += made.heat_w * dt_s
        given_j += made.voltage_v * current * dt_s
    soc = np.linspace(0.8, state.soc, 2001)
    curve = lookup(parameters.open_circuit, soc)
    charge = parameters.capacity_ah * 3600.0
    stored_j = -np.trapezoid(curve, soc) * charge
    assert heat_j > 0.0
    assert heat_j + given_j == pytest.approx(stored_j, rel=1e-4)


def test_rest_brings_back_the_open_circuit_voltage():
    state, _ = after(NMC, cell.at_rest(0.8, 25.0), 5.0, 20)
    rested, made = after(NMC, state, 0.0, 600)
    assert made.voltage_v == pytest.approx(
        lookup(NMC.open_circuit, rested.soc), abs=1e-3
    )
    assert rested.temperature_c == pytest.approx(25.0, abs=1e-3)


def test_halving_the_step_keeps_charge_and_lags():
    long, _ = after(NMC, cell.at_rest(0.8, 25.0), 5.0, 10, 60.0)
    short, _ = after(NMC, cell.at_rest(0.8, 25.0), 5.0, 20, 30.0)
    np.testing.assert_allclose(short[:4], long[:4], rtol=1e-12)
    warming = long.temperature_c - 25.0
    assert short.temperature_c - 25.0 == pytest.approx(warming, rel=0.03)


def test_leaving_the_window_is_flagged():
    _, empty = after(NMC, cell.at_rest(0.05, 25.0), 5.0, 5)
    _, fine = after(NMC, cell.at_rest(0.5, 25.0), 5.0, 5)
    assert (empty.outside, fine.outside) == (1.0, 0.0)


def test_cold_costs_voltage():
    cold, warm = (cell.voltage(NMC, cell.at_rest(0.5, t), 5.0) for t in (10.0, 40.0))
    assert warm - cold > 0.02


def test_fit_finds_a_known_resistance():
    """Runs made by the cell itself, 20 % more resistive, are followed to a millivolt."""
    table = NMC.resistance
    more = table._replace(values=tuple(1.2 * value for value in table.values))
    true = NMC._replace(resistance=more)
    time_s = np.arange(0.0, 3000.0, 30.0)
    current = np.where((time_s // 600) % 2 == 0, 5.0, 0.0)
    blank = cell_fit.CellRun(time_s, current, 0 * time_s, 25.0 + 0 * time_s, 4.0)
    run = blank._replace(voltage_v=cell_fit.error_v(true, blank))
    made = cell_fit.fit(5.0, NMC.open_circuit, NMC.transference, [run])
    keep = cell_fit.steady(5.0, run)
    assert np.abs(cell_fit.error_v(made, run)[keep]).max() < 2e-3
