"""How soon and how surely slow faults are found, over seeded plants, weather and severities.

``python -m tests.benchmarks.bench_diagnosis --out docs/diagnosis.md`` writes the table. Each
case is a plant with perturbed nameplates behind noisy sensors; the twin is calibrated on
its first days, which are also the baseline. A fault then grows over six days, in thirds.
The same days without it give the false alarms.
"""

import argparse
import functools
import pickle
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from optimizer.rules import RulesController
from tests.benchmarks.cycled_rules import CycledRules
from tests.benchmarks.diagnosis_page import Case, Verdict, Verdicts, page
from twin.calibrate import calibrate
from twin.config import Site, load_site
from twin.diagnose import DAY_S, FALSE_PER_MONTH, Scan, scan, threshold
from twin.fault_families import Family, misread, with_fault
from twin.history import History, history
from twin.misses import Misses, weigh
from twin.perturb import perturb
from twin.replay import Block, blocks, metered, replay
from twin.scenario import Scenario, load_scenario
from twin.sensors import SensorNoise, sensed_table
from twin.signals import Outputs
from twin.signatures import Evidence, deceived, evidence, visible, watched
from twin.simulate import simulate
from twin.topology import Facility

BASELINE, ONSET, RAMP, DAYS = 14, 20, 6, 40  # days
SEVERITIES = {"small": 0.5, "medium": 1.0, "large": 2.0}  # of the typical one
NOISE = SensorNoise(temperature_k=0.1, power=0.01, flow=0.01)
SPREAD = 0.05
Tables = tuple[pd.DataFrame, pd.DataFrame]
Run = Callable[[Facility], Tables]  # of a plant, everything else the same


CASES = (
    Case("hybrid_10mw", None, "06-01", 1, "tuning"),
    Case("hybrid_10mw", None, "01-10", 2, "tuning"),
    Case("hybrid_10mw", "USA_FL_Tampa.Intl.AP.722110_TMY3.epw", "03-05", 3, "tuning"),
    Case("legacy_air_2mw", None, "04-20", 4, "tuning"),
    Case("campus_100mw", None, "08-20", 5, "unseen"),
    Case("campus_100mw", "openmeteo_SG_2024.csv", "10-01", 6, "unseen"),
    Case("micro_module_1mw", None, "09-25", 7, "unseen"),
    Case("edge_50kw", "openmeteo_SG_2024.csv", "04-01", 8, "tuning", cycled=True),
    Case(
        "micro_module_1mw",
        "USA_FL_Tampa.Intl.AP.722110_TMY3.epw",
        "07-10",
        9,
        "tuning",
        cycled=True,
    ),
)


class Collected(NamedTuple):
    """Evidence of a case; of a fault only the days from its onset on."""

    families: tuple[Family, ...]
    blind: tuple[Family, ...]
    sound: list[Evidence]
    faulty: dict[tuple[str, str], list[Evidence]]  # by family and severity


def collect(case: Case) -> Collected:
    """Simulate and digest every fault of a case."""
    site = load_site(case.site)
    rng = np.random.default_rng(case.seed)
    plant = perturb(site.facility, rng, SPREAD)
    scenario = load_scenario(site, case.start, DAYS * 24.0, case.weather)
    controller = CycledRules(site) if case.cycled else RulesController(site)
    run = functools.partial(_run, site, scenario, controller)
    sound = run(plant)
    record = _seen(sound, rng)
    first = record.part(slice(0, int(np.sum(record.time_s <= BASELINE * DAY_S))))
    twin = calibrate(site.facility, first).facility
    parts = metered(twin, blocks(record, DAY_S))
    misses = watched(weigh(parts[:BASELINE]))
    families, blind = visible(twin, parts[:: max(len(parts) // 4, 1)], misses)
    days = [evidence(twin, part, misses, families) for part in parts]
    faulty = {}
    for family in families:
        for name, share in SEVERITIES.items():
            tables = _with(run, plant, family, share * family.prior, sound)
            later = _digest(twin, _seen(tables, rng), misses, families)
            faulty[family.name, name] = later
    return Collected(families, blind, days, faulty)


def _run(
    site: Site, scenario: Scenario, controller: RulesController, plant: Facility
) -> Tables:
    """Telemetry and setpoints of the plant under its rules."""
    results = simulate(site, scenario, controller, plant)
    return results.telemetry, results.setpoints


def _seen(tables: Tables, rng: np.random.Generator) -> History:
    """What the sensors wrote down."""
    return history(sensed_table(tables[0], NOISE, rng), tables[1], "case")


def _digest(
    twin: Facility, record: History, misses: Misses, families: Sequence[Family]
) -> list[Evidence]:
    """Days from the onset on."""
    parts = metered(twin, blocks(record, DAY_S)[ONSET:])
    return [evidence(twin, part, misses, families) for part in parts]


def _with(
    run: Run,
    plant: Facility,
    family: Family,
    severity: float,
    sound: Tables,
) -> Tables:
    """A fault that grows in thirds from the onset on, spliced behind the sound days."""
    tables = sound
    for third in (1, 2, 3):
        from_s = (ONSET + (third - 1) * RAMP / 3) * DAY_S
        now = _faulty(run, plant, family, severity * third / 3, sound)
        tables = (
            _spliced(tables[0], now[0], from_s, True),
            _spliced(tables[1], now[1], from_s, False),
        )
    return tables


def _spliced(
    before: pd.DataFrame, after: pd.DataFrame, from_s: float, ends: bool
) -> pd.DataFrame:
    """One table until a time, another from then on."""
    early = before["time_s"] <= from_s if ends else before["time_s"] < from_s
    late = after["time_s"] > from_s if ends else after["time_s"] >= from_s
    return pd.concat([before[early], after[late]], ignore_index=True)


def _faulty(
    run: Run,
    plant: Facility,
    family: Family,
    severity: float,
    sound: Tables,
) -> Tables:
    """The whole span with a fault."""
    if family.change not in ("sensor", "controlled"):
        return run(with_fault(plant, family, severity))
    telemetry, moves = sound
    if family.change == "controlled":  # the loop holds the wrong reading
        telemetry = _deceived(plant, sound, family, severity)
    shown = telemetry.copy()
    truth = shown[family.path].to_numpy(float)
    shown[family.path] = misread(family, severity, truth)
    return shown, moves


def _deceived(
    plant: Facility, tables: Tables, family: Family, offset_k: float
) -> pd.DataFrame:
    """What truly happens when a loop holds a reading that is too high."""
    day = deceived(Block(history(*tables, "truth"), 0), family, offset_k)
    true = pd.DataFrame(replay(plant, day), columns=list(Outputs._fields))
    return tables[0].reset_index(drop=True).assign(**true)


def judged(found: Collected) -> tuple[Verdicts, int, int]:
    """Each fault of a case, the false warnings of its sound days, and these days."""
    limit = threshold(len(found.families), FALSE_PER_MONTH)
    false = len(scan(found.sound, found.families, BASELINE, limit).named)
    verdicts = []
    for (name, severity), later in found.faulty.items():
        days = found.sound[:ONSET] + later
        verdicts.append(
            verdict(name, severity, scan(days, found.families, BASELINE, limit))
        )
    return verdicts, false, len(found.sound) - BASELINE


def verdict(name: str, severity: str, made: Scan) -> Verdict:
    """Judge the first warning after the onset."""
    after = [one for one in made.named if one.raised >= ONSET]
    if not after:
        return Verdict(name, severity, False, float("nan"), "", 0.0, False)
    first = after[0].suspects[0]
    return Verdict(
        name,
        severity,
        True,
        after[0].raised - ONSET + 1.0,
        first.family.name,
        first.confidence,
        first.family.name == name,
    )


def _collected(case: Case, folder: Path) -> Collected:
    """From the folder, or made anew."""
    path = folder / f"{case.site}-{case.start}-{case.seed}.pickle"
    if path.is_file():
        made: Collected = pickle.loads(path.read_bytes())  # our own file, earlier run
        return made
    made = collect(case)
    path.write_bytes(pickle.dumps(made))
    return made


def main() -> None:
    """Run all cases and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("runs/diagnosis"))
    parser.add_argument("--out", type=Path, default=Path("runs/diagnosis/page.md"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        folders = [options.folder] * len(CASES)
        collected = list(pool.map(_collected, CASES, folders))
    text = page(CASES, [judged(found) for found in collected])
    options.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
