"""Recorded runs of every reference site, made by the real twin."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import simulate
from dashboards.app import recording
from dashboards.app.texts import ENGLISH
from dashboards.app.view import View, cut, health
from tests.dashboards.app.harness import CHROMIUM, FLAGS, SIZES, Started, Watched
from twin.resources import available

SITES = tuple(available("sites", ".yaml"))
HOURS = 6.0


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Give `__main__` back: Streamlit puts its script there, which spawn would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


def simulated(out: Path, site: str) -> Path:
    """Run a site for some hours of a hot day and return the folder."""
    request = simulate.Request(
        site=site,
        weather=None,
        load=None,
        scale_load=True,
        load_day=None,
        controller="rules",
        start="07-15",
        days=HOURS / 24.0,
        dt_s=60.0,
        seed=1,
        spread=0.0,
        out=out,
    )
    simulate.run(request, as_json=True)
    return out


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return one folder for each site."""
    root = tmp_path_factory.mktemp("screen")
    return {site: simulated(root / site, site) for site in SITES}


def view_of(directory: Path, at_s: float | None = None, **changes: object) -> View:
    """Return what a page would get at a moment; the end if none is given."""
    info = recording.describe(directory)
    site, scenario = recording.world(info)
    whole = recording.read(info, info.controllers[-1])
    now_s = at_s or float(whole.telemetry["time_s"].iloc[-1])
    run = cut(whole, now_s)
    state = health(site, run, now_s, None)
    made = View(info, site, scenario, run, whole, now_s, state, False, ENGLISH)
    return made._replace(**changes)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    processes = Started(tmp_path)
    yield processes
    processes.end()


@pytest.fixture
def watched() -> Iterator:
    """Make pages of a size and colour scheme; nothing wrong happened on any."""
    from playwright import sync_api  # skipped without it

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
