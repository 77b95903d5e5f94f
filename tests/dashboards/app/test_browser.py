"""The screen in a real browser: live update, click, commands, phone, dark, no leak.

Runs Debian's chromium. With WETBULB_SCREENS=docs/screens the pictures are kept there.
"""

import contextlib
import signal
import sqlite3
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason='pip install "wetbulb[ui]"')
pytest.importorskip("playwright.sync_api", reason="pip install playwright")

from dashboards import control
from dashboards.app.pages import PAGES
from dashboards.app.texts import say
from tests.dashboards.app.harness import (
    MARKS,
    SECONDS,
    SIZES,
    answers,
    controlled,
    free_port,
    keep,
    take_role,
    until,
)

pytestmark = MARKS


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
    folder = tmp_path / "control"
    status = controlled(started, folder)
    screen = watched()
    page = screen.page
    screen.open(started.serve(folder))
    leave = page.get_by_role("button", name=say("banner.exit"))
    assert leave.is_disabled()  # a viewer commands nothing

    clock = page.locator(".wb-banner").inner_text()
    until(lambda: page.locator(".wb-banner").inner_text() != clock, "live update")

    take_role(page, folder, "operator")
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


def test_operator_answers_a_recommendation(started, watched, tmp_path):
    folder = tmp_path / "control"
    status = controlled(started, folder)
    control.ask(folder, "mode", "operator", mode="advise")

    def shown() -> dict:
        return status().get("recommendation") or {}

    until(lambda: shown().get("open"), "a recommendation")
    screen = watched()
    page = screen.page
    screen.open(started.serve(folder))
    screen.go("optimizer")
    accept, reject = (
        page.get_by_role("button", name=say(f"recommendation.{verb}"), exact=True)
        for verb in ("accept", "reject")
    )
    until(accept.is_visible, "the recommendation")
    assert accept.is_disabled()  # a viewer answers nothing
    take_role(page, folder, "operator")
    until(accept.is_enabled, "the token is taken")
    toast = page.get_by_test_id("stToast")

    def await_new() -> None:
        """Wait for a recommendation that stays open for a while yet."""
        old = shown()["number"]
        until(lambda: shown().get("number", old) != old, "the next recommendation")
        title = f"{say('recommendation.title')} {shown()['number']}"
        until(page.get_by_text(title, exact=True).is_visible, "it is on the screen")

    reject.click()
    until(lambda: "must say why" in "".join(toast.all_inner_texts()), "no reason")
    await_new()
    accept.click()
    audited = folder / "audit.sqlite"
    until(lambda: "accept" in recorded(audited), "accept in the audit log")

    await_new()
    page.get_by_label(say("recommendation.reason")).fill("maintenance of a tower")
    page.get_by_label(say("recommendation.reason")).press("Enter")
    until(reject.is_enabled, "it can be rejected")
    reject.click()
    until(lambda: "reject" in recorded(audited), "reject in the audit log")
    assert "maintenance of a tower" in recorded(audited)["reject"]

    until(lambda: shown().get("open"), "one that will be late")
    control.ask(folder, "mode", "operator", mode="shadow")
    until(lambda: status()["mode"] == "shadow", "advise has ended")
    until(accept.is_enabled, "it stays on the screen")
    accept.click()
    until(lambda: "late_accept" in recorded(audited), "too late")


def recorded(audited: Path) -> dict[str, str]:
    """Return the events of an audit log, each with its last details."""
    with contextlib.closing(sqlite3.connect(audited)) as log:
        return dict(log.execute("SELECT event, body FROM audit ORDER BY number"))
