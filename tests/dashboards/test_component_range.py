"""The bench says what leaves the range of a component, and what it does not read."""

from pathlib import Path

import pandas as pd

from tests.dashboards import test_component
from tests.dashboards.test_component import call, fit

measured = test_component.measured  # the same fixture


def water_table(tmp_path: Path, text: str) -> tuple[Path, Path]:
    data, out = tmp_path / "in.csv", tmp_path / "out.csv"
    data.write_text(text)
    return data, out


def test_run_flags_what_is_outside_and_carries_further_columns_through(
    tmp_path: Path,
) -> None:
    data, out = water_table(tmp_path, "temperature_c,label\n20,a\n120,b\n")
    code, text, _ = call("run", "water.density", "--inputs", data, "--out", out)
    assert code == 0
    table = pd.read_csv(out)
    assert table.columns.tolist() == [
        "temperature_c", "label", "density", "outside_range"
    ]  # fmt: skip
    assert table.outside_range.tolist() == [0.0, 1.0]
    assert table.label.tolist() == ["a", "b"]
    said = "temperature_c is outside its range, 0 to 100 degC, in 1 of 2 rows"
    assert said in " ".join(text.split())
    assert "not used, written as they are: label" in " ".join(text.split())


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    data, out = water_table(tmp_path, "temperature_c,temperature_c\n20,30\n")
    code, _, error = call("run", "water.density", "--inputs", data, "--out", out)
    assert code != 0
    assert "column temperature_c twice" in " ".join(error.split())


def test_a_fit_outside_the_range_is_refused_or_told(
    measured: tuple[Path, Path], tmp_path: Path
) -> None:
    params, data = measured
    table = pd.read_csv(data).assign(note=1.0)
    table.loc[:9, "air_c"] = 70.0
    table.to_csv(data, index=False)
    code, found, _ = fit(params, data, tmp_path / "fit", "ua_w_k")
    assert code == 0
    said = " ".join(found["warnings"])
    assert "air_c is outside its range, -30 to 60 degC, in 10 of 300 rows" in said
    assert "not used: note" in said
    table.assign(air_c=70.0).to_csv(data, index=False)
    words = ["--params", params, "--data", data, "--out", tmp_path / "none"]
    code, _, error = call("fit", "dry_coil.heat_transferred", *words)
    assert code != 0
    assert "every point is outside the range" in " ".join(error.split())
