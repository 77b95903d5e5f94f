"""Streamlit script of ``wetbulb dashboard``: pages, and the frame around each."""

import sys
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboards.app import frame, pages, recording, state
from dashboards.app.texts import say
from dashboards.app.view import View
from twin.errors import WetbulbError


def main(directory: Path) -> None:
    """Draw the chosen page.

    Parameters
    ----------
    directory
        Folder of the run.
    """
    st.set_page_config("wetbulb", layout="wide", initial_sidebar_state="collapsed")
    try:
        info = recording.describe(directory)
    except WetbulbError as error:
        st.error(str(error))
        return
    state.begin(info)
    frame.settings(info.controllers, directory)
    tongue = state.language()
    entries = [
        st.Page(
            framed(draw, directory),
            title=say(f"page.{name}", tongue),
            url_path=name,
            default=name == "overview",
        )
        for name, draw in pages.PAGES.items()
    ]
    st.navigation({"": entries}, position="top").run()


def framed(draw: Callable[[View], None], directory: Path) -> Callable[[], None]:
    """One page that refreshes itself, banner first."""

    @st.fragment(run_every=state.REFRESH_S)
    def page() -> None:
        try:
            view = state.current(directory)
            frame.banner(view)
            frame.replay(view)
            draw(view)
        except WetbulbError as error:
            st.warning(str(error))

    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]))
