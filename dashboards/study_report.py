"""Report of a layout study: answer, candidates, pictures, limits, assumptions."""

from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboards import study_figures
from dashboards.style import svg
from optimizer.study.run import Findings

TEMPLATES = Path(__file__).parent / "templates"
DENSE_W = 50e3  # per air-cooled rack, above which flow in the aisle needs CFD
LIMITS = (
    "No CFD: air is one volume per hall. Check aisles by CFD above "
    f"{DENSE_W / 1e3:g} kW per air-cooled rack, and any uneven placing of racks.",
    "One pool of each kind of unit; piping and busway routes are not laid out, the floor "
    "plan shows areas to scale and not positions.",
    "Setpoints are held all year; a controller (see `wetbulb compare`) does better.",
    "The load swings by day and week around its mean; job traces are not used.",
    "Redundancy is of units. Common-cause failures are not counted.",
)


def headline(found: Findings) -> str:
    """The answer in one sentence."""
    best, study = found.finalists[0], found.loaded.study
    phase = found.answer.phases[-1]
    racks = ", ".join(
        f"{sum(zones.values())} {name}"
        for name, zones in phase.racks.items()
        if sum(zones.values())
    )
    bound = found.answer.binding[0].name if found.answer.binding else "demand"
    judged = best.verdict
    kept = "" if judged.keeps_limits else " It breaks a limit in the worst hour."
    return (
        f"{study.name}: in {phase.year} {racks} ({phase.it_power_w / 1e6:.4g} MW of "
        f"racks) fit, held back by {bound}; the best layout found has a PUE of "
        f"{judged.pue:.3f}, a WUE of {judged.wue_l_kwh:.2f} l/kWh and costs "
        f"{judged.tco_usd / 1e6:.4g} million USD over {study.economy.years} years.{kept}"
    )


def summary(found: Findings) -> dict[str, Any]:
    """Figures for machines."""
    words = [entry.words for entry in found.answer.binding]
    return {
        "study": found.loaded.study.name,
        "answer": headline(found),
        "phases": found.answer.phases,
        "binding": words or ["no limit of the envelope binds; the demand does"],
        "finalists": found.finalists,
        "failures": found.failures,
        "ride_through_s": found.ride_through_s,
        "ride_through_first": found.ride_first,
        "tornado": found.swings,
        "break_even": found.break_even,
        "other_climates": found.other_climates,
        "generations": found.courses,
    }


def sheets(found: Findings) -> dict[str, pd.DataFrame]:
    """Every table by name."""
    candidates = [
        {
            "layout": f.layout,
            **f.choice._asdict(),
            **f.verdict._asdict(),
            "screened_pue": f.screened_pue,
            "screened_wue_l_kwh": f.screened_wue_l_kwh,
        }
        for f in found.finalists
    ]
    top = found.finalists[0]
    monthly = {"pue": top.monthly_pue, "wue_l_kwh": top.monthly_wue_l_kwh}
    phases = [
        {"year": p.year, "item": name, "count": count}
        for p in found.answer.phases
        for name, count in _standing(p).items()
    ]
    failures = [
        {"one_out": k, "capacity_over_duty": v} for k, v in found.failures.items()
    ]
    return {
        "candidates": pd.DataFrame(candidates),
        "phases": pd.DataFrame(phases),
        "binding": pd.DataFrame(found.answer.binding),
        "failures": pd.DataFrame(failures),
        "monthly": pd.DataFrame({"month": range(1, 13), **monthly}),
        "tornado": pd.DataFrame(found.swings),
        "break_even": pd.DataFrame(found.break_even),
        "generations": _generations(found),
        "capacities": _capacities(found),
        "assumptions": _assumptions(found),
        "screened": found.screened,
    }


def _generations(found: Findings) -> pd.DataFrame:
    """Elastic and fixed design by phase, with the cost of the whole course."""
    rows = [
        {**phase._asdict(), "tco_usd_it_kwh": course.tco_usd_it_kwh}
        for course in found.courses
        for phase in course.phases
    ]
    return pd.DataFrame(rows)


def _standing(phase: Any) -> dict[str, int]:
    racks = {
        f"{name} ({zone} area)": count
        for name, zones in phase.racks.items()
        for zone, count in zones.items()
    }
    taps = {f"tap {rating} A": count for rating, count in phase.taps.items()}
    return {**racks, **phase.modules, **phase.units, **taps}


def _capacities(found: Findings) -> pd.DataFrame:
    site = found.loaded.study.base_site
    rows = [
        {"unit": name, "capacity_w": watts, "from": f"nameplate in site {site}"}
        for name, watts in found.given.capacity._asdict().items()
    ]
    return pd.DataFrame(rows)


def _assumptions(found: Findings) -> pd.DataFrame:
    """Prices, racks and economy with their sources."""
    study = found.loaded.study
    rows = [
        {
            "input": f"{study.catalogue}.csv: {item.item}",
            "value": f"{item.price_low_usd:g} / {item.price_usd:g} / "
            f"{item.price_high_usd:g} USD",
            "basis": item.basis,
            "source": item.source,
        }
        for item in found.loaded.catalogue.items.values()
    ]
    for name, source in found.loaded.catalogue.rack_sources.items():
        plate = found.loaded.catalogue.racks[name]
        told = f"{plate.rated_power_w / 1e3:g} kW, liquid {plate.liquid_fraction:g}"
        rows.append(
            {
                "input": f"racks.csv: {name}",
                "value": told,
                "basis": "",
                "source": source,
            }
        )
    for name, value in study.economy._asdict().items():
        entry = {"input": f"economy.{name}", "value": str(value), "basis": "assumption"}
        rows.append({**entry, "source": study.economy.source})
    return pd.DataFrame(rows)


def render(found: Findings) -> str:
    """One self-contained HTML page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    tables = sheets(found)
    tables.pop("screened")
    pictures = [(c, svg(f, c)) for c, f in study_figures.all_pictures(found)]
    return environment.get_template("study.html.j2").render(
        study=found.loaded.study,
        answer=headline(found),
        binding=[entry.words for entry in found.answer.binding],
        tables=tables,
        cell=_cell,
        pictures=pictures,
        plan=study_figures.floor_plan(found),
        one_line=study_figures.one_line(found),
        ride_s=found.ride_through_s,
        ride_first=found.ride_first or "none within the time looked at",
        screened=len(found.screened),
        limits=LIMITS,
    )


def _cell(value: Any) -> str:
    """Number or word of a table."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
