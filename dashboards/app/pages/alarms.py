"""Alarms: what is not normal now, and what was."""

import streamlit as st

from bms_io.daemon import early
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
    _early(view)


def _early(view: View) -> None:
    """Warnings of slow faults, on a shelf of their own below the alarms."""
    tongue = view.language
    st.markdown(f"**{say('early.title', tongue)}**")
    try:
        found = early.read(view.info.directory)
    except ValueError:
        st.error(say("early.broken", tongue))
        return
    if found is None:
        st.caption(say("early.absent", tongue))
    elif not found.warnings:
        days = say("early.days", tongue)
        st.caption(f"{say('early.none', tongue)} {found.days} {days}.")
    for headline, *others in found.warnings if found else ():
        with st.container(border=True):
            st.markdown(f"△ **{headline}**")
            for sentence in others:
                st.text(sentence)
