"""What stood at our priority before we wrote anything.

A slot of a BACnet priority array survives whoever wrote it. A value that our own audit log
announced is ours and is adopted. Any other belongs to somebody unknown: it is told, and
nothing is written over it until a person who was told arms once more.
"""

from collections.abc import Mapping

from bms_io.daemon.audit import AuditLog, last_announced
from bms_io.points import PointMap


class Leftovers:
    """Tells our own values from those of others.

    Parameters
    ----------
    point_map
        Tolerances.
    audit
        Knows what we wrote, also in earlier runs; gets what was found.
    """

    def __init__(self, point_map: PointMap, audit: AuditLog) -> None:
        self._map = point_map
        self._audit = audit
        self._refused: dict[str, float] = {}  # what auto was refused for
        self.unknown: tuple[str, ...] = ()

    def tell(self, standing: Mapping[str, float], now_s: float) -> dict[str, float]:
        """Record what stands there; returns what is not ours.

        Parameters
        ----------
        standing
            At our priority, in SI, by setpoint.
        now_s
            Plant clock.
        """
        announced = last_announced(self._audit.path) if standing else {}
        foreign = {
            name: value
            for name, value in standing.items()
            if not any(
                abs(value - ours) <= self._tolerance(name)
                for ours in announced.get(name, ())
            )
        }
        unknown = tuple(f"setpoints.{n} holds {v:g}" for n, v in foreign.items())
        if standing and (unknown != self.unknown or not unknown):
            mine = {n: v for n, v in standing.items() if n not in foreign}
            self._audit.record("finds_standing", now_s, ours=mine, unknown=foreign)
        self.unknown = unknown
        return foreign

    def ask(self, standing: Mapping[str, float], now_s: float) -> str:
        """Say why auto must wait, or nothing; the second arming confirms.

        Parameters
        ----------
        standing, now_s
            As for ``tell``.
        """
        foreign = self.tell(standing, now_s)
        if foreign and foreign != self._refused:
            self._refused = foreign
            found = "; ".join(self.unknown)
            return f"not written by us: {found}. Clear it, or arm again to take over"
        if foreign:
            self._audit.record("takes_over_unknown", now_s, values=foreign)
        self._refused, self.unknown = {}, ()
        return ""

    def _tolerance(self, name: str) -> float:
        rule = self._map.points[f"setpoints.{name}"].write
        return rule.readback_tolerance if rule else 0.0
