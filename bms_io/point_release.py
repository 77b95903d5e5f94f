"""Give setpoints back by hand: what a controller or a person left in a plant."""

from collections.abc import Collection
from typing import NamedTuple

from bms_io.daemon.audit import AuditLog
from bms_io.driver import to_release
from bms_io.point_pace import place_of
from bms_io.point_write import LOCAL_MODE, check_lease, mode_of
from bms_io.points import PointMap, WriteRule
from bms_io.site_driver import SiteDriver
from twin.errors import CommunicationError
from twin.interfaces import Quality


class Released(NamedTuple):
    """What became of one setpoint; SI."""

    name: str
    how: str  # "Null at priority 10" or "default 30 degC"
    before: float  # in force before, nan if it could not be read
    in_force: float  # afterwards, likewise
    done: bool
    detail: str


async def release_points(
    driver: SiteDriver,
    point_map: PointMap,
    names: Collection[str] | None,
    audit: AuditLog,
) -> list[Released]:
    """Give setpoints back and look what is in force then.

    Parameters
    ----------
    driver, point_map
        A connected driver of this map.
    names
        Setpoints; those with ``on_exit: default`` if None.
    audit
        Gets the intent before and the result after.

    Returns
    -------
    list[Released]
        One per setpoint. Over BACnet our slot of the priority array is empty then; over
        Modbus and MQTT the default is written.

    Raises
    ------
    GuardRefusedError
        If one is not writable, or a controller has the lease; nothing is released.
    CommunicationError
        If a device is lost: what had arrived by then is unknown.
    """
    rules = to_release(point_map, names)
    if await mode_of(driver, point_map) != LOCAL_MODE:
        await check_lease(driver, point_map)
    before = await _in_force(driver, rules)
    intent = audit.record(
        "release",
        0.0,
        values={name: rule.default for name, rule in rules.items()},
        places={n: place_of(point_map, point_map.points[n]) for n in rules},
        point_map=point_map.digest,
        by="points release",
    )
    try:
        results = {r.name: r for r in await driver.release(list(rules))}
        left = await driver.standing(list(rules))
        after = await _in_force(driver, rules)
    except CommunicationError as error:
        audit.record("unknown", 0.0, intent=intent, why=str(error))
        raise
    refused = [n for n, r in results.items() if not r.accepted or n in left]
    audit.record("result", 0.0, intent=intent, mismatches=refused)
    return [
        Released(
            name,
            _how(point_map, name, rule),
            before[name],
            after[name],
            name not in refused,
            "still in our slot" if name in left else results[name].detail,
        )
        for name, rule in rules.items()
    ]


async def _in_force(
    driver: SiteDriver, rules: dict[str, WriteRule]
) -> dict[str, float]:
    """Values in force by setpoint; giving back does not need them."""
    readings = await driver.read([rule.readback for rule in rules.values()], 0.0)
    bad = Quality.BAD
    return {
        name: float("nan") if readings[r.readback].quality is bad
        else readings[r.readback].value
        for name, r in rules.items()
    }  # fmt: skip


def _how(point_map: PointMap, name: str, rule: WriteRule) -> str:
    """In which way a setpoint is given back."""
    point = point_map.points[name]
    if point.bacnet is not None:
        return f"Null at priority {point.bacnet.priority}"
    return f"default {point.in_unit(rule.default):g} {point.unit}".rstrip()
