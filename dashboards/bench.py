"""``wetbulb bench``: how fast the twin is here, against its targets."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dashboards import console, controllers
from twin import benchmark
from twin.benchmark import Measurement, timed
from twin.config import load_site
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
    show(rows, as_json)


def show(rows: list[Measurement], as_json: bool) -> None:
    """Print machine, versions and medians."""
    about = benchmark.machine()
    if as_json:
        table = [{**row._asdict(), "met": row.met} for row in rows]
        console.write_json({**about, "measurements": table})
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
