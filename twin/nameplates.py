"""Nameplate numbers of a site by their dotted path, e.g. ``power.busway.full_loss_w``.

Machines miss their nameplates in conductances, losses, powers and efficiencies;
everything else (counts, volumes, limits, curve shapes) is as built. The same list serves
plants that are made to differ (``twin.perturb``) and plants that are measured
(``twin.calibrate``).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from twin.topology import Facility

UNCERTAIN_SUFFIXES = ("ua_w_k", "loss_w", "fan_power_w", "efficiency", "cop")
HIGHEST_EFFICIENCY = 0.99


def uncertain(facility: Facility) -> dict[str, float]:
    """Uncertain numbers by path, in field order."""
    return dict(_walk(facility, ""))


def _walk(part: Any, prefix: str) -> Iterator[tuple[str, float]]:
    for name, value in zip(part._fields, part, strict=True):
        if hasattr(value, "_fields"):
            yield from _walk(value, f"{prefix}{name}.")
        elif name.endswith(UNCERTAIN_SUFFIXES):
            yield prefix + name, float(value)


def replaced(facility: Facility, values: Mapping[str, float]) -> Facility:
    """Site with other numbers at the given paths.

    Raises
    ------
    AttributeError
        If the site has no such path.
    """
    for path, value in values.items():
        facility = _replaced(facility, path.split("."), float(value))
    return facility


def _replaced(part: Any, path: list[str], value: float) -> Any:
    if len(path) == 1:
        return part._replace(**{path[0]: value})
    inner = _replaced(getattr(part, path[0]), path[1:], value)
    return part._replace(**{path[0]: inner})


def highest(path: str, value: float) -> float:
    """Largest believable number: an efficiency stays below one."""
    if path.endswith("efficiency"):
        return max(HIGHEST_EFFICIENCY, value)
    return float("inf")
