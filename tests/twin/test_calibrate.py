"""Calibration: numbers of an unknown plant found from noisy telemetry alone."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.rules import RulesController
from twin.accuracy import accuracy, judge
from twin.calibrate import Calibration, calibrate
from twin.config import load_site
from twin.errors import ConfigError, DataError
from twin.history import history
from twin.nameplates import replaced, uncertain
from twin.perturb import perturb
from twin.replay import blocks
from twin.scenario import load_scenario
from twin.sensors import SensorNoise, sensed
from twin.simulate import simulate
from twin.topology import Facility
from twin.versions import Store, Version, applied

SITE = load_site("hybrid_10mw")
NOISE = SensorNoise(temperature_k=0.1, power=0.01, flow=0.01)


def recorded(days: float, seed: int) -> tuple[Facility, pd.DataFrame, pd.DataFrame]:
    """A plant with unknown numbers, and what its sensors wrote down."""
    rng = np.random.default_rng(seed)
    plant = perturb(SITE.facility, rng, 0.12)
    scenario = load_scenario(SITE, "05-20", days * 24.0, None, None, True)
    results = simulate(SITE, scenario, RulesController(SITE), plant)
    telemetry = results.telemetry
    for name in telemetry.columns.drop("time_s"):
        telemetry[name] = [sensed(name, v, NOISE, rng) for v in telemetry[name]]
    return plant, telemetry, results.setpoints


@pytest.fixture(scope="module")
def identified() -> tuple[Facility, Calibration]:
    """A fit over six days."""
    plant, telemetry, moves = recorded(6.0, seed=11)
    return plant, calibrate(SITE.facility, history(telemetry, moves, "test"), days=4)


def test_seen_numbers_are_those_of_the_plant(
    identified: tuple[Facility, Calibration],
) -> None:
    plant, calibration = identified
    truth = uncertain(plant)
    seen = [value for value in calibration.values if value.seen]
    assert len(seen) >= 8
    for value in seen:
        assert value.value == pytest.approx(truth[value.path], rel=0.03), value.path


def test_unseen_numbers_stay_on_the_nameplate_and_say_why(
    identified: tuple[Facility, Calibration],
) -> None:
    _, calibration = identified
    unseen = {value.path: value for value in calibration.values if not value.seen}
    array = unseen["power.pv.array.inverter_efficiency"]  # the site has no PV
    assert array.value == array.nameplate
    assert "never showed" in array.note


def test_later_days_are_followed_closely(
    identified: tuple[Facility, Calibration],
) -> None:
    plant, calibration = identified
    signals = ("site_power_w", "tower_fan_power_w")
    before = judge(SITE.facility, calibration.validation, signals)
    after = judge(calibration.facility, calibration.validation, signals)
    # The readings themselves scatter by 1 %, so MAPE is about 0.8 % for a perfect twin.
    perfect = judge(plant, calibration.validation, signals)
    for old, new, best in zip(before, after, perfect, strict=True):
        assert new.rmse < old.rmse
        assert new.rmse < 1.1 * best.rmse


def test_a_stuck_sensor_and_wrong_units_are_named_and_left_out() -> None:
    _, telemetry, moves = recorded(2.0, seed=5)
    telemetry["fws_supply_c"] = 21.5
    telemetry.loc[10:20, "wet_bulb_c"] = telemetry.loc[10:20, "wet_bulb_c"] * 1.8 + 32.0
    telemetry.loc[30:33, "site_power_w"] = np.nan
    found = history(telemetry, moves, "test")
    notes = " ".join(found.notes)
    assert "fws_supply_c: the same reading all the time" in notes
    assert "wet_bulb_c: 2 readings outside" in notes  # 45 degC is not reached by all
    assert "wet_bulb_c: 9 readings above the dry bulb" in notes
    assert len(found.time_s) == len(telemetry) - 11


def test_gaps_split_the_replay() -> None:
    _, telemetry, moves = recorded(2.0, seed=5)
    gap = telemetry.drop(index=range(200, 240))
    parts = blocks(history(gap, moves, "test"), 86400.0)
    for part in parts:
        steps = np.diff(part.history.time_s)
        assert np.allclose(steps, steps[0])


def test_a_short_history_is_refused_with_what_to_do() -> None:
    _, telemetry, moves = recorded(2.0, seed=5)
    with pytest.raises(DataError, match=r"at least 48 are needed\. Record longer"):
        history(telemetry.head(20), moves, "test")
    short = history(telemetry.head(100), moves, "test")
    with pytest.raises(DataError, match="usable stretches"):
        calibrate(SITE.facility, short)


def test_accuracy_by_hand() -> None:
    figure = accuracy("site_power_w", np.array([100.0, 200.0]), np.array([90.0, 220.0]))
    assert figure.accuracy == pytest.approx(0.9)
    assert figure.bias == pytest.approx(5.0)
    assert figure.cv_rmse == pytest.approx(np.sqrt(500.0) / 150.0)
    assert figure.nmbe == pytest.approx(-10.0 / 150.0)


def version(passed: bool = True) -> Version:
    """A version with one changed number."""
    path = "power.busway.full_loss_w"
    plate = uncertain(SITE.facility)[path]
    values, plates = {path: 1.1 * plate}, {path: plate}
    return Version(
        0, SITE.name, "2026-01-01T00:00:00+00:00", values, plates, passed, {}
    )


def test_versions_need_consent_and_can_be_rolled_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    first, second = store.propose(version()), store.propose(version())
    assert (first.number, second.number) == (1, 2)
    assert store.current() is None
    assert applied(SITE, store.current()) == SITE
    store.accept(1, "operator", "2026-01-02")
    store.accept(2, "operator", "2026-01-03")
    changed = applied(SITE, store.current())
    assert uncertain(changed.facility) != uncertain(SITE.facility)
    back = store.roll_back("operator", "2026-01-04", "pumps were replaced")
    assert back is not None
    assert back.number == 1
    assert store.get(2).state == "rolled back"
    assert "pumps were replaced" in store.get(2).said[-1]


def test_a_version_that_failed_or_is_for_another_site_is_refused(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    store.propose(version(passed=False))
    with pytest.raises(ConfigError, match="did not pass validation"):
        store.accept(1, "operator", "2026-01-02")
    with pytest.raises(ConfigError, match="fitted for"):
        applied(load_site("legacy_air_2mw"), version())


def test_numbers_are_replaced_at_their_paths() -> None:
    changed = replaced(SITE.facility, {"heat_rejection.tower.ua_w_k": 1.0})
    assert changed.heat_rejection.tower.ua_w_k == 1.0
    assert changed.power == SITE.facility.power
