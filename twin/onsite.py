"""Photovoltaic power of a site over a year, from its weather file, at the door.

The modules feed the site and change nothing in the plant, so their power is found once
when the weather is read: position of the sun at the middle of each hour, irradiance in
the plane (isotropic sky, albedo 0.2), then ``plant.power.pv``.

References
----------
Reda and Andreas (2004), doi:10.1016/j.solener.2003.12.003 (sun, by pvlib); Liu and Jordan
(1963) (isotropic sky). EPW: irradiances are means of the hour that ends at the stamp.
"""

import numpy as np
import pandas as pd

from plant.power import pv
from twin.config import Site
from twin.errors import DataError
from twin.forecast import Series
from twin.weather import Weather

HALF_HOUR_S = 1800.0
YEAR_START = "2001-01-01"  # any year of 365 days


def pv_power(site: Site, weather: Weather) -> Series | None:
    """Power fed in at the rows of the weather file, means of the hour before [W].

    Parameters
    ----------
    site
        Location, modules and their plane.
    weather
        A year of it, with irradiance.

    Returns
    -------
    ndarray or None
        Shape (n,); None where the site has no modules.

    Raises
    ------
    DataError
        If the site has modules and the file no irradiance.
    """
    field = site.facility.power.pv
    if field.array.rated_power_w <= 0.0:
        return None
    if weather.sun is None:
        message = (
            f"{weather.source}: has no complete irradiance, which the PV of {site.name} "
            "needs. Take an EPW file, or add the columns ghi_w_m2, dni_w_m2, dhi_w_m2 and "
            "wind_speed_m_s (every row), or set facility.power.pv.array.rated_power_w "
            "to 0."
        )
        raise DataError(message)
    import pvlib  # half a second and 20 MB, for sites with modules only

    place = site.location
    zone = pd.Timedelta(hours=place.utc_offset_h)
    middle = pd.Timestamp(YEAR_START) - zone
    stamps = middle + pd.to_timedelta(weather.time_s - HALF_HOUR_S, unit="s")
    sun = pvlib.solarposition.get_solarposition(
        stamps.tz_localize("UTC"),
        place.latitude_deg,
        place.longitude_deg,
        altitude=place.elevation_m,
    )
    plane = pvlib.irradiance.get_total_irradiance(
        field.tilt_deg,
        field.azimuth_deg,
        sun["apparent_zenith"].to_numpy(),
        sun["azimuth"].to_numpy(),
        weather.sun.direct_w_m2,
        weather.sun.global_w_m2,
        weather.sun.diffuse_w_m2,
        albedo=0.2,
        model="isotropic",
    )
    in_plane = np.nan_to_num(np.asarray(plane["poa_global"]))
    made = pv.operate(
        field.array, in_plane, np.asarray(weather.air.dry_bulb_c), weather.sun.wind_m_s
    )
    return np.asarray(made.power_w)
