"""A site on its design day: full load at the towers' design wet bulb, all parts at rest."""

import numpy as np

from plant import psychrometrics
from twin.facility import SETTLED_S, facility_step
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.site import Site

PASSES = 15
DRY_ABOVE_WET_K = 8.0  # assumption; towers hardly see it
TOLERANCE_K = 0.5


def settled(site: Site) -> Outputs:
    """Outputs of a site that has run at its design conditions for long.

    Plain Python, so that checking a site file needs no compilation.
    """
    wet_c = float(site.facility.heat_rejection.tower.design_wet_bulb_c)
    dry_c = wet_c + DRY_ABOVE_WET_K
    pressure = float(psychrometrics.standard_pressure(site.location.elevation_m))
    ratio = psychrometrics.humidity_ratio_from_wet_bulb(dry_c, wet_c, pressure)
    rated_w = float(site.facility.it.racks.rated_power_w)
    inputs = Inputs(dry_c, wet_c, float(ratio), pressure, rated_w)
    design = Setpoints(*(float(value) for value in site.design))
    tower_c = design.tower_supply_c
    full = float(site.facility.power.battery.soc_maximum)
    loops = (design.tcs_supply_c, design.air_supply_c)
    state = State(tower_c, tower_c + 3.0, *loops, full, 0.0, SETTLED_S)
    for _ in range(PASSES):
        state, out = facility_step(site.facility, state, inputs, design, SETTLED_S)
    return out


def findings(site: Site) -> list[tuple[tuple[str, ...], str]]:
    """Limits that the site cannot keep on its design day."""
    out = settled(site)
    above = {
        name: float(getattr(out, name)) - limit_c
        for name, limit_c in site.limits._asdict().items()
    }
    broken = {n: k for n, k in above.items() if k > TOLERANCE_K or not np.isfinite(k)}
    if not broken:
        return []
    wet_c = site.facility.heat_rejection.tower.design_wet_bulb_c
    told = ", ".join(f"{name} by {k:.1f} K" for name, k in broken.items())
    message = (
        f"at full load and the towers' design wet bulb of {wet_c:g} degC the site exceeds "
        f"{told}. Take more or larger towers, plate exchangers, CDUs or coils, or lower "
        "facility.it.racks.rated_power_w."
    )
    return [(("facility", "heat_rejection"), message)]
