"""Rules between the values of a site that no single field can know."""

from twin import design_day
from twin.signals import ALL_UNITS, Setpoints
from twin.site import SCHEMA_VERSION, SetpointLimits, Site

PHYSICS_STEP_S = 60.0

Finding = tuple[tuple[str, ...], str]


def check(site: Site) -> list[Finding]:
    """Rules between values that no single field can know.

    Returns
    -------
    list of (path, message)
        Empty if the site is consistent.
    """
    found = [
        *_check_guard(site),
        *_check_power(site),
        *_check_water(site),
        *_check_control(site),
    ]
    return found or design_day.findings(site)


def _check_guard(site: Site) -> list[Finding]:
    """Limits in order, and the design within them."""
    findings: list[Finding] = []
    for name in Setpoints._fields:
        limits: SetpointLimits = getattr(site.guard, name)
        value: float = getattr(site.design, name)
        if limits.minimum > limits.maximum:
            message = (
                f"minimum {limits.minimum:g} is above maximum {limits.maximum:g}. "
                "Exchange them."
            )
            findings.append((("guard", name), message))
        elif not limits.minimum <= value <= limits.maximum:
            message = (
                f"is {value:g}, outside the guard's {limits.minimum:g} to "
                f"{limits.maximum:g}. Change the design value or guard.{name}."
            )
            findings.append((("design", name), message))
    return findings + _check_counts(site)


def _check_counts(site: Site) -> list[Finding]:
    """No more units than there are, and UPS modules that carry the racks."""
    plant = site.facility
    findings: list[Finding] = []
    for name, there, where in (
        ("tower_cells_on", plant.heat_rejection.tower_cell_count, "tower_cell_count"),
        ("air_units_on", plant.air.in_row_count, "in_row_count"),
    ):
        most = getattr(site.guard, name).maximum
        if there < most < ALL_UNITS:
            message = (
                f"is {most:g}, but the site has {there:g}. Lower it, or raise {where} "
                "under facility."
            )
            findings.append((("guard", name, "maximum"), message))
    least_w = site.guard.ups_modules_on.minimum * plant.power.ups.rated_power_w
    if least_w < plant.it.racks.rated_power_w:
        message = (
            f"{least_w / 1e6:g} MW of modules do not carry "
            f"{plant.it.racks.rated_power_w / 1e6:g} MW of racks after a jump. Raise it."
        )
        findings.append((("guard", "ups_modules_on", "minimum"), message))
    return findings


def _check_power(site: Site) -> list[Finding]:
    """UPS and transformers carry the racks."""
    chain = site.facility.power
    it_w = site.facility.it.racks.rated_power_w
    findings: list[Finding] = []
    for name, each_w, count in (
        ("ups_count", chain.ups.rated_power_w, chain.ups_count),
        ("transformer_count", chain.transformer.rated_power_w, chain.transformer_count),
    ):
        if each_w * count < it_w:
            needed = int(-(-it_w // each_w))
            message = (
                f"{count:g} units of {each_w / 1e6:g} MW do not carry "
                f"{it_w / 1e6:g} MW of racks. Take at least {needed}, or larger units."
            )
            findings.append((("facility", "power", name), message))
    return findings


def _check_control(site: Site) -> list[Finding]:
    """A known version, and intervals that divide each other."""
    findings: list[Finding] = []
    if site.schema_version != SCHEMA_VERSION:
        message = (
            f"is {site.schema_version}, this wetbulb reads version {SCHEMA_VERSION}. "
            "Convert the file, or install the wetbulb that wrote it."
        )
        findings.append((("schema_version",), message))
    scan_s, control_s = site.control
    for name, value_s, unit_s in (
        ("scan_interval_s", scan_s, PHYSICS_STEP_S),
        ("control_interval_s", control_s, scan_s),
    ):
        if value_s % unit_s != 0:
            message = (
                f"is {value_s:g}, but must be a multiple of {unit_s:g} s. "
                f"Take {max(round(value_s / unit_s), 1) * unit_s:g}."
            )
            findings.append((("control", name), message))
    return findings


def _check_water(site: Site) -> list[Finding]:
    """Water goes downhill: coils colder than the air that they make."""
    findings: list[Finding] = []
    design = site.design
    if design.chilled_water_c >= design.air_supply_c:
        message = (
            f"is {design.chilled_water_c:g} degC, but must be below the supply air "
            f"design.air_supply_c {design.air_supply_c:g}. Lower it."
        )
        findings.append((("design", "chilled_water_c"), message))
    liquid = site.facility.it.racks.liquid_fraction
    if liquid > 0 and site.facility.technology.cdu_count < 1:
        message = (
            f"there is no CDU for a liquid fraction of {liquid:g}. Give "
            "facility.technology.cdu_count at least 1, or set "
            "facility.it.racks.liquid_fraction to 0."
        )
        findings.append((("facility", "technology", "cdu_count"), message))
    return findings
