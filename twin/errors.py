"""The few errors of wetbulb.

WetbulbError
├── ConfigError        a file or an argument is wrong: exit code 3
├── DataError          an input table cannot be used: exit code 3
├── CommunicationError a device did not answer as agreed: exit code 1
├── PlantLostError     the plant process or device is gone for good: exit code 1
├── GuardRefusedError  a write was refused by a safety rule: exit code 4
├── InstanceError      another daemon controls this plant: exit code 75
└── AuditError         what was done cannot be recorded: exit code 1

Each message says what is wrong, where, what is allowed and what to do next.
"""


class WetbulbError(Exception):
    """Base of everything that wetbulb raises on purpose."""

    exit_code = 1


class ConfigError(WetbulbError):
    """A site file, a point map or an argument is wrong."""

    exit_code = 3


class DataError(WetbulbError):
    """A weather, load or price table cannot be used."""

    exit_code = 3


class CommunicationError(WetbulbError):
    """A device did not answer as agreed."""


class PlantLostError(WetbulbError):
    """The plant is gone and does not come back."""


class GuardRefusedError(WetbulbError):
    """A write was refused by a safety rule."""

    exit_code = 4


class InstanceError(WetbulbError):
    """Another daemon already controls this plant from this machine."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: try again later


class AuditError(WetbulbError):
    """What was done cannot be recorded, so nothing may be done."""
