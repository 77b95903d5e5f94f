"""Every reference site comes with a point map that fits it."""

import pytest

from bms_io.points import load_points
from twin.config import load_site
from twin.resources import available, resolve
from twin.signals import Setpoints


@pytest.mark.parametrize("name", available("sites", ".yaml"))
def test_hard_limits_enclose_the_guard_and_defaults_are_the_design(name):
    site = load_site(name)
    points = load_points(resolve(site.defaults.points, "points", ".yaml")).points
    for setpoint in Setpoints._fields:
        rule = points[f"setpoints.{setpoint}"].write
        limits = getattr(site.guard, setpoint)
        slack = 1e-6 * max(abs(rule.minimum), abs(rule.maximum), 1.0)
        assert rule.minimum - slack <= limits.minimum, setpoint
        assert limits.maximum <= rule.maximum + slack, setpoint
        assert rule.default == pytest.approx(getattr(site.design, setpoint)), setpoint


@pytest.mark.parametrize("name", available("sites", ".yaml"))
def test_readings_of_the_site_at_full_load_fit_their_ranges(name):
    site = load_site(name)
    points = load_points(resolve(site.defaults.points, "points", ".yaml")).points
    rated_w = site.facility.it.racks.rated_power_w
    for signal in ("outputs.site_power_w", "outputs.it_power_w", "inputs.it_demand_w"):
        assert points[signal].maximum >= 1.6 * rated_w, signal
