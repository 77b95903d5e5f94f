"""The API answers the right people; notify, log and lock do what they say."""

import asyncio
import io
import json
import socket

import pytest

from bms_io.daemon.api import ROLES, Answer, Api, Route, read_tokens
from bms_io.daemon.instance import InstanceLock
from bms_io.daemon.logs import REPEAT_S, JsonLog
from bms_io.daemon.notify import notify
from twin.errors import ConfigError, InstanceError

pytestmark = pytest.mark.real_time


def talk(request, tokens=None):
    """Serve one route per role; send raw bytes, return code and body."""
    said = []

    def act(who, body):
        said.append((who, body))
        return Answer(200, "{}")

    routes = {f"/{role}": Route("POST", role, act) for role in ROLES}
    routes["/healthz"] = Route("GET", "", act)

    async def go():
        api = Api(routes, tokens or {role[0]: role for role in ROLES})
        port = await api.start(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
        await api.close()
        return answer

    answer = asyncio.run(go())
    code = int(answer.split(b" ")[1]) if answer else 0
    return code, answer.partition(b"\r\n\r\n")[2], said


def post(path, token, body="{}"):
    return (
        f"POST {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


@pytest.mark.parametrize("least", ROLES)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_those_before_may(least, role):
    code, _, said = talk(post(f"/{least}", role[0]))
    allowed = ROLES.index(role) >= ROLES.index(least)
    assert code == (200 if allowed else 403)
    assert bool(said) == allowed


@pytest.mark.parametrize("token", ["", "x", "vo"])
def test_without_a_token_of_the_file_nothing_happens(token):
    assert talk(post("/viewer", token))[0] == 401


def test_health_needs_no_token_and_who_is_taken_from_the_body():
    assert talk(b"GET /healthz HTTP/1.1\r\n\r\n")[0] == 200
    assert talk(post("/operator", "o", '{"who": "ann"}'))[2][0][0] == "ann"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"GET /nowhere HTTP/1.1\r\n\r\n", 404),
        (b"GET /operator HTTP/1.1\r\n\r\n", 405),
        (post("/operator", "o", "[1"), 400),
        (b"POST /operator HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"\x16\x03\x01\x02\x00\x01\x00", 0),
        (b"POST /operator HTTP/1.1\r\nContent-Length: x\r\n\r\n", 0),
    ],
)
def test_what_is_no_request_is_refused(request_, code):
    found, _, said = talk(request_)
    assert (found, said) == (code, [])


def test_tokens_are_made_for_their_owner_only(tmp_path):
    path = tmp_path / "tokens.json"
    made = read_tokens(path)
    assert sorted(made.values()) == sorted(ROLES)
    assert path.stat().st_mode & 0o077 == 0
    assert read_tokens(path) == made
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read it"):
        read_tokens(path)


def test_a_second_instance_is_refused_with_75(tmp_path):
    first = InstanceLock(tmp_path / "lock")
    with pytest.raises(InstanceError, match="another daemon") as caught:
        InstanceLock(tmp_path / "lock")
    assert caught.value.exit_code == 75
    first.close()
    InstanceLock(tmp_path / "lock").close()


def test_systemd_is_told_where_it_listens(tmp_path, monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "n"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))
        assert notify("WATCHDOG=1")
        assert systemd.recv(64) == b"WATCHDOG=1"


def test_what_repeats_is_counted_instead_of_repeated():
    stream, now = io.StringIO(), [0.0]
    log = JsonLog(stream, lambda: now[0])
    for _ in range(5):
        log.say("warning", "held", why="x")
    log.say("warning", "held", key="other")
    now[0] = REPEAT_S + 1.0
    log.say("warning", "held", why="x")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("repeated", 0) for line in lines] == [0, 0, 4]
