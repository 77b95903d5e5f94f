"""Physics of the transformer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import transformer
from plant.power.transformer import Transformer

PLATE = Transformer(rated_power_w=2.5e6, no_load_loss_w=3200.0, load_loss_w=22e3)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 2.5e6), st.floats(0.0, 2.5e6))
def test_more_load_never_loses_less(one, other):
    small, large = sorted((one, other))
    assert transformer.loss(PLATE, large) >= transformer.loss(PLATE, small)


def test_full_load_at_reference_temperature_is_the_rated_loss():
    assert transformer.loss(PLATE, 2.5e6, 20.0) == pytest.approx(25.2e3)


def test_idle_loss_and_no_transformer():
    assert transformer.loss(PLATE, 0.0) == 3200.0
    assert transformer.loss(PLATE._replace(rated_power_w=0.0), 1e6) == 0.0


def test_nameplate_efficiency_is_given_back():
    plate = transformer.from_efficiency(1e6, 0.9928, 0.5, 0.4)
    # at the stated winding temperature: solve the air that gives it at this load
    ambient = 75.0 - 150.0 * 0.5**1.6
    loss = transformer.loss(plate, 0.5e6, ambient)
    assert 0.5e6 / (0.5e6 + loss) == pytest.approx(0.9928, rel=1e-9)
