"""The live side: what the daemon says of itself, and commands to it.

Everything goes through the daemon's API with the token of a role; the page itself never
touches a plant, and what an operator asks for is checked and done by the daemon.
"""

import hmac
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from bms_io.daemon.api import ROLES
from bms_io.daemon.service import TOKEN_FILE, WHERE_FILE
from dashboards import control
from twin.errors import WetbulbError

VIEWER, OPERATOR, ENGINEER = ROLES
TOKEN_KEY, KEPT_KEY = "access_token", "kept_token"  # of the widget, of the session
SAID_KEY = "said"  # answer to a command, shown with the next refresh
REUSE_S = 1.0  # an answer serves all sessions so long


def is_there(directory: Path) -> bool:
    """Whether a daemon keeps its files here and has not ended properly."""
    return (directory / WHERE_FILE).exists()


@st.cache_data(ttl=REUSE_S, show_spinner=False)
def status(directory: Path) -> dict[str, Any] | None:
    """What the daemon says of itself, None if it does not answer."""
    try:
        return control.ask(directory, "status", VIEWER)
    except WetbulbError:
        return None


def command(directory: Path, name: str, **body: Any) -> None:
    """Send a command in the name of the session; the answer is shown by the frame."""
    role, who = session_role(directory)
    try:
        said = control.ask(
            directory, name, role, **{"who": who, **(body or {"asked": name})}
        )
    except WetbulbError as error:
        st.session_state[SAID_KEY] = f"▲ {error}"
        return
    status.clear()
    st.session_state[SAID_KEY] = json.dumps(said)


def may(directory: Path, role: str) -> bool:
    """Whether the session has at least this role."""
    return ROLES.index(session_role(directory)[0]) >= ROLES.index(role)


def take_token() -> None:
    """Keep what was typed; the field itself is emptied by the next page."""
    given = str(st.session_state.get(TOKEN_KEY, ""))
    if given:
        st.session_state[KEPT_KEY] = given


def forget_token() -> None:
    """Back to a viewer."""
    st.session_state.pop(KEPT_KEY, None)


def session_role(directory: Path) -> tuple[str, str]:
    """Role and name of who sits there: login if configured, else token, else viewer."""
    if getattr(st.user, "is_logged_in", False):
        claims = dict(st.user)
        return role_of_claims(claims, time.time()), str(claims.get("email", "login"))
    given = str(st.session_state.get(KEPT_KEY, ""))
    role = role_of_token(directory / TOKEN_FILE, given)
    return role, f"dashboard {role}"


def role_of_claims(claims: Mapping[str, Any], now_s: float) -> str:
    """Highest role among the claims of a login; viewer if it has expired.

    Parameters
    ----------
    claims
        Of the identity token; ``roles`` or ``groups`` name roles, ``exp`` ends it. [s]
    now_s
        Since 1970. [s]
    """
    if float(claims.get("exp", 0.0)) <= now_s:
        return VIEWER
    named: Iterable[Any] = claims.get("roles") or claims.get("groups") or ()
    held = {str(name).lower() for name in named}
    return next((role for role in reversed(ROLES) if role in held), VIEWER)


def role_of_token(path: Path, given: str) -> str:
    """Role of a token of the daemon's file; viewer for any other."""
    try:
        tokens: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return VIEWER
    found = VIEWER
    for role, token in tokens.items():
        if hmac.compare_digest(token.encode(), given.encode()):
            found = role
    return found
