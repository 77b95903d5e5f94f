"""What a session looks at: which run, which moment, which units; read and cached."""

import time
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from dashboards.app import daemon, recording
from dashboards.app.recording import Recording, RunInfo
from dashboards.app.texts import ENGLISH
from dashboards.app.view import View, cut, health, told
from twin.config import Site
from twin.scenario import Scenario

SPEEDS = (60, 300, 900, 3600, 14_400)
NORMAL_SPEED = 900
REFRESH_S = 2.0
S_PER_H = 3600.0


class Choice(NamedTuple):
    """Keys of the widgets that decide what is looked at."""

    controller: str = "choice_controller"
    position_h: str = "choice_position_h"
    playing: str = "choice_playing"
    speed: str = "choice_speed"
    language: str = "choice_language"
    fahrenheit: str = "choice_fahrenheit"


CHOICE = Choice()


@st.cache_resource(show_spinner=False)
def world(info: RunInfo) -> tuple[Site, Scenario]:
    """Site and scenario of a run, read once for all sessions."""
    return recording.world(info)


@st.cache_resource(show_spinner=False, max_entries=8)
def recorded(
    info: RunInfo, name: str, stamp: tuple[tuple[str, int, int], ...]
) -> Recording:
    """Tables of a run, read again when the files changed."""
    return recording.read(info, name)


def language() -> str:
    """Chosen language."""
    return str(st.session_state.get(CHOICE.language, ENGLISH))


def begin(info: RunInfo) -> None:
    """Defaults of a fresh session; widgets that are not drawn keep their choice."""
    state = st.session_state
    for key, value in {
        CHOICE.controller: info.controllers[-1],
        CHOICE.playing: False,
        CHOICE.speed: NORMAL_SPEED,
        CHOICE.language: ENGLISH,
        CHOICE.fahrenheit: False,
    }.items():
        state[key] = state.get(key, value)


def current(directory: Path) -> View:
    """What to draw now; moves the replay on.

    Raises
    ------
    WetbulbError
        If the folder holds nothing that can be shown (yet).
    """
    info = recording.describe(directory)
    name = str(st.session_state[CHOICE.controller])
    site, scenario = world(info)
    whole = recorded(info, name, recording.stamp(info, name))
    first_s, end_s = (float(whole.telemetry["time_s"].iloc[at]) for at in (0, -1))
    running = recording.is_running(info)
    now_s = _moment(first_s, end_s)
    run = cut(whole, now_s)
    live = running and now_s >= end_s
    age_s = recording.last_change_s(info, name) if live else None
    found = health(site, run, now_s, age_s)
    said = None
    if live and daemon.is_there(directory):
        said = daemon.status(directory)
        found = told(found, said)
    return View(
        info,
        site,
        scenario,
        run,
        whole,
        now_s,
        found,
        bool(st.session_state[CHOICE.fahrenheit]),
        language(),
        said,
    )


def _moment(first_s: float, end_s: float) -> float:
    """Plant time to show: the end, or where the replay has come to."""
    state = st.session_state
    at_h: float | None = state.get(CHOICE.position_h)
    clock_s = time.monotonic()
    if state[CHOICE.playing] and at_h is not None:
        passed_s = min(clock_s - state.get("replay_clock_s", clock_s), 5.0 * REFRESH_S)
        at_h = min(at_h + passed_s * state[CHOICE.speed] / S_PER_H, end_s / S_PER_H)
        state[CHOICE.position_h] = at_h
    state["replay_clock_s"] = clock_s
    if at_h is None:
        return end_s
    return min(max(at_h * S_PER_H, first_s), end_s)
