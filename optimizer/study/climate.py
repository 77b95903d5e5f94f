"""A year of weather and load as a few bins of wet bulb and load, and as its hours."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.study.schema import Economy
from twin import weather
from twin.resources import resolve
from twin.scenario import WEATHER_SUFFIXES
from twin.site import Site

HOURS = 8760
WET_BINS, LOAD_BINS = 12, 2
SWING = 0.15  # of the load over the day and the week, around its mean; assumption
Array = NDArray[np.float64]


class Year(NamedTuple):
    """Hours of a year: outdoor air and load share, shape (5, 8760)."""

    hours: Array  # rows as ``Inputs``; the last is a share of the rated IT power


class Bins(NamedTuple):
    """Mean of each bin, coldest first, and its share of the year."""

    inputs: Array  # (bins, 5), the last column a share of the rated IT power
    weights: Array  # (bins,), sum 1


def year_of(site: Site, climate: str, economy: Economy) -> Year:
    """Hours of a climate at the site's elevation, with a load that swings by day.

    Parameters
    ----------
    site
        Elevation.
    climate
        Weather file.
    economy
        Mean load.
    """
    path = resolve(climate, "weather", *WEATHER_SUFFIXES)
    read = weather.read_weather(path, site.location.elevation_m)
    hour: Array = np.arange(HOURS, dtype=np.float64) + 0.5
    air = weather.air_at(read, hour * 3600.0)
    day = np.sin(2.0 * np.pi * (hour - 9.0) / 24.0)
    week = np.where((hour // 24) % 7 < 5, 0.3, -0.75)
    share = economy.load_share + SWING * (0.7 * day + 0.3 * week)
    rows = [np.asarray(field, dtype=float) for field in air]
    return Year(np.stack([*rows, np.clip(share, 0.05, 1.0)]))


def bins_of(year: Year) -> Bins:
    """Equal numbers of hours by wet bulb, then by load; the order warms up."""
    order = np.argsort(year.hours[1], kind="stable")
    cells = []
    for part in np.array_split(order, WET_BINS):
        by_load = part[np.argsort(year.hours[4][part], kind="stable")]
        cells += np.array_split(by_load, LOAD_BINS)
    means = np.stack([year.hours[:, cell].mean(axis=1) for cell in cells])
    weights = np.array([len(cell) for cell in cells], dtype=float) / HOURS
    return Bins(np.ascontiguousarray(means), weights)
