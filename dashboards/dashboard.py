"""``wetbulb dashboard``: the operator's screen on this machine."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboards import console
from dashboards.app import recording
from twin.errors import ConfigError, WetbulbError

SCRIPT = Path(__file__).parent / "app" / "main.py"
HOST = "127.0.0.1"
ENDED = (0, -2, 130)  # exit codes of a server that was asked to stop
LIGHT = {
    "primaryColor": "#1f5fa8",
    "backgroundColor": "#f4f4f4",
    "secondaryBackgroundColor": "#e6e6e6",
    "textColor": "#262626",
}
DARK = {
    "primaryColor": "#6aa7e0",
    "backgroundColor": "#1e1e1e",
    "secondaryBackgroundColor": "#2b2b2b",
    "textColor": "#e6e6e6",
}
ENDS_WITHIN_S = 20.0
HOSTS = (HOST, "localhost")  # against DNS rebinding
OPTIONS = {
    "server.address": HOST,
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "type",
    **{f"theme.light.{name}": colour for name, colour in LIGHT.items()},
    **{f"theme.dark.{name}": colour for name, colour in DARK.items()},
}


def check_installed() -> None:
    """Say what to install if Streamlit is missing.

    Raises
    ------
    ConfigError
        If it is.
    """
    if importlib.util.find_spec("streamlit") is None:
        message = (
            "wetbulb dashboard needs Streamlit, which the extra `ui` brings. Install "
            'it with: pip install "wetbulb[ui]"'
        )
        raise ConfigError(message)


def command(directory: Path, port: int) -> list[str]:
    """Command line of the server."""
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    options += [f"--server.allowedHosts={host}" for host in HOSTS]
    script = [str(SCRIPT), *options, f"--server.port={port}", "--", str(directory)]
    return [sys.executable, "-m", "streamlit", "run", *script]


@contextmanager
def serving(directory: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve a folder beside something else; what the server says is left out.

    Parameters
    ----------
    directory
        Folder of a run, also one that only begins.
    port
        On 127.0.0.1.
    """
    console.note(f"dashboard: http://{HOST}:{port}")
    server = subprocess.Popen(
        command(directory, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield server
    finally:
        server.terminate()
        server.wait(ENDS_WITHIN_S)


def stay(server: subprocess.Popen[bytes]) -> None:
    """Keep a server until Ctrl-C.

    Raises
    ------
    WetbulbError
        If it has ended by itself.
    """
    if server.poll() is None:
        console.note("The dashboard stays open; Ctrl-C ends it.")
    try:
        code = server.wait()
    except KeyboardInterrupt:
        return
    if code not in ENDED:
        message = f"the dashboard ended with code {code}; its port may be taken."
        raise WetbulbError(message)


def run(directory: Path, port: int) -> None:
    """Serve a run until Ctrl-C.

    Raises
    ------
    ConfigError
        If Streamlit is missing or the folder holds no run.
    WetbulbError
        If the server ended by itself.
    """
    check_installed()
    recording.describe(directory)
    console.note(f"dashboard of {directory}: http://{HOST}:{port} (Ctrl-C ends it)")
    try:
        code = subprocess.run(command(directory, port), check=False).returncode
    except KeyboardInterrupt:
        return
    if code not in ENDED:
        message = (
            f"the dashboard ended with code {code}; the lines above say why. If the "
            f"port {port} is taken, give another --port."
        )
        raise WetbulbError(message)
