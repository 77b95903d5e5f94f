"""Studies: the controllers of a folder side by side, over the same time."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboards import tables
from dashboards.app.charts import DASHES, TONES, Line, Option, courses
from dashboards.app.pages.optimizer import judged
from dashboards.app.parts import chart, table
from dashboards.app.texts import say
from dashboards.app.view import LEAST_ROWS, View, cut, figures
from twin.kpis import Kpis

POINTS = 24  # of the course


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue, runs = view.language, judged(view)
    st.markdown(f"**{say('studies.runs', tongue)}**")
    if not runs:
        st.caption(say("studies.empty", tongue))
        return
    table(
        pd.DataFrame([tables.row(run) for run in runs], columns=tables.headings()),
        "studies",
        tongue,
        pd.DataFrame([{"controller": r.name, **r.kpis._asdict()} for r in runs]),
    )
    if len(view.run.telemetry) > LEAST_ROWS:
        chart(ratios(view), "ratios", say("chart.pue", tongue))
    rows = [
        [column.heading.strip(), *(column.show(run.kpis) for run in runs)]
        for column in tables.DETAILS
    ]
    heads = [say("common.quantity", tongue), *(run.name for run in runs)]
    table(pd.DataFrame(rows, columns=heads), "details", tongue)


def ratios(view: View) -> Option:
    """PUE, WUE and CUE as ratios of energies from the start to each moment."""
    tongue, rows = view.language, len(view.run.telemetry)
    end_s = view.run.telemetry["time_s"].to_numpy(dtype=float)
    at_s = end_s[np.unique(np.linspace(LEAST_ROWS, rows - 1, POINTS).astype(int))]
    key = (str(view.info.directory), view.run.name, rows)
    found = _figures_at(key, view, tuple(float(t) for t in at_s))
    names = {"PUE": "pue", "WUE [L/kWh]": "wue_l_kwh", "CUE [kg/kWh]": "cue_kg_kwh"}
    hour = np.array([kpis.hours for kpis in found])
    lines = [
        Line(
            name,
            hour,
            np.array([getattr(kpis, field) for kpis in found]),
            TONES[number],
            DASHES[number],
        )
        for number, (name, field) in enumerate(names.items())
    ]
    return courses(lines, "-, L/kWh, kg/kWh", say("chart.hour", tongue))


@st.cache_resource(max_entries=16, show_spinner=False)
def _figures_at(
    key: tuple[str, str, int], _view: View, at_s: tuple[float, ...]
) -> list[Kpis]:
    """Figures from the start to each moment, computed once for a length of the run."""
    moments = (figures(_view._replace(run=cut(_view.run, now_s))) for now_s in at_s)
    return [kpis for kpis in moments if kpis is not None]
