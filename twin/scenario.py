"""What happens to a site during a run: weather, IT load, prices, carbon."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from twin import grid, onsite, weather, workload
from twin.config import Site
from twin.errors import ConfigError, DataError
from twin.forecast import DAY_S, Series
from twin.given_forecast import GivenForecast, read_forecast
from twin.grid import HourlySeries
from twin.resources import resolve
from twin.signals import Inputs
from twin.weather import Weather
from twin.workload import Workload

WEATHER_SUFFIXES = (".epw", ".csv")
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Scenario(NamedTuple):
    """Truth of a run. Time counts in seconds from its start, local midnight."""

    start_s: float  # since 1 January 00:00 local standard time
    duration_s: float
    utc_offset_h: float
    weather: Weather
    load: Workload  # scaled to the site
    price: HourlySeries
    carbon: HourlySeries
    load_scaled_from_w: float  # peak of the trace as read; 0 if taken as it is
    given: GivenForecast | None = None  # by others, for the controllers
    pv_w: Series | None = None  # at the rows of the weather; None without modules

    def inputs_at(self, time_s: Series | float) -> Inputs:
        """Outdoor air and IT demand at plant time, any shape."""
        air = weather.air_at(self.weather, self.start_s + time_s)
        return Inputs(*air, it_demand_w=workload.power_at(self.load, time_s))

    def pv_at(self, time_s: Series | float) -> Series:
        """Power of the modules, mean of the weather's hour [W]; 0 without modules."""
        if self.pv_w is None:
            return np.zeros(np.shape(time_s))
        rows = self.weather.time_s
        at = np.searchsorted(rows, np.mod(self.start_s + time_s, weather.YEAR_S))
        return self.pv_w[np.mod(at, len(rows))]

    def price_at(self, time_s: Series | float) -> Series:
        """Energy price [USD/J]."""
        return grid.value_at(self.price, self._utc(time_s))

    def carbon_at(self, time_s: Series | float) -> Series:
        """Carbon intensity of the grid [kg CO2e/J]."""
        return grid.value_at(self.carbon, self._utc(time_s))

    def _utc(self, time_s: Series | float) -> Series | float:
        return self.start_s + time_s - self.utc_offset_h * 3600.0


def load_scenario(
    site: Site,
    start: str,
    hours: float,
    weather_file: str | Path | None = None,
    load_file: str | Path | None = None,
    scale_load: bool = True,
    load_day: float | None = None,
    window_s: dict[str, float] | None = None,
    forecast_file: Path | None = None,
) -> Scenario:
    """Read the inputs of a run.

    Parameters
    ----------
    site
        Gives elevation, time zone, rated IT power, tariff and default files.
    start
        Day of the year as ``MM-DD``; the run starts at local midnight.
    hours
        Length. [h]
    weather_file, load_file
        Names of shipped files or paths; the site's defaults if None.
    scale_load
        Scale the trace so that its peak is the site's rated IT power; otherwise its
        watts count as they are and must not exceed the rating.
    load_day
        Days into the load at which the run starts, see ``workload.begin_at``.
    window_s
        Class -> how long its jobs may wait for a plan, see ``workload.may_wait``. [s]
    forecast_file
        Forecast made by others, see ``given_forecast``; none if None.

    Returns
    -------
    Scenario

    Raises
    ------
    ConfigError, DataError
        A file or the day cannot be used.
    """
    outside = resolve(
        weather_file or site.defaults.weather, "weather", *WEATHER_SUFFIXES
    )
    trace = resolve(load_file or site.defaults.load, "jobs", *workload.SUFFIXES)
    price = resolve(site.tariff.price_file, "grid", ".csv")
    carbon = resolve(site.tariff.carbon_file, "grid", ".csv")
    if hours <= 0:
        message = f"--hours {hours:g}: a run needs more than 0 hours. Give e.g. 24."
        raise ConfigError(message)
    read = workload.read_load(trace, site.location.utc_offset_h)
    begun = workload.begin_at(read, load_day, hours)
    profile = workload.may_wait(begun, window_s or {}, hours * 3600.0)
    rated_w = site.facility.it.racks.rated_power_w
    peak_w = float(profile.power_w.max())
    if not scale_load and peak_w > rated_w:
        message = (
            f"{trace}: peaks at {peak_w / 1e3:,.0f} kW, above the site's rated IT power "
            f"{rated_w / 1e3:,.0f} kW. Scale it to the site, or take a larger site."
        )
        raise DataError(message)
    outdoor = weather.read_weather(outside, site.location.elevation_m)
    weather.check_coverage(
        outside, outdoor, (day_start(start) - DAY_S, day_start(start) + hours * 3600.0)
    )
    return Scenario(
        start_s=day_start(start),
        duration_s=hours * 3600.0,
        utc_offset_h=site.location.utc_offset_h,
        weather=outdoor,
        load=workload.within(
            workload.scale_to(profile, rated_w) if scale_load else profile, rated_w
        ),
        price=grid.read_hourly(price, grid.PRICE),
        carbon=grid.read_hourly(carbon, grid.CARBON),
        load_scaled_from_w=peak_w if scale_load else 0.0,
        given=_given(forecast_file, day_start(start), site),
        pv_w=onsite.pv_power(site, outdoor),
    )


def _given(path: Path | None, start_s: float, site: Site) -> GivenForecast | None:
    if path is None:
        return None
    return read_forecast(path, start_s, site.location.utc_offset_h)


def day_start(month_day: str) -> float:
    """Seconds from 1 January to this day's midnight, in a year of 365 days.

    Raises
    ------
    ConfigError
        If it is not a day.
    """
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})", month_day)
    month, day = (int(part) for part in match.groups()) if match else (0, 0)
    if not (1 <= month <= 12 and 1 <= day <= MONTH_DAYS[month - 1]):
        message = (
            f"first day (--start, --date) {month_day}: is not a day of the year. Give it as "
            "MM-DD, e.g. 07-15 (a typical year has no 02-29)."
        )
        raise ConfigError(message)
    return 86400.0 * (sum(MONTH_DAYS[: month - 1]) + day - 1)
