"""A saving has the sign of what was saved, whatever the sign of the bill."""

import numpy as np
import pytest

from dashboards.tables import saving
from optimizer.verdict import saved_share


@pytest.mark.parametrize(
    ("mine", "other", "share"),
    [
        (90.0, 100.0, 0.1),
        (110.0, 100.0, -0.1),
        (-110.0, -100.0, 0.1),
        (-9.0, -10.0, -0.1),
    ],
)
def test_less_is_a_saving_also_where_prices_are_negative(mine, other, share):
    assert saving(mine, other) == pytest.approx(share)
    assert saved_share(np.array([mine]), np.array([other]))[0] == pytest.approx(share)


def test_of_nothing_nothing_is_saved():
    assert saving(1.0, 0.0) == 0.0
