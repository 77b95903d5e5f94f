"""Alarms: what is not normal now, and what was."""

import streamlit as st

from dashboards.app import alarms, live
from dashboards.app.parts import table
from dashboards.app.texts import say
from dashboards.app.view import View


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue = view.language
    if view.daemon is not None:
        live.standing(view, view.daemon)
    lasting = len(alarms.active(view))
    title = say("alarms.title", tongue)
    st.markdown(f"**{title}: {lasting} {say('alarm.unacknowledged', tongue)}**")
    table(alarms.alarm_table(view), "alarms", tongue)
