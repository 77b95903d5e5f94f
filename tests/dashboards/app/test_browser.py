"""The screen in a real browser: live update, click, commands, phone, dark, no leak.

Runs Debian's chromium. With WETBULB_SCREENS=docs/screens the pictures are kept there.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "wetbulb[ui]"')
pytest.importorskip("playwright.sync_api", reason="pip install playwright")
from playwright import sync_api

from dashboards import control, dashboard
from dashboards.app.pages import PAGES
from dashboards.app.texts import say
from twin.errors import WetbulbError

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
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


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    processes = Started(tmp_path)
    yield processes
    processes.end()


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


@pytest.fixture
def watched() -> Iterator:
    """Make pages of a size and colour scheme; nothing wrong happened on any."""
    made: list[Watched] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def make(kind: str = "light") -> Watched:
            width, height = SIZES[kind]
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if kind == "dark" else "light",
            )
            made.append(Watched(context.new_page()))
            return made[-1]

        yield make
        browser.close()
    assert [text for page in made for text in page.wrong] == []


def keep(page, folder: Path, name: str) -> None:
    """Save a picture once the page is quiet."""
    page.wait_for_timeout(2500)
    target = Path(os.environ.get("WETBULB_SCREENS", folder))
    target.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target / f"{name}.png")


@pytest.mark.parametrize("kind", SIZES)
def test_pages_open_without_a_leak_or_an_error(runs, started, watched, tmp_path, kind):
    address = started.serve(runs["hybrid_10mw"])
    screen = watched(kind)
    screen.open(address)
    wide, tall = (screen.page.locator(f"svg.{form}") for form in ("wide", "tall"))
    until(lambda: (tall if kind == "phone" else wide).is_visible(), "the schematic")
    assert (wide if kind == "phone" else tall).is_hidden()
    keep(screen.page, tmp_path, f"{kind}_overview")
    if kind == "phone":  # the navigation is folded; the rest is the same page
        return
    for name in [name for name in PAGES if name != "overview"]:
        screen.go(name)
        assert screen.page.locator("[data-testid=stException]").count() == 0
        if kind == "light":
            keep(screen.page, tmp_path, f"light_{name}")


def test_click_on_the_schematic_shows_its_points(runs, started, watched):
    screen = watched()
    screen.open(started.serve(runs["hybrid_10mw"]))
    box = screen.page.locator("svg.wide [data-part=towers]")
    box.wait_for(timeout=SECONDS * 1e3)
    box.click()
    until(
        lambda: screen.page.locator("svg.wide .chosen[data-part=towers]").count() == 1,
        "the chosen box is marked",
    )


def test_operator_takes_over_sees_it_live_and_leaves_to_local(
    started, watched, tmp_path
):
    plant_port, folder = free_port(), tmp_path / "control"
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
    screen = watched()
    page = screen.page
    screen.open(started.serve(folder))
    leave = page.get_by_role("button", name=say("banner.exit"))
    assert leave.is_disabled()  # a viewer commands nothing

    clock = page.locator(".wb-banner").inner_text()
    until(lambda: page.locator(".wb-banner").inner_text() != clock, "live update")

    token = json.loads((folder / "tokens.json").read_text())["operator"]
    page.get_by_test_id("stExpandSidebarButton").click()
    field = page.locator("[data-testid=stSidebar] input[type=password]")
    field.fill(token)
    field.press("Enter")
    until(leave.is_enabled, "the token is taken")
    screen.go("optimizer")
    page.get_by_label(say("banner.mode")).first.click()
    page.get_by_role("option", name="auto").click()
    ask = page.get_by_role("button", name=say("optimizer.ask"))
    until(lambda: ask.is_visible(), "the button")
    assert ask.is_disabled()  # auto must be confirmed
    page.get_by_text(say("optimizer.confirm")).click()
    until(ask.is_enabled, "auto is confirmed")
    ask.click()
    until(lambda: status()["mode"] == "auto", "auto")
    until(lambda: "auto" in page.locator(".wb-banner").inner_text(), "auto is shown")
    leave.click()
    until(lambda: status()["mode"] != "auto", "local control")
    until(lambda: "auto" not in page.locator(".wb-banner").inner_text(), "it is shown")


def test_demo_moves_on_the_screen_and_ctrl_c_ends_both(started, watched, tmp_path):
    port = free_port()
    demo = started.wetbulb(
        "demo",
        *("demo", "--hours", "12", "--controllers", "rules", "--site", "edge_50kw"),
        *("--no-browser", "--dashboard", "--port", str(port), "--out", "run"),
    )
    until(lambda: answers(port), "the dashboard listens")
    until((tmp_path / "run" / "rules" / "telemetry.csv").exists, "telemetry")
    screen = watched()
    screen.open(f"http://127.0.0.1:{port}")
    banner = screen.page.locator(".wb-banner")
    until(lambda: "RECORD" in banner.inner_text(), "the end of the run is shown")
    assert "07 + 12.00 h" in banner.inner_text()
    assert (tmp_path / "run" / "summary.json").exists()
    screen.page.goto("about:blank")
    demo.send_signal(signal.SIGINT)
    until(lambda: not answers(port), "the dashboard ends")
    assert demo.wait(30.0) in (0, 130)  # 130 if the report was still being written
