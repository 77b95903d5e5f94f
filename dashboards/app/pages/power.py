"""Power: where it goes, the chain, the battery with its reserve, the tariff."""

import pandas as pd
import streamlit as st

from dashboards.app.charts import (
    ACCENT,
    GREY,
    MOST_POINTS,
    Flow,
    Level,
    Line,
    courses,
    line,
    sankey,
    stack,
)
from dashboards.app.parts import chart, table
from dashboards.app.texts import say
from dashboards.app.units import unit_of
from dashboards.app.view import View
from dashboards.figures import STACK
from twin.topology import NO_LIMIT_W


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue = view.language
    title = say("chart.sankey_power", tongue)
    chart(sankey(flows(view), "kW"), "power_sankey", f"{title} [kW]")
    st.markdown(f"**{say('power.chain', tongue)}**")
    table(chain(view), "power_chain", tongue)
    left, right = st.columns(2)
    with left:
        option = stack(view.run.telemetry, STACK, say("chart.hour", tongue))
        chart(option, "power_stack", say("chart.power_parts", tongue))
    with right:
        _battery(view)
    chart(tariff(view), "power_tariff", say("chart.tariff", tongue))


def flows(view: View) -> list[Flow]:
    """Power from the meter to what uses it, in kW; each chiller, fan and loss apart."""
    tongue = view.language
    names = {key: say(f"part.{key}", tongue) for key in ("utility", "battery", "racks")}
    hub = say("tile.site", tongue)
    cooling, loss = say("page.cooling", tongue), say("common.loss", tongue)
    from_battery = view.value("battery_power_w")
    found = [
        Flow(names["utility"], hub, view.value("site_power_w")),
        Flow(names["battery"], hub, from_battery),
        Flow(hub, names["battery"], -from_battery),
        Flow(hub, names["racks"], view.value("it_power_w")),
        Flow(hub, cooling, view.value("cooling_power_w")),
        Flow(hub, say("part.house", tongue), view.value("house_power_w")),
        *(
            Flow(hub, f"{say(f'part.{part}', tongue)} ({loss})", view.value(signal))
            for part, signal in (
                ("transformer", "transformer_loss_w"),
                ("ups", "ups_loss_w"),
                ("busway", "distribution_loss_w"),
                ("battery", "battery_loss_w"),
            )
        ),
        *(
            Flow(cooling, name, sum(view.value(signal) for signal in signals))
            for name, signals in STACK.items()
            if name not in ("power chain", "house")
        ),
    ]
    return [flow._replace(value=flow.value / 1e3) for flow in found]


def chain(view: View) -> pd.DataFrame:
    """Parts of the power chain: rating, load, loss, mode."""
    tongue, power = view.language, view.site.facility.power
    eco = view.value("ups_eco") > 0.5
    limit = (
        view.text(power.grid_limit_w, "W")
        if power.grid_limit_w < NO_LIMIT_W
        else say("power.no_limit", tongue)
    )
    mode = say("power.eco" if eco else "power.double", tongue)
    rows = [
        ("utility", 1, limit, view.shown("site_power_w", "W"), "", ""),
        (
            "transformer",
            power.transformer_count,
            view.text(power.transformer.rated_power_w, "W"),
            "",
            view.shown("transformer_loss_w", "W"),
            "",
        ),
        (
            "ups",
            power.ups_count,
            view.text(power.ups.rated_power_w, "W"),
            view.shown("ups_load_fraction", "%"),
            view.shown("ups_loss_w", "W"),
            mode,
        ),
        (
            "busway",
            1,
            view.text(power.busway.rated_power_w, "W"),
            view.shown("it_power_w", "W"),
            view.shown("distribution_loss_w", "W"),
            "",
        ),
    ]
    keys = ("part", "in_service", "rating", "load", "loss")
    columns = [
        *(say(f"common.{key}", tongue) for key in keys),
        say("banner.mode", tongue),
    ]
    named = [(say(f"part.{key}", tongue), f"{n:g}", *rest) for key, n, *rest in rows]
    return pd.DataFrame(named, columns=columns)


def _battery(view: View) -> None:
    """State of charge with the band that is kept for a power failure."""
    tongue, battery = view.language, view.site.facility.power.battery
    if battery.energy_j <= 0.0:
        st.caption(say("power.no_battery", tongue))
        return
    name = say("tile.soc", tongue)
    charge = line(view.run.telemetry, "battery_soc", name, si="%")
    reserve = say("series.reserve", tongue)
    unit = unit_of("%")
    level = Level(reserve, battery.soc_minimum * unit.factor, GREY)
    option = courses([charge], unit.symbol, say("chart.hour", tongue), [level])
    option["yAxis"] |= {"min": 0, "max": 100}
    area = [{"yAxis": 0, "itemStyle": {"color": GREY, "opacity": 0.2}}]
    band = [*area, {"yAxis": level.value}]
    option["series"][0]["markArea"] = {"silent": True, "data": [band]}
    chart(option, "power_soc", say("chart.soc", tongue))


def tariff(view: View) -> dict[str, object]:
    """Price and carbon intensity, to now."""
    tongue = view.language
    every = view.run.telemetry["time_s"].to_numpy(dtype=float)
    time_s = every[:: max(len(every) // MOST_POINTS, 1)]
    price, carbon = unit_of("USD/J"), unit_of("kg/J")
    lines = [
        Line(
            f"{say('series.price', tongue)} [{price.symbol}]",
            time_s / 3600.0,
            view.scenario.price_at(time_s) * price.factor,
            ACCENT,
            steps=True,
        ),
        Line(
            f"{say('series.carbon', tongue)} [{carbon.symbol}]",
            time_s / 3600.0,
            view.scenario.carbon_at(time_s) * carbon.factor,
            GREY,
            "dashed",
            steps=True,
        ),
    ]
    both = f"{price.symbol}, {carbon.symbol}"
    return courses(lines, both, say("chart.hour", tongue))
