"""Conversion chains against published totals and data sheets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.it import conversion
from plant.it.conversion import FRONTIER, FRONTIER_NODE, FRONTIER_RECTIFIER

# Frontier in ExaDigiT/RAPS: idle and full power of CPU, 4 GPU, memory, 4 NIC, storage
NODE_IDLE_W = 90 + 4 * 88 + 74.26 + 4 * 20 + 30
NODE_FULL_W = 280 + 4 * 560 + 74.26 + 4 * 20 + 30
RECTIFIERS, CDU_W = 592 * 4, 25 * 8473.47
UTILIZATION = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
TOTAL_MW = [7.307, 12.537, 17.767, 22.998, 28.228]
TOTAL_EFFICIENCY = [0.9208, 0.9288, 0.9321, 0.9339, 0.9350]


def frontier():
    node_w = NODE_IDLE_W + UTILIZATION * (NODE_FULL_W - NODE_IDLE_W)
    made = conversion.chain(FRONTIER, node_w)
    return RECTIFIERS * made.input_w + CDU_W, RECTIFIERS * made.loss_w


def test_frontier_total_power():
    total_w, _ = frontier()
    np.testing.assert_allclose(total_w / 1e6, TOTAL_MW, rtol=1e-4)


def test_frontier_total_efficiency():
    total_w, loss_w = frontier()
    efficiency = 1.0 - loss_w / total_w
    # RAPS: loss of 600 chassis over the power of 592
    np.testing.assert_allclose(efficiency, TOTAL_EFFICIENCY, atol=0.002)
    as_printed = 1.0 - loss_w * 600 / 592 / total_w
    np.testing.assert_allclose(as_printed, TOTAL_EFFICIENCY, atol=1e-4)


@pytest.mark.parametrize(
    ("converter", "output_w", "efficiency"),
    [
        (FRONTIER_RECTIFIER, 500.0, 0.928),
        (FRONTIER_RECTIFIER, 2_000.0, 0.952),
        (FRONTIER_RECTIFIER, 13_670.0, 0.9588),
        (FRONTIER_NODE, 300.0, 0.939),
        (FRONTIER_NODE, 1_000.0, 0.967),
        (FRONTIER_NODE, 2_700.0, 0.975),
    ],
)
def test_published_converter_points(converter, output_w, efficiency):
    drawn = conversion.convert(converter, output_w).input_w
    assert output_w / drawn == pytest.approx(efficiency, abs=6e-4)


def titanium():
    return conversion.supply_from_efficiency(
        3_000.0, conversion.TITANIUM_LOAD, conversion.TITANIUM_EFFICIENCY
    )


def test_titanium_points_are_given_back():
    output = 3_000.0 * np.array(conversion.TITANIUM_LOAD)
    made = conversion.supply(titanium(), output)
    expected = conversion.TITANIUM_EFFICIENCY
    np.testing.assert_allclose(output / made.input_w, expected, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 5_000.0))
def test_what_goes_in_comes_out_or_is_lost(output_w):
    made = conversion.supply(titanium(), output_w)
    delivered = min(output_w, 3_000.0)
    assert made.input_w == pytest.approx(delivered + made.loss_w, rel=1e-12)
    assert made.overloaded == (output_w > 3_000.0)
