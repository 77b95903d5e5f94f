"""What only a running daemon has: its modes, its advice, its alarms, with commands."""

from typing import Any

import pandas as pd
import streamlit as st

from bms_io.daemon.modes import Mode
from dashboards.app import daemon
from dashboards.app.texts import say
from dashboards.app.units import show
from dashboards.app.view import View
from twin.signal_table import catalogue

SIGNS = {"unacknowledged": "▲", "acknowledged": "■", "returned": "△"}


def modes(view: View, said: dict[str, Any]) -> None:
    """Mode of the loop, what auto still needs, and the way to another mode."""
    tongue, directory = view.language, view.info.directory
    able = daemon.may(directory, daemon.OPERATOR)
    st.markdown(
        f"**{say('optimizer.modes', tongue)}: {said['mode']} → {said.get('wanted', '')}**"
    )
    needs = said.get("auto_needs", [])
    if needs:
        st.caption(f"{say('optimizer.needs', tongue)}: {'; '.join(needs)}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            say("banner.mode", tongue),
            [str(mode) for mode in Mode],
            index=None,
            key="wanted_mode",
            disabled=not able,
        )
        sure = st.checkbox(
            say("optimizer.confirm", tongue), key="sure", disabled=chosen != Mode.AUTO
        )
        st.button(
            say("optimizer.ask", tongue),
            key="ask_mode",
            disabled=not able or chosen is None or (chosen == Mode.AUTO and not sure),
            on_click=_ask_mode,
            args=(view, chosen),
        )
    st.caption(
        f"{said.get('rung', '')} {said.get('reason', '')} {said.get('held', '')}"
    )


def _ask_mode(view: View, mode: str) -> None:
    """Auto is armed in the same step, by the person who confirmed."""
    if mode == Mode.AUTO:
        daemon.command(view.info.directory, "arm")
    daemon.command(view.info.directory, "mode", mode=mode)


def advice(view: View, said: dict[str, Any]) -> pd.DataFrame:
    """Setpoints in force and what the loop would have."""
    tongue, active = view.language, said.get("active", {})
    rows = []
    for name, wanted in said.get("advice", {}).items():
        si = catalogue()["setpoints", name].unit
        moved = "→ " if abs(float(wanted) - float(active[name])) > 1e-9 else ""
        rows.append(
            {
                say("optimizer.setpoint", tongue): name,
                say("optimizer.active", tongue): show(
                    float(active[name]), si, view.fahrenheit
                ),
                say("optimizer.advice", tongue): moved
                + show(float(wanted), si, view.fahrenheit),
            }
        )
    return pd.DataFrame(rows)


def standing(view: View, said: dict[str, Any]) -> None:
    """Alarms of the daemon, each with acknowledge and shelve."""
    tongue, directory = view.language, view.info.directory
    able = daemon.may(directory, daemon.OPERATOR)
    for alarm in said.get("alarms", []):
        name, state = alarm["alarm"], alarm["standing"]
        text, first, second = st.columns([6, 1, 1], vertical_alignment="center")
        text.markdown(
            f"{SIGNS.get(state, '')} **P{alarm['priority']} {name}** "
            f"({say(f'alarm.{state}', tongue)}): {alarm['detail']}. "
            f"{alarm['consequence']}. {alarm['response']}"
        )
        first.button(
            say("alarms.acknowledge", tongue),
            key=f"acknowledge_{name}",
            disabled=not able or state == "acknowledged",
            on_click=daemon.command,
            args=(directory, "acknowledge"),
            kwargs={"alarm": name},
        )
        second.button(
            say("alarms.shelve", tongue),
            key=f"shelve_{name}",
            disabled=not able,
            on_click=daemon.command,
            args=(directory, "shelve"),
            kwargs={"alarm": name, "for_s": 3600.0},
        )
