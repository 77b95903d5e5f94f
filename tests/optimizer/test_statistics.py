"""Intervals cover what they claim, and there is none where the sample says too little."""

import numpy as np
import pytest

from optimizer.statistics import LEAST_BLOCKS, interval


def mean(sums, count):
    return sums[:, 0] / count


@pytest.mark.parametrize("count", [LEAST_BLOCKS, 20])
def test_coverage_is_what_is_claimed_even_of_few_skewed_blocks(count):
    rng = np.random.default_rng(5)
    hits = 0
    for number in range(200):
        blocks = rng.gamma(3.0, 1.0, (count, 1))
        found = interval(blocks, lambda sums: mean(sums, count), number)
        hits += found.low <= 3.0 <= found.high
    assert 0.90 <= hits / 200 <= 1.0  # 95 % nominal; a plain percentile gives 0.86 at 8


def test_few_blocks_give_a_value_and_no_interval():
    found = interval(np.ones((LEAST_BLOCKS - 1, 1)), lambda sums: sums[:, 0])
    assert found.value == LEAST_BLOCKS - 1
    assert not found.known


def test_an_undefined_statistic_has_no_interval():
    blocks = np.arange(10.0)[:, None]
    with np.errstate(invalid="ignore"):
        found = interval(blocks, lambda sums: np.sqrt(30.0 - sums[:, 0]))
    assert not found.known


def test_pairing_takes_the_weather_out_of_a_difference():
    rng = np.random.default_rng(2)
    weather = rng.uniform(1e3, 3e3, 12)
    blocks = np.stack([weather, 0.9 * weather + rng.normal(0, 1, 12)], axis=1)
    apart = interval(blocks, lambda sums: sums[:, 0])
    saved = interval(blocks, lambda sums: 1 - sums[:, 1] / sums[:, 0])
    assert (apart.high - apart.low) / apart.value > 0.1
    assert saved.low < 0.1 < saved.high
    assert saved.high - saved.low < 0.002
