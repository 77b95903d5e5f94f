"""Units at the edge: SI inside, what people read on the screen."""

import math
from typing import NamedTuple


class Unit(NamedTuple):
    """How a quantity is shown: ``value * factor + offset``."""

    symbol: str
    factor: float
    offset: float
    decimals: int


PLAIN = Unit("", 1.0, 0.0, 2)
_UNITS = {
    "degC": Unit("°C", 1.0, 0.0, 1),
    "K": Unit("K", 1.0, 0.0, 1),
    "W": Unit("kW", 1e-3, 0.0, 0),
    "Pa": Unit("kPa", 1e-3, 0.0, 0),
    "kg/s": Unit("kg/s", 1.0, 0.0, 1),
    "USD/J": Unit("USD/MWh", 3.6e9, 0.0, 1),
    "kg/J": Unit("g/kWh", 3.6e9, 0.0, 0),
    "s": Unit("s", 1.0, 0.0, 0),
    "%": Unit("%", 100.0, 0.0, 0),
    "count": Unit("", 1.0, 0.0, 0),
}
_FAHRENHEIT = {
    "degC": Unit("°F", 1.8, 32.0, 1),
    "K": Unit("°F diff.", 1.8, 0.0, 1),
}
FEW_W = 200e3  # below this kW get a decimal


def unit_of(si: str, fahrenheit: bool = False) -> Unit:
    """How to show a quantity of this SI unit (``%``: a fraction as per cent)."""
    if fahrenheit and si in _FAHRENHEIT:
        return _FAHRENHEIT[si]
    return _UNITS.get(si, PLAIN)


def show(value: float, si: str, fahrenheit: bool = False) -> str:
    """Value with its unit, or a dash where it is not known."""
    if not math.isfinite(value):
        return "–"
    unit = unit_of(si, fahrenheit)
    shown = value * unit.factor + unit.offset
    decimals = unit.decimals
    if si == "W" and abs(value) < FEW_W:
        decimals = 1
    return f"{shown:,.{decimals}f} {unit.symbol}".rstrip()
