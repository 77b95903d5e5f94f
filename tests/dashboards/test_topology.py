"""The drawing of a site names what there is, and nothing that there is not."""

import pytest

from dashboards.topology import drawing
from twin.config import load_site
from twin.resources import available


@pytest.mark.parametrize("name", available("sites", ".yaml"))
def test_drawing_fits_the_terminal_and_ends_outdoors(name):
    lines = drawing(load_site(name)).splitlines()
    assert max(map(len, lines[1:])) <= 88
    assert "utility" in "\n".join(lines)
    assert lines[-1].endswith("outdoor air")


def test_parts_with_their_numbers():
    text = drawing(load_site("hybrid_10mw"))
    for part in ("6 x transformer, 2.5 MW", "10 x UPS", "10 x CDU", "2 x trim chiller"):
        assert part in text
    assert "AHU" not in text
    assert "64 x indirect evaporative AHU" in drawing(load_site("campus_100mw"))


def test_absent_parts_are_left_out():
    site = load_site("hybrid_10mw")
    plant = site.facility
    dry = plant._replace(
        it=plant.it._replace(racks=plant.it.racks._replace(liquid_fraction=0.0)),
        trim_chillers=plant.trim_chillers._replace(chiller_count=0.0),
    )
    text = drawing(site._replace(facility=dry, description=""))
    assert "CDU" not in text
    assert "trim chiller" not in text
