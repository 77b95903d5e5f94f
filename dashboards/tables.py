"""Tables of results: figures of ``twin.kpis`` in the units that people use."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from dashboards.plain import plain
from dashboards.results import Study
from twin.kpis import Kpis
from twin.signals import Setpoints

J_PER_MWH = 3.6e9
ENVELOPE_RULES = ("clamp", "rate", "envelope", "not_a_number")  # the guard overruled
LEAST_BOUND_SHARE = 0.5  # at a bound more often than not
EXTRAPOLATED = "chiller_extrapolated"


class Judged(Protocol):
    """Anything with a name and figures, on a wire or not."""

    @property
    def name(self) -> str:
        """Controller."""

    @property
    def kpis(self) -> Kpis:
        """Its figures."""


def digits(value: float, decimals: int, significant: int = 5) -> str:
    """Number with at least so many decimals and so many significant digits.

    A day of a 50 kW site is told as finely as one of a 100 MW site.
    """
    if not math.isfinite(value) or value == 0.0:
        return f"{value:,.{decimals}f}"
    needed = significant - 1 - math.floor(math.log10(abs(value)))
    return f"{value:,.{max(decimals, needed)}f}"


class Column(NamedTuple):
    """One column of the comparison."""

    title: str
    unit: str
    value: Callable[[Kpis], float]
    decimals: int  # at least
    significant: int = 1  # at least, see ``digits``

    def show(self, kpis: Kpis) -> str:
        """Figure of a run as text."""
        return digits(self.value(kpis), self.decimals, self.significant)

    @property
    def heading(self) -> str:
        """Title with unit."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title


COLUMNS = (
    Column("site energy", "MWh", lambda k: k.site_energy_j / J_PER_MWH, 2, 5),
    Column("cooling energy", "MWh", lambda k: k.cooling_energy_j / J_PER_MWH, 2, 5),
    Column("PUE", "", lambda k: k.pue, 4),
    Column("WUE", "L/kWh", lambda k: k.wue_l_kwh, 3),
    Column("cost", "USD", lambda k: k.cost_usd, 0, 4),
    Column("peak", "kW", lambda k: k.peak_w / 1e3, 0, 4),
    Column("violations", "K h", lambda k: k.violation_kh, 2),
    Column("reversals", "", lambda k: float(k.reversals), 0),
)


# Beside the comparison, where one run is told in full.
DETAILS = (
    Column("CUE", "kg/kWh", lambda k: k.cue_kg_kwh, 3),
    Column("carbon", "t", lambda k: k.carbon_kg / 1e3, 1, 4),
    Column("water", "m3", lambda k: k.water_kg / 1e3, 1, 4),
    Column("REF", "", lambda k: k.ref, 3),
    Column("ERF", "", lambda k: k.erf, 3),
    Column("effective compute", "chip h", lambda k: k.effective_chip_h, 0, 4),
    Column("  per energy", "chip h/kWh", lambda k: k.effective_chip_h_kwh, 3),
)


def headings() -> list[str]:
    """Headings of the comparison, the controller first."""
    return ["controller", *(column.heading for column in COLUMNS)]


def row(run: Judged) -> list[str]:
    """One formatted row of the comparison."""
    return [run.name, *(column.show(run.kpis) for column in COLUMNS)]


def saving(candidate: float, baseline: float) -> float:
    """Share that the candidate saves of the baseline; negative if it takes more.

    Of its amount: an income that grows is a saving, too.
    """
    if not baseline:
        return 0.0
    return math.copysign(1.0, baseline) * (1.0 - candidate / baseline)


class Saving(NamedTuple):
    """What the candidate saves against one baseline, as fractions."""

    against: str
    site_energy: float
    cooling_energy: float
    overhead_energy: float  # everything but IT
    cost: float
    it_saved_j: float  # where the saved energy comes from
    cooling_saved_j: float
    power_chain_saved_j: float


def savings(runs: Sequence[Judged]) -> list[Saving]:
    """Savings of the last run, the candidate, against every other."""
    *baselines, candidate = runs
    mine = candidate.kpis
    return [
        Saving(
            run.name,
            saving(mine.site_energy_j, run.kpis.site_energy_j),
            saving(mine.cooling_energy_j, run.kpis.cooling_energy_j),
            saving(_overhead_j(mine), _overhead_j(run.kpis)),
            saving(mine.cost_usd, run.kpis.cost_usd),
            run.kpis.it_energy_j - mine.it_energy_j,
            run.kpis.cooling_energy_j - mine.cooling_energy_j,
            run.kpis.power_chain_energy_j - mine.power_chain_energy_j,
        )
        for run in baselines
    ]


def _overhead_j(kpis: Kpis) -> float:
    return kpis.site_energy_j - kpis.it_energy_j


class Margin(NamedTuple):
    """How close a run came to a limit."""

    controller: str
    limit: str
    limit_c: float
    highest_c: float
    margin_k: float


def margins(study: Study) -> list[Margin]:
    """Highest value of each limited temperature in each run."""
    found = []
    for name, limit_c in study.site.limits._asdict().items():
        for run in study.runs:
            highest_c = float(run.telemetry[name].max())
            found.append(
                Margin(run.name, name, limit_c, highest_c, limit_c - highest_c)
            )
    return found


class Overruled(NamedTuple):
    """How often the guard changed one setpoint of one controller."""

    controller: str
    setpoint: str
    rule: str
    times: int


def overruled(study: Study) -> list[Overruled]:
    """Limits that bound the controllers, most frequent first."""
    found = []
    for run in study.runs:
        events = (e for e in run.guard_events if e.rule in ENVELOPE_RULES)
        counts = Counter((event.setpoint, event.rule) for event in events)
        found += [Overruled(run.name, *key, n) for key, n in counts.most_common()]
    return found


class AtBound(NamedTuple):
    """How often one setpoint of one controller stood at an end of its range."""

    controller: str
    setpoint: str
    bound: str  # minimum or maximum, of the guard
    value: float  # of the bound, SI
    share: float  # of the control cycles


def at_bounds(study: Study) -> list[AtBound]:
    """Setpoints that stand at a limit of the site file in most control cycles.

    A setpoint is at a bound if it is nearer than the guard's deadband. Left out: what
    has no room to move, and switches, which always are at one of two ends.
    """
    found = []
    for run in study.runs:
        for name in Setpoints._fields:
            limits = getattr(study.site.guard, name)
            span = limits.maximum - limits.minimum
            if span <= (1.0 if limits.whole_number else 0.0):
                continue
            near = max(limits.deadband, 1e-6 * span)
            values = run.setpoints[name].to_numpy(dtype=float)
            for bound in ("minimum", "maximum"):
                end = getattr(limits, bound)
                share = float(np.mean(np.abs(values - end) < near))
                found.append(AtBound(run.name, name, bound, end, share))
    return [entry for entry in found if entry.share > LEAST_BOUND_SHARE]


class Extrapolated(NamedTuple):
    """Chiller energy of one controller that no curve data cover."""

    controller: str
    share: float  # of the chiller energy; 0 where no chiller ran


def extrapolated(study: Study) -> list[Extrapolated]:
    """Share of chiller energy drawn while the curves were held at their limits."""
    found = []
    for run in study.runs:
        if EXTRAPOLATED not in run.telemetry:
            continue
        power_w = run.telemetry["chiller_power_w"]
        outside_w = power_w * run.telemetry[EXTRAPOLATED]
        total_w = float(power_w.sum())
        share = float(outside_w.sum()) / total_w if total_w > 0 else 0.0
        found.append(Extrapolated(run.name, share))
    return found


def answer(study: Study) -> str:
    """Result in one sentence."""
    run = study.candidate
    energy = f"{digits(run.kpis.site_energy_j / J_PER_MWH, 2)} MWh"
    sentence = (
        f"On {study.settings.date}, over {run.kpis.hours:g} h, {run.name} ran the site "
        f"on {energy} at a PUE of {run.kpis.pue:.4f}"
    )
    compared = " and ".join(
        f"{abs(s.site_energy):.2%} {'less' if s.site_energy >= 0 else 'more'} energy "
        f"than {s.against}"
        for s in savings(study.runs)
    )
    kept = (
        f"{run.kpis.violation_kh:.2f} K h of temperature violations and "
        f"{run.guard_violations} guard violations"
    )
    return f"{sentence}{': ' + compared if compared else ''}, with {kept}."


def summary(study: Study) -> dict[str, Any]:
    """Everything for machines, in SI."""
    shares = dict(extrapolated(study))
    runs = [
        {
            "controller": run.name,
            **run.kpis._asdict(),
            "guard_violations": run.guard_violations,
            "guard_overruled": sum(
                o.times for o in overruled(study) if o[0] == run.name
            ),
            "writes": run.writes,
            "readback_mismatches": run.readback_mismatches,
            "fallbacks": run.fallbacks,
            "held": run.held,
            "at_bound": [b._asdict() for b in at_bounds(study) if b[0] == run.name],
            "chiller_extrapolated_share": shares.get(run.name),
        }
        for run in study.runs
    ]
    document: dict[str, Any] = plain(
        {
            "answer": answer(study),
            "settings": study.settings,
            "weather": study.scenario.weather.source,
            "load": study.scenario.load.source,
            "load_scaled_from_w": study.scenario.load_scaled_from_w,
            "price": study.scenario.price.source,
            "carbon": study.scenario.carbon.source,
            "runs": runs,
            "savings": {s.against: s._asdict() for s in savings(study.runs)},
            "wall_s": study.wall_s,
            "directory": str(study.directory),
        }
    )
    return document
