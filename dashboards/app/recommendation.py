"""The recommendation of a daemon in advise mode, with what the operator says to it."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboards.app import daemon
from dashboards.app.parts import table
from dashboards.app.texts import say
from dashboards.app.units import show
from dashboards.app.view import View
from twin.signal_table import catalogue

REASON_KEY = "recommendation_reason"


def draw(view: View, said: dict[str, Any]) -> None:
    """What is recommended and why, until when, and the answer to it.

    Parameters
    ----------
    view
        What the page shows.
    said
        Status of the daemon.
    """
    asked = said.get("recommendation") or {}
    if not asked:
        return
    tongue = view.language
    st.markdown(f"**{say('recommendation.title', tongue)} {asked['number']}**")
    st.markdown(f"{say('optimizer.why', tongue)}: {asked['reason']}")
    st.caption(state(view, said))
    table(changes(view, asked), "recommendation", tongue)
    _answer(view, asked)


def state(view: View, said: dict[str, Any]) -> str:
    """Open for how long, or how it ended."""
    tongue, asked = view.language, said["recommendation"]
    if asked["open"]:
        left_min = max(asked["until_s"] - said["time_s"], 0.0) / 60.0
        return f"{say('recommendation.open', tongue)} {left_min:.0f} min"
    if asked["answer"]:
        answer = say(f"recommendation.{asked['answer']}ed", tongue)
        return f"{answer}: {asked['by']}. {asked['why']}"
    return say("recommendation.expired", tongue)


def changes(view: View, asked: dict[str, Any]) -> pd.DataFrame:
    """Each setpoint that would move: from, to, and what the guard allows."""
    tongue = view.language
    rows = []
    for name, moved in asked["changes"].items():
        si = catalogue()["setpoints", name].unit
        limits = getattr(view.site.guard, name)
        active, wanted, least, most = (
            show(float(value), si, view.fahrenheit)
            for value in (
                moved["active"],
                moved["wanted"],
                limits.minimum,
                limits.maximum,
            )
        )
        rows.append((name, active, f"→ {wanted}", f"{least} … {most}"))
    names = ("optimizer.setpoint", "optimizer.active", "optimizer.to", "point.limits")
    return pd.DataFrame(rows, columns=[say(name, tongue) for name in names])


def _answer(view: View, asked: dict[str, Any]) -> None:
    """Accept, or reject with a reason; the daemon decides whether it is too late."""
    tongue, directory = view.language, view.info.directory
    able = daemon.may(directory, daemon.OPERATOR) and not asked["answer"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            say("recommendation.reason", tongue), key=REASON_KEY, disabled=not able
        )
        for verb in ("accept", "reject"):
            st.button(
                say(f"recommendation.{verb}", tongue),
                key=f"{verb}_recommendation",
                disabled=not able,
                on_click=_send,
                args=(view, verb, asked["number"]),
            )


def _send(view: View, verb: str, number: int) -> None:
    """Send the answer with the reason that is in the field, then empty the field."""
    reason = str(st.session_state.get(REASON_KEY, ""))
    daemon.command(view.info.directory, verb, number=number, reason=reason)
    st.session_state[REASON_KEY] = ""
