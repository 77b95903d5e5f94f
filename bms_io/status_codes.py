"""Our qualities in the words of OPC UA, for whoever compares with another system.

``Reading.detail`` starts with why a reading is not good; each such reason has a code of
OPC UA Part 8 (Data Access, OPC 10000-8, 6.3) with its number of OPC 10000-6 A.2, and the
byte of classic OPC DA that historians store.
"""

from typing import NamedTuple

from twin.interfaces import Quality, Reading


class StatusCode(NamedTuple):
    """One status."""

    name: str
    number: int  # OPC UA, 32 bits

    @property
    def classic(self) -> int:
        """Quality byte of OPC DA: 192 good, 64 uncertain, 0 bad."""
        return {0: 192, 1: 64}.get(self.number >> 30, 0)


GOOD = StatusCode("Good", 0x0000_0000)
_OTHERWISE = {
    Quality.GOOD: GOOD,
    Quality.UNCERTAIN: StatusCode("Uncertain", 0x4000_0000),
    Quality.BAD: StatusCode("Bad", 0x8000_0000),
}
_LAST_USABLE = StatusCode("UncertainLastUsableValue", 0x4090_0000)
_NOT_ACCURATE = StatusCode("UncertainSensorNotAccurate", 0x4093_0000)
_OUT_OF_SERVICE = StatusCode("BadOutOfService", 0x808D_0000)
_SENSOR_FAILURE = StatusCode("BadSensorFailure", 0x808C_0000)
_CONFIGURATION = StatusCode("BadConfigurationError", 0x8089_0000)

# start of the detail -> status
_BY_REASON: dict[str, StatusCode] = {
    "comm": StatusCode("BadNoCommunication", 0x8031_0000),
    "refused": _CONFIGURATION,
    "subnormal": _CONFIGURATION,
    "nan": _SENSOR_FAILURE,
    "sentinel": _SENSOR_FAILURE,
    "status flag fault": StatusCode("BadDeviceFailure", 0x808B_0000),
    "out_of_range": StatusCode("BadOutOfRange", 0x803C_0000),
    "stale": StatusCode("BadNoCommunication", 0x8031_0000),
    "missing": StatusCode("BadWaitingForInitialData", 0x8032_0000),
    "out of service": _OUT_OF_SERVICE,
    "last value": _LAST_USABLE,
    "spike": _NOT_ACCURATE,
    "stuck": _NOT_ACCURATE,
    "outvoted": _NOT_ACCURATE,
    "disagreement": StatusCode("UncertainSubNormal", 0x4095_0000),
    "voters missing": StatusCode("UncertainSubNormal", 0x4095_0000),
    "overridden": StatusCode("GoodLocalOverride", 0x0096_0000),
}


def status_of(reading: Reading) -> StatusCode:
    """Status of a reading; the coarse one where the reason has none of its own.

    An uncertain value of an object out of service stays uncertain: the status never
    says worse or better than the quality does.
    """
    for reason, status in _BY_REASON.items():
        if reading.detail.startswith(reason) and _severity(status) is reading.quality:
            return status
    return _OTHERWISE[reading.quality]


def _severity(status: StatusCode) -> Quality:
    """Quality of a status, from its two top bits."""
    return {0: Quality.GOOD, 1: Quality.UNCERTAIN}.get(status.number >> 30, Quality.BAD)
