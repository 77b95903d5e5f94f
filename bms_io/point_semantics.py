"""What a point means in the words of Brick, QUDT and Project Haystack.

Sources: Brick 1.4 (brickschema.org), QUDT units (qudt.org/vocab/unit), Haystack 4 unit
database and tags (project-haystack.org). The class of a point is that of the map's
``brick`` key; without one it follows from the unit, as generally as that allows.
"""

from typing import Any, NamedTuple

from bms_io.points import Point, PointMap, Protocol

# si suffix of the signal -> class of a sensor, of a setpoint
_CLASSES = {
    "_c": ("Temperature_Sensor", "Temperature_Setpoint"),
    "_pa": ("Pressure_Sensor", "Pressure_Setpoint"),
    "_kg_s": ("Flow_Sensor", "Flow_Setpoint"),
    "_w": ("Power_Sensor", "Setpoint"),
}
_THERMAL = ("heat", "cooling_w")  # in the name of a thermal power


class Unit(NamedTuple):
    """One unit in both vocabularies."""

    qudt: str
    haystack: str


UNITS = {
    "degC": Unit("DEG_C", "°C"),
    "degF": Unit("DEG_F", "°F"),
    "K": Unit("K", "K"),
    "W": Unit("W", "W"),
    "kW": Unit("KiloW", "kW"),
    "MW": Unit("MegaW", "MW"),
    "Pa": Unit("PA", "Pa"),
    "kPa": Unit("KiloPA", "kPa"),
    "bar": Unit("BAR", "bar"),
    "kg/s": Unit("KiloGM-PER-SEC", "kg/s"),
    "g/kg": Unit("GM-PER-KiloGM", "g/kg"),
    "s": Unit("SEC", "s"),
    "percent": Unit("PERCENT", "%"),
    "": Unit("UNITLESS", ""),
}
PROTOCOLS: dict[Protocol, str] = {
    "modbus_tcp": "modbusConn",
    "bacnet_ip": "bacnetConn",
    "mqtt_dsx": "mqttConn",
}
_REFERENCE = {"coil": 1, "discrete": 100_001, "input": 300_001, "holding": 400_001}
_SHORT = {"analog-input": "AI", "analog-value": "AV", "analog-output": "AO"}


def brick_class(point: Point) -> str:
    """Brick class of a point, without prefix."""
    if point.brick is not None:
        return point.brick
    setpoint = point.name.startswith(("setpoints.", "active."))
    suffix = next((s for s in _CLASSES if point.signal.endswith(s)), None)
    if suffix is None:
        return "Setpoint" if setpoint else "Sensor"
    sensor, wanted = _CLASSES[suffix]
    if setpoint:
        return wanted
    thermal = suffix == "_w" and any(word in point.signal for word in _THERMAL)
    return "Thermal_Power_Sensor" if thermal else sensor


def haystack(point_map: PointMap, site: str) -> dict[str, Any]:
    """Grid of a map in the JSON of Haystack 4.

    Parameters
    ----------
    point_map
        Map to show.
    site
        Name of the site.

    Returns
    -------
    dict
        One row for the site, one per device, one per point; limits in the unit of the
        point.
    """
    rows: list[dict[str, Any]] = [
        {"id": _ref(site), "dis": site, "site": _MARKER},
    ]
    for device in point_map.devices.values():
        rows.append(
            {
                "id": _ref(site, device.name),
                "dis": device.name,
                "equip": _MARKER,
                PROTOCOLS[device.protocol]: _MARKER,
                "uri": {"_kind": "uri", "val": f"tcp://{device.host}:{device.port}"},
                "siteRef": _ref(site),
            }
        )
    rows += [_point(point, site) for point in point_map.points.values()]
    columns = dict.fromkeys(key for row in rows for key in row)
    return {
        "_kind": "grid",
        "meta": {"ver": "3.0"},
        "cols": [{"name": name} for name in columns],
        "rows": rows,
    }


_MARKER = {"_kind": "marker"}


def _ref(*parts: str) -> dict[str, str]:
    """Reference; other characters than letters, digits and ``_:-.~`` are not allowed."""
    text = ":".join(parts)
    safe = "".join(c if c.isalnum() or c in "_:-.~" else "-" for c in text)
    return {"_kind": "ref", "val": safe}


def _point(point: Point, site: str) -> dict[str, Any]:
    """Row of a point."""
    unit = UNITS.get(point.unit)
    known = unit.haystack if unit else point.unit
    row: dict[str, Any] = {
        "id": _ref(site, point.name),
        "dis": point.name,
        "point": _MARKER,
        "cur": _MARKER,
        "kind": "Bool" if point.wire_type == "bool" else "Number",
        "siteRef": _ref(site),
        "equipRef": _ref(site, point.device),
        "sp" if point.name.startswith(("setpoints.", "active.")) else "sensor": _MARKER,
        **dict.fromkeys(point.tags, _MARKER),
        **({"unit": known} if known else {}),
        **_place(point),
    }
    if point.write is not None:
        row["writable"] = _MARKER
        row["minVal"] = _number(point.in_unit(point.write.minimum), known)
        row["maxVal"] = _number(point.in_unit(point.write.maximum), known)
    return row


def _number(value: float, unit: str) -> dict[str, Any]:
    """Number, with its unit if it has one."""
    number = {"_kind": "number", "val": value}
    return number | ({"unit": unit} if unit else {})


def _place(point: Point) -> dict[str, str]:
    """Where the point stands on the wire."""
    if point.dsx is not None:
        return {"mqttTopic": point.dsx}
    if point.bacnet is None:
        return {"modbusCur": str(_REFERENCE[point.table] + point.address)}
    kind = _SHORT.get(point.bacnet.object_type, point.bacnet.object_type)
    return {"bacnetCur": f"{kind}{point.bacnet.instance}"}
