"""Which hours a comparison looks at: days or weeks drawn over the year, or all of it.

The year is cut into as many equal strata as episodes are wanted, beginning on 1 December
so that four strata are the meteorological seasons, and one episode is drawn at random
from each. Every episode begins at midnight and is judged from noon to noon, so that no
controller is judged on its way from the design setpoints.
"""

import itertools
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from twin.config import Site
from twin.errors import ConfigError
from twin.resources import resolve
from twin.scenario import MONTH_DAYS, WEATHER_SUFFIXES, Scenario, load_scenario
from twin.weather import check_coverage, read_weather
from twin.workload import SUFFIXES, Workload, read_load

DAY_S = 86400.0
WARM_UP_S = DAY_S / 2.0
YEAR_DAYS = 365
WEEK_DAYS = 7
FIRST_STRATUM_DAY = 334  # 1 December, counted from 0


class Episode(NamedTuple):
    """Days in a row, noon to noon; the run begins at the midnight before."""

    first_day: int  # of the year, from 0
    days: int

    @property
    def name(self) -> str:
        """First day and length, e.g. ``07-15+1d``."""
        return f"{month_day(self.first_day)}+{self.days}d"


class World(NamedTuple):
    """Where an episode takes its weather and load from; as ``load_scenario``."""

    weather: str | None = None
    load: str | None = None
    scale_load: bool = True


def month_day(day: int) -> str:
    """Day of the year, from 0, as ``MM-DD``."""
    month, rest = 0, day % YEAR_DAYS
    while rest >= MONTH_DAYS[month]:
        rest -= MONTH_DAYS[month]
        month += 1
    return f"{month + 1:02d}-{rest + 1:02d}"


def sample(count: int, days: int, seed: int) -> tuple[Episode, ...]:
    """Episodes drawn over the year, one per stratum, in the order of the strata.

    Parameters
    ----------
    count
        Episodes.
    days
        Length of each.
    seed
        The same seed draws the same days.

    Raises
    ------
    ConfigError
        If they would overlap.
    """
    if not 1 <= count * days <= YEAR_DAYS:
        message = (
            f"{count} episodes of {days} days: give at least 1, and at most "
            f"{YEAR_DAYS // days} of this length, or --year."
        )
        raise ConfigError(message)
    rng = np.random.default_rng([seed, count, days])
    edges = np.linspace(0.0, YEAR_DAYS, count + 1).astype(int)
    first = [
        int(rng.integers(low, max(high - days, low) + 1))
        for low, high in itertools.pairwise(edges)
    ]
    return tuple(Episode((FIRST_STRATUM_DAY + at) % YEAR_DAYS, days) for at in first)


def whole_year() -> tuple[Episode, ...]:
    """All days from 1 January, week by week; the last is a day longer."""
    starts = range(0, YEAR_DAYS - WEEK_DAYS, WEEK_DAYS)
    return tuple(
        Episode(at, WEEK_DAYS + (at + WEEK_DAYS == YEAR_DAYS - 1)) for at in starts
    )


def scenario_of(site: Site, world: World, episode: Episode) -> Scenario:
    """Truth of an episode, warm-up first.

    Parameters
    ----------
    site, world
        What happens where.
    episode
        When.

    Returns
    -------
    Scenario
        The load runs with the calendar: a trace of a day begins every midnight, one of a
        year on 1 January.

    Raises
    ------
    ConfigError, DataError
        If a file is wrong or lacks the days of the episode.
    """
    hours = (WARM_UP_S + episode.days * DAY_S) / 3600.0
    load = resolve(world.load or site.defaults.load, "jobs", *SUFFIXES)
    return load_scenario(
        site,
        month_day(episode.first_day),
        hours,
        world.weather,
        world.load,
        world.scale_load,
        _load_day(_load(load, site.location.utc_offset_h), episode, hours),
    )


@cache
def _load(path: Path, utc_offset_h: float) -> Workload:
    return read_load(path, utc_offset_h)


def _load_day(load: Workload, episode: Episode, hours: float) -> float:
    """Day of the load at which an episode begins.

    A series goes with the calendar, over and over. Jobs are taken from the later half of
    their record, so that a forecast has a past to learn from.
    """
    if load.queue is None:
        return float(episode.first_day % max(int(load.period_s // DAY_S), 1))
    room = max(int((load.period_s - hours * 3600.0) // DAY_S), 0)
    first = room // 2
    return float(first + episode.first_day % (room - first + 1))


def check_weather(site: Site, world: World, episodes: tuple[Episode, ...]) -> None:
    """Refuse a weather file that lacks days of any episode, before hours of work.

    Raises
    ------
    DataError
        Names the file, its days and the missing ones.
    """
    name: str | Path = world.weather or site.defaults.weather
    path = resolve(name, "weather", *WEATHER_SUFFIXES)
    outdoor = read_weather(path, site.location.elevation_m)
    for episode in episodes:
        start_s = episode.first_day * DAY_S
        window = (start_s - DAY_S, start_s + WARM_UP_S + episode.days * DAY_S)
        check_coverage(path, outdoor, window)
