"""``wetbulb points check|read|write|release``: a person in front of a site's devices."""

import asyncio
import difflib
from pathlib import Path
from typing import Any, NamedTuple

import typer

from bms_io.daemon.audit import AUDIT_FILE, AuditLog
from bms_io.driver import to_release
from bms_io.limits import limits_of
from bms_io.point_live import LivePoint, findings, look
from bms_io.point_names import SIGNALS
from bms_io.point_release import Released, release_points
from bms_io.point_write import Outcome, write_point, write_service_point
from bms_io.points import PointMap, missing_files
from bms_io.site_driver import SiteDriver
from bms_io.status_codes import status_of
from dashboards import console
from dashboards.places import Where, located
from dashboards.plain import plain
from twin.config import load_site
from twin.errors import CommunicationError, ConfigError, GuardRefusedError
from twin.yaml_source import describe, read_yaml

_OPTIONAL = ("inputs.", "outputs.")  # a loop does without some, not without the others
_MODES = {0.0: "local control", 1.0: "remote mode"}


class Wanted(NamedTuple):
    """What to write."""

    name: str
    value: float  # in the unit of the map
    yes: bool
    site: str | None
    directory: Path


def check(where: Where, live: bool, as_json: bool) -> None:
    """Check a map by itself, and on request in front of its devices.

    Raises
    ------
    ConfigError
        With every finding of the map and of what the devices say about it.
    CommunicationError
        If the map is right but devices do not answer.
    """
    point_map = located(where)
    if missing := missing_files(point_map):
        raise ConfigError("\n".join(missing))
    summary: dict[str, Any] = {
        "map": str(point_map.path),
        "ok": True,
        "devices": len(point_map.devices),
        "points": len(point_map.points),
        "writable": sum(p.write is not None for p in point_map.points.values()),
        "not_mapped": sorted(SIGNALS - {p.signal for p in point_map.points.values()}),
    }
    needed = [n for n in summary["not_mapped"] if not n.startswith(_OPTIONAL)]
    summary["control_needs"] = needed
    if live:
        seen = asyncio.run(look(point_map, point_map.points))
        _raise_findings(point_map, seen)
        summary["answering"] = len(seen)
    if as_json:
        console.write_json(summary)
        return
    console.write(f"{point_map.path}: ok")
    for key in ("devices", "points", "writable", *(["answering"] if live else [])):
        console.write(f"  {key}: {summary[key]}")
    if summary["not_mapped"]:
        console.write(f"  not mapped: {', '.join(summary['not_mapped'])}")
    if needed:
        console.write(f"  a controller needs of these: {', '.join(needed)}")


def _raise_findings(point_map: PointMap, seen: list[LivePoint]) -> None:
    """Tell everything that the devices revealed, or nothing."""
    document = read_yaml(point_map.path)
    found = list(findings(seen))
    lines = [describe(point_map.path, document.lines, at, text) for at, text in found]
    if any(at[0] == "points" for at, _ in found):
        raise ConfigError("\n".join(lines))
    if lines:
        raise CommunicationError("\n".join(lines))


def read(where: Where, names: list[str], as_json: bool) -> None:
    """Read points once and show them; exit code 1 if one cannot be trusted at all.

    Raises
    ------
    ConfigError
        If a name is not in the map.
    """
    point_map = located(where)
    unknown = [name for name in names if name not in point_map.points]
    if unknown:
        raise ConfigError(_unknown(point_map, unknown))
    seen = asyncio.run(look(point_map, names or point_map.points))
    rows = [_row(entry) for entry in seen]
    if as_json:
        console.write_json(plain({"points": rows}))
    else:
        _table(rows)
    if any(row["quality"] == "bad" for row in rows):
        raise typer.Exit(1)


def _row(entry: LivePoint) -> dict[str, Any]:
    """One point as it is shown."""
    point, reading = entry.point, entry.reading
    words = entry.registers
    return {
        "name": point.name,
        "value": point.in_unit(reading.value),
        "unit": point.unit,
        "quality": reading.quality.value,
        "status": status_of(reading).name,
        "raw": entry.raw,
        "registers": None if words is None else [f"{word:04x}" for word in words],
        "detail": reading.detail,
    }


def _table(rows: list[dict[str, Any]]) -> None:
    """Columns, wide enough for the longest name."""
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        words = " ".join(row["registers"] or [])
        told = f"{row['quality']} {row['detail']}".rstrip()
        value = f"{row['value']:>12.6g} {row['unit']:<8}"
        console.write(f"{row['name']:<{width}} {value} {words:<10} {told}")


def write(where: Where, wanted: Wanted, as_json: bool) -> None:
    """Write one point after asking, read it back, record it.

    Raises
    ------
    ConfigError
        If the map does not have the point.
    GuardRefusedError
        If a limit, a step, or the lease of a controller is in the way, or nobody agreed.
    CommunicationError
        If a device is lost, refused the value, or did not bring it into force.
    """
    point_map = located(where)
    if wanted.name not in point_map.points:
        raise ConfigError(_unknown(point_map, [wanted.name]))
    point = point_map.points[wanted.name]
    target = f"{wanted.value:g} {point.unit}".rstrip()
    question = f"Write {target} to {wanted.name} of device {point.device}?"
    if not wanted.yes and not typer.confirm(question, err=True):
        message = f"{wanted.name}: nobody agreed. Nothing written."
        raise GuardRefusedError(message)
    outcome = asyncio.run(_write(point_map, wanted))
    shown = {
        **outcome._asdict(),
        **{
            k: point.in_unit(getattr(outcome, k))
            for k in ("wrote", "before", "in_force")
        },
        "unit": point.unit,
    }
    if as_json:
        console.write_json(plain(shown))
    else:
        console.write(
            f"{wanted.name}: wrote {target}; {outcome.detail}; in "
            f"force {shown['in_force']:g}, before {shown['before']:g}"
        )
    if not outcome.confirmed:
        raise CommunicationError(_not_in_force(outcome))


async def _write(point_map: PointMap, wanted: Wanted) -> Outcome:
    """Connect to the devices of the map, write, disconnect."""
    wanted.directory.mkdir(parents=True, exist_ok=True)
    limits = limits_of(load_site(wanted.site)) if wanted.site else None
    point = point_map.points[wanted.name]
    driver = SiteDriver(point_map)
    audit = AuditLog(wanted.directory / AUDIT_FILE)
    try:
        await driver.connect()
        value = point.in_si(wanted.value)
        if point.write is None and point.commanded:
            return await write_service_point(driver, point_map, point, value, audit)
        return await write_point(driver, point_map, point.name, value, audit, limits)
    finally:
        audit.close()
        await driver.close()


class Given(NamedTuple):
    """What to give back."""

    names: list[str]  # all that ask for it on exit if empty
    yes: bool
    directory: Path


def release(where: Where, given: Given, as_json: bool) -> None:
    """Give setpoints back after asking, record it.

    Raises
    ------
    ConfigError
        If the map does not have a point.
    GuardRefusedError
        If a controller has the lease, a point is not writable, or nobody agreed.
    CommunicationError
        If a device is lost or refused it.
    """
    point_map = located(where)
    unknown = [name for name in given.names if name not in point_map.points]
    if unknown:
        raise ConfigError(_unknown(point_map, unknown))
    names = list(to_release(point_map, given.names or None))
    question = f"Give back {', '.join(names) or 'nothing'}?"
    if not given.yes and not typer.confirm(question, err=True):
        message = f"{where.point_map}: nobody agreed. Nothing given back."
        raise GuardRefusedError(message)
    rows = asyncio.run(_release(point_map, names, given.directory))
    if as_json:
        console.write_json(plain({"released": [row._asdict() for row in rows]}))
    else:
        for row in rows:
            point = point_map.points[row.name]
            before, now = map(point.in_unit, (row.before, row.in_force))
            told = f"in force {now:g} {point.unit}, before {before:g}".replace(
                " ,", ","
            )
            console.write(f"{row.name}: {row.how}: {row.detail}; {told}")
    kept = [f"{row.name}: {row.detail}" for row in rows if not row.done]
    if kept:
        raise CommunicationError("\n".join(kept))


async def _release(
    point_map: PointMap, names: list[str], directory: Path
) -> list[Released]:
    """Connect to the devices of the map, give back, disconnect."""
    directory.mkdir(parents=True, exist_ok=True)
    driver = SiteDriver(point_map)
    audit = AuditLog(directory / AUDIT_FILE)
    try:
        await driver.connect()
        return await release_points(driver, point_map, names, audit)
    finally:
        audit.close()
        await driver.close()


def _not_in_force(outcome: Outcome) -> str:
    """Why a write had no effect, as far as can be seen."""
    mode = _MODES.get(
        outcome.mode if outcome.mode is not None else -1.0, "unknown mode"
    )
    if not outcome.accepted:
        return f"{outcome.name}: the device refused it: {outcome.detail}"
    return (
        f"{outcome.name}: acknowledged, but not in force; the plant is in {mode}. "
        "Setpoints are in force in remote mode, which a changing heartbeat keeps."
    )


def _unknown(point_map: PointMap, names: list[str]) -> str:
    """Names that the map does not have, with the nearest that it has."""
    lines = []
    for name in names:
        near = difflib.get_close_matches(name, point_map.points, n=1)
        hint = f"Did you mean {near[0]}?" if near else "See wetbulb points read MAP."
        lines.append(f"{name}: is not a point of {point_map.path}. {hint}")
    return "\n".join(lines)
