"""Limits that are not those last in force need two persons before auto.

What bounds a plant is written in three files: the site's guard, the verifier's limits and
the write rules of the point map. The first auto of an audit log puts its limits into
force, by the person who arms. Whatever is edited afterwards is read at the next start, as
a whole or not at all, and auto waits until an operator and an engineer, who are two
persons, have approved the difference.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bms_io.daemon.audit import AuditLog, last_of
from bms_io.limits import Limits
from bms_io.points import PointMap
from twin.config import Site
from twin.errors import ConfigError, WetbulbError

ROLES_NEEDED = ("operator", "engineer")
_EVENT = "limits_in_force"
_MOST_NAMED = 5

Rules = Mapping[str, object]


def rules_of(site: Site, limits: Limits, point_map: PointMap) -> dict[str, object]:
    """Everything that bounds what may be written, by dotted name."""
    writes = {n: p.write for n, p in point_map.points.items() if p.write is not None}
    return _flat(
        {
            "guard": site.guard,
            "limits": site.limits,
            "design": site.design,
            "spare": site.spare,
            "forbidden": site.forbidden,
            "verifier": limits,
            "points": writes,
        }
    )


def _flat(value: Any, prefix: str = "") -> dict[str, object]:
    """Leaves of a tree by dotted name, each as it comes back from JSON."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    elif isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        strange = isinstance(value, float) and not math.isfinite(value)
        return {prefix: str(value) if strange else value}
    found: dict[str, object] = {}
    for name, item in value.items():
        found |= _flat(item, f"{prefix}.{name}" if prefix else str(name))
    return found


def differences(before: Rules, after: Rules) -> tuple[str, ...]:
    """What changed, one text per value."""
    names = sorted({*before, *after})
    none = "nothing"
    return tuple(
        f"{name} {before.get(name, none)} -> {after.get(name, none)}"
        for name in names
        if before.get(name, none) != after.get(name, none)
    )


def told(changes: tuple[str, ...]) -> str:
    """Changes in one line, the first few by name."""
    more = len(changes) - _MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return "; ".join(changes[:_MOST_NAMED]) + rest


class Approvals:
    """Knows which limits were in force, and who approved others.

    Parameters
    ----------
    rules
        Of this run.
    audit
        Remembers those of earlier runs; gets every approval.

    Raises
    ------
    AuditError
        If the log cannot be read.
    """

    def __init__(self, rules: Rules, audit: AuditLog) -> None:
        self._rules = rules
        self._audit = audit
        found = last_of(audit.path, _EVENT)
        self._before: Rules | None = found["rules"] if found else None
        self._given: dict[str, str] = {}  # who, by role

    @property
    def changes(self) -> tuple[str, ...]:
        """What differs from the limits last in force; nothing before the first auto."""
        return () if self._before is None else differences(self._before, self._rules)

    @property
    def missing(self) -> str:
        """What auto still needs, or empty."""
        if not self.changes:
            return ""
        given = ", ".join(f"{who} ({role})" for role, who in self._given.items())
        return (
            f"limits changed: {told(self.changes)}. An operator and an engineer must "
            f"approve: wetbulb control approve (so far {given or 'nobody'})"
        )

    def approve(self, who: str, role: str, now_s: float) -> str:
        """Take one person's approval; returns what stands now.

        Raises
        ------
        ConfigError
            If there is nothing to approve, or the other approval is of the same person.
        AuditError
            If it cannot be recorded; it does not count then.
        """
        if not self.changes:
            message = "nothing to approve: the limits are those in force."
            raise ConfigError(message)
        others = {w for r, w in self._given.items() if r != role}
        if who in others:
            message = f"{who} has approved already; the other must be another person."
            raise ConfigError(message)
        self._audit.record(
            "approves", now_s, who=who, role=role, changes=list(self.changes)
        )
        self._given[role] = who
        if set(self._given) < set(ROLES_NEEDED):
            left = ", ".join(r for r in ROLES_NEEDED if r not in self._given)
            return f"approved by {who} ({role}), still needed: {left}"
        self._put_in_force(tuple(self._given.values()), now_s)
        return "approved by both, the limits are in force"

    def enters_auto(self, armed_by: str, now_s: float) -> None:
        """The first auto of a log puts its limits into force.

        Raises
        ------
        AuditError
            If it cannot be recorded.
        """
        if self._before is None:
            self._put_in_force((armed_by,), now_s)

    def _put_in_force(self, by: tuple[str, ...], now_s: float) -> None:
        self._audit.record(_EVENT, now_s, rules=self._rules, by=list(by))
        self._before, self._given = self._rules, {}


class ConfigWatch:
    """Tells when a file of the limits is edited while the daemon runs.

    Nothing is taken over: a start reads them, comes up in shadow and asks for approval.

    Parameters
    ----------
    paths
        The files.
    read
        Reads and checks them all.
    in_force
        As read at the start.
    """

    def __init__(
        self, paths: tuple[Path, ...], read: Callable[[], Rules], in_force: Rules
    ) -> None:
        self._paths, self._read, self._rules = paths, read, in_force
        self._stamps = self._look()
        self._said = ""

    def _look(self) -> tuple[object, ...]:
        stamps: list[object] = []
        for path in self._paths:
            try:
                found = path.stat()
            except OSError as error:
                stamps.append(error.errno)
            else:
                stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
        return tuple(stamps)

    def __call__(self) -> str:
        """What was edited since the start, or empty; cheap while nothing is."""
        stamps = self._look()
        if stamps != self._stamps:
            self._stamps, self._said = stamps, self._judge()
        return self._said

    def _judge(self) -> str:
        """Check the files as they are now."""
        try:
            changes = differences(self._rules, self._read())
        except WetbulbError as error:
            return f"edited and not valid, a restart would be refused: {error}"
        return f"edited, in force after a restart: {told(changes)}" if changes else ""
