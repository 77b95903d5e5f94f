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
from plant.power import transformer
from plant.types import OutdoorAir
from tests.contracts.cooling import CDU
from twin import bench, bench_fit

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
    before = inputs.read_bytes()
    code, _, error = call("run", "cooling_tower", *options[:-1], inputs)
    assert code == 3
    assert "is the file of the inputs" in error
    assert inputs.read_bytes() == before


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


ROW = {"water_in_c": 30.0, "water_flow_kg_s": 40.0, "dry_bulb_c": 25.0}
AIR = {"wet_bulb_c": 15.0, "humidity_ratio": 0.0066, "pressure_pa": 1e5}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"water_in_c": 303.15}, "row 2, column water_in_c: 303.15 degC, allowed -60"),
        (
            {"water_flow_kg_s": -4.0},
            "column water_flow_kg_s: -4 kg/s, allowed 0 or more",
        ),
        ({"pressure_pa": 1013.25}, "column pressure_pa: 1013.25 Pa, allowed 50000"),
        (
            {"wet_bulb_c": 26.0},
            "column wet_bulb_c: 26 degC, allowed up to the dry bulb",
        ),
        ({"humidity_ratio": 6.6}, "column humidity_ratio: 6.6 1, allowed 0 to 0.5"),
        ({"humidity_ratio": 0.02}, "humidity_ratio: 0.02, allowed 0.0057 to 0.0077"),
    ],
)
def test_impossible_inputs_are_named(
    tmp_path: Path, change: dict[str, float], says: str
) -> None:
    params, inputs = tmp_path / "t.yaml", tmp_path / "i.csv"
    params.write_text(
        "ua_w_k: 90000\nwater_flow_kg_s: 50\nair_flow_m3_s: 35\nfan_power_w: 12000\n"
    )
    good = {"setpoint_c": 20.0, **ROW, **AIR}
    pd.DataFrame([good, {**good, **change}]).to_csv(inputs, index=False)
    options = ["--params", params, "--inputs", inputs, "--out", tmp_path / "o.csv"]
    code, _, error = call("run", "cooling_tower", *options)
    assert code == 3
    assert says in error


def test_declared_outputs_are_those_of_a_run() -> None:
    checked = 0
    for name, component in bench.components().items():
        if component.params is None:
            table = pd.DataFrame([dict.fromkeys(bench.columns(component), 20.0)])
            outputs = bench.run(component, None, table)
            assert bench.output_columns(component) == list(outputs), name
            checked += 1
    assert checked > 20


@pytest.mark.parametrize(
    ("name", "output", "unit"),
    [
        ("cold_plate.case_temperature", "case_temperature", "degC"),
        ("water.density", "density", "kg/m3"),
        ("loop.settle", "settle", "degC"),
        ("reliability.failure_rate", "failure_rate", "1/s"),
        ("distribution.voltage_drop", "voltage_drop", "1"),
    ],
)
def test_unit_of_a_single_result_is_not_that_of_an_argument(
    name: str, output: str, unit: str
) -> None:
    code, text, _ = call("show", name, "--json")
    assert code == 0
    assert json.loads(text)["units"][output] == unit


def test_fit_names_the_cell_that_is_no_number(
    measured: tuple[Path, Path], tmp_path: Path
) -> None:
    params, data = measured
    table = pd.read_csv(data).astype({"heat_transferred": object})
    table.loc[6, "heat_transferred"] = "n/k"
    table.to_csv(data, index=False)
    code, _, error = call(
        "fit",
        "dry_coil.heat_transferred",
        "--params",
        params,
        "--data",
        data,
        "--out",
        tmp_path / "out",
    )
    assert code == 3
    assert "row 7, column heat_transferred: 'n/k' is not a finite number" in error


def test_show_lists_the_functions_of_a_file() -> None:
    code, text, _ = call("show", "transformer", "--json")
    assert code == 0
    assert "transformer.loss" in json.loads(text)["functions"]


def test_usual_fit_leaves_the_rating_alone(tmp_path: Path) -> None:
    load = np.linspace(0.1e6, 2.4e6, 20)
    truth = transformer.Transformer(2.5e6, 3200.0, 22e3)
    loss = transformer.loss(truth, load, 25.0)
    data, params = tmp_path / "d.csv", tmp_path / "t.yaml"
    pd.DataFrame({"load_w": load, "ambient_c": 25.0, "loss": loss}).to_csv(data)
    params.write_text("rated_power_w: 2.5e6\nno_load_loss_w: 2e3\nload_loss_w: 3e4\n")
    options = ["--params", params, "--data", data, "--out", tmp_path / "f", "--json"]
    code, text, _ = call("fit", "transformer.loss", *options)
    assert code == 0
    found = {v["name"]: v["value"] for v in json.loads(text)["values"]}
    expected = {"no_load_loss_w": 3200.0, "load_loss_w": 22e3}
    assert found == pytest.approx(expected, rel=1e-6)


def test_fields_of_fields_are_fitted_by_a_dotted_name(tmp_path: Path) -> None:
    component = bench.find("cdu.pump_power")
    truth = CDU._replace(pump=CDU.pump._replace(efficiency=0.7))
    table = pd.DataFrame(
        {"pressure_pa": np.linspace(5e4, 2e5, 12), "supply_c": np.full(12, 30.0)}
    )
    table["pump_power"] = bench.run(component, truth, table)["pump_power"]
    found = bench_fit.fit(component, CDU, table, ["pump.efficiency"])
    assert found.params.pump.efficiency == pytest.approx(0.7, rel=1e-6)


UPS = {"rated_power_w": 250e3, "loss_curve": [0.02, 0.0, 0.01]}
CURVE = (0.01, 0.012, 0.018)


def ups_points(tmp_path: Path, loads: np.ndarray) -> list[object]:
    """Options of a fit to the losses of four modules with ``CURVE``."""
    data, params = tmp_path / "d.csv", tmp_path / "ups.yaml"
    table = pd.DataFrame({"modules": 4.0, "load_w": 1e6 * loads, "eco": 0.0})
    rng = np.random.default_rng(1)
    share = CURVE[0] + CURVE[1] * loads + CURVE[2] * loads**2
    table["loss_w"] = 1e6 * share + 20.0 * rng.standard_normal(len(loads))
    table.to_csv(data, index=False)
    params.write_text(yaml.safe_dump(UPS))
    return ["ups", "--params", params, "--data", data, "--out", tmp_path / "f"]


@pytest.mark.parametrize(
    "free",
    ["loss_curve", "loss_curve[0],loss_curve.1,loss_curve[2]"],
    ids=["whole", "one by one"],
)
def test_a_curve_is_fitted_by_its_name_or_its_elements(
    tmp_path: Path, free: str
) -> None:
    options = ups_points(tmp_path, np.linspace(0.1, 1.0, 40))
    code, text, _ = call("fit", *options, "--free", free, "--json")
    found = json.loads(text)
    assert code == 0
    assert [v["name"] for v in found["values"]] == [
        f"loss_curve[{i}]" for i in range(3)
    ]
    assert [v["value"] for v in found["values"]] == pytest.approx(CURVE, rel=0.05)
    assert found["warnings"] == []
    saved = yaml.safe_load((tmp_path / "f" / "nameplate.yaml").read_text())
    assert saved["loss_curve"] == [v["value"] for v in found["values"]]


def test_points_too_close_are_told_with_what_would_help(tmp_path: Path) -> None:
    options = ups_points(tmp_path, np.linspace(0.50, 0.55, 12))
    code, text, _ = call("fit", *options, "--free", "loss_curve")
    assert code == 0
    assert "loss_curve[0] is poorly determined" in text
    assert "It moves together with loss_curve[" in text
    assert "load_w (5e+05 to 5.5e+05 W)" in text


def test_a_value_at_its_bound_is_told(tmp_path: Path) -> None:
    load = np.linspace(0.1e6, 2.4e6, 20)
    data, params = tmp_path / "d.csv", tmp_path / "t.yaml"
    # more loss at no load than at any: no transformer
    table = pd.DataFrame({"load_w": load, "ambient_c": 25.0, "loss": 4e3 - 1e-3 * load})
    table.to_csv(data, index=False)
    params.write_text("rated_power_w: 2.5e6\nno_load_loss_w: 2e3\nload_loss_w: 3e4\n")
    options = ["--params", params, "--data", data, "--out", tmp_path / "f"]
    code, text, _ = call("fit", "transformer.loss", *options)
    assert code == 0
    assert "load_loss_w stopped at the least value allowed, 0" in text
    assert "of its spread is left unexplained" in text
