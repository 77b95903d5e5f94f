"""Quantiles that follow the errors made of late."""

import numpy as np
import pytest

from twin.forecast import DAY_S
from twin.recent_errors import RecentErrors, Said

QUANTILES = (0.1, 0.5, 0.9)
STEP_S, EVERY_S = 900.0, 3 * 3600.0
LEAD_S = np.arange(96) * STEP_S


def noise(days: int, seed: int, scale: float | np.ndarray = 1.0) -> np.ndarray:
    """Values without memory."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=round(days * DAY_S / STEP_S)) * scale


def roll(value: np.ndarray, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corrected forecasts of the same raw quantiles at all origins, and the truth."""
    errors = RecentErrors(QUANTILES, STEP_S, EVERY_S)
    every, reach = round(EVERY_S / STEP_S), len(LEAD_S)
    made, truth = [], []
    for n in range(every, len(value) - reach, every):
        now = Said(n * STEP_S, LEAD_S, np.tile(said, (reach, 1)))
        made.append(errors.corrected(now, 0.0, value[:n]))
        truth.append(value[n : n + reach])
        errors.add(now, 0.0, value[:n])
    return np.array(made), np.array(truth)


def coverage(made: np.ndarray, truth: np.ndarray) -> float:
    """Share of values inside the outermost quantiles."""
    return float(((truth >= made[..., 0]) & (truth <= made[..., -1])).mean())


@pytest.mark.parametrize("width", [0.2, 1.28, 8.0])
def test_bands_of_any_width_come_to_hold_what_they_promise(width: float) -> None:
    made, truth = roll(noise(21, seed=3), width * np.array([-1.0, 0.0, 1.0]))
    assert 0.77 <= coverage(made[56:], truth[56:]) <= 0.83


def test_a_bias_is_taken_out() -> None:
    made, truth = roll(noise(21, seed=4), np.array([4.0, 5.0, 6.0]))
    assert abs(np.median(made[56:, :, 1]) - np.median(truth[56:])) < 0.1


def test_bands_widen_when_times_get_rough_and_narrow_again() -> None:
    days = np.repeat([1.0, 4.0, 1.0], round(12 * DAY_S / STEP_S))
    made, truth = roll(noise(36, 5, days), np.array([-1.28, 0.0, 1.28]))
    width = (made[..., 2] - made[..., 0]).mean(axis=1)
    calm, rough, later = width[80], width[180], width[270]
    assert rough > 2.5 * calm
    assert later < 0.7 * rough
    assert 0.75 <= coverage(made[40:], truth[40:]) <= 0.87


def test_the_future_of_the_series_is_not_looked_at() -> None:
    value = noise(14, seed=6)
    other = value.copy()
    other[-96:] += 100.0
    errors = RecentErrors(QUANTILES, STEP_S, EVERY_S)
    raw = np.tile([-1.0, 0.0, 1.0], (96, 1))
    for n in range(96, len(value) - 96, 12):
        errors.add(Said(n * STEP_S, LEAD_S, raw), 0.0, value)
    now = Said((len(value) - 96) * STEP_S, LEAD_S, raw)
    np.testing.assert_array_equal(
        errors.corrected(now, 0.0, value), errors.corrected(now, 0.0, other)
    )


def test_before_any_truth_is_known_nothing_is_changed() -> None:
    errors = RecentErrors(QUANTILES, STEP_S, EVERY_S)
    raw = np.tile([1.0, 0.0, 2.0], (96, 1))
    found = errors.corrected(Said(0.0, LEAD_S, raw), 0.0, np.zeros(0))
    np.testing.assert_array_equal(found, np.sort(raw, axis=1))
