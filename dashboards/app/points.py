"""Points of a part of the plant as a table: value, quality, range, meaning."""

import math

import pandas as pd

from dashboards.app.texts import say
from dashboards.app.units import show
from dashboards.app.view import View
from twin.signal_table import Signal, catalogue

# Signals of a part: those that contain one of these.
OF_PART: dict[str, tuple[str, ...]] = {
    "utility": ("site_power", "electrical_residual"),
    "pv": (),
    "generator": (),
    "transformer": ("transformer",),
    "ups": ("ups",),
    "battery": ("battery",),
    "house": ("house",),
    "busway": ("distribution",),
    "racks": ("it_", "chip_c", "rack_inlet"),
    "cdu": ("tcs", "cdu"),
    "coils": ("in_row", "air_"),
    "water": ("fws",),
    "chillers": ("chiller", "chilled"),
    "tank": ("tank",),
    "consumer": ("reused",),
    "exchangers": ("tower_return", "fws_supply"),
    "towers": ("tower",),
    "ahu": ("ahu",),
    "outdoor": ("dry_bulb", "wet_bulb", "humidity", "pressure_pa", "heat_rejected"),
}
GROUPS = ("inputs", "outputs")


def signals_of(part: str) -> list[Signal]:
    """Rows of the catalogue that belong to a part; all measured ones for no part."""
    words = OF_PART.get(part)
    return [
        row
        for (group, name), row in catalogue().items()
        if group in GROUPS and (words is None or any(word in name for word in words))
    ]


def point_table(view: View, part: str) -> pd.DataFrame:
    """Points of a part as they are now."""
    tongue = view.language
    return pd.DataFrame(
        [
            {
                say("point.signal", tongue): row.name,
                say("point.value", tongue): show(
                    view.value(row.name), row.unit, view.fahrenheit
                ),
                say("point.quality", tongue): _quality(view, row.name),
                say("point.limits", tongue): " … ".join(
                    show(end, row.unit, view.fahrenheit) for end in (row.low, row.high)
                ),
                say("point.meaning", tongue): row.meaning,
            }
            for row in signals_of(part)
        ]
    )


def _quality(view: View, signal: str) -> str:
    known = math.isfinite(view.value(signal))
    return say("quality.good" if known else "quality.missing", view.language)
