"""Too hot: maximum cooling at once, and it stays until a person resets it."""

from bms_io.limits import Limits
from twin.interfaces import Quality, Snapshot

_SURE_AFTER = 2  # looks in a row: a single spike moves nothing


class Emergency:
    """Latch over the hottest readings.

    Parameters
    ----------
    limits
        Of the verifier.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = {
            "outputs.rack_inlet_c": limits.rack_inlet_c,
            "outputs.chip_c": limits.chip_c,
        }
        self._seen = dict.fromkeys(self._limits, 0)
        self.reason = ""  # latched

    def look(self, snapshot: Snapshot) -> str:
        """Judge a snapshot; returns the reason that is latched, if any.

        It must come twice: a single spike moves nothing.
        """
        for name, limit_c in self._limits.items():
            reading = snapshot.readings.get(name)
            hot = reading is not None and reading.value > limit_c
            if reading is None or not hot or reading.quality is Quality.BAD:
                self._seen[name] = 0
                continue
            self._seen[name] += 1
            if self._seen[name] >= _SURE_AFTER and not self.reason:
                self.reason = f"{name} is {reading.value:.1f}, limit {limit_c:g}"
        return self.reason

    def reset(self) -> None:
        """A person says that it is over."""
        self.reason = ""
