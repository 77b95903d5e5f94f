"""Topics and messages of NVIDIA's DSX Exchange, BMS Event Bus 1.0; no I/O.

==============================================  =========================================
topic                                           who publishes what
==============================================  =========================================
``BMS/v1/PUB/Metadata/<object>/<point>/<tag>``  the BMS, retained: what the point is, and
                                                in ``integration`` who may write it
``BMS/v1/PUB/Value/<object>/<point>/<tag>``     the BMS: ``value, timestamp, quality``
``BMS/v1/<integration>/Value/<object>/...``     the integration that the metadata names
==============================================  =========================================

``path`` is what follows ``Metadata/`` or ``Value/``. Source: docs.nvidia.com/dsx-exchange,
BMS Event Bus 1.0.0, "Integration publishing contract" and "Point Value".
"""

import json
import math
from typing import Any, NamedTuple

GOOD_QUALITY = 1  # any other number: not trustworthy
_PREFIX = "BMS/v1"
_BMS = "PUB"


class PointValue(NamedTuple):
    """Message on a value topic."""

    value: float  # NaN where the BMS has none
    timestamp_ms: int  # of the event, Unix
    quality: int


class WrongMessageError(Exception):
    """A message that the contract does not allow."""


def metadata_topic(path: str) -> str:
    """Topic on which the BMS describes a point."""
    return f"{_PREFIX}/{_BMS}/Metadata/{path}"


def value_topic(path: str, publisher: str = _BMS) -> str:
    """Topic on which the BMS, or an integration, publishes a value."""
    return f"{_PREFIX}/{publisher}/Value/{path}"


def owner_of(path: str, payload: bytes) -> str:
    """Integration that may write a point; empty where only the BMS does.

    Raises
    ------
    WrongMessageError
        If the message is no metadata, or describes another kind of point.
    """
    data = _object(payload)
    kinds = [data.get("objectType"), data.get("pointType")]
    if kinds != path.split("/")[:2]:
        message = f"metadata of {kinds} on the topic of {path}"
        raise WrongMessageError(message)
    owner = data.get("integration", "")
    if not isinstance(owner, str):
        message = f"integration is {owner!r}"
        raise WrongMessageError(message)
    return owner


def read_value(payload: bytes) -> PointValue:
    """Read a value message.

    Raises
    ------
    WrongMessageError
        If a field is missing or of another type.
    """
    data = _object(payload)
    value, stamp = data.get("value", ""), data.get("timestamp")
    quality = data.get("quality")
    whole = type(stamp) is int and type(quality) is int  # true and false are no numbers
    if not whole or not (value is None or _is_number(value)):
        message = f"value, timestamp and quality are needed, not {payload[:80]!r}"
        raise WrongMessageError(message)
    number = math.nan if value is None else float(value)
    return PointValue(number, int(stamp or 0), int(quality or 0))


def value_message(message: PointValue) -> bytes:
    """Bytes of a value message."""
    value = message.value if math.isfinite(message.value) else None
    data = {
        "value": value,
        "timestamp": message.timestamp_ms,
        "quality": message.quality,
    }
    return json.dumps(data, allow_nan=False).encode()


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _object(payload: bytes) -> dict[str, Any]:
    """JSON object of a message."""
    try:
        data = json.loads(payload)
    except ValueError as error:
        message = f"no JSON but {payload[:40]!r}"
        raise WrongMessageError(message) from error
    if not isinstance(data, dict):
        message = f"no JSON object but {payload[:40]!r}"
        raise WrongMessageError(message)
    return data
