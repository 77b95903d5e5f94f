"""A site as a drawing in text: what there is, how many, and what feeds what."""

from twin.config import Site

GAP = "  "


def drawing(site: Site) -> str:
    """Electrical line and water loops of a site, absent parts left out.

    Parameters
    ----------
    site
        Checked site.

    Returns
    -------
    str
        Lines of at most 88 characters.
    """
    power = [f"{site.name}: {site.description}", "", "power", *_power(site)]
    return "\n".join([*power, "", "heat", *_heat(site)])


def _box(count: float, what: str, size: str = "") -> str:
    """A part with its number; empty if there is none."""
    if count <= 0:
        return ""
    return f"[{count:g} x {what}{', ' + size if size else ''}]"


def size(power_w: float) -> str:
    """Power in the unit that people use for it."""
    if power_w >= 1e6:
        return f"{power_w / 1e6:.3g} MW"
    return f"{power_w / 1e3:.3g} kW"


def _chain(parts: list[str], arrow: str = " --> ") -> list[str]:
    """Parts in a row, broken where the line would be too long."""
    lines, line = [], ""
    for part in (part for part in parts if part):
        longer = f"{line}{arrow}{part}" if line else part
        if len(longer) > 84:
            lines.append(GAP + line)
            longer = f"{arrow.lstrip()}{part}"
        line = longer
    return [*lines, GAP + line]


def _power(site: Site) -> list[str]:
    """Utility to racks, battery beside it."""
    chain, racks = site.facility.power, site.facility.it.racks
    each = racks.rated_power_w
    line = _chain(
        [
            "utility",
            _box(
                chain.transformer_count,
                "transformer",
                size(chain.transformer.rated_power_w),
            ),
            _box(chain.ups_count, "UPS", size(chain.ups.rated_power_w)),
            f"[busway, {size(chain.busway.rated_power_w)}]",
            f"[racks, {size(each)}, {racks.liquid_fraction:.0%} liquid]",
        ]
    )
    battery = chain.battery
    if battery.energy_j > 0:
        energy = f"{battery.energy_j / 3.6e9:.3g} MWh"
        line.append(f"{GAP}    UPS <-> [battery, {energy}]")
    if chain.house_power_w > 0:
        line.append(f"{GAP}    house {size(chain.house_power_w)} beside the UPS")
    return line


def _heat(site: Site) -> list[str]:
    """Racks to the outdoor air, by water and by air."""
    plant = site.facility
    water = f"facility water ({plant.facility_water.pump_count:g} pumps)"
    side, lines = plant.heat_rejection, []
    if plant.it.racks.liquid_fraction > 0:
        cdus = _box(plant.technology.cdu_count, "CDU")
        lines += _chain(["cold plates", "TCS", cdus, water])
    if plant.it.racks.liquid_fraction < 1:
        coils = _box(plant.air.in_row_count, "in-row coil")
        lines += _chain(["rack air", coils, water])
    chillers = plant.trim_chillers
    if chillers.chiller_count > 0:
        each = size(chillers.chiller.reference_capacity_w)
        box = _box(chillers.chiller_count, "trim chiller", each)
        lines += _chain(["in-row coils", box, "tower water (condensers)"])
    if plant.air.ahu_count > 0:
        box = _box(plant.air.ahu_count, "indirect evaporative AHU")
        lines += _chain(["rack air", box, "outdoor air"])
    plates = _box(side.exchanger_count, "plate exchanger")
    towers = _box(side.tower_cell_count, "tower cell")
    pumps = f"tower water ({side.pump_count:g} pumps)"
    return [*lines, *_chain([water, plates, pumps, towers, "outdoor air"])]
