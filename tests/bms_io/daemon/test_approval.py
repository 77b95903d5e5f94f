"""Edited limits: told while the daemon runs, two persons before the next auto."""

import json
import os
from pathlib import Path

import pytest

from bms_io.daemon.approval import Approvals, ConfigWatch, differences, rules_of
from bms_io.daemon.audit import AuditLog, entries, verify_audit
from bms_io.limits import load_limits
from dashboards.control import Request, read_sources, watch_files
from tests.faults.rig import POINTS, SITE, run
from twin.errors import ConfigError
from twin.resources import resolve

LIMITS = load_limits(resolve("hybrid_10mw", "limits", ".yaml"))
RULES = rules_of(SITE, LIMITS, POINTS)
WIDER = {**RULES, "guard.tcs_supply_c.maximum": 44.0}


@pytest.fixture
def log(tmp_path):
    audit = AuditLog(tmp_path / "audit.sqlite")
    yield audit
    audit.close()


@pytest.fixture
def edited(log):
    """Approvals of a daemon whose limits were edited since the last auto."""
    Approvals(RULES, log).enters_auto("ann", 0.0)
    return Approvals(WIDER, log)


def test_everything_that_bounds_a_write_is_among_the_rules():
    names = {name.split(".")[0] for name in RULES}
    assert names >= {"guard", "limits", "design", "spare", "verifier", "points"}
    assert RULES["guard.tcs_supply_c.maximum"] == SITE.guard.tcs_supply_c.maximum
    assert "points.setpoints.tcs_supply_c.maximum" in RULES
    assert json.loads(json.dumps(RULES, allow_nan=False)) == RULES


def test_the_first_auto_puts_its_limits_into_force(log):
    first = Approvals(RULES, log)
    assert first.missing == ""
    first.enters_auto("ann", 5.0)
    (row,) = [r for r in entries(log.path) if r.event == "limits_in_force"]
    assert row.details["by"] == ["ann"]
    assert Approvals(RULES, log).missing == ""  # a restart with the same limits


def test_edited_limits_need_an_operator_and_an_engineer(edited, log):
    assert "guard.tcs_supply_c.maximum" in edited.missing
    assert "so far nobody" in edited.missing
    assert "still needed: engineer" in edited.approve("ann", "operator", 1.0)
    assert "ann (operator)" in edited.missing
    assert "in force" in edited.approve("bob", "engineer", 2.0)
    assert edited.missing == ""
    assert Approvals(WIDER, log).missing == ""
    assert Approvals(RULES, log).missing != ""  # the way back is an edit too
    verify_audit(log.path)


def test_one_person_is_not_two(edited):
    edited.approve("ann", "operator", 1.0)
    with pytest.raises(ConfigError, match="another person"):
        edited.approve("ann", "engineer", 2.0)
    edited.approve("bob", "operator", 3.0)  # one more operator is not an engineer
    assert edited.missing != ""


def test_half_an_approval_does_not_outlive_a_restart(edited, log):
    edited.approve("ann", "operator", 1.0)
    assert "so far nobody" in Approvals(WIDER, log).missing


def test_nothing_to_approve_is_said(log):
    with pytest.raises(ConfigError, match="nothing to approve"):
        Approvals(RULES, log).approve("ann", "operator", 0.0)


def test_differences_name_what_came_and_went():
    assert differences({"a": 1.0, "b": 2.0}, {"b": 3.0, "c": 4.0}) == (
        "a 1.0 -> nothing",
        "b 2.0 -> 3.0",
        "c nothing -> 4.0",
    )


@pytest.fixture
def files(tmp_path):
    """A request with files of its own, and a way to edit them."""
    for kind in ("sites", "points", "limits"):
        source = resolve("hybrid_10mw", kind, ".yaml")
        (tmp_path / f"{kind}.yaml").write_bytes(source.read_bytes())

    def edit(kind, old, new):
        path = tmp_path / f"{kind}.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))

    blank = Request(*[None] * len(Request._fields))
    named = {"site": "sites", "points": "points", "limits": "limits"}
    paths = {key: str(tmp_path / f"{kind}.yaml") for key, kind in named.items()}
    return blank._replace(**paths), edit


def test_an_edit_while_running_is_told_and_not_taken_over(files):
    request, edit = files
    watch = watch_files(request, read_sources(request))
    assert watch() == ""
    edit("limits", "rack_inlet_c: ", "rack_inlet_c: 3")
    assert "verifier.rack_inlet_c" in watch()
    assert "after a restart" in watch()
    edit("limits", "emergency:", "emergencies:")
    assert "not valid, a restart would be refused" in watch()


def test_a_comment_is_no_edit_and_a_lost_file_is(files):
    request, edit = files
    watch = watch_files(request, read_sources(request))
    edit("sites", "\n", "\n# a comment\n")
    assert watch() == ""
    Path(request.points).unlink()
    assert "not valid" in watch()


def test_the_files_are_read_only_when_they_changed(tmp_path):
    path, reads = tmp_path / "x.yaml", []
    path.write_text("1")
    watch = ConfigWatch((path,), lambda: reads.append(1) or {"a": 2.0}, {"a": 1.0})
    watch()
    assert reads == []
    path.write_text("22")
    assert "a 1.0 -> 2.0" in watch()
    watch()
    assert len(reads) == 1


@pytest.mark.slow
@pytest.mark.real_time
def test_auto_waits_for_both(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    log.record("limits_in_force", 0.0, rules={**RULES, "limits.chip_c": 1.0}, by=[])
    log.close()
    course = run(
        tmp_path,
        {
            4: lambda rig: rig.loop.approve("ann", "operator"),
            6: lambda rig: rig.loop.approve("bob", "engineer"),
            8: lambda rig: rig.loop.command("arm", "ann"),
        },
        turns=12,
    )
    assert set(course.modes[:6]) == {"shadow"}
    assert any("limits changed" in m for m in course.reports[5].missing)
    assert course.modes[-1] == "auto"
