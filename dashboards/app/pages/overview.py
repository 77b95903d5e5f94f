"""Overview: how the site does, where it is nearest to a limit, the plant."""

import streamlit as st

from dashboards.app import alarms
from dashboards.app.parts import Tile, plant, spark, table, tiles
from dashboards.app.points import point_table
from dashboards.app.texts import say
from dashboards.app.view import View, figures, margins


def draw(view: View) -> None:
    """Put the page on the screen."""
    tiles(key_figures(view))
    tongue = view.language
    active = alarms.active(view)
    if active:
        told = ", ".join(f"{a.what} ({a.priority})" for a in active)
        st.error(f"▲ {say('alarms.title', tongue)}: {told}")
    chosen = plant(view)
    if not chosen:
        st.caption(say("schematic.hint", tongue))
        return
    st.markdown(f"**{say(f'part.{chosen}', tongue)}**")
    table(point_table(view, chosen), "points", tongue)


def key_figures(view: View) -> list[Tile]:
    """Tiles of the page."""
    tongue, found = view.language, figures(view)
    nearest = margins(view)[0] if margins(view) else None
    battery = view.site.facility.power.battery
    entries = [
        _power(view, "tile.site", "site_power_w"),
        _power(view, "tile.it", "it_power_w"),
        Tile(say("tile.pue", tongue), f"{found.pue:.4f}" if found else "–"),
        Tile(say("tile.wue", tongue), f"{found.wue_l_kwh:.3f} L/kWh" if found else "–"),
    ]
    if nearest:
        beyond = nearest.margin_k < 0.0
        side = "tile.beyond_limit" if beyond else "tile.below_limit"
        entries.append(
            Tile(
                f"{say('tile.margin', tongue)}: {nearest.signal}",
                view.text(nearest.margin_k, "K"),
                say(side, tongue),
                [nearest.limit_c - value for value in spark(view, nearest.signal)],
                beyond,
            )
        )
    supply = "tile.supply" if view.site.facility.technology.cdu_count else "tile.inlet"
    signal = "tcs_supply_c" if supply == "tile.supply" else "rack_inlet_c"
    limit_c = getattr(view.site.limits, signal)
    bound = f"{say('series.limit', tongue)} {view.text(limit_c, 'degC')}"
    entries.append(
        Tile(
            say(supply, tongue), view.shown(signal, "degC"), bound, spark(view, signal)
        )
    )
    if battery.energy_j > 0.0:
        reserve = f"{say('tile.reserve', tongue)} {battery.soc_minimum:.0%}"
        charge = view.shown("battery_soc", "%")
        course = spark(view, "battery_soc", 100.0)
        entries.append(Tile(say("tile.soc", tongue), charge, reserve, course))
    wet_bulb = view.shown("wet_bulb_c", "degC")
    course = spark(view, "wet_bulb_c")
    entries.append(Tile(say("tile.wet_bulb", tongue), wet_bulb, "", course))
    return entries


def _power(view: View, key: str, signal: str) -> Tile:
    """Tile of a power."""
    title = say(key, view.language)
    return Tile(title, view.shown(signal, "W"), "", spark(view, signal, 1e-3))
