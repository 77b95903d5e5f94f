"""What calibration is worth: the mpc on the nameplates, and on the calibrated twin.

``python -m tests.benchmarks.bench_calibrated --out docs/calibrated.md``. Each plant has
nameplates off by up to 12 %; two weeks under the rules behind noisy sensors calibrate the
twin. Later days are then run twice, with everything else the same.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from optimizer.contestants import plain
from optimizer.problem import bill_of
from optimizer.rules import RulesController
from twin.accuracy import judge
from twin.calibrate import calibrate
from twin.config import Site, load_site
from twin.history import history
from twin.kpis import kpis
from twin.perturb import perturb
from twin.replay import blocks, metered, replay
from twin.results import Results
from twin.scenario import load_scenario
from twin.sensors import SensorNoise, sensed_table
from twin.signals import Outputs, Setpoints
from twin.simulate import simulate
from twin.topology import Facility

UNITS = ("air_units_on", "tower_cells_on")
NOISE = SensorNoise(temperature_k=0.1, power=0.01, flow=0.01)
SPREAD, LEARNING_DAYS, DAYS = 0.12, 14, 2
SITES = ("hybrid_10mw", "legacy_air_2mw")
STARTS = (("05-20", "06-15"), ("09-01", "09-28"))  # learning; judged days
INTRODUCTION = """# What calibration is worth

Written by `python -m tests.benchmarks.bench_calibrated --out docs/calibrated.md`. Each plant
has nameplates off by up to 12 %, behind sensors with noise of 1 % and 0.1 K. Fourteen days
under the rules calibrate the twin; two later days are run by the mpc on the nameplates and
by the mpc on the calibrated twin, plant, weather, load and forecasts being the same. Error:
mean absolute error of the site power over these days, replayed (behind the noise of the
meter, which alone gives 0.8 %). Spare: degrees above the limits times minutes that the true
plant would have had, had one air unit or one tower cell been out all the time.

A plant that is weaker than its nameplates is run, by an mpc that believes them, with fewer
units than it needs to lose one: cheaper, and unsafe in a way that no violation shows until
a unit fails. Compare the bill only where the spare is alike.
"""


class Course(NamedTuple):
    """A controlled course of some days."""

    objective_usd: float
    energy_j: float
    overhead_j: float
    violation_k_min: float
    spare_k_min: float  # above the limits, had one air unit or tower cell been out
    error: float  # of the twin's site power, share


def courses(site_name: str, seed: int, starts: tuple[str, str]) -> list[Course]:
    """The mpc on the nameplates and on the calibrated twin."""
    site = load_site(site_name)
    rng = np.random.default_rng(seed)
    plant = perturb(site.facility, rng, SPREAD)
    scenario = load_scenario(site, starts[0], LEARNING_DAYS * 24.0)
    learned = simulate(site, scenario, RulesController(site), plant)
    seen = sensed_table(learned.telemetry, NOISE, rng)
    found = calibrate(site.facility, history(seen, learned.setpoints, "case"))
    beliefs = (site.facility, found.facility)
    return [course(site, belief, plant, starts[1], seed) for belief in beliefs]


def course(
    site: Site, belief: Facility, plant: Facility, start: str, seed: int
) -> Course:
    """The judged days under an mpc that believes in some nameplates."""
    scenario = load_scenario(site, start, DAYS * 24.0)
    believed = site._replace(facility=belief)
    controller = plain("mpc", believed, None)
    results = simulate(believed, scenario, controller, plant)
    figures = kpis(site, scenario, results.telemetry, results.setpoints)
    rng = np.random.default_rng(seed)
    seen = sensed_table(results.telemetry, NOISE, rng)
    parts = metered(belief, blocks(history(seen, results.setpoints, "case"), 86400.0))
    (said,) = judge(belief, parts, ("site_power_w",))
    return Course(
        bill_of(site, scenario, results).total,
        figures.site_energy_j,
        figures.site_energy_j - figures.it_energy_j,
        figures.violation_kh * 60.0,
        max(without_one(site, plant, results, name) for name in UNITS),
        1.0 - said.accuracy,
    )


def without_one(site: Site, plant: Facility, results: Results, unit: str) -> float:
    """K min above the limits if the plant had run the same course with a unit less."""
    truth = history(results.telemetry, results.setpoints, "truth")
    setpoints = truth.setpoints.copy()
    column = Setpoints._fields.index(unit)
    there = np.minimum(setpoints[:, column], getattr(site.guard, unit).maximum)
    setpoints[:, column] = np.maximum(there - 1.0, 1.0)
    (part,) = blocks(truth._replace(setpoints=setpoints), DAYS * 86400.0)
    rows = replay(plant, part)[part.burn_in :]
    above = [
        np.maximum(
            rows[:, Outputs._fields.index(name)] - getattr(site.limits, name), 0.0
        )
        for name in ("rack_inlet_c", "chip_c")
    ]
    return float(np.sum(np.maximum(*above))) * truth.scan_s / 60.0


def page(rows: list[tuple[str, str, int, list[Course]]]) -> str:
    """Markdown of all plants."""
    lines = [INTRODUCTION]
    lines += [
        "| site | days from | plant | objective [USD]: nameplates | calibrated | saved [%] "
        "| site energy saved [%] | overhead saved [%] | K min | spare [K min] "
        "| error: nameplates [%] | calibrated [%] |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for site, start, seed, (before, after) in rows:
        saved = [
            100.0 * (1.0 - getattr(after, name) / getattr(before, name))
            for name in ("objective_usd", "energy_j", "overhead_j")
        ]
        lines.append(
            f"| {site} | {start} | {seed} | {before.objective_usd:,.0f} "
            f"| {after.objective_usd:,.0f} | {saved[0]:+.2f} | {saved[1]:+.2f} "
            f"| {saved[2]:+.2f} | {before.violation_k_min:.1f}, {after.violation_k_min:.1f} "
            f"| {before.spare_k_min:,.0f}, {after.spare_k_min:,.0f} "
            f"| {100.0 * before.error:.2f} | {100.0 * after.error:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run all plants and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/calibrated.md"))
    parser.add_argument("--plants", type=int, default=2)
    options = parser.parse_args()
    cases = [
        (site, seed, starts)
        for site in SITES
        for starts in STARTS
        for seed in range(1, options.plants + 1)
    ]
    with ProcessPoolExecutor(2) as pool:
        made = list(pool.map(courses, *zip(*cases, strict=True)))
    rows = [(c[0], c[2][1], c[1], r) for c, r in zip(cases, made, strict=True)]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(rows), encoding="utf-8")
    sys.stdout.write(page(rows))


if __name__ == "__main__":
    main()
