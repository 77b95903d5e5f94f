"""Audit: every line of the journal, with filter and export."""

import json

import pandas as pd
import streamlit as st

from dashboards.app.parts import table
from dashboards.app.texts import say
from dashboards.app.view import View

S_PER_H = 3600.0


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue, events = view.language, view.run.events
    if not events:
        st.caption(say("audit.none", tongue))
        return
    kinds = sorted({event.kind for event in events})
    left, right = st.columns(2)
    chosen = left.multiselect(say("audit.filter", tongue), kinds, key="audit_kinds")
    words = right.text_input(say("audit.search", tongue), key="audit_words")
    table(journal(view, tuple(chosen), words), "audit", tongue)


def journal(view: View, kinds: tuple[str, ...], words: str) -> pd.DataFrame:
    """Lines of the journal, the newest first.

    Parameters
    ----------
    view
        Run up to now.
    kinds
        Events to show; all if empty.
    words
        Text that the details must contain.
    """
    tongue = view.language
    lines = [
        {
            f"{say('common.time', tongue)} [h]": round(event.time_s / S_PER_H, 3),
            say("audit.event", tongue): event.kind,
            say("audit.details", tongue): json.dumps(event.details, sort_keys=True),
        }
        for event in reversed(view.run.events)
        if not kinds or event.kind in kinds
    ]
    found = [
        row
        for row in lines
        if words.lower() in " ".join(map(str, row.values())).lower()
    ]
    return pd.DataFrame(found)
