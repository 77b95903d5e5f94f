"""``wetbulb bench``: how fast the twin is here, against its targets."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dashboards import console, controllers
from twin import benchmark, energyplus
from twin.benchmark import Measurement, timed
from twin.config import Site, load_site
from twin.energyplus import Timed
from twin.resources import data_path
from twin.scenario import load_scenario

SITE = "hybrid_10mw"
YEAR_H = 8760.0


def run(runs: int, as_json: bool) -> None:
    """Measure everything and print one table."""
    site = load_site(SITE)
    scenario = load_scenario(site, "01-01", YEAR_H)
    (rules,) = controllers.make(("rules",), site)
    console.note("Measuring; other work on this machine makes every figure worse.")
    rows = [
        help_text(max(runs, 5)),
        first_call(["simulate", SITE, "--days", "1"]),
        benchmark.year(site, scenario, rules, runs),
        benchmark.many(site, scenario, rules),
        benchmark.power_chain(max(runs, 5)),
    ]
    show(rows, peer(site, scenario.weather.source), as_json)


def peer(site: Site, weather: str) -> Timed | None:
    """EnergyPlus on the cooling of the same site and year, if it is installed."""
    if energyplus.version() is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return energyplus.run_year(site, data_path("weather", weather), Path(folder))


def show(rows: list[Measurement], other: Timed | None, as_json: bool) -> None:
    """Print machine, versions and medians."""
    about = benchmark.machine()
    if as_json:
        table = [{**row._asdict(), "met": row.met} for row in rows]
        energy_plus = other._asdict() if other else None
        console.write_json({**about, "measurements": table, "energyplus": energy_plus})
        return
    for key, value in about.items():
        console.write(f"{key:8s} {value}")
    console.write(
        f"\n{'what':32s}{'wall':>11s}{'processor':>11s}{'target':>9s}{'runs':>6s}"
    )
    for row in rows:
        verdict = "met" if row.met else "missed"
        console.write(
            f"{row.what:32s}{row.seconds:9.3f} s{row.cpu_s:9.3f} s"
            f"{row.target_s:7g} s{row.runs:6d}"
            f"  {verdict:7s}{row.note}".rstrip()
        )
    year_s = next(row.cpu_s for row in rows if row.what == benchmark.YEAR)
    console.write(compared(other, year_s))


def compared(other: Timed | None, year_s: float) -> str:
    """One sentence on EnergyPlus beside the year of the twin."""
    if other is None:
        return (
            "EnergyPlus is not installed, so there is no comparison: "
            "pip install 'wetbulb[bench]'"
        )
    return (
        f"EnergyPlus {other.version}: the cooling alone of the same site and year at 60 s "
        f"takes {other.seconds:.1f} s ({other.processor_s:.1f} s of processor), "
        f"{other.processor_s / year_s:.1f} times the whole twin with its rules"
    )


def first_call(arguments: list[str]) -> Measurement:
    """A command in a new process with an empty compilation cache."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        out = ["--out", str(Path(folder) / "run")]
        spans = timed(lambda: _process([*arguments, *out], environment), 1)
    return Measurement("first call with compilation", *spans, 15.0, 1, "one day")


def help_text(runs: int) -> Measurement:
    """``wetbulb --help`` in a new process."""
    spans = timed(lambda: _process(["--help"], dict(os.environ)), runs)
    return Measurement("wetbulb --help", *spans, 0.3, runs)


def _process(arguments: list[str], environment: dict[str, str]) -> None:
    """Run the command and wait."""
    code = "import sys; from dashboards.cli import main; main()"
    root = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", code, *arguments]
    subprocess.run(
        command, cwd=root, env=environment, check=True, capture_output=True, text=True
    )
