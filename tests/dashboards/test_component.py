"""The bench lists, runs and fits what the plant has, and refuses what cannot be."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from dashboards.cli import app
from plant.cooling import cooling_tower, dry_coil
from plant.cooling.cooling_tower import CoolingTower
from plant.cooling.dry_coil import CoilStreams, DryCoil
from plant.types import OutdoorAir

COIL = DryCoil(2000.0, 2.0, 1.0, air_exponent=0.78, air_to_water_ratio=0.6)
NOISE_W = 30.0


def call(*arguments: object) -> tuple[int, str, str]:
    words = ["component", *map(str, arguments)]
    result = CliRunner().invoke(app, words)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def measured(tmp_path: Path) -> tuple[Path, Path]:
    """Nameplate to start from, and noisy points of another coil."""
    rng = np.random.default_rng(3)
    low, high = [25.0, 0.5, 1006.0, 12.0, 0.2, 4180.0], [40.0, 3.0, 1006.0, 22.0, 2.0]
    points = rng.uniform(low, [*high, 4180.0], size=(300, 6))
    table = pd.DataFrame(points, columns=CoilStreams._fields)
    heat = dry_coil.heat_transferred(COIL, CoilStreams(*points.T))
    table["heat_transferred"] = heat + NOISE_W * rng.standard_normal(len(table))
    data, params = tmp_path / "data.csv", tmp_path / "coil.yaml"
    table.to_csv(data, index=False)
    start = {"ua_w_k": 1500, "air_flow_kg_s": 2, "water_flow_kg_s": 1}
    params.write_text(yaml.safe_dump(start))
    return params, data


def fit(params: Path, data: Path, out: Path, free: str) -> tuple[int, Any, str]:
    name = "dry_coil.heat_transferred"
    options = ["--params", params, "--data", data, "--free", free, "--out", out]
    code, text, error = call("fit", name, *options, "--json")
    return code, json.loads(text), error


def test_list_has_every_component() -> None:
    code, text, _ = call("list", "--json")
    assert code == 0
    names = json.loads(text)
    files = (Path(__file__).parents[2] / "plant").rglob("*.py")
    main = {path.stem for path in files if "def operate(" in path.read_text()}
    assert main <= set(names)
    assert all(names.values()), "each has a summary"


def test_show_takes_ranges_and_defaults_from_the_nameplate() -> None:
    code, text, _ = call("show", "cooling_tower", "--json")
    assert code == 0
    shown = json.loads(text)
    fields = {field["name"]: field for field in shown["parameters"]}
    assert set(fields) == set(CoolingTower._fields)
    assert fields["water_flow_kg_s"]["allowed"] == "above 0"
    assert fields["design_wet_bulb_c"]["default"] == 25.6
    assert fields["water_flow_kg_s"]["comment"] == "design"
    assert shown["inputs"][-4:] == list(OutdoorAir._fields)


def test_run_equals_the_equation(tmp_path: Path) -> None:
    nameplate = {
        "ua_w_k": 90e3,
        "water_flow_kg_s": 50,
        "air_flow_m3_s": 35,
        "fan_power_w": 12e3,
    }
    params, inputs, out = (tmp_path / name for name in ("t.json", "i.csv", "o.csv"))
    params.write_text(json.dumps(nameplate))
    row = [20.0, 30.0, 40.0, 25.0, 15.0, 0.0066, 1e5]
    names = ["setpoint_c", "water_in_c", "water_flow_kg_s", *OutdoorAir._fields]
    pd.DataFrame([row, row], columns=names).to_csv(inputs, index=False)
    options = ["--params", params, "--inputs", inputs, "--out", out]
    code, _, error = call("run", "cooling_tower", *options)
    assert (code, error) == (0, "")
    tower = CoolingTower(90e3, 50.0, 35.0, 12e3)
    expected = cooling_tower.operate(tower, 20.0, 30.0, 40.0, OutdoorAir(*row[3:]))
    table = pd.read_csv(out)
    assert len(table) == 2
    for name, value in expected._asdict().items():
        assert table[name].to_numpy() == pytest.approx(value, rel=1e-9), name


def test_fit_finds_the_coil_within_its_intervals(
    measured: tuple[Path, Path], tmp_path: Path
) -> None:
    free = "ua_w_k,air_exponent,air_to_water_ratio"
    code, found, _ = fit(*measured, tmp_path / "fit", free)
    assert code == 0
    for value in found["values"]:
        truth = getattr(COIL, value["name"])
        half = 0.5 * (value["high"] - value["low"])
        assert abs(value["value"] - truth) < 2.0 * half
        assert half < 0.2 * truth
    assert found["rmse"]["heat_transferred"] == pytest.approx(NOISE_W, rel=0.1)
    saved = yaml.safe_load((tmp_path / "fit" / "nameplate.yaml").read_text())
    assert saved["ua_w_k"] == pytest.approx(found["values"][0]["value"])
    assert (tmp_path / "fit" / "fit.svg").read_text().count("<svg") == 1


def test_interval_shrinks_with_the_noise(
    measured: tuple[Path, Path], tmp_path: Path
) -> None:
    params, data = measured
    noisy = fit(params, data, tmp_path / "a", "ua_w_k")[1]["values"][0]
    table = pd.read_csv(data)
    streams = CoilStreams(*(table[name].to_numpy() for name in CoilStreams._fields))
    start = DryCoil(2000.0, 2.0, 1.0)
    table["heat_transferred"] = dry_coil.heat_transferred(start, streams)
    table.to_csv(data, index=False)
    exact = fit(params, data, tmp_path / "b", "ua_w_k")[1]["values"][0]
    assert exact["value"] == pytest.approx(2000.0, rel=1e-6)
    assert exact["high"] - exact["low"] < 1e-3 * (noisy["high"] - noisy["low"])


def test_values_that_the_points_cannot_tell_apart(
    measured: tuple[Path, Path], tmp_path: Path
) -> None:
    params, data = measured
    table = pd.read_csv(data)
    table["air_c"], table["water_c"] = 35.0, 15.0  # the nominal ones: no effect
    table.to_csv(data, index=False)
    code, found, error = fit(params, data, tmp_path, "ua_w_k,air_warmth_1_k")
    assert code == 3
    assert "air_warmth_1_k" in error
    assert found["error"]["kind"] == "DataError"


@pytest.mark.parametrize(
    ("change", "free", "says"),
    [
        ({"heat_transferred": None}, "ua_w_k", "no measured output column"),
        ({"air_c": None}, "ua_w_k", "air_c"),
        ({"air_c": "warm"}, "ua_w_k", "row 1, column air_c"),
        ({}, "crossflow_area", "cannot fit crossflow_area"),
        ({}, ",", "cannot fit nothing"),
    ],
)
def test_clear_refusals(
    measured: tuple[Path, Path],
    tmp_path: Path,
    change: dict[str, Any],
    free: str,
    says: str,
) -> None:
    params, data = measured
    table = pd.read_csv(data)
    for name, value in change.items():
        table = table.drop(columns=name)
        if value is not None:
            table[name] = value
    table.to_csv(data, index=False)
    code, _, error = fit(params, data, tmp_path, free)
    assert code == 3
    assert says in error


def test_wrong_nameplate_names_line_and_range(tmp_path: Path) -> None:
    params = tmp_path / "fan.yaml"
    params.write_text("air_flow_kg_s: 10\nfan_power_w: -3\n")
    options = ["--inputs", "none.csv", "--out", tmp_path / "o.csv"]
    code, _, error = call("run", "fan.power", "--params", params, *options)
    assert code == 3
    assert f"{params}:2: fan_power_w:" in error
    assert "0 or more" in error


def test_unknown_component_offers_the_closest() -> None:
    code, _, error = call("show", "coolingtower")
    assert code == 3
    assert "cooling_tower" in error
