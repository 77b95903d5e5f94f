"""IT: power of the racks beside its forecast, rack temperatures, the queue."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboards.app.charts import GREY, Level, Line, Option, courses, fan, line
from dashboards.app.parts import Tile, chart, spark, table, tiles
from dashboards.app.texts import say
from dashboards.app.view import View
from twin.forecast import Forecast
from twin.run_forecast import make_forecaster
from twin.signals import Inputs
from twin.topology import NO_LIMIT_W

ORIGINS_H = (0, 3, 6, 12)
S_PER_H = 3600.0
W_PER_MW = 1e6


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue = view.language
    rated_w = view.site.facility.it.racks.rated_power_w
    tiles(
        [
            Tile(
                say("tile.it", tongue),
                view.shown("it_power_w", "W"),
                f"{say('common.rating', tongue)} {view.text(rated_w, 'W')}",
                spark(view, "it_power_w", 1e-3),
            ),
            Tile(
                say("it.demand", tongue),
                view.shown("it_demand_w", "W"),
                course=spark(view, "it_demand_w", 1e-3),
            ),
            Tile("chip_c", view.shown("chip_c", "degC"), course=spark(view, "chip_c")),
            Tile(
                say("tile.inlet", tongue),
                view.shown("rack_inlet_c", "degC"),
                course=spark(view, "rack_inlet_c"),
            ),
        ]
    )
    back_h = st.segmented_control(
        say("it.origin", tongue), ORIGINS_H, default=ORIGINS_H[2], key="it_origin"
    )
    option = forecast_fan(view, float(back_h or 0))
    if option is None:
        st.caption(say("it.no_forecast", tongue))
    else:
        chart(option, "it_fan", say("chart.forecast", tongue), 380)
    st.caption(say("it.alike", tongue))
    table(racks(view), "racks", tongue)
    st.caption(say("it.no_jobs", tongue))


def forecast_fan(view: View, back_h: float) -> Option | None:
    """What was expected some hours ago, as a fan, against what came."""
    known = view.run.telemetry.dropna(subset=list(Inputs._fields))
    origin_s = max(
        view.now_s - back_h * S_PER_H, float(view.run.telemetry["time_s"].iloc[0])
    )
    origin_s = origin_s // S_PER_H * S_PER_H if back_h else origin_s
    before = known[known["time_s"] <= origin_s]
    if before.empty:
        before = known.head(1)
    if before.empty:
        return None
    end_s = float(before["time_s"].iloc[-1])
    expected = forecast_at(view, before, end_s)
    return _fan(view, expected)


def forecast_at(view: View, before: pd.DataFrame, now_s: float) -> Forecast:
    """The forecast that a controller got then: the same forecaster on the same readings."""
    key = (str(view.info.directory), view.run.name, now_s)
    kept: dict[object, Forecast] = st.session_state.setdefault("forecasts", {})
    if key not in kept:
        forecaster = make_forecaster(view.scenario)
        rows = before[["time_s", *Inputs._fields]].to_numpy(dtype=float)
        for time_s, *values in rows:
            forecaster.observe(float(time_s), Inputs(*(float(v) for v in values)))
        kept.clear()
        kept[key] = forecaster.forecast(now_s)
    return kept[key]


def _fan(view: View, expected: Forecast) -> Option:
    """Bands of the quantiles in MW, the actual course and the contract limit."""
    tongue = view.language
    hour = (expected.time_s + expected.step_s / 2.0) / S_PER_H

    def course(name: str, inputs: Inputs) -> Line:
        return Line(
            name, hour, np.asarray(inputs.it_demand_w) / W_PER_MW, GREY, "dashed"
        )

    quantiles = dict(zip(expected.quantiles, expected.bands, strict=True))
    bands = [
        (course(f"{low:.0%}", quantiles[low]), course(f"{high:.0%}", quantiles[high]))
        for low, high in ((0.1, 0.9), (0.25, 0.75))
        if low in quantiles and high in quantiles
    ]
    middle = course(say("series.expected", tongue), expected.inputs)
    actual = line(view.whole.telemetry, "it_power_w", say("series.actual", tongue))
    actual = actual._replace(value=actual.value * 1e-6)
    shown = (actual.hour <= view.now_s / S_PER_H) & (actual.hour >= hour[0] - 12.0)
    actual = actual._replace(hour=actual.hour[shown], value=actual.value[shown])
    limit_w = view.site.facility.power.grid_limit_w
    levels = (
        [Level(say("series.contract", tongue), limit_w / W_PER_MW)]
        if limit_w < NO_LIMIT_W
        else []
    )
    edges = [edge for band in bands for edge in band]
    frame = courses([middle, actual, *edges], "MW", say("chart.hour", tongue), levels)
    return fan(middle, bands, actual, frame)


def racks(view: View) -> pd.DataFrame:
    """What every rack sees."""
    tongue, it = view.language, view.site.facility.it.racks
    rows = [
        (say("common.rating", tongue), view.text(it.rated_power_w, "W")),
        (say("it.liquid", tongue), f"{it.liquid_fraction:.0%}"),
        ("chip_c", view.shown("chip_c", "degC")),
        ("rack_inlet_c", view.shown("rack_inlet_c", "degC")),
        ("air_return_c", view.shown("air_return_c", "degC")),
    ]
    heads = [say("common.quantity", tongue), say("point.value", tongue)]
    return pd.DataFrame(rows, columns=heads)
