"""A small study made by the real twin, and the command as users call it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards.results import Run, Settings, Study
from optimizer.fixed import FixedController
from optimizer.rules import RulesController
from twin.config import load_site
from twin.kpis import kpis
from twin.scenario import load_scenario
from twin.simulate import simulate

ROOT = Path(__file__).parents[2]
HOURS = 3.0
ENTRY = "import sys; from dashboards.cli import main; sys.argv[0] = 'wetbulb'; main()"
Wetbulb = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return two controllers over three hours in the twin, without a wire."""
    site = load_site("hybrid_10mw")
    scenario = load_scenario(site, "04-07", HOURS)
    runs = []
    for controller in (FixedController(site), RulesController(site)):
        result = simulate(site, scenario, controller)
        figures = kpis(site, scenario, result.telemetry, result.setpoints)
        run = Run(
            name=result.name,
            telemetry=result.telemetry,
            setpoints=result.setpoints,
            kpis=figures,
            guard_events=result.guard_events,
            guard_violations=len(result.guard_violations),
            writes=0,
            readback_mismatches=0,
            fallbacks=0,
            held=0,
        )
        runs.append(run)
    settings = Settings("hybrid_10mw", "04-07", HOURS, seed=1, spread=0.05)
    directory = tmp_path_factory.mktemp("study")
    return Study(settings, site, scenario, tuple(runs), directory, wall_s=1.0)


@pytest.fixture
def wetbulb(tmp_path: Path) -> Wetbulb:
    """Run the command as a process of its own in an empty folder."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", ENTRY, *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call
