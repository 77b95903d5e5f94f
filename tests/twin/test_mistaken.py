"""Swapped sensors and wrong units are named and left out; a fault is neither."""

import numpy as np
import pytest

from optimizer.rules import RulesController
from twin.config import load_site
from twin.errors import DataError
from twin.fault_families import FAMILIES, with_fault
from twin.history import History, history
from twin.mistaken import trusted
from twin.perturb import perturb
from twin.scenario import load_scenario
from twin.sensors import SensorNoise, sensed_table
from twin.signals import Inputs, Outputs
from twin.simulate import simulate

DAYS = 4
SITES = ("hybrid_10mw", "legacy_air_2mw", "edge_50kw")


def recorded(
    name: str, seed: int = 3, fault: str = "", severity: float = 0.0
) -> History:
    """Days of a plant off its nameplates by up to 12 %, behind its sensors."""
    site, rng = load_site(name), np.random.default_rng(seed)
    plant = perturb(site.facility, rng, 0.12)
    if fault:
        family = next(one for one in FAMILIES if one.name == fault)
        plant = with_fault(plant, family, severity)
    scenario = load_scenario(site, "07-01", DAYS * 24.0)
    ran = simulate(site, scenario, RulesController(site), plant)
    seen = sensed_table(ran.telemetry, SensorNoise(power=0.01), rng)
    return history(seen, ran.setpoints, "test")


@pytest.fixture(scope="module")
def sound() -> History:
    return recorded("hybrid_10mw")


def column(record: History, name: str) -> np.ndarray:
    return record.outputs[:, Outputs._fields.index(name)]


def changed(record: History, rows: slice, **values: np.ndarray) -> History:
    outputs = record.outputs.copy()
    for name, value in values.items():
        outputs[rows, Outputs._fields.index(name)] = value[rows]
    return record._replace(outputs=outputs)


@pytest.mark.parametrize("name", SITES)
def test_a_plant_off_its_nameplates_is_believed(name: str) -> None:
    record = recorded(name)
    assert trusted(load_site(name).facility, record).notes == record.notes


@pytest.mark.parametrize(
    ("fault", "severity"),
    [
        ("facility-water pump wear", 0.3),
        ("tower fouling", 0.4),
        ("hot busway joint", 1.0),
    ],
)
def test_a_fault_is_no_mistake_of_a_sensor(fault: str, severity: float) -> None:
    record = recorded("hybrid_10mw", fault=fault, severity=severity)
    assert trusted(load_site("hybrid_10mw").facility, record).notes == record.notes


@pytest.mark.parametrize(
    ("first", "second"),
    [("fws_supply_c", "fws_return_c"), ("tower_pump_power_w", "in_row_fan_power_w")],
)
def test_swapped_sensors_are_named_and_left_out(
    sound: History, first: str, second: str
) -> None:
    facility = load_site("hybrid_10mw").facility
    crossed = {first: column(sound, second), second: column(sound, first)}
    found = trusted(facility, changed(sound, slice(None), **crossed))
    (note,) = set(found.notes) - set(sound.notes)
    assert {first, second} <= set(note.replace(":", "").split())
    assert f"on {DAYS} of {DAYS} days" in note
    assert np.isnan(column(found, first)).all()
    assert np.isnan(column(found, second)).all()
    assert np.isfinite(column(found, "tcs_supply_c")).all()


def test_sensors_swapped_half_way_are_believed_until_then(sound: History) -> None:
    late = slice(2 * 288, None)
    crossed = {
        "tcs_supply_c": column(sound, "tcs_return_c"),
        "tcs_return_c": column(sound, "tcs_supply_c"),
    }
    found = trusted(load_site("hybrid_10mw").facility, changed(sound, late, **crossed))
    (note,) = set(found.notes) - set(sound.notes)
    assert "first on day 3" in note
    assert np.isfinite(column(found, "tcs_supply_c")[: 2 * 288]).all()
    assert np.isnan(column(found, "tcs_supply_c")[late]).all()


@pytest.mark.parametrize(
    ("name", "factor", "zero", "unit"),
    [
        ("fws_pump_power_w", 1e-3, 0.0, "kW"),
        ("fws_flow_kg_s", 3.6, 0.0, "m3/h"),
        ("fws_return_c", 1.8, 32.0, "degF"),
        ("tower_fan_speed", 100.0, 0.0, "%"),
        ("it_power_w", 1e-3, 0.0, "kW"),
    ],
)
def test_a_wrong_unit_is_named_and_left_out(
    sound: History, name: str, factor: float, zero: float, unit: str
) -> None:
    wrong = changed(sound, slice(None), **{name: column(sound, name) * factor + zero})
    found = trusted(load_site("hybrid_10mw").facility, wrong)
    (note,) = set(found.notes) - set(sound.notes)
    assert note.startswith(name)
    assert unit in note
    assert np.isnan(column(found, name)).all()


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_a_demand_in_another_unit_is_refused(sound: History, factor: float) -> None:
    inputs = sound.inputs.copy()
    inputs[:, Inputs._fields.index("it_demand_w")] *= factor
    with pytest.raises(DataError, match="wrong unit"):
        trusted(load_site("hybrid_10mw").facility, sound._replace(inputs=inputs))
