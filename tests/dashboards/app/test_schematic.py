"""The plant drawing of every site: right parts, readable layout, sound markup."""

import itertools
import xml.etree.ElementTree as ET

import pytest

from dashboards.app import charts
from dashboards.app.schematic import drawing, parts
from dashboards.dashboard import DARK, LIGHT
from tests.dashboards.app.conftest import SITES, view_of

BOX = ".//g"


@pytest.mark.parametrize("tall", [False, True])
@pytest.mark.parametrize("site", SITES)
def test_boxes_are_the_parts_of_the_site_and_do_not_overlap(runs, site, tall):
    view = view_of(runs[site])
    tree = ET.fromstring(drawing(view, tall))
    boxes = {box.get("data-part"): box.find("rect") for box in tree.findall(BOX)}
    plant = view.site.facility
    assert ("cdu" in boxes) == (
        plant.technology.cdu_count > 0 and plant.it.racks.liquid_fraction > 0
    )
    assert ("chillers" in boxes) == (plant.trim_chillers.chiller_count > 0)
    assert ("exchangers" in boxes) == (plant.heat_rejection.exchanger_count > 0)
    assert ("ahu" in boxes) == (plant.air.ahu_count > 0)
    assert ("battery" in boxes) == (plant.power.battery.energy_j > 0)
    spans = [
        [float(r.get(k)) for k in ("x", "y", "width", "height")] for r in boxes.values()
    ]
    for (x, y, w, h), (u, v, *_) in itertools.combinations(spans, 2):
        assert abs(x - u) >= w or abs(y - v) >= h


def test_values_are_those_of_the_last_row(runs):
    view = view_of(runs["hybrid_10mw"])
    tree = ET.fromstring(drawing(view, tall=False))
    shown = {t.get("data-signal"): t.text for t in tree.iter("text")}
    kilowatts = view.run.telemetry["it_power_w"].iloc[-1] / 1e3
    assert f"{kilowatts:,.0f} kW" in shown["it_power_w"]
    for part in parts(view):
        assert set(dict(part.values)) <= set(shown)


def test_what_is_beyond_its_limit_has_shape_and_number(runs):
    view = view_of(runs["hybrid_10mw"])
    sound = drawing(view, tall=False)
    limits = view.site.limits._replace(chip_c=0.0)
    hot = drawing(view._replace(site=view.site._replace(limits=limits)), tall=False)
    assert "polygon" not in sound
    assert "beyond" in hot
    assert "polygon" in hot
    assert "priority" in hot


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts_ = [int(colour[at : at + 2], 16) / 255.0 for at in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts_
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_contrast_is_enough_on_both_pages(theme):
    for page in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], page) >= 7.0
    for tone in (*charts.TONES, charts.ALARM, theme["primaryColor"]):
        assert contrast(tone, theme["backgroundColor"]) >= 3.0
