"""Slow faults: seen in noisy telemetry of a plant that is not quite its nameplates."""

import numpy as np
import pytest

from optimizer.rules import RulesController
from twin.baseline import baseline, left_over
from twin.config import load_site
from twin.diagnose import DRIFT, Diagnosis, diagnose, threshold
from twin.drill import drilled, parsed
from twin.errors import ConfigError, DataError
from twin.fault_families import FAMILIES, with_fault
from twin.history import History, history
from twin.perturb import perturb
from twin.replay import blocks, metered, replay
from twin.scenario import load_scenario
from twin.sensors import SensorNoise, sensed_table
from twin.signals import Outputs
from twin.signatures import Evidence
from twin.simulate import simulate

SITE = load_site("hybrid_10mw")
DAYS, ONSET = 24, 16


@pytest.fixture(scope="module")
def sound() -> History:
    """Weeks of a plant whose nameplates are off by up to 2 %, behind its sensors."""
    rng = np.random.default_rng(21)
    plant = perturb(SITE.facility, rng, 0.02)
    scenario = load_scenario(SITE, "09-01", DAYS * 24.0)
    results = simulate(SITE, scenario, RulesController(SITE), plant)
    return history(
        sensed_table(results.telemetry, SensorNoise(), rng), results.setpoints, "test"
    )


def told(record: History) -> Diagnosis:
    """Diagnosis with the nameplates as the twin."""
    return diagnose(SITE.facility, SITE.limits, record)


def test_a_sound_plant_raises_no_warning(sound: History) -> None:
    found = told(sound)
    assert found.findings == ()
    assert len(found.families) >= 15  # it did look


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("facility-water pump wear", 0.1),
        ("tower fan or belt", 0.4),
        ("UPS capacitor or fan ageing", 0.2),
        ("sensor of the facility water return", 1.0),
    ],
)
def test_a_fault_is_named_with_its_size(
    sound: History, name: str, severity: float
) -> None:
    drill = parsed(f"{name}={severity}@{ONSET}")
    found = told(drilled(SITE.facility, sound, drill))
    first = found.findings[0]
    assert first.suspects[0].family.name == name
    assert first.suspects[0].confidence > 0.5
    assert first.suspects[0].severity == pytest.approx(severity, rel=0.25)
    assert ONSET * 86400.0 < first.raised_s <= (ONSET + 7) * 86400.0
    assert first.evidence


def test_two_faults_are_both_named(sound: History) -> None:
    record = drilled(SITE.facility, sound, parsed(f"hot busway joint=0.6@{ONSET - 2}"))
    record = drilled(SITE.facility, record, parsed("in-row fan wear=0.4@19"))
    names = {one.suspects[0].family.name for one in told(record).findings}
    assert {"hot busway joint", "in-row fan wear"} <= names


def test_what_a_fault_wastes_is_what_the_twin_says(sound: History) -> None:
    name, severity = "facility-water pump wear", 0.2
    found = told(drilled(SITE.facility, sound, parsed(f"{name}={severity}@{ONSET}")))
    day = metered(SITE.facility, blocks(sound, 86400.0))[-1]
    family = next(one for one in FAMILIES if one.name == name)
    worn, whole = (
        replay(facility, day)[day.burn_in :, Outputs._fields.index("site_power_w")]
        for facility in (with_fault(SITE.facility, family, severity), SITE.facility)
    )
    assert found.findings[0].waste_w == pytest.approx((worn - whole).mean(), rel=0.15)


def test_lost_water_is_told_as_water(sound: History) -> None:
    found = told(drilled(SITE.facility, sound, parsed(f"tower water loss=0.2@{ONSET}")))
    first = found.findings[0]
    assert first.suspects[0].family.name == "tower water loss"
    makeup = sound.outputs[-288:, Outputs._fields.index("tower_makeup_kg_s")].mean()
    # cycles of 3 and 2.4: make-up per evaporation is 3 / 2 and 2.4 / 1.4
    assert first.waste_water_kg_s == pytest.approx(
        (2.4 / 1.4 / 1.5 - 1) * makeup, rel=0.15
    )
    assert abs(first.waste_w) < 100.0


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("facility-water pump wear", 0.5),
        ("tower fan or belt", 0.8),
        ("sensor of the tower water return", -4.0),
    ],
)
def test_a_large_fault_is_not_told_smaller(
    sound: History, name: str, severity: float
) -> None:
    drill = parsed(f"{name}={severity}@{ONSET}")
    first = told(drilled(SITE.facility, sound, drill)).findings[0].suspects[0]
    assert first.family.name == name
    assert first.severity == pytest.approx(severity, rel=0.15)


def test_too_short_a_history_is_refused(sound: History) -> None:
    with pytest.raises(DataError, match="baseline"):
        told(sound.part(slice(0, 10 * 288)))


def test_a_history_without_signals_is_refused(sound: History) -> None:
    blind = sound._replace(outputs=np.full_like(sound.outputs, np.nan))
    with pytest.raises(DataError):
        told(blind)


def test_the_threshold_keeps_the_rate_of_false_alarms() -> None:
    wanted_days = 60.0
    limit = threshold(1, 30.0 / wanted_days)
    rng = np.random.default_rng(3)
    runs = []
    for _ in range(400):
        level = day = 0.0
        while level <= limit:
            level = max(level + rng.normal() - DRIFT, 0.0)
            day += 1.0
        runs.append(day)
    assert np.mean(runs) == pytest.approx(wanted_days, rel=0.2)


def test_the_baseline_learns_what_the_weather_does_to_the_twin() -> None:
    rng = np.random.default_rng(5)
    push = np.diag([400.0, 900.0])
    days = []
    for _ in range(14):
        wet_bulb_c = rng.uniform(5.0, 20.0)
        off = np.array([0.3, 0.0]) + np.array([0.05, 0.0]) * (wet_bulb_c - 12.5)
        pull = push @ off + rng.normal(size=2) * np.sqrt(np.diag(push))
        days.append(Evidence(0.0, np.array([wet_bulb_c, 1e6]), pull, push))
    usual = baseline(days)
    left = np.array([left_over(day, usual) for day in days]) / np.diag(push)
    raw = np.array([day.pull for day in days]) / np.diag(push)
    assert np.abs(left[:, 0]).mean() < 0.25 * np.abs(raw[:, 0]).mean()
    assert left[:, 1] == pytest.approx(raw[:, 1], abs=0.1)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_changes_what_it_says(family) -> None:  # type: ignore[no-untyped-def]
    worn = with_fault(SITE.facility, family, 0.1)
    is_sensor = family.change in ("sensor", "controlled")
    assert (worn == SITE.facility) == is_sensor
    assert family.prior > 0.0
    assert family.action


@pytest.mark.parametrize(
    "text", ["tower", "tower fouling", "tower fouling=much@3", "tower fouling=2@3"]
)
def test_a_drill_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--drill"):
        parsed(text)
