"""Every table of a study as one Excel file, with a sheet of yearly figures."""

from pathlib import Path

import pandas as pd

from dashboards import tables
from dashboards.results import Run, Study
from twin.kpis import J_PER_KWH

HOURS_OF_A_YEAR = 8760.0
WHOLE_YEAR = 0.99  # share of a year from which figures count as yearly


def sheets(study: Study) -> dict[str, pd.DataFrame]:
    """Tables by the name of their sheet, in SI unless a heading says otherwise."""
    figures = [{"controller": run.name, **run.kpis._asdict()} for run in study.runs]
    found = {
        "figures": pd.DataFrame(figures),
        "kpi_sheet": kpi_sheet(study),
        "savings": pd.DataFrame(tables.savings(study.runs)),
        "margins": pd.DataFrame(tables.margins(study)),
        "overruled": pd.DataFrame(tables.overruled(study)),
        "at_bounds": pd.DataFrame(tables.at_bounds(study)),
    }
    for run in study.runs:
        found[f"telemetry {run.name}"[:31]] = run.telemetry
        found[f"setpoints {run.name}"[:31]] = run.setpoints
    return found


def kpi_sheet(study: Study) -> pd.DataFrame:
    """Figures that operators in the EU file each year.

    Symbols and definitions after Delegated Regulation (EU) 2024/1364, annexes II and III;
    a run shorter than a year gives interval figures, and the sheet says so.
    """
    return pd.concat([_filed(study, run) for run in study.runs], ignore_index=True)


def _filed(study: Study, run: Run) -> pd.DataFrame:
    """Rows of one controller."""
    kpis = run.kpis
    period = (
        "year"
        if kpis.hours >= WHOLE_YEAR * HOURS_OF_A_YEAR
        else f"{kpis.hours:g} h only"
    )
    rated_kw = study.site.facility.it.racks.rated_power_w / 1e3
    rows = [
        ("P_DIT", "installed IT power demand", "kW", rated_kw),
        ("E_DC", "total energy consumption", "kWh", kpis.site_energy_j / J_PER_KWH),
        ("E_IT", "energy of the IT equipment", "kWh", kpis.it_energy_j / J_PER_KWH),
        ("W_IN", "total water input", "m3", kpis.water_kg / 1e3),
        ("E_REUSE", "waste heat reused", "kWh", kpis.reused_energy_j / J_PER_KWH),
        (
            "E_RES-OS",
            "renewable energy made on site",
            "kWh",
            kpis.renewable_energy_j / J_PER_KWH,
        ),
        ("PUE", "power usage effectiveness", "", kpis.pue),
        ("WUE", "water usage effectiveness", "L/kWh", kpis.wue_l_kwh),
        ("CUE", "carbon usage effectiveness", "kg/kWh", kpis.cue_kg_kwh),
        ("ERF", "energy reuse factor", "", kpis.erf),
        ("REF", "renewable energy factor, on site only", "", kpis.ref),
    ]
    table = pd.DataFrame(rows, columns=["symbol", "meaning", "unit", "value"])
    return table.assign(controller=run.name, period=period)


def write(study: Study, path: Path) -> None:
    """Write the workbook."""
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        for name, table in sheets(study).items():
            table.to_excel(writer, sheet_name=name, index=False)
            writer.sheets[name].freeze_panes(1, 0)
