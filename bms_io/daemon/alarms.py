"""Alarms after ISA-18.2: states, delays, deadband, latch, shelving, suppression.

Pure bookkeeping over conditions: whoever calls ``update`` says what is the case, the book
says what a person must know.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from bms_io.daemon.alarm_table import Alarm

CHATTER_COUNT, CHATTER_WITHIN_S = 3, 3600.0  # assumption


class Standing(StrEnum):
    """Where an alarm is in its life."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"  # active, nobody has seen it
    ACKNOWLEDGED = "acknowledged"  # active and seen
    RETURNED = "returned"  # over, but latched until somebody has seen it


class Condition(NamedTuple):
    """What is the case now."""

    active: bool
    detail: str = ""
    clear: bool = True  # whether a measured value is also beyond the deadband


class Entry(NamedTuple):
    """State of one alarm."""

    standing: Standing = Standing.NORMAL
    detail: str = ""
    since_s: float = 0.0  # of the standing
    changing_s: float | None = (
        None  # since when the condition differs from the standing
    )
    shelved_until_s: float = float("-inf")
    shelved_by: str = ""
    suppressed: bool = False
    raised: tuple[float, ...] = ()  # last times that it came

    @property
    def active(self) -> bool:
        """Whether the condition stands."""
        return self.standing in (Standing.UNACKNOWLEDGED, Standing.ACKNOWLEDGED)


class Transition(NamedTuple):
    """A change of standing, for the audit log."""

    alarm: str
    priority: int
    old: Standing
    new: Standing
    detail: str


class AlarmBook:
    """All alarms of a plant.

    Parameters
    ----------
    table
        Alarms by name.
    """

    def __init__(self, table: Mapping[str, Alarm]) -> None:
        self._table = table
        self.entries: dict[str, Entry] = dict.fromkeys(table, Entry())

    def update(
        self, now_s: float, conditions: Mapping[str, Condition]
    ) -> list[Transition]:
        """Take note of what is the case.

        Parameters
        ----------
        now_s
            Plant clock.
        conditions
            By alarm; one that is not named is not active.

        Returns
        -------
        list of Transition
            Of alarms that a person should see: neither shelved nor suppressed.
        """
        seen: list[Transition] = []
        for name, alarm in self._table.items():
            before = self.entries[name]
            condition = conditions.get(name, Condition(False))
            after = _moved(alarm, before, condition, now_s)
            above = conditions.get(alarm.suppressed_by, Condition(False)).active
            hidden = above or now_s < after.shelved_until_s
            self.entries[name] = after._replace(suppressed=above)
            if after.standing is not before.standing and not hidden:
                seen.append(_transition(alarm, before, after))
        return seen

    def acknowledge(self, name: str, now_s: float) -> Transition | None:
        """A person has seen it."""
        entry = self.entries[name]
        if entry.standing is Standing.UNACKNOWLEDGED:
            after = entry._replace(standing=Standing.ACKNOWLEDGED, since_s=now_s)
        elif entry.standing is Standing.RETURNED:
            after = entry._replace(standing=Standing.NORMAL, since_s=now_s)
        else:
            return None
        self.entries[name] = after
        return _transition(self._table[name], entry, after)

    def shelve(self, name: str, who: str, now_s: float, for_s: float) -> float:
        """Put it away; it comes back by itself.

        Returns
        -------
        float
            For how long: at most as its table says. [s]
        """
        given_s = min(for_s, self._table[name].most_shelved_s)
        self.entries[name] = self.entries[name]._replace(
            shelved_until_s=now_s + given_s, shelved_by=who
        )
        return given_s

    def standing(self, now_s: float) -> list[str]:
        """Names of what a person should look at, most urgent first."""
        shown = [
            name
            for name, entry in self.entries.items()
            if entry.standing is not Standing.NORMAL
            and not entry.suppressed
            and now_s >= entry.shelved_until_s
        ]
        return sorted(shown, key=lambda name: self._table[name].priority)

    def chattering(self, now_s: float) -> list[str]:
        """Names of what came too often within the last hour."""
        return [
            name
            for name, entry in self.entries.items()
            if sum(now_s - t <= CHATTER_WITHIN_S for t in entry.raised) >= CHATTER_COUNT
        ]


def _moved(alarm: Alarm, entry: Entry, condition: Condition, now_s: float) -> Entry:
    """Entry after this look: a change counts when it lasted its delay."""
    if entry.active:
        differs, delay_s = not condition.active and condition.clear, alarm.off_delay_s
    else:
        differs, delay_s = condition.active, alarm.on_delay_s
    if not differs:
        detail = condition.detail if condition.active else entry.detail
        return entry._replace(changing_s=None, detail=detail)
    since_s = now_s if entry.changing_s is None else entry.changing_s
    if now_s - since_s < delay_s:
        return entry._replace(changing_s=since_s)
    fresh = entry._replace(changing_s=None, since_s=now_s)
    if not entry.active:
        raised = (*entry.raised, now_s)[-CHATTER_COUNT:]
        return fresh._replace(
            standing=Standing.UNACKNOWLEDGED, detail=condition.detail, raised=raised
        )
    keeps = alarm.latch and entry.standing is Standing.UNACKNOWLEDGED
    return fresh._replace(standing=Standing.RETURNED if keeps else Standing.NORMAL)


def _transition(alarm: Alarm, before: Entry, after: Entry) -> Transition:
    return Transition(
        alarm.name, alarm.priority, before.standing, after.standing, after.detail
    )
