"""What-if: the twin at changed conditions, and how long a failure is ridden through."""

import time
from typing import NamedTuple

import pandas as pd
import streamlit as st

from dashboards.app.charts import Level, courses, line
from dashboards.app.parts import Tile, chart, table, tiles
from dashboards.app.texts import say
from dashboards.app.units import show
from dashboards.app.view import View
from plant.psychrometrics import humidity_ratio_from_wet_bulb
from twin import faults as faulty
from twin.compiled import initial_state, settle
from twin.config import Site
from twin.faults import Faults
from twin.ride_through import RideThrough, ride_through
from twin.signal_table import catalogue
from twin.signals import Inputs, Outputs, Setpoints

LEVERS = (
    "tower_supply_c",
    "tcs_supply_c",
    "chilled_water_c",
    "air_supply_c",
    "ups_eco",
)
SHOWN = (
    "site_power_w",
    "cooling_power_w",
    "power_chain_loss_w",
    "tower_fan_power_w",
    "chiller_power_w",
    "tower_supply_c",
    "fws_supply_c",
    "tcs_supply_c",
    "rack_inlet_c",
    "chip_c",
    "tower_makeup_kg_s",
    "ups_load_fraction",
)
COUNTS = {
    "ups": "ups_modules_out",
    "transformer": "transformers_out",
    "cdu": "cdus_out",
    "coils": "in_row_coolers_out",
    "chillers": "chillers_out",
    "towers": "tower_cells_out",
}


class Question(NamedTuple):
    """Conditions that the twin is asked about."""

    inputs: Inputs
    setpoints: Setpoints
    faults: Faults


def draw(view: View) -> None:
    """Put the page on the screen."""
    tongue = view.language
    before, after = asked(view)
    begin_s = time.monotonic()
    now_, then, ridden = answers(view.info.site, view.site, before, after)
    took_s = time.monotonic() - begin_s
    st.markdown(f"**{say('whatif.settled', tongue)}**")
    if after.faults.utility_lost:
        st.caption(say("whatif.dark", tongue))
    else:
        table(comparison(view, now_, then), "whatif", tongue)
    if ridden:
        first = ridden.first or say("whatif.never", tongue)
        held = f"{ridden.holds_s / 60.0:.1f} min"
        title = f"{say('whatif.ride', tongue)}: {say('whatif.holds', tongue)}"
        tiles([Tile(title, held, f"{say('whatif.first', tongue)}: {first}")], 2)
        names = list(view.site.limits._fields)
        lines = [line(ridden.course, n, n, k) for k, n in enumerate(names)]
        levels = [Level(n, c) for n, c in view.site.limits._asdict().items()]
        option = courses(lines, "°C", say("chart.hour", tongue), levels)
        chart(option, "ride", say("chart.ride", tongue))
    st.caption(f"{say('whatif.took', tongue)} {took_s:.2f} s")


@st.cache_resource(max_entries=64, show_spinner=False)
def answers(
    name: str, _site: Site, before: Question, after: Question
) -> tuple[Outputs, Outputs, RideThrough | None]:
    """Twin as it is and as asked, and the ride-through of a failure; asked for once.

    The page refreshes itself while an operator reads; the same question is not computed
    again. ``name`` stands for the site.
    """
    failed = after.faults != Faults()
    ridden = ride_through(_site, *after) if failed else None
    return answer(_site, before), answer(_site, after), ridden


def now(view: View) -> Question:
    """Conditions as they are, the last good reading where one is missing."""
    known = view.run.telemetry.ffill().bfill().iloc[-1]
    inputs = Inputs(*(float(known[name]) for name in Inputs._fields))
    if view.run.setpoints.empty:
        chosen = view.site.design
    else:
        last = view.run.setpoints.iloc[-1]
        chosen = Setpoints(*(float(last[name]) for name in Setpoints._fields))
    return Question(inputs, chosen, Faults())


def asked(view: View) -> tuple[Question, Question]:
    """As it is, and as the widgets say."""
    tongue, base = view.language, now(view)
    first, second, third = st.columns(3)
    with first:
        st.markdown(f"**{say('whatif.conditions', tongue)}**")
        load = st.slider(say("whatif.load", tongue), 20, 120, 100, key="whatif_load")
        warmer_k = st.slider(
            say("whatif.wet_bulb", tongue), -10.0, 10.0, 0.0, key="whatif_wet"
        )
    with second:
        st.markdown(f"**{say('whatif.setpoints', tongue)}**")
        moved = {name: _lever(view, base, name) for name in LEVERS}
    with third:
        st.markdown(f"**{say('whatif.out', tongue)}**")
        lost = st.toggle(say("whatif.utility", tongue), key="whatif_lost")
        out = {field: _out(view, part) for part, field in COUNTS.items()}
    rated_w = view.site.facility.it.racks.rated_power_w
    demand_w = min(float(base.inputs.it_demand_w) * load / 100.0, rated_w)
    changed = Question(
        _weather(base.inputs, warmer_k)._replace(it_demand_w=demand_w),
        base.setpoints._replace(**moved),
        Faults(utility_lost=lost, **out),
    )
    return base, changed


def _weather(inputs: Inputs, warmer_k: float) -> Inputs:
    """Outdoor air that is warmer and as far from saturation as before."""
    dry_c, wet_c = inputs.dry_bulb_c + warmer_k, inputs.wet_bulb_c + warmer_k
    humidity = humidity_ratio_from_wet_bulb(dry_c, wet_c, inputs.pressure_pa)
    return inputs._replace(
        dry_bulb_c=dry_c, wet_bulb_c=wet_c, humidity_ratio=float(humidity)
    )


def _lever(view: View, base: Question, name: str) -> float:
    """Slider of a setpoint within the limits of the guard."""
    limits, value = getattr(view.site.guard, name), float(getattr(base.setpoints, name))
    low, high = min(limits.minimum, value), max(limits.maximum, value)
    if not high > low:
        return value
    step = 1.0 if limits.whole_number else 0.25
    return float(st.slider(name, low, high, value, step, key=f"whatif_{name}"))


def _out(view: View, part: str) -> int:
    """How many units of a part are out of service; always one stays."""
    plant = view.site.facility
    count = {
        "ups": plant.power.ups_count,
        "transformer": plant.power.transformer_count,
        "cdu": plant.technology.cdu_count,
        "coils": plant.air.in_row_count,
        "chillers": plant.trim_chillers.chiller_count,
        "towers": plant.heat_rejection.tower_cell_count,
    }[part]
    if count < 1:
        return 0
    name = f"{say(f'part.{part}', view.language)} (/ {count:g})"
    return int(st.number_input(name, 0, int(count), 0, key=f"whatif_out_{part}"))


def answer(site: Site, question: Question) -> Outputs:
    """Where the twin settles."""
    plant = faulty.apply(site.facility, question.faults)
    state = initial_state(plant, question.inputs, question.setpoints)
    row = settle(plant, state, question.inputs, question.setpoints)[0]
    return Outputs(*(float(value) for value in row))


def comparison(view: View, before: Outputs, after: Outputs) -> pd.DataFrame:
    """Both answers and the change."""
    tongue = view.language
    rows = []
    for name in SHOWN:
        si = catalogue()["outputs", name].unit
        old, new = float(getattr(before, name)), float(getattr(after, name))
        limit = getattr(view.site.limits, name, None)
        beyond = "▲ " if limit is not None and new > limit else ""
        difference = "K" if si == "degC" else si
        rows.append(
            {
                say("common.quantity", tongue): name,
                say("whatif.before", tongue): show(old, si, view.fahrenheit),
                say("whatif.after", tongue): beyond + show(new, si, view.fahrenheit),
                say("whatif.change", tongue): show(
                    new - old, difference, view.fahrenheit
                ),
            }
        )
    return pd.DataFrame(rows)
