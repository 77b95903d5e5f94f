"""The demo over real sockets: figures from disk, clean ends, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from bms_io.daemon.audit import verify_audit
from twin.config import load_site
from twin.kpis import kpis
from twin.resources import data_path
from twin.scenario import load_scenario

pytestmark = pytest.mark.real_time

ROOT = Path(__file__).parents[2]
# A test run in the background (nohup, &) hands on SIGINT ignored; a terminal does not.
ENTRY = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from dashboards.cli import main
sys.argv[0] = "wetbulb"
main()
"""
DEADLINE_S = 90.0


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ENTRY, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children_of(pid: int) -> list[int]:
    """Process ids of the direct children; Linux only."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:  # ended while we looked
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_recording(process: subprocess.Popen[str], table: Path) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < end_s:
        assert process.poll() is None, process.communicate()[1]
        if table.exists() and len(table.read_text().splitlines()) > 5:
            return
        time.sleep(0.1)
    pytest.fail("nothing was recorded in time")


@pytest.fixture
def long_demo(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Return a demo of many days, well under way, and the folder it records to."""
    if not sys.platform.startswith("linux"):
        pytest.skip("finds the plant processes in /proc")
    out = tmp_path / "out"
    options = ("--hours", "2400", "--controllers", "fixed", "--no-browser")
    process = start(tmp_path, "demo", *options, "--out", str(out))
    try:
        wait_until_recording(process, out / "fixed" / "telemetry.csv")
        yield process, out
    finally:
        process.kill()
        process.communicate()


def test_figures_come_from_what_was_recorded(tmp_path: Path) -> None:
    options = ("--hours", "1", "--controllers", "fixed,rules", "--json", "--seed", "3")
    process = start(tmp_path, "demo", *options)
    out, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, err
    summary = json.loads(out)
    folder = tmp_path / summary["directory"]
    assert folder.parent == tmp_path / "runs"
    assert "scaled to the site, peak from" in err
    assert "to 10,000 kW" in err
    assert (tmp_path / summary["report"]).stat().st_size > 10_000
    assert json.loads((folder / "summary.json").read_text())["runs"] == summary["runs"]
    site = load_site("hybrid_10mw")
    scenario = load_scenario(site, "04-07", 1.0)
    for run in summary["runs"]:
        mine = folder / run["controller"]
        telemetry = pd.read_csv(mine / "telemetry.csv")
        setpoints = pd.read_csv(mine / "setpoints.csv")
        assert len(telemetry) == 12
        again = kpis(site, scenario, telemetry, setpoints)._asdict()
        assert {name: run[name] for name in again} == pytest.approx(again)
        assert run["guard_violations"] == 0
        assert run["readback_mismatches"] == 0
        verify_audit(mine / "audit.sqlite")


def test_run_without_a_decision_says_why_and_keeps_the_record(tmp_path: Path) -> None:
    text = data_path("points", "hybrid_10mw.yaml").read_text(encoding="utf-8")
    good = "    unit: g/kg\n    range: [0, 40]"
    assert text.count(good) == 1
    points = tmp_path / "points.yaml"
    points.write_text(text.replace(good, good.replace("[0,", "[35,")))
    text = data_path("sites", "hybrid_10mw.yaml").read_text(encoding="utf-8")
    site = tmp_path / "site.yaml"
    site.write_text(text.replace("points: hybrid_10mw", f"points: {points}"))
    options = ("--hours", "1", "--controllers", "fixed", "--out", "out", "--no-browser")
    process = start(tmp_path, "demo", "--site", str(site), *options)
    _, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "WetbulbError: fixed: no decision was possible in 4 control cycles" in err
    assert "inputs.humidity_ratio: bad out_of_range" in err
    journal = Path("out", "fixed", "audit.sqlite")
    assert f"All reasons are in {journal}" in err
    assert "into a new folder" in err
    verify_audit(tmp_path / journal)
    assert len(pd.read_csv(tmp_path / "out" / "fixed" / "telemetry.csv")) == 12


@pytest.mark.slow
def test_ctrl_c_ends_everything(
    long_demo: tuple[subprocess.Popen[str], Path],
) -> None:
    process, out = long_demo
    plants = children_of(process.pid)
    assert len(plants) == 1
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert f"What was recorded so far is in {out}" in err
    assert not any(alive(pid) for pid in plants)


@pytest.mark.slow
def test_plant_that_dies_is_named_and_the_record_stays(
    long_demo: tuple[subprocess.Popen[str], Path],
) -> None:
    process, out = long_demo
    (plant,) = children_of(process.pid)
    os.kill(plant, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "PlantLostError: The plant is lost at plant time" in err
    assert str(out / "fixed") in err
    telemetry = pd.read_csv(out / "fixed" / "telemetry.csv")
    assert len(telemetry) > 5
    # the last scan may be the one that found nobody there: empty, not invented
    assert telemetry["site_power_w"].iloc[:-1].notna().all()
    verify_audit(out / "fixed" / "audit.sqlite")


@pytest.mark.slow
def test_plants_end_when_the_demo_is_killed(
    long_demo: tuple[subprocess.Popen[str], Path],
) -> None:
    process, _ = long_demo
    plants = children_of(process.pid)
    process.kill()
    process.communicate()
    end_s = time.monotonic() + 30
    while any(alive(pid) for pid in plants) and time.monotonic() < end_s:
        time.sleep(0.1)
    assert not any(alive(pid) for pid in plants)
