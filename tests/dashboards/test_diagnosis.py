"""``wetbulb diagnose``: one look tells what is wrong, for people and for machines."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dashboards.cli import app
from optimizer.rules import RulesController
from twin.config import load_site
from twin.scenario import load_scenario
from twin.sensors import SensorNoise, sensed_table
from twin.simulate import simulate

SITE = load_site("legacy_air_2mw")
FAULT = "tower pump wear"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Telemetry as a recorder leaves it, with a hole of half a day."""
    made = tmp_path_factory.mktemp("history")
    scenario = load_scenario(SITE, "03-01", 22 * 24.0)
    results = simulate(SITE, scenario, RulesController(SITE))
    rng = np.random.default_rng(8)
    seen = sensed_table(results.telemetry, SensorNoise(), rng)
    hole = seen["time_s"].between(10 * 86400.0, 10.5 * 86400.0)
    seen[~hole].to_csv(made / "telemetry.csv", index=False)
    results.setpoints.to_csv(made / "setpoints.csv", index=False)
    return made


def asked(folder: Path, *more: str) -> tuple[int, str]:
    """Exit code and what was printed."""
    command = ["diagnose", SITE.name, "--history", str(folder), "--baseline", "10"]
    result = CliRunner().invoke(app, [*command, *more])
    return result.exit_code, result.output


def test_a_warning_says_what_how_sure_what_to_do_and_what_it_costs(
    folder: Path, tmp_path: Path
) -> None:
    figure = tmp_path / "evidence.svg"
    code, text = asked(folder, "--drill", f"{FAULT}=0.2@12", "--plot", str(figure))
    assert code == 0
    assert f"WARNING tower pumps: {FAULT}" in text
    for word in (
        "% sure",
        "evidence: ",
        "above the twin",
        "do: ",
        "kWh a day",
        "drill",
    ):
        assert word in text
    assert FAULT in figure.read_text(encoding="utf-8")


def test_a_sound_plant_is_told_to_be_sound(folder: Path) -> None:
    code, text = asked(folder)
    assert code == 0
    assert "no warning" in text
    assert "not to be seen in these signals" in text


def test_machines_get_the_same(folder: Path) -> None:
    code, text = asked(folder, "--drill", f"{FAULT}=0.2@12", "--json")
    assert code == 0
    document = json.loads(text[text.index("{") :])
    first = document["warnings"][0]
    assert first["suspects"][0]["family"]["name"] == FAULT
    assert first["waste_w"] > 0.0
    assert first["words"][0].startswith("WARNING tower pumps")
    assert document["cusum"][FAULT] > document["threshold"]


@pytest.mark.parametrize(
    ("more", "word"),
    [(("--drill", "gremlins=1@2"), "Known"), (("--baseline", "30"), "longer history")],
)
def test_what_cannot_be_is_said_in_one_line(
    folder: Path, more: tuple[str, ...], word: str
) -> None:
    code, text = asked(folder, *more)
    assert code != 0
    assert word in text
    assert "Traceback" not in text


def aged(folder: Path, *more: str) -> tuple[int, str]:
    """Exit code and output of ``wetbulb life``."""
    command = ["life", SITE.name, "--history", str(folder), "--years", "4"]
    result = CliRunner().invoke(app, [*command, *more])
    return result.exit_code, result.output


def test_remaining_life_says_health_years_use_and_advice(folder: Path) -> None:
    code, text = aged(folder)
    assert code == 0
    for word in (
        "capacity",
        "years left",
        "K warmer",
        "cycles a day",
        "capacitors",
        "do:",
    ):
        assert word in text


def test_a_capacity_test_makes_the_answer_a_measured_one(folder: Path) -> None:
    code, text = aged(folder, "--capacity", "0.9", "--json")
    assert code == 0
    battery, capacitors = json.loads(text)["components"]
    assert "90.0% of new (measured)" in battery["health"]
    assert battery["years_left_warmer"] < battery["years_left"]
    assert capacitors["years_left"] > 0.0


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--chemistry", "lead", "allowed are lfp"),
        ("--capacity", "0.75", "due now"),
        ("--history", "nowhere", "telemetry"),
    ],
)
def test_a_life_that_cannot_be_told_is_refused(
    folder: Path, option: str, value: str, said: str
) -> None:
    code, text = aged(folder, option, value)
    assert code == 3
    assert said in text
