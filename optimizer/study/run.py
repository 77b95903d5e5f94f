"""A study from its file to its findings.

1. the zoning program: layout by phase, binding limits
2. screening of layouts around it on bins of weather and load
3. full years for the best, hour by hour, with the agreement of both
4. failures, ride-through, tornado, break-even
"""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from optimizer.study.climate import Year, bins_of, year_of
from optimizer.study.generations import Course, courses
from optimizer.study.judge import Verdict, fixed_counts, pareto, shares, verdict
from optimizer.study.layout import Choice, Load, choice_of, load_of, site_of
from optimizer.study.program import KINDS, Inputs, inputs_of
from optimizer.study.sample import Task, screen_chunk
from optimizer.study.schema import Loaded, load_study
from optimizer.study.screen import full_year
from optimizer.study.seam import Progress, run_chunks
from optimizer.study.tornado import BreakEven, Swing, bill_of, break_even, tornado
from optimizer.study.zoning import Answer, answer
from twin.compiled import source_digest
from twin.faults import Faults
from twin.ride_through import ride_through
from twin.signals import Inputs as World
from twin.signals import Outputs

CHUNK = 2000  # layouts; 1 to 2 s
OBJECTIVES = ("tco_usd", "pue", "wue_l_kwh", "carbon_kg", "stranded_w", "lost_share")
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Finalist(NamedTuple):
    """One layout after its full year."""

    layout: int
    choice: Choice
    screened_pue: float
    screened_wue_l_kwh: float
    verdict: Verdict
    monthly_pue: list[float]
    monthly_wue_l_kwh: list[float]


class Findings(NamedTuple):
    """Everything that a report shows."""

    loaded: Loaded
    given: Inputs
    answer: Answer
    load: Load
    climate: str
    screened: pd.DataFrame  # with column ``on_front``
    finalists: list[Finalist]  # best first
    failures: dict[str, float]  # kind -> capacity over duty with one out
    ride_through_s: float
    ride_first: str | None
    swings: list[Swing]
    break_even: list[BreakEven]
    other_climates: dict[str, Verdict]  # the best layout elsewhere
    courses: list[Course]  # elastic and fixed design; empty with one generation


class Study:
    """Python door: ``Study.from_yaml("retrofit_air_hall").run(layouts=2000)``."""

    def __init__(self, loaded: Loaded):
        self.loaded = loaded

    @classmethod
    def from_yaml(cls, name_or_path: str | Path) -> "Study":
        """Read and check a study file."""
        return cls(load_study(name_or_path))

    def run(
        self,
        layouts: int = 2000,
        finalists: int = 10,
        out: Path = Path("runs/study"),
        scheduler: str = "processes",
        seed: int = 1,
        progress: Progress | None = None,
    ) -> Findings:
        """Run everything, see ``run_study``."""
        return run_study(
            self.loaded, layouts, finalists, out, scheduler, seed, progress
        )


def run_study(
    loaded: Loaded,
    layouts: int,
    finalists: int,
    out: Path,
    scheduler: str,
    seed: int,
    progress: Progress | None,
) -> Findings:
    """Run a study for the last phase of its demand.

    Parameters
    ----------
    loaded
        Checked study.
    layouts
        Screened.
    finalists
        Full years.
    out
        Folder; a killed study goes on there.
    scheduler
        See ``seam.run_chunks``.
    seed
        Of the sample.
    progress
        Called with chunks done and in all.
    """
    given = inputs_of(loaded)
    best = answer(given)
    study, site = loaded.study, loaded.site
    phase = best.phases[-1]
    load, fixed = load_of(phase, loaded.catalogue), fixed_counts(given, phase)
    first = choice_of(phase, site.design, study.conditions)
    years = {name: year_of(site, name, study.economy) for name in study.climates}
    climate = study.climates[0]
    bins = bins_of(years[climate])
    tasks = [
        Task(
            str(loaded.path), climate, bins, load, first, fixed,
            start // CHUNK, start, min(CHUNK, layouts - start), seed,
        )
        for start in range(0, layouts, CHUNK)
    ]  # fmt: skip
    identity = _identity(loaded, layouts, seed)
    table = run_chunks(
        screen_chunk, tasks, out / "shards", identity, scheduler, progress
    )
    table["lost_share"] = 1.0 - table["after_failure"]
    ranked = _ranked(table)
    chosen = [
        _finalist(given, load, fixed, row, years[climate])
        for row in ranked.head(finalists).itertuples(index=False)
    ]
    chosen.sort(key=lambda f: (-f.verdict.keeps_limits, f.verdict.tco_usd))
    return _findings(given, best, load, fixed, table, chosen, years)


def _identity(loaded: Loaded, layouts: int, seed: int) -> dict[str, Any]:
    text = loaded.path.read_bytes()
    return {
        "study": loaded.study.name,
        "file": hashlib.sha256(text).hexdigest()[:16],
        "equations": source_digest(*sorted(Path(__file__).parent.glob("*.py"))),
        "layouts": layouts,
        "seed": seed,
    }


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Front first, then by TCO; layouts that break a limit last. Marks the front."""
    kept = table["keeps_limits"] > 0
    table["on_front"] = False
    if kept.any():
        values = table.loc[kept, list(OBJECTIVES)].to_numpy(dtype=float)
        table.loc[kept, "on_front"] = pareto(values)
    keys = ["keeps_limits", "on_front", "tco_usd", "layout"]
    return table.sort_values(keys, ascending=[False, False, True, True])


def _finalist(
    given: Inputs, load: Load, fixed: dict[str, float], row: Any, year: Year
) -> Finalist:
    """Full year of one screened layout."""
    choice = Choice(*(getattr(row, name) for name in Choice._fields))
    at, site = given.loaded.study.conditions, given.loaded.site
    found, hours = full_year(site, at, load, choice, year)
    pue, wue = _monthly(hours)
    judged = verdict(given, load, choice, found, fixed)
    return Finalist(int(row.layout), choice, row.pue, row.wue_l_kwh, judged, pue, wue)


def _monthly(hours: Outputs) -> tuple[list[float], list[float]]:
    """PUE and WUE of each month."""
    month = np.repeat(np.arange(12), np.array(MONTH_DAYS) * 24)
    it = np.bincount(month, weights=np.asarray(hours.it_power_w))
    site = np.bincount(month, weights=np.asarray(hours.site_power_w))
    makeup = np.asarray(hours.tower_makeup_kg_s) + np.asarray(hours.ahu_makeup_kg_s)
    water = np.bincount(month, weights=makeup) * 3.6e6
    return (site / it).tolist(), (water / it).tolist()


def _findings(
    given: Inputs,
    best: Answer,
    load: Load,
    fixed: dict[str, float],
    table: pd.DataFrame,
    chosen: list[Finalist],
    years: dict[str, Year],
) -> Findings:
    """What is told about the best finalist."""
    site, study = given.loaded.site, given.loaded.study
    top = chosen[0]
    elsewhere, bills = {}, []
    for name, year in list(years.items())[1:]:
        found, _ = full_year(site, study.conditions, load, top.choice, year)
        elsewhere[name] = verdict(given, load, top.choice, found, fixed)
    first = years[study.climates[0]]
    for one in chosen:
        found, _ = full_year(site, study.conditions, load, one.choice, first)
        bills.append(bill_of(fixed, one.choice, found))
    built = site_of(site, load, top.choice, study.conditions)
    hottest = int(np.argmax(first.hours[1]))
    world = World(*(float(v) for v in first.hours[:, hottest]))
    world = world._replace(it_demand_w=load.it_power_w)
    ride = ride_through(built, world, built.design, Faults(utility_lost=True))
    pairs = break_even(given, load.it_power_w, top.choice, years)
    return Findings(
        given.loaded, given, best, load, study.climates[0], table, chosen,
        {k: v for k, v in shares(given, load, top.choice, out=1).items() if k in KINDS},
        ride.holds_s, ride.first, tornado(given, bills), pairs, elsewhere,
        courses(given, bins_of(first), best),
    )  # fmt: skip
