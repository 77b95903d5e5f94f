"""Studies: the controllers of a folder side by side, over the same time."""

import pandas as pd
import streamlit as st

from dashboards import tables
from dashboards.app.pages.optimizer import judged
from dashboards.app.parts import table
from dashboards.app.texts import say
from dashboards.app.view import View


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
    rows = [
        [column.heading.strip(), *(column.show(run.kpis) for run in runs)]
        for column in tables.DETAILS
    ]
    heads = [say("common.quantity", tongue), *(run.name for run in runs)]
    table(pd.DataFrame(rows, columns=heads), "details", tongue)
