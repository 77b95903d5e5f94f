"""A site whose towers cannot carry it on the design day is refused when it is read."""

import pytest

from twin import design_day
from twin.config import load_site
from twin.consistency import check
from twin.resources import available

SITE = load_site("hybrid_10mw")


def with_tower(**values):
    side = SITE.facility.heat_rejection
    side = side._replace(tower=side.tower._replace(**values))
    return SITE._replace(facility=SITE.facility._replace(heat_rejection=side))


@pytest.mark.parametrize("name", available("sites", ".yaml"))
def test_reference_sites_keep_their_limits_on_the_design_day(name):
    assert design_day.findings(load_site(name)) == []


def test_towers_that_are_too_small_are_told_with_the_repair():
    ((path, message),) = check(with_tower(ua_w_k=30e3))
    assert path == ("facility", "heat_rejection")
    assert "design wet bulb of 18 degC" in message
    assert "rack_inlet_c by" in message
    assert "more or larger towers" in message


def test_the_design_day_is_the_settled_state_of_the_towers():
    out = design_day.settled(SITE)
    balance = abs(out.thermal_residual_w) / out.site_power_w
    assert balance < 1e-3
    assert out.tower_supply_c >= 18.0  # never below wet bulb
    assert abs(out.heat_stored_w) / out.site_power_w < 1e-3
