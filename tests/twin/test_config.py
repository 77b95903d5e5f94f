"""Site files: a good one loads, a bad one is told everything at once."""

import re

import pytest
import yaml

from twin.config import load_site, schema
from twin.errors import ConfigError
from twin.resources import data_path
from twin.signals import Setpoints

TEXT = data_path("sites", "hybrid_10mw.yaml").read_text()


def site_with(tmp_path, *changes):
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "site.yaml"
    path.write_text(text)
    return path


def errors(tmp_path, *changes):
    path = site_with(tmp_path, *changes)
    with pytest.raises(ConfigError) as caught:
        load_site(path)
    return str(caught.value).replace(f"{path}:", "").splitlines()


def test_reference_site_loads_as_floats():
    site = load_site("hybrid_10mw")
    assert site.facility.power.ups_count == 10.0
    assert isinstance(site.facility.power.ups_count, float)
    assert site.design.tower_supply_c == 20.0


def test_unknown_key_and_value_out_of_range_are_both_told_with_line_and_range(tmp_path):
    found = errors(
        tmp_path,
        ("    cdu_count: 10", "    cdu_cuont: 10"),
        ("liquid_fraction: 0.70", "liquid_fraction: 1.70"),
    )
    line = TEXT[: TEXT.index("liquid_fraction")].count("\n") + 1
    wanted = (
        f"{line}: facility.it.racks.liquid_fraction: is 1.7; allowed: 0 or more and"
    )
    assert f"{wanted} at most 1. Change the value." in found[0]
    told = "\n".join(found)
    assert "facility.technology.cdu_cuont: is not a known key" in told
    assert "facility.technology.cdu_count: is missing" in told
    assert len(found) == 3


def test_rules_between_values_are_told_at_once_with_the_repair(tmp_path):
    found = errors(
        tmp_path,
        ("    ups_count: 10", "    ups_count: 7"),
        ("  tower_supply_c: 20.0", "  tower_supply_c: 45.0"),
        ("    cdu_count: 10", "    cdu_count: 0"),
    )
    assert len(found) == 3
    told = "\n".join(found)
    assert "facility.power.ups_count: 7 units of 1.25 MW do not carry 10 MW" in told
    assert "Take at least 8" in told
    assert re.search(r"\d+: design.tower_supply_c: is 45, outside the guard's", told)
    assert "there is no CDU for a liquid fraction of 0.7" in told


def test_key_said_twice_is_refused(tmp_path):
    found = errors(tmp_path, ("name: hybrid_10mw", "name: hybrid_10mw\nname: other"))
    assert "name: stands twice" in found[0]


def test_not_yaml_missing_file_and_nan_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_site(site_with(tmp_path, ("location:", "location: [")))
    with pytest.raises(ConfigError, match="no such file"):
        load_site(tmp_path / "none.yaml")
    assert (
        "finite"
        in errors(tmp_path, ("house_power_w: 50.0e+3", "house_power_w: .nan"))[0]
    )


def test_schema_names_every_design_setpoint():
    text = yaml.safe_dump(schema())
    for name in Setpoints._fields:
        assert name in text


def test_version_and_intervals_are_checked(tmp_path):
    told = errors(
        tmp_path,
        ("schema_version: 1", "schema_version: 2"),
        ("scan_interval_s: 300", "scan_interval_s: 70"),
        ("control_interval_s: 900", "control_interval_s: 1000"),
    )
    assert "schema_version: is 2, this wetbulb reads version 1" in told[0]
    assert "scan_interval_s: is 70, but must be a multiple of 60 s. Take 60." in told[1]
    assert "control_interval_s: is 1000, but must be a multiple of 70 s" in told[2]


def test_a_file_that_is_no_site_is_told_in_plain_words(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text("vm\n")
    with pytest.raises(ConfigError, match="'vm', but a section with named values"):
        load_site(path)
    with pytest.raises(ConfigError, match="is a folder, not a file"):
        load_site(tmp_path)
