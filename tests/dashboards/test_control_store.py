"""The daemon's twin is the accepted version of the fitted numbers, and no other."""

from pathlib import Path

import pytest

from dashboards.control import Request, make_controller, read_sources
from twin.config import load_site
from twin.errors import ConfigError
from twin.nameplates import uncertain
from twin.versions import Store, Version

PATH = "power.busway.full_loss_w"
SITE = load_site("edge_50kw")
PLATE = uncertain(SITE.facility)[PATH]


def request(store: Path | None) -> Request:
    return Request(
        site="edge_50kw",
        points=None,
        limits=None,
        controller="rules",
        mode="shadow",
        date="07-15",
        weather=None,
        load=None,
        host=None,
        port=None,
        scan_s=None,
        speed=1.0,
        deadline_s=60.0,
        good_cycles=3,
        api_port=0,
        hours=None,
        memory_mib=4096,
        postgres=None,
        directory=Path("unused"),
        store=store,
    )


def proposed(folder: Path, site: str = "edge_50kw", passed: bool = True) -> Store:
    store = Store(folder)
    values, plates = {PATH: 1.1 * PLATE}, {PATH: PLATE}
    store.propose(Version(0, site, "2026-11-23T00:00:00", values, plates, passed, {}))
    return store


def loss_w(store: Path | None) -> float:
    return uncertain(read_sources(request(store)).site.facility)[PATH]


def test_only_an_accepted_version_is_the_daemons_twin(tmp_path: Path) -> None:
    store = proposed(tmp_path)
    assert loss_w(None) == PLATE
    assert loss_w(tmp_path) == PLATE
    store.accept(1, "ann", "2026-11-23", "passed")
    assert loss_w(tmp_path) == pytest.approx(1.1 * PLATE)
    assert make_controller("edge_50kw", "rules", tmp_path, tmp_path).name == "rules"
    store.roll_back("ann", "2026-11-24", "worse")
    assert loss_w(tmp_path) == PLATE


def test_a_version_that_failed_cannot_be_accepted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        proposed(tmp_path, passed=False).accept(1, "ann", "2026-11-23", "please")


def test_the_version_of_another_site_is_refused(tmp_path: Path) -> None:
    proposed(tmp_path, site="hybrid_10mw").accept(
        1, "ann", "2026-11-23", "wrong folder"
    )
    with pytest.raises(ConfigError, match="hybrid_10mw"):
        read_sources(request(tmp_path))
