"""A small HTTP service on this machine: health, metrics, status and commands.

``/healthz``, ``/readyz`` and ``/metrics`` answer anybody on 127.0.0.1. The rest asks for a
token of the token file: viewers look, operators command, engineers also reset an emergency.
"""

import asyncio
import hmac
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from twin.errors import ConfigError

ROLES = ("viewer", "operator", "engineer")  # each may do what those before may
_MOST_BYTES = 16_384
_WITHIN_S = 5.0


class Answer(NamedTuple):
    """What goes back."""

    code: int
    body: str
    kind: str = "application/json"


class Route(NamedTuple):
    """One thing that can be asked for."""

    method: str
    role: str  # least role, or empty for anybody
    act: Callable[[str, dict[str, Any]], Answer]  # who asks, body


def read_tokens(path: Path) -> dict[str, str]:
    """Roles by token; the file is made with one token per role if it is not there.

    Raises
    ------
    ConfigError
        If it is not readable by its owner only, or not of this form.
    """
    if not path.exists():
        tokens = {secrets.token_urlsafe(24): role for role in ROLES}
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump({role: token for token, role in tokens.items()}, file)
        return tokens
    if path.stat().st_mode & 0o077:
        message = f"{path}: others may read it. Give it the mode 600 and new tokens."
        raise ConfigError(message)
    try:
        found = {
            str(token): role for role, token in json.loads(path.read_text()).items()
        }
    except (ValueError, AttributeError) as error:
        message = f"{path}: must be a JSON object of tokens by role {ROLES}."
        raise ConfigError(message) from error
    if not set(found.values()) <= set(ROLES):
        message = f"{path}: roles must be of {', '.join(ROLES)}."
        raise ConfigError(message)
    return found


class Api:
    """Serves the routes.

    Parameters
    ----------
    routes
        By path.
    tokens
        Roles by token.
    """

    def __init__(self, routes: dict[str, Route], tokens: dict[str, str]) -> None:
        self._routes = routes
        self._tokens = tokens
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1; returns the port.

        Raises
        ------
        ConfigError
            If the port is taken.
        """
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        except OSError as error:
            message = f"--api-port {port}: {error.strerror}. Give another, or 0."
            raise ConfigError(message) from error
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request; a slow or broken peer costs nobody anything."""
        try:
            async with asyncio.timeout(_WITHIN_S):
                answer = await self._answer(reader)
                body = answer.body.encode()
                head = (
                    f"HTTP/1.1 {answer.code} -\r\nContent-Type: {answer.kind}\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()
        except (OSError, EOFError, TimeoutError, ValueError):
            pass  # the peer went away or sent no HTTP; it will ask again
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        """Read a request and act on it."""
        method, path, _ = (await reader.readline()).decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (line := (await reader.readline()).decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= _MOST_BYTES:
            return _error(413, "the request is too long")
        body = await reader.readexactly(length)
        route = self._routes.get(path)
        if route is None:
            return _error(404, f"{path}: there are {', '.join(self._routes)}")
        if route.method != method:
            return _error(405, f"{path}: takes {route.method}, not {method}")
        role = self._role(headers.get("authorization", ""))
        if route.role and role is None:
            return _error(401, "give a token of the token file")
        if route.role and ROLES.index(role or "viewer") < ROLES.index(route.role):
            return _error(403, f"{role}: may not. It takes the token: {route.role}")
        try:
            content = json.loads(body or b"{}")
            who = str(content.get("who") or role or "anybody")
        except (ValueError, AttributeError):
            return _error(400, "the body must be a JSON object")
        return route.act(who, {**content, "role": role})  # of the token, not as said

    def _role(self, header: str) -> str | None:
        """Role of a bearer token; compared in constant time."""
        given = header.removeprefix("Bearer ").encode()
        found = None
        for token, role in self._tokens.items():
            if hmac.compare_digest(token.encode(), given):
                found = role
        return found


def _error(code: int, message: str) -> Answer:
    return Answer(code, json.dumps({"error": message}))
