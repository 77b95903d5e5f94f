"""What a learned controller sees of a site, in numbers of order one.

One list for every site, so that one policy can serve plants that it has never seen: what
is a temperature is told as its distance from the site's own limit or design, what is a
power as a share of the racks' rating, what is a setpoint as its place between the guard's
limits. ``DATASHEET`` names every number; ``docs/rl.md`` and the environment print it.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.rl.actions import LEVERS
from plant.cooling.pump import Pump
from twin.config import Site
from twin.effective_compute import chip_count
from twin.forecast import DAY_S, Forecast
from twin.signals import Inputs, Outputs, Setpoints

Array = NDArray[np.float64]

LEADS_S = (900.0, 3600.0, 3 * 3600.0, 6 * 3600.0, 12 * 3600.0)
AHEAD = ("wet_bulb_c", "dry_bulb_c", "it_demand_w", "price_usd_j", "carbon_kg_j")
NOW = ("dry_bulb_c", "wet_bulb_c", "it_demand_w")
PRICED = ("price_usd_j", "carbon_kg_j")
MEASURED = (
    "rack_inlet_c",
    "chip_c",
    "tcs_supply_c",
    "tower_supply_c",
    "tower_return_c",
    "fws_supply_c",
    "fws_return_c",
    "tcs_return_c",
    "air_return_c",
    "tower_fan_speed",
    "cdu_valve",
    "in_row_valve",
    "in_row_fan_speed",
    "ups_load_fraction",
    "chillers_on",
    "chiller_part_load_ratio",
    "battery_soc",
    "cooling_power_w",
    "power_chain_loss_w",
    "site_power_w",
)
MOST = 10.0  # scales; beyond it an observation is cut, the gate has long spoken
_SIGNAL = [Outputs._fields.index(name) for name in MEASURED]
_INPUT = [Inputs._fields.index(name) for name in NOW]
_LEVER = [Setpoints._fields.index(name) for name in LEVERS]
STATIC = (
    "liquid share of the IT heat",
    "IT power of one chip / 1 kW",
    "tower fans / 2 % of the IT power",
    "pumps / 5 % of the IT power",
    "hall fans / 5 % of the IT power",
    "chillers / IT power",
    "indirect evaporative AHUs there",
    "tower conductance / (IT power / 5 K)",
    "ECO mode allowed",
    "demand charge / 10 USD per kW and month",
    "spare units",
    "limit of the racks' inlet, from 27 degC / 5 K",
    "limit of the chips, from 85 degC / 10 K",
    "air pressure at the site, from 1 bar / 0.1 bar",
)


class Sight(NamedTuple):
    """How the raw numbers of one site become observations: (raw - centre) / scale."""

    centre: Array  # (observations,)
    scale: Array  # likewise


class Seen(NamedTuple):
    """Raw numbers of one or many moments; arrays of shape (..., fields)."""

    inputs: Array  # as ``Inputs``
    clock_s: Array  # (...,), plant clock, zero at local midnight
    measured: Array  # as ``Outputs``
    active: Array  # as ``Setpoints``, in force
    base: Array  # as ``Setpoints``, what the rules want
    priced: Array  # (..., 2), as ``PRICED``
    ahead: Array  # (..., len(LEADS_S) * len(AHEAD)), lead by lead
    last: Array  # (..., levers), the action before
    peak_w: Array  # (...,), of the billing period so far


def names() -> tuple[str, ...]:
    """Every observation, in its place."""
    ahead = [f"{name} in {lead / 3600.0:g} h" for lead in LEADS_S for name in AHEAD]
    return (
        *(f"{name} now" for name in NOW),
        "sine of the hour",
        "cosine of the hour",
        *(f"{name} measured" for name in MEASURED),
        *(f"{name} in force" for name in LEVERS),
        *(f"{name} by the rules" for name in LEVERS),
        *(f"{name} now" for name in PRICED),
        *ahead,
        *(f"{name} action before" for name in LEVERS),
        "peak of the billing period",
        *STATIC,
    )


COUNT = len(names())


def raw(seen: Seen, sight: Sight) -> Array:
    """Observations, shape (..., COUNT).

    Parameters
    ----------
    seen
        Raw numbers.
    sight
        Of the site.

    Returns
    -------
    ndarray
        nan where a reading is missing.
    """
    hour = np.asarray(seen.clock_s) * (2.0 * math.pi / DAY_S)
    lead = seen.inputs.shape[:-1]
    parts = [
        seen.inputs[..., _INPUT],
        np.sin(hour)[..., None],
        np.cos(hour)[..., None],
        seen.measured[..., _SIGNAL],
        seen.active[..., _LEVER],
        seen.base[..., _LEVER],
        seen.priced,
        seen.ahead,
        seen.last,
        np.asarray(seen.peak_w)[..., None],
        np.zeros((*lead, len(STATIC))),
    ]
    row = np.concatenate(parts, axis=-1)
    return np.asarray(np.clip((row - sight.centre) / sight.scale, -MOST, MOST))


def sight_of(site: Site, pressure_pa: float = 101325.0) -> Sight:
    """Centres and scales of a site's observations.

    Parameters
    ----------
    site
        Nameplates, limits, design.
    pressure_pa
        Of the outdoor air there.
    """
    pairs = [
        *_of_inputs(site, NOW),
        (0.0, 1.0),
        (0.0, 1.0),
        *_of_measured(site),
        *_of_levers(site),
        *_of_levers(site),
        *_of_inputs(site, PRICED),
        *(_of_inputs(site, AHEAD) * len(LEADS_S)),
        *((0.0, 1.0) for _ in LEVERS),
        (site.facility.it.racks.rated_power_w, 0.5 * _rated_w(site)),
        *((-value, 1.0) for value in _static(site, pressure_pa)),
    ]
    centre, scale = np.array(pairs, dtype=float).T
    return Sight(centre, scale)


def _rated_w(site: Site) -> float:
    return float(site.facility.it.racks.rated_power_w)


def _of_inputs(site: Site, wanted: tuple[str, ...]) -> list[tuple[float, float]]:
    """Weather, load and prices: centre and scale."""
    rated_w = _rated_w(site)
    known = {
        "dry_bulb_c": (15.0, 15.0),
        "wet_bulb_c": (12.0, 10.0),
        "it_demand_w": (0.6 * rated_w, 0.3 * rated_w),
        "price_usd_j": (60.0 / 3.6e9, 40.0 / 3.6e9),
        "carbon_kg_j": (0.35 / 3.6e6, 0.2 / 3.6e6),
    }
    return [known[name] for name in wanted]


def _of_measured(site: Site) -> list[tuple[float, float]]:
    """Readings: from their limit, their design, or as shares."""
    rated_w, limits, design = _rated_w(site), site.limits, site.design
    chillers = max(float(site.facility.trim_chillers.chiller_count), 1.0)
    tower_c, air_c = float(design.tower_supply_c), float(design.air_supply_c)
    known = {
        "rack_inlet_c": (limits.rack_inlet_c, 5.0),
        "chip_c": (limits.chip_c, 10.0),
        "tcs_supply_c": (limits.tcs_supply_c, 5.0),
        "tower_supply_c": (tower_c, 10.0),
        "tower_return_c": (tower_c + 5.0, 10.0),
        "fws_supply_c": (tower_c + 3.0, 10.0),
        "fws_return_c": (tower_c + 8.0, 10.0),
        "tcs_return_c": (float(design.tcs_supply_c) + 8.0, 10.0),
        "air_return_c": (air_c + 12.0, 10.0),
        "chillers_on": (0.0, chillers),
        "cooling_power_w": (0.1 * rated_w, 0.1 * rated_w),
        "power_chain_loss_w": (0.05 * rated_w, 0.05 * rated_w),
        "site_power_w": (rated_w, 0.5 * rated_w),
    }
    return [known.get(name, (0.5, 0.5)) for name in MEASURED]


def _of_levers(site: Site) -> list[tuple[float, float]]:
    """Setpoints: -1 at the guard's least, +1 at its most."""
    pairs = []
    for name in LEVERS:
        entry = getattr(site.guard, name)
        half = 0.5 * (entry.maximum - entry.minimum)
        pairs.append((0.5 * (entry.maximum + entry.minimum), half or 1.0))
    return pairs


def _static(site: Site, pressure_pa: float) -> tuple[float, ...]:
    """What the nameplates say, in the order of ``STATIC``."""
    f, rated_w = site.facility, _rated_w(site)
    side, water, technology = f.heat_rejection, f.facility_water, f.technology

    pumped_w = (
        _pumps_w(side.pump, side.pump_count)
        + _pumps_w(water.pump, water.pump_count)
        + _pumps_w(technology.cdu.pump, technology.cdu_count)
    )
    fans_w = side.tower.fan_power_w * side.tower_cell_count
    hall_w = f.air.in_row.fan.fan_power_w * f.air.in_row_count
    chillers = f.trim_chillers
    ua_w_k = side.tower.ua_w_k * side.tower_cell_count
    chips = chip_count(f)
    return (
        float(f.it.racks.liquid_fraction),
        rated_w / chips / 1e3 if chips > 0.0 else 0.0,
        fans_w / rated_w / 0.02,
        pumped_w / rated_w / 0.05,
        hall_w / rated_w / 0.05,
        chillers.chiller.reference_capacity_w * chillers.chiller_count / rated_w,
        1.0 if f.air.ahu_count > 0.0 else 0.0,
        ua_w_k / (rated_w / 5.0),
        float(site.guard.ups_eco.maximum),
        site.tariff.demand_charge_usd_w_month * 1e3 / 10.0,
        float(site.spare.spare_units),
        (site.limits.rack_inlet_c - 27.0) / 5.0,
        (site.limits.chip_c - 85.0) / 10.0,
        (pressure_pa - 1e5) / 1e4,
    )


def _pumps_w(pump: Pump, count: float) -> float:
    """Design power of some pumps [W]."""
    return float(pump.design_flow_m3_s * pump.design_head_pa / pump.efficiency * count)


def ahead_of(forecast: Forecast, now_s: float) -> tuple[Array, Array]:
    """Prices now, and what is expected at the leads, as ``Seen`` takes them.

    Parameters
    ----------
    forecast
        Of the site.
    now_s
        Plant clock.
    """
    at_s = now_s + np.array([0.0, *LEADS_S])
    step = np.searchsorted(forecast.time_s, at_s, side="right") - 1
    step = np.clip(step, 0, len(forecast.time_s) - 1)
    columns = {
        "price_usd_j": forecast.energy_price_usd_j,
        "carbon_kg_j": forecast.carbon_kg_j,
    }
    table = np.stack(
        [
            np.asarray(
                columns[name] if name in columns else getattr(forecast.inputs, name)
            )[step]
            for name in AHEAD
        ],
        axis=1,
    )
    first = [AHEAD.index(name) for name in PRICED]
    return table[0, first], np.asarray(table[1:].ravel())
