"""``wetbulb simulate`` as users call it."""

import json

import pandas as pd
import pytest
import xarray as xr


def test_run_writes_arrays_tables_and_what_decides_them(wetbulb, tmp_path):
    done = wetbulb("simulate", "hybrid_10mw", "--days", "1", "--out", "run", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["status"] == "ok"
    assert summary["scans"] == 288
    assert summary["largest_residual"] < 1e-3
    assert 1.0 < summary["kpis"]["pue"] < 1.5
    run = tmp_path / "run"
    with xr.open_dataset(run / "results.nc", engine="scipy") as arrays:
        mean_w = float(arrays["site_power_w"].mean())
    assert mean_w * 86400.0 == pytest.approx(summary["kpis"]["site_energy_j"], rel=0.01)
    assert len(pd.read_parquet(run / "telemetry.parquet")) == 288
    identity = json.loads((run / "run.json").read_text())
    assert set(identity["sha256"]) == {"site", "weather", "load", "price", "carbon"}
    assert identity["run"]["seed"] == 1

    before = (run / "results.nc").read_bytes()
    again = wetbulb("simulate", "hybrid_10mw", "--days", "1", "--out", "run")
    assert again.returncode == 3
    assert "already holds this run, finished" in again.stderr
    assert (run / "results.nc").read_bytes() == before

    other = wetbulb("simulate", "hybrid_10mw", "--days", "2", "--out", "run")
    assert other.returncode == 3
    assert "holds another run" in other.stderr


def test_without_a_folder_every_run_gets_its_own_by_time(wetbulb, tmp_path):
    for _ in range(2):
        done = wetbulb("simulate", "hybrid_10mw", "--days", "0.05", "--json")
        assert done.returncode == 0, done.stderr
    folders = sorted((tmp_path / "runs").iterdir())
    assert len(folders) == 2
    assert all((folder / "results.nc").exists() for folder in folders)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--days", "0"), "--days 0"),
        (("--days", "1", "--controller", "magic"), "magic"),
        (("--days", "1", "--dt", "70"), "--dt 70"),
    ],
)
def test_wrong_request_is_told_and_exits_with_3(wetbulb, arguments, told):
    done = wetbulb("simulate", "hybrid_10mw", *arguments)
    assert done.returncode == 3
    assert told in done.stderr
