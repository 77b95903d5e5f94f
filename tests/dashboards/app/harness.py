"""What the browser tests share: processes that end, a page that remembers errors."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboards import control, dashboard
from dashboards.app.texts import say
from twin.errors import WetbulbError

CHROMIUM = shutil.which("chromium")
MARKS = [
    pytest.mark.slow,
    pytest.mark.real_time,
    pytest.mark.skipif(CHROMIUM is None, reason="apt-get install chromium"),
]
ROOT = Path(__file__).parents[3]
# A test run in the background (nohup, &) hands on SIGINT ignored; a terminal does not.
ENTRY = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from dashboards.cli import main
sys.argv[0] = "wetbulb"
main()
"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
SECONDS = 90.0
SIZES = {"light": (1400, 1300), "dark": (1400, 1300), "phone": (400, 1700)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true, what: str, seconds: float = SECONDS):
    """Wait for something and return it."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        found = true()
        if found:
            return found
        time.sleep(0.5)
    pytest.fail(f"not within {seconds:g} s: {what}")


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Started:
    """Processes of a test, ended at its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("wb") as log:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            process = subprocess.Popen(
                command, cwd=self._folder, env=environment, stdout=log, stderr=log
            )
        self._running.append(process)
        return process

    def wetbulb(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        return self.start(name, [sys.executable, "-c", ENTRY, *arguments])

    def serve(self, directory: Path) -> str:
        port = free_port()
        self.start("dashboard", dashboard.command(directory, port))
        until(lambda: answers(port), "the dashboard listens")
        return f"http://127.0.0.1:{port}"

    def end(self) -> None:
        for process in reversed(self._running):
            process.terminate()
            process.wait(30.0)


class Watched:
    """A page that remembers what must not happen."""

    def __init__(self, page) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("console", self._said)
        page.on("request", self._asked)

    def _said(self, message) -> None:
        if message.type == "error":
            self.wrong.append(message.text)

    def _asked(self, request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.wrong.append(f"request to {request.url}")

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.page.wait_for_selector(".wb-banner", timeout=SECONDS * 1e3)

    def go(self, name: str) -> None:
        self.page.get_by_role("link", name=say(f"page.{name}"), exact=True).click()
        self.page.wait_for_url(f"**/{'' if name == 'overview' else name}")
        self.page.wait_for_selector(".wb-banner", timeout=SECONDS * 1e3)


def keep(page, folder: Path, name: str) -> None:
    """Save a picture once the page is quiet."""
    page.wait_for_timeout(2500)
    target = Path(os.environ.get("WETBULB_SCREENS", folder))
    target.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target / f"{name}.png")


def controlled(started: Started, folder: Path):
    """Start a plant and a daemon in shadow; return a question for its status."""
    plant_port = free_port()
    speed = ("--speed", "60", "--date", "07-15")
    plant = ("serve-plant", "edge_50kw", "--port", str(plant_port), "--hours", "24")
    started.wetbulb("plant", *plant, *speed)
    until(lambda: answers(plant_port), "the plant listens")
    asked = ("--controller", "rules", "--scan", "60", "--good-cycles", "1")
    where = ("--port", str(plant_port), "--directory", str(folder))
    started.wetbulb("daemon", "control", "edge_50kw", *asked, *where, *speed)

    def status() -> dict:
        try:
            return control.ask(folder, "status", "viewer")
        except WetbulbError:
            return {"mode": "none"}

    until(lambda: status()["mode"] == "shadow" and "time_s" in status(), "shadow")
    until(lambda: any((folder / "history").glob("*.sqlite")), "history")
    return status


def take_role(page, folder: Path, role: str) -> None:
    """Give the token of a role in the side bar."""
    token = json.loads((folder / "tokens.json").read_text())[role]
    page.get_by_test_id("stExpandSidebarButton").click()
    field = page.locator("[data-testid=stSidebar] input[type=password]")
    field.fill(token)
    field.press("Enter")
