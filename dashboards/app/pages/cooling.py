"""Cooling: heat and water from chip to outdoor air, loops, margins."""

import pandas as pd
import streamlit as st

from dashboards.app.charts import Flow, Level, courses, line, sankey
from dashboards.app.parts import chart, table
from dashboards.app.texts import say
from dashboards.app.units import unit_of
from dashboards.app.view import View, margins

# Supply, return, flow and heat of each loop.
LOOPS = {
    "cdu": ("tcs_supply_c", "tcs_return_c", "tcs_flow_kg_s", "cdu_heat_w"),
    "water": ("fws_supply_c", "fws_return_c", "fws_flow_kg_s", ""),
    "towers": (
        "tower_supply_c",
        "tower_return_c",
        "tower_flow_kg_s",
        "heat_rejected_w",
    ),
    "coils": ("air_supply_c", "air_return_c", "", "in_row_heat_w"),
}
S_PER_H = 3600.0


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue = view.language
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{say('common.margin', tongue)}**")
        table(margin_table(view), "margins", tongue)
    with right:
        st.markdown(f"**{say('common.in_service', tongue)}**")
        table(staging(view), "staging", tongue)
    table(loops(view), "loops", tongue)
    title = say("chart.sankey_heat", tongue)
    chart(sankey(flows(view), "kW"), "heat_sankey", f"{title} [kW; m³/h]")
    chart(temperatures(view), "cooling_course", say("chart.temperatures", tongue), 380)


def loops(view: View) -> pd.DataFrame:
    """Supply, return, difference, approach, flow and heat of each loop that there is."""
    tongue, plant = view.language, view.site.facility
    racks = plant.it.racks
    there = {
        "cdu": plant.technology.cdu_count * racks.liquid_fraction > 0,
        "water": True,
        "towers": True,
        "coils": racks.liquid_fraction < 1,
    }
    rows = []
    for key, (supply, back, flow, heat) in LOOPS.items():
        if not there[key]:
            continue
        rows.append(
            {
                say("common.part", tongue): say(f"part.{key}", tongue),
                say("common.supply", tongue): view.shown(supply, "degC"),
                say("common.return", tongue): view.shown(back, "degC"),
                say("common.difference", tongue): view.text(
                    view.value(back) - view.value(supply), "K"
                ),
                say("common.flow", tongue): view.shown(flow, "kg/s") if flow else "",
                say("common.heat", tongue): view.shown(heat, "W") if heat else "",
                say("common.approach", tongue): _approach(view, key),
            }
        )
    return pd.DataFrame(rows)


def _approach(view: View, loop: str) -> str:
    """Distance to what cools the loop: tower to wet bulb, others to their water."""
    colder = {"towers": "wet_bulb_c", "water": "tower_supply_c", "cdu": "fws_supply_c"}
    if loop not in colder:
        return ""
    difference_k = view.value(LOOPS[loop][0]) - view.value(colder[loop])
    return view.text(difference_k, "K")


def staging(view: View) -> pd.DataFrame:
    """Units that run, of those that there are."""
    tongue, plant = view.language, view.site.facility
    side, chillers = plant.heat_rejection, plant.trim_chillers
    rows = [
        ("towers", view.value("tower_cells_on"), side.tower_cell_count),
        ("chillers", view.value("chillers_on"), chillers.chiller_count),
    ]
    shown = [
        (say(f"part.{key}", tongue), f"{running:g} / {count:g}")
        for key, running, count in rows
        if count > 0
    ]
    heads = [say("common.part", tongue), say("common.in_service", tongue)]
    return pd.DataFrame(shown, columns=heads)


def margin_table(view: View) -> pd.DataFrame:
    """Limited temperatures, the nearest to its limit first."""
    tongue = view.language
    return pd.DataFrame(
        [
            {
                say("point.signal", tongue): m.signal,
                say("point.value", tongue): view.text(m.value_c, "degC"),
                say("series.limit", tongue): view.text(m.limit_c, "degC"),
                say("common.margin", tongue): ("▲ " if m.margin_k < 0.0 else "")
                + view.text(m.margin_k, "K"),
            }
            for m in margins(view)
        ]
    )


def flows(view: View) -> list[Flow]:
    """Heat from the racks to the outdoor air in kW, and the water that it takes."""
    tongue = view.language
    part = {
        key: say(f"part.{key}", tongue)
        for key in ("racks", "cdu", "coils", "water", "towers", "ahu", "outdoor")
    }
    ahu, liquid = view.value("ahu_heat_w"), view.value("cdu_heat_w")
    air, rejected = view.value("in_row_heat_w"), view.value("heat_rejected_w")
    compressors = say("part.chillers", tongue)
    reused = view.value("heat_reused_w")
    makeup = view.value("tower_makeup_kg_s") + view.value("ahu_makeup_kg_s")
    cubic_m_h = makeup * S_PER_H / 1e3
    water = f"{say('tile.wue', tongue).split()[0]}: {cubic_m_h:,.1f} m³/h"
    found = [
        Flow(part["racks"], part["cdu"], liquid),
        Flow(part["racks"], part["coils"], air),
        Flow(part["racks"], part["ahu"], ahu),
        Flow(part["cdu"], part["water"], liquid),
        Flow(part["coils"], part["water"], air),
        Flow(compressors, part["water"], view.value("chiller_power_w")),
        Flow(part["water"], say("part.consumer", tongue), reused),
        Flow(part["water"], part["towers"], rejected - ahu),
        Flow(part["towers"], f"{part['outdoor']} ({water})", rejected - ahu),
        Flow(part["ahu"], f"{part['outdoor']} ({water})", ahu),
    ]
    return [flow._replace(value=flow.value / 1e3) for flow in found]


def temperatures(view: View) -> dict[str, object]:
    """Limited temperatures and the wet bulb, with the limits."""
    tongue = view.language
    limits = view.site.limits._asdict()
    names = [*limits, "tower_supply_c", "wet_bulb_c"]
    unit = unit_of("degC", view.fahrenheit)
    lines = []
    for number, name in enumerate(names):
        one = line(view.run.telemetry, name, name, number)
        lines.append(one._replace(value=one.value * unit.factor + unit.offset))
    levels = [
        Level(f"{say('series.limit', tongue)} {name}", c * unit.factor + unit.offset)
        for name, c in limits.items()
    ]
    return courses(lines, unit.symbol, say("chart.hour", tongue), levels)
