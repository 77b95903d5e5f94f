"""Pieces that several pages share: tiles, tables with export, the live schematic."""

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from dashboards.app.charts import Option
from dashboards.app.schematic import drawing
from dashboards.app.texts import say
from dashboards.app.view import View

SPARK_POINTS = 60
CSS = """
svg {width: 100%; max-width: 1150px; height: auto; font-family: var(--st-font);}
svg.tall {display: none; max-width: 460px;}
@media (max-width: 640px) {svg.wide {display: none;} svg.tall {display: block;}}
rect {fill: var(--st-secondary-background-color); stroke: #808080; stroke-width: 1;}
text {fill: var(--st-text-color); font-size: 15px;}
.name {font-weight: 600; font-size: 15px;} .size {font-size: 12px; opacity: .85;}
.value {font-variant-numeric: tabular-nums;}
g.b {cursor: pointer;} g.b:hover rect, g.b:focus rect {stroke-width: 2.5;}
g.b:focus {outline: none;}
.chosen rect {stroke: #3b82c4; stroke-width: 3;}
.beyond rect {stroke: #d64545; stroke-width: 4;}
.mark {fill: #b3261e;} .priority {fill: #fff; font-size: 13px; font-weight: 700;}
path {fill: none; stroke: #808080; stroke-width: 3;}
path.water {stroke-width: 6; opacity: .55;} path.air {stroke-dasharray: 3 5;}
"""
SCRIPT = """
export default function(component) {
  const { data, setTriggerValue, parentElement } = component;
  let host = parentElement.querySelector('.plant');
  if (!host) {
    host = document.createElement('div');
    host.className = 'plant';
    parentElement.appendChild(host);
  }
  if (host.dataset.svg !== data) {
    const focused = parentElement.activeElement;
    const part = focused && focused.getAttribute('data-part');
    host.innerHTML = data;
    host.dataset.svg = data;
    if (part) { host.querySelector(`svg [data-part="${part}"]`)?.focus(); }
  }
  host.querySelectorAll('[data-part]').forEach((box) => {
    const choose = () => setTriggerValue('part', box.getAttribute('data-part'));
    box.onclick = choose;
    box.onkeydown = (event) => {
      if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(); }
    };
  });
}
"""
CHOSEN = "chosen_part"


class Tile(NamedTuple):
    """One number with its unit and its course."""

    title: str
    text: str
    note: str = ""
    course: Sequence[float] = ()
    alarm: bool = False


def tiles(entries: Sequence[Tile], per_row: int = 4) -> None:
    """Numbers side by side; beyond a limit red with an arrow."""
    for begin in range(0, len(entries), per_row):
        columns = st.columns(per_row)
        for column, tile in zip(
            columns, entries[begin : begin + per_row], strict=False
        ):
            note = f"▲ {tile.note}" if tile.alarm else tile.note
            column.metric(
                tile.title,
                tile.text,
                note or None,
                delta_color="red" if tile.alarm else "off",
                delta_arrow="off",
                chart_data=list(tile.course) or None,
                border=True,
                height="stretch",
            )


def spark(view: View, signal: str, factor: float = 1.0) -> list[float]:
    """Last points of a signal, holes left out."""
    known = view.run.telemetry[signal].dropna().tail(SPARK_POINTS * 3)
    return [float(value) * factor for value in known.iloc[:: max(len(known) // 60, 1)]]


def chart(option: Option, key: str, alt: str, height: int = 320) -> None:
    """Figure with its title, which is also what a screen reader says."""
    st.markdown(f"**{alt}**")
    st.echarts_chart(option, key=key, height=height, alt=alt)


def table(
    frame: pd.DataFrame, key: str, language: str, export: pd.DataFrame | None = None
) -> None:
    """Table with CSV and XLSX export.

    Parameters
    ----------
    frame
        As shown.
    key
        Of the widgets; also the name of the files.
    language
        Of the buttons.
    export
        What the files hold, the frame if None.
    """
    if frame.empty:
        st.caption(say("common.none", language))
        return
    st.dataframe(frame, hide_index=True, key=f"{key}_table")
    exports(frame if export is None else export, key, language)


def exports(frame: pd.DataFrame, key: str, language: str) -> None:
    """Buttons that make the files when they are pressed."""
    with st.container(horizontal=True):
        st.download_button(
            say("common.export_csv", language),
            lambda: frame.to_csv(index=False).encode(),
            f"{key}.csv",
            "text/csv",
            key=f"{key}_csv",
            on_click="ignore",
        )
        st.download_button(
            say("common.export_xlsx", language),
            lambda: workbook({key: frame}),
            f"{key}.xlsx",
            key=f"{key}_xlsx",
            on_click="ignore",
        )


def workbook(sheets: dict[str, pd.DataFrame]) -> bytes:
    """Tables as an Excel file."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="xlsxwriter") as writer:
        for name, frame in sheets.items():
            frame.to_excel(writer, sheet_name=name[:31], index=False)
    return buffer.getvalue()


@st.cache_resource
def _mount() -> Any:
    """The component; registered once."""
    return st.components.v2.component("wetbulb_plant", css=CSS, js=SCRIPT)


def plant(view: View) -> str:
    """Live schematic.

    Returns
    -------
    str
        Key of the box that was chosen last; empty at first.
    """
    chosen = str(st.session_state.get(CHOSEN, ""))
    picture = "".join(drawing(view, tall, chosen) for tall in (False, True))
    result = _mount()(key="plant", data=picture, on_part_change=_choose)
    del result
    return chosen


def _choose() -> None:
    """Remember the box that was clicked."""
    part = st.session_state["plant"].get("part")
    if part:
        st.session_state[CHOSEN] = part
