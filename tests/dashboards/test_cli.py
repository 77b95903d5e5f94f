"""The command answers at once, and says what is wrong, where, and what to do."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from dashboards.cli import app
from twin.resources import data_path
from twin.signals import Setpoints

ROOT = Path(__file__).parents[2]
SITE_FILE = data_path("sites", "hybrid_10mw.yaml")
HEAVY = {"numpy", "pandas", "numba", "pyomo", "matplotlib", "scipy", "yaml"}
HELP = """
import sys
from dashboards.cli import app
try:
    app(sys.argv[1:])
finally:
    sys.stderr.write(",".join({name.split(".")[0] for name in sys.modules}))
"""


def call(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def site_with(tmp_path: Path, old: str, new: str) -> Path:
    """Copy of the reference site with one change."""
    text = SITE_FILE.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path = tmp_path / "site.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, start=1) if text in line)


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-c", HELP, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "Usage" in result.stdout
    assert not set(result.stderr.split(",")) & HEAVY


def test_every_command_is_listed() -> None:
    code, out, _ = call("--help")
    assert code == 0
    for command in ("demo", "serve-plant", "site", "version"):
        assert command in out


def test_version_for_machines() -> None:
    code, out, _ = call("version", "--json")
    assert code == 0
    assert json.loads(out)["python"].startswith("3.")


def test_unknown_option_is_wrong_usage() -> None:
    assert call("demo", "--no-such-option")[0] == 2
    assert call("demo", "--spread", "7")[0] == 2


def test_good_site_is_ok() -> None:
    code, out, _ = call("site", "check", "hybrid_10mw", "--json")
    assert code == 0
    summary = json.loads(out)
    assert summary["ok"] is True
    assert summary["writable_points"] == len(Setpoints._fields)


def test_shown_site_can_be_read_again(tmp_path: Path) -> None:
    code, out, _ = call("site", "show", "hybrid_10mw", "--values")
    assert code == 0
    copy = tmp_path / "copy.yaml"
    copy.write_text(out, encoding="utf-8")
    again = call("site", "show", str(copy), "--values")
    assert again == (0, out, "")


def test_schema_knows_every_key_of_the_reference_site() -> None:
    code, out, _ = call("site", "schema")
    assert code == 0
    schema = json.loads(out)

    def check(value: Any, form: dict[str, Any]) -> None:
        form = schema["$defs"][form["$ref"].split("/")[-1]] if "$ref" in form else form
        if not isinstance(value, dict):
            return
        assert form["type"] == "object"
        assert form["additionalProperties"] is False
        for key, inner in value.items():
            check(inner, form["properties"][key])

    check(yaml.safe_load(SITE_FILE.read_text(encoding="utf-8")), schema)


def test_missing_site_names_what_there_is() -> None:
    code, _, err = call("site", "check", "hybrid_10MW_typo")
    assert code == 3
    assert "hybrid_10MW_typo: no such file" in err
    assert "Shipped in data/sites: " in err
    assert "hybrid_10mw, " in err


def test_error_for_machines() -> None:
    code, out, err = call("site", "check", "nowhere", "--json")
    assert code == 3
    error = json.loads(out)["error"]
    assert error["kind"] == "ConfigError"
    assert error["code"] == 3
    assert error["message"] in err


def test_unknown_key_names_its_line(tmp_path: Path) -> None:
    path = site_with(tmp_path, "house_power_w:", "hose_power_w:")
    code, _, err = call("site", "check", str(path))
    assert code == 3
    assert f"{path}:{line_of(path, 'hose_power_w')}: facility.power.hose_power_w" in err
    assert "is not a known key" in err


def test_out_of_range_value_names_line_and_range(tmp_path: Path) -> None:
    path = site_with(tmp_path, "one_way_efficiency: 0.97", "one_way_efficiency: 97")
    code, _, err = call("site", "check", str(path))
    assert code == 3
    assert f":{line_of(path, 'one_way_efficiency')}: " in err
    assert "at most 1" in err


def test_all_findings_of_a_site_come_at_once(tmp_path: Path) -> None:
    path = site_with(tmp_path, "house_power_w:", "hose_power_w:")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("ups_count: 10", "ups_count: many", 1))
    code, _, err = call("site", "check", str(path))
    assert code == 3
    for part in ("hose_power_w", "house_power_w", "ups_count"):
        assert part in err


def test_every_file_of_a_site_is_checked_at_once(tmp_path: Path) -> None:
    named = {
        "defaults.weather": ("weather: USA_CO_Golden", "weather: no_weather"),
        "defaults.load": ("load: frontier_cdu", "load: no_load"),
        "defaults.points": ("points: hybrid_10mw", "points: no_points"),
        "tariff.price_file": ("price_file: price_CISO", "price_file: no_price"),
        "tariff.carbon_file": ("carbon_file: carbon_CISO", "carbon_file: no_carbon"),
    }
    text = SITE_FILE.read_text(encoding="utf-8")
    for old, new in named.values():
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    code, _, err = call("site", "check", str(path))
    assert code == 3
    for key, (_, new) in named.items():
        place = f"{path}:{line_of(path, new)}: {key}: {new.split(': ')[1]}"
        assert place in err
    assert err.count("no such file") == len(named)


def test_wrong_column_names_what_is_needed(tmp_path: Path) -> None:
    load = tmp_path / "load.csv"
    load.write_text("time,watts\n0,1\n15,2\n")
    code, _, err = call("demo", "--load", str(load), "--no-browser")
    assert code == 3
    assert str(load) in err
    assert "power_w" in err
    assert "watts" in err


def test_missing_weather_names_what_there_is() -> None:
    code, _, err = call("demo", "--weather", "Goldn.epw", "--no-browser")
    assert code == 3
    assert "Goldn.epw: no such file" in err
    assert "USA_CO_Golden" in err


@pytest.mark.parametrize(
    ("option", "value", "repair"),
    [
        ("--controllers", "fixed,magic", "from fixed, rules, search, mpc"),
        ("--controllers", "fixed,fixed", "give each controller once"),
        ("--date", "02-30", "MM-DD"),
        ("--hours", "0", "positive multiple of 5 min"),
        ("--hours", "1.01", "positive multiple of 5 min"),
        ("--hours", "nan", "positive multiple of 5 min"),
    ],
)
def test_value_that_cannot_be_used_says_which_can(
    option: str, value: str, repair: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, _, err = call("demo", option, value, "--no-browser", "--out", str(out))
    assert code == 3
    assert option in err
    assert value in err
    assert repair in err
    assert not out.exists()


def test_folder_with_a_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    journal = tmp_path / "fixed" / "audit.sqlite"
    journal.parent.mkdir()
    journal.write_text("precious\n", encoding="utf-8")
    code, _, err = call("demo", "--hours", "1", "--no-browser", "--out", str(tmp_path))
    assert code == 3
    assert f"--out {tmp_path}: already holds a run ({journal})" in err
    assert "Give a new folder" in err
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [journal]
    assert journal.read_text(encoding="utf-8") == "precious\n"


def test_unscaled_load_above_the_rating_is_refused(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    code, _, err = call("demo", "--load-as-is", "--no-browser", "--out", out)
    assert code == 3
    assert "above the site's rated IT power 10,000 kW" in err


def test_port_in_use_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = call("serve-plant", "hybrid_10mw", "--port", str(port))
    assert code == 3
    assert f"127.0.0.1:{port}" in err
    assert "0 for any free port" in err


def test_host_of_another_machine_is_not_called_a_port_in_use() -> None:
    code, _, err = call("serve-plant", "hybrid_10mw", "--host", "192.0.2.1")
    assert code == 3
    assert "192.0.2.1:5020" in err
    assert "no address of this machine" in err
    assert "in use" not in err
