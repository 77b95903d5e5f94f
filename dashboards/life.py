"""``wetbulb life``: remaining useful life of batteries and UPS capacitors."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dashboards import console
from dashboards.plain import plain
from dashboards.telemetry import history_of
from plant.power.capacitor import Capacitor
from twin import battery_life, capacitor_life
from twin.battery_life import CHEMISTRIES, MOST_YEARS
from twin.config import Site, load_site
from twin.errors import ConfigError
from twin.history import History

LOWER_SOC = 0.8  # tried as advice
DOUBT_K = 5.0  # of the temperature; gives the range, assumption


class Request(NamedTuple):
    """What the user asked for."""

    site: str
    history: Path
    years: float
    chemistry: str
    battery_c: float
    capacity: float | None
    end_capacity: float
    ups_c: float
    ups_years: float


class Row(NamedTuple):
    """One component in the answer."""

    component: str
    health: str
    years_left: float
    years_left_warmer: float  # by ``DOUBT_K``
    years_left_cooler: float
    use: str
    advice: str


def run(request: Request, as_json: bool) -> None:
    """Tell health and remaining life.

    Raises
    ------
    WetbulbError
        If a file or value cannot be used, or the use is not recorded.
    """
    _check(request)
    site = load_site(request.site)
    history = history_of(request.history)
    rows = [_capacitors(history, request)]
    if site.facility.power.battery.energy_j > 0.0:
        rows.insert(0, _batteries(site, history, request))
    if as_json:
        document: Any = plain([row._asdict() for row in rows])
        console.write_json({"site": site.name, "components": document})
        return
    days = (history.time_s[-1] - history.time_s[0]) / battery_life.DAY_S
    console.write(
        f"{site.name}: use of {days:.0f} recorded days, taken as that of all years"
    )
    for row in rows:
        console.write("\n  ".join(_words(row)))


def _check(request: Request) -> None:
    """Refuse what cannot be.

    Raises
    ------
    ConfigError
        With what is allowed.
    """
    if request.chemistry not in CHEMISTRIES:
        message = (
            f"--chemistry {request.chemistry}: allowed are {', '.join(CHEMISTRIES)}."
        )
        raise ConfigError(message)
    if request.capacity is not None and request.capacity <= request.end_capacity:
        message = (
            f"--capacity {request.capacity:g} is not above --end-capacity "
            f"{request.end_capacity:g}: the battery is due now."
        )
        raise ConfigError(message)


def _batteries(site: Site, history: History, request: Request) -> Row:
    """Batteries behind the UPS."""
    use = battery_life.used(history, site.facility.power.battery)

    def at(cells_c: float, asked: battery_life.Use) -> battery_life.Outlook:
        return battery_life.outlook(
            request.chemistry,
            asked,
            cells_c,
            request.years,
            request.capacity,
            request.end_capacity,
        )

    now = at(request.battery_c, use)
    source = "model" if request.capacity is None else "measured"
    lower = use._replace(soc=np.minimum(use.soc, LOWER_SOC))
    gain = at(request.battery_c, lower).years_left
    advice = "test the capacity once a year; plan the exchange before the end"
    if gain > 1.1 * now.years_left:
        advice += (
            f"; resting at {LOWER_SOC:.0%} of charge or below gives {_years(gain)}"
        )
    return Row(
        f"battery strings ({request.chemistry})",
        f"capacity {now.health:.1%} of new ({source})",
        now.years_left,
        at(request.battery_c + DOUBT_K, use).years_left,
        at(request.battery_c - DOUBT_K, use).years_left,
        f"{use.cycles_per_day:.2f} full cycles a day, {use.depth:.0%} deep, mean charge "
        f"{float(np.mean(use.soc)):.0%}, cells at {request.battery_c:g} degC",
        advice,
    )


def _capacitors(history: History, request: Request) -> Row:
    """DC-link capacitors of the UPS."""
    load, bank = capacitor_life.loads(history), Capacitor()

    def left(air_c: float) -> capacitor_life.Outlook:
        return capacitor_life.outlook(bank, load, air_c, request.ups_years)

    now = left(request.ups_c)
    return Row(
        "UPS capacitors",
        f"{now.wear:.0%} of their life used (model)",
        now.years_left,
        left(request.ups_c + DOUBT_K).years_left,
        left(request.ups_c - DOUBT_K).years_left,
        f"modules at {float(load.mean()):.0%} of their rating, air at "
        f"{request.ups_c:g} degC",
        "exchange the bank before it is due; cooler air and less load per module help",
    )


def _words(row: Row) -> list[str]:
    """One component for people."""
    return [
        f"{row.component}: {row.health}, {_years(row.years_left)} left",
        f"{DOUBT_K:g} K warmer: {_years(row.years_left_warmer)}; {DOUBT_K:g} K cooler: "
        f"{_years(row.years_left_cooler)}",
        f"use: {row.use}",
        f"do: {row.advice}",
    ]


def _years(years: float) -> str:
    return f"{years:.1f} years" if np.isfinite(years) else f"over {MOST_YEARS:g} years"
