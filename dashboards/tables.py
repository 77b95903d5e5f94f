"""Tables of results: figures of ``twin.kpis`` in the units that people use."""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from dashboards.plain import plain
from dashboards.results import Run, Study
from twin.kpis import Kpis

J_PER_MWH = 3.6e9
ENVELOPE_RULES = ("clamp", "rate", "envelope", "not_a_number")  # the guard overruled


class Column(NamedTuple):
    """One column of the comparison."""

    title: str
    unit: str
    value: Callable[[Kpis], float]
    form: str

    @property
    def heading(self) -> str:
        """Title with unit."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title


COLUMNS = (
    Column("site energy", "MWh", lambda k: k.site_energy_j / J_PER_MWH, ".2f"),
    Column("cooling energy", "MWh", lambda k: k.cooling_energy_j / J_PER_MWH, ".2f"),
    Column("PUE", "", lambda k: k.pue, ".4f"),
    Column("WUE", "L/kWh", lambda k: k.wue_l_kwh, ".3f"),
    Column("cost", "USD", lambda k: k.cost_usd, ",.0f"),
    Column("peak", "kW", lambda k: k.peak_w / 1e3, ",.0f"),
    Column("violations", "K h", lambda k: k.violation_kh, ".2f"),
    Column("reversals", "", lambda k: float(k.reversals), ".0f"),
)


def headings() -> list[str]:
    """Headings of the comparison, the controller first."""
    return ["controller", *(column.heading for column in COLUMNS)]


def row(run: Run) -> list[str]:
    """One formatted row of the comparison."""
    values = (format(column.value(run.kpis), column.form) for column in COLUMNS)
    return [run.name, *values]


def saving(candidate: float, baseline: float) -> float:
    """Share that the candidate saves of the baseline; negative if it takes more."""
    return 1.0 - candidate / baseline if baseline else 0.0


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


def savings(study: Study) -> list[Saving]:
    """Savings of the candidate against every baseline."""
    mine = study.candidate.kpis
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
        for run in study.baselines
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


def answer(study: Study) -> str:
    """Result in one sentence."""
    run = study.candidate
    energy = f"{run.kpis.site_energy_j / J_PER_MWH:.2f} MWh"
    sentence = (
        f"On {study.settings.date}, over {run.kpis.hours:g} h, {run.name} ran the site "
        f"on {energy} at a PUE of {run.kpis.pue:.4f}"
    )
    compared = " and ".join(
        f"{abs(s.site_energy):.2%} {'less' if s.site_energy >= 0 else 'more'} energy "
        f"than {s.against}"
        for s in savings(study)
    )
    kept = (
        f"{run.kpis.violation_kh:.2f} K h of temperature violations and "
        f"{run.guard_violations} guard violations"
    )
    return f"{sentence}{': ' + compared if compared else ''}, with {kept}."


def summary(study: Study) -> dict[str, Any]:
    """Everything for machines, in SI."""
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
        }
        for run in study.runs
    ]
    document: dict[str, Any] = plain(
        {
            "answer": answer(study),
            "settings": study.settings,
            "weather": study.scenario.weather.source,
            "load": study.scenario.load.source,
            "price": study.scenario.price.source,
            "carbon": study.scenario.carbon.source,
            "runs": runs,
            "savings": {s.against: s._asdict() for s in savings(study)},
            "wall_s": study.wall_s,
            "directory": str(study.directory),
        }
    )
    return document
