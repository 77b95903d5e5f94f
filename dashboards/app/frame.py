"""What stands around every page: banner, replay bar, settings."""

from html import escape
from pathlib import Path

import streamlit as st

from dashboards.app import daemon
from dashboards.app.state import CHOICE, S_PER_H, SPEEDS, language
from dashboards.app.texts import LANGUAGES, say
from dashboards.app.view import View

END_KEY = "replay_end_h"  # of the slider as last drawn
STYLE = """
<style>
.block-container, .stMainBlockContainer {padding-top: 3.6rem; padding-bottom: 1rem;}
.wb-banner {display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; align-items: baseline;
  border-left: 5px solid #808080; padding: .35rem .8rem;
  background: color-mix(in srgb, currentColor 7%, transparent);}
.wb-banner b {font-weight: 650;} .wb-banner small {opacity: .8;}
.wb-banner .bad {background: #b3261e; color: #fff; padding: 0 .35rem;}
.wb-banner .what {font-weight: 700; letter-spacing: .03em;}
.wb-stale {opacity: .55; filter: grayscale(1);}
[data-testid="stMetricValue"] {font-size: 1.45rem; font-variant-numeric: tabular-nums;}
</style>
"""


def banner(view: View) -> None:
    """Mode, heartbeat, data quality, plant time; on every page."""
    health, tongue = view.health, view.language
    stopped, poor = health.heartbeat == "stopped", health.good_share < 1.0
    source = say("source.live" if health.is_live else "source.record", tongue)
    hours = view.now_s / S_PER_H
    entries = [
        f'<span class="what">{escape(view.site.name)} · {escape(view.run.name)} · '
        f"{source}</span>",
        _entry("banner.mode", say(f"mode.{health.mode}", tongue), False, tongue),
        _entry(
            "banner.heartbeat",
            say(f"heartbeat.{health.heartbeat}", tongue),
            stopped,
            tongue,
        ),
        _entry("banner.quality", f"{health.good_share:.1%}", poor, tongue),
        _entry("banner.clock", f"{view.info.start} + {hours:.2f} h", False, tongue),
        f"<small>{say('banner.age', tongue)} {_age(health.age_s)} "
        f"{say('banner.ago', tongue)}</small>",
    ]
    st.html(f'{STYLE}<div class="wb-banner" role="status">{"".join(entries)}</div>')
    said = st.session_state.pop(daemon.SAID_KEY, "")
    if said:
        st.toast(said)


def _entry(key: str, value: str, bad: bool, tongue: str) -> str:
    """Name and value; what is not normal has colour and a sign."""
    shown = f'<span class="bad">▲ {escape(value)}</span>' if bad else escape(value)
    return f"<span><small>{say(key, tongue)}</small> <b>{shown}</b></span>"


def _age(seconds: float) -> str:
    """Time since, in the unit that fits."""
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    if seconds < 7200.0:
        return f"{seconds / 60.0:.0f} min"
    return f"{seconds / S_PER_H:.1f} h"


def exit_button(view: View) -> None:
    """Leave to local control; a record has nobody to tell."""
    directory, tongue = view.info.directory, view.language
    allowed = daemon.may(directory, daemon.OPERATOR)
    why = "banner.no_exit" if view.daemon is None else "banner.no_role"
    able = view.daemon is not None and allowed
    st.button(
        say("banner.exit", tongue),
        key="exit_to_local",
        type="primary",
        disabled=not able,
        help=None if able else say(why, tongue),
        on_click=daemon.command,
        args=(directory, "exit-to-local"),
    )


def replay(view: View) -> None:
    """Bar to go back and forth in what was recorded, and its speed."""
    tongue, table = view.language, view.whole.telemetry["time_s"]
    first_h, end_h = (float(table.iloc[at]) / S_PER_H for at in (0, -1))
    columns = st.columns([1, 5, 2, 2, 2], vertical_alignment="bottom")
    with columns[0]:
        st.toggle(say("replay.play", tongue), key=CHOICE.playing, on_change=_start)
    with columns[1]:
        if end_h > first_h:
            state = st.session_state
            if state.get(CHOICE.position_h) is None:
                at_h = end_h
            else:
                at_h = min(max(state[CHOICE.position_h], first_h), end_h)
            state["replay_slider"], state[END_KEY] = at_h, end_h
            st.slider(
                say("replay.position", tongue),
                first_h,
                end_h,
                step=(end_h - first_h) / max(len(table) - 1, 1),
                format="%.2f",
                key="replay_slider",
                on_change=_moved,
            )
    with columns[2]:
        st.selectbox(say("replay.speed", tongue), SPEEDS, key=CHOICE.speed)
    with columns[3]:
        st.button(say("replay.follow", tongue), on_click=_follow)
    with columns[4]:
        exit_button(view)


def _start() -> None:
    """Play from the beginning if the record is at its end."""
    if st.session_state.get(CHOICE.position_h) is None:
        st.session_state[CHOICE.position_h] = 0.0


def _moved() -> None:
    """Go there; at the end, follow what comes."""
    state = st.session_state
    at_h = state["replay_slider"]
    state[CHOICE.position_h] = None if at_h >= state[END_KEY] - 1e-6 else at_h


def _follow() -> None:
    st.session_state[CHOICE.position_h] = None
    st.session_state[CHOICE.playing] = False


def settings(controllers: tuple[str, ...], directory: Path) -> None:
    """Controller, language, units and access, in the side bar."""
    tongue = language()
    with st.sidebar:
        role, who = daemon.session_role(directory)
        st.caption(f"{say('settings.role', tongue)}: {role} ({who})")
        st.text_input(
            say("settings.token", tongue),
            type="password",
            key=daemon.TOKEN_KEY,
            on_change=daemon.take_token,
            help=say("settings.token_help", tongue),
        )
        if role != daemon.VIEWER:
            st.button(say("settings.leave", tongue), on_click=daemon.forget_token)
        st.selectbox(
            say("replay.controller", tongue), controllers, key=CHOICE.controller
        )
        st.selectbox(say("settings.language", tongue), LANGUAGES, key=CHOICE.language)
        st.toggle(say("settings.fahrenheit", tongue), key=CHOICE.fahrenheit)
