"""Who may command: token file and login claims, viewer for everybody else."""

import json

import pytest

pytest.importorskip("streamlit", reason='pip install "wetbulb[ui]"')
from bms_io.daemon.api import read_tokens
from dashboards.app import daemon

NOW_S = 1_000_000.0


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"exp": NOW_S + 60.0, "roles": ["Operator"]}, "operator"),
        ({"exp": NOW_S + 60.0, "groups": ["viewer", "engineer"]}, "engineer"),
        ({"exp": NOW_S - 1.0, "roles": ["engineer"]}, "viewer"),  # expired
        ({"roles": ["engineer"]}, "viewer"),  # says not until when
        ({"exp": NOW_S + 60.0}, "viewer"),
        ({"exp": NOW_S + 60.0, "roles": ["admin"]}, "viewer"),
    ],
)
def test_claims_give_the_highest_known_role_until_they_expire(claims, role):
    assert daemon.role_of_claims(claims, NOW_S) == role


def test_token_of_the_daemon_gives_its_role(tmp_path):
    path = tmp_path / "tokens.json"
    read_tokens(path)  # the daemon makes it
    tokens = json.loads(path.read_text(encoding="utf-8"))
    for role, token in tokens.items():
        assert daemon.role_of_token(path, token) == role
    assert daemon.role_of_token(path, "guessed") == "viewer"
    assert daemon.role_of_token(path, "") == "viewer"
    assert daemon.role_of_token(tmp_path / "none.json", "guessed") == "viewer"
