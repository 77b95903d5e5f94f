"""Watches every turn: alarms, history, log, metrics, status, signs of life."""

import time
from collections.abc import Callable
from typing import Any

from bms_io.daemon.advice import AdviceBook
from bms_io.daemon.alarm_table import alarm_table
from bms_io.daemon.alarms import AlarmBook, Condition
from bms_io.daemon.audit import AuditLog
from bms_io.daemon.conditions import conditions
from bms_io.daemon.historian import Historian
from bms_io.daemon.logs import JsonLog
from bms_io.daemon.modes import Mode
from bms_io.daemon.notify import notify
from bms_io.daemon.setup import TurnReport
from bms_io.daemon.steering import Plan
from twin.config import Site
from twin.errors import AuditError
from twin.interfaces import Quality

_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Monitor:
    """Everything that is known of a running loop.

    Parameters
    ----------
    site
        Limits of the alarms.
    historian, log
        Where readings and events go.
    edited
        Says what was edited in the files of the limits.
    early
        Says what a diagnosis warns of.
    """

    def __init__(
        self,
        site: Site,
        historian: Historian,
        log: JsonLog,
        edited: Callable[[], str] = str,
        early: Callable[[], str] = str,
    ) -> None:
        self._site = site
        self._edited = edited
        self._early = early
        self._historian = historian
        self._log = log
        self._table = alarm_table()
        self._lost_before = 0
        self._turn_s = [0] * (len(_BUCKETS_S) + 1)
        self._turn_sum_s = 0.0
        self._plan: Plan | None = None
        self.counts: dict[str, int] = dict.fromkeys(
            (
                "turns",
                "incomplete",
                "writes",
                "mismatches",
                "refusals",
                "guard_changes",
            ),
            0,
        )
        self.alarms = AlarmBook(self._table)
        self.advice = AdviceBook(site.control.control_interval_s)
        self.audit: AuditLog | None = None  # of the loop, once there is one
        self.last: TurnReport | None = None
        self.last_monotonic_s = time.monotonic()

    def turn(self, report: TurnReport) -> None:
        """Take note of a turn."""
        self._plan = report.plan or self._plan
        self.last, self.last_monotonic_s = report, time.monotonic()
        self._count(report)
        self._advise(report)
        self._historian.put(report.look.snapshot)
        lost = self._historian.lost - self._lost_before
        self._lost_before = self._historian.lost
        judged = report._replace(plan=self._plan)
        found = conditions(judged, self._site.limits, self._table, lost)
        for name, words in (
            ("limits_edited", self._edited()),
            ("slow_fault", self._early()),
        ):
            found[name] = Condition(bool(words), words)
        for change in self.alarms.update(report.time_s, found):
            self._log.say("warning", "alarm", change.alarm, **change._asdict())
            self.record("alarm", report.time_s, **change._asdict())
        if report.change is not None:
            self._log.say("info", "mode", report.change.new, **report.change._asdict())
        if report.held:
            self._log.say("warning", "held", why=report.held)
        notify("WATCHDOG=1")

    def _advise(self, report: TurnReport) -> None:
        """In advise mode each new plan is a recommendation."""
        if report.mode is not Mode.ADVISE:
            self.advice.close(report.time_s)
        elif report.plan is not None and not report.plan.failure:
            active = report.seen.setpoints._asdict().items()
            now = {name: float(value) for name, value in active}
            self.advice.offer(report.plan.guarded, now, report.time_s)

    def record(self, event: str, now_s: float, **details: Any) -> None:
        """Put into the audit log; the loop says by itself when that fails."""
        try:
            if self.audit is not None:
                self.audit.record(event, now_s, **details)
        except AuditError as error:
            self._log.say("error", "no_record", why=str(error))

    def _count(self, report: TurnReport) -> None:
        counts, sent, plan = self.counts, report.sent, report.plan
        counts["turns"] += 1
        counts["incomplete"] += not report.complete
        counts["writes"] += sent.written if sent else 0
        counts["mismatches"] += len(sent.mismatches) if sent else 0
        counts["refusals"] += len(sent.refusals) if sent else 0
        counts["guard_changes"] += len(plan.events) if plan else 0
        slot = sum(report.spent_s > edge for edge in _BUCKETS_S)
        self._turn_s[slot] += 1
        self._turn_sum_s += report.spent_s

    @property
    def ready(self) -> bool:
        """Whether the plant answers with what a decision needs."""
        return self.last is not None and not self.last.seen.problems

    def status(self) -> dict[str, Any]:
        """Everything a person wants to know, for JSON."""
        last = self.last
        if last is None:
            return {"mode": "starting"}
        now_s = last.time_s
        advice = self._plan.guarded.setpoints._asdict() if self._plan else {}
        return {
            "mode": str(last.mode),
            "wanted": str(last.wanted),
            "armed_by": last.armed_by,
            "auto_needs": list(last.missing),
            "time_s": now_s,
            "rung": str(self._plan.rung) if self._plan else "",
            "reason": self._plan.decision.reason if self._plan else "",
            "held": last.held,
            "emergency": last.emergency,
            "overridden": sorted(last.overridden),
            "released": sorted(last.locked),
            "unknown_commands": list(last.unknown),
            "recommendation": self.advice.shown(now_s),
            "active": {k: float(v) for k, v in last.seen.setpoints._asdict().items()},
            "advice": {k: float(v) for k, v in advice.items()},
            "alarms": [self._shown(name) for name in self.alarms.standing(now_s)],
            "chattering": self.alarms.chattering(now_s),
            **self.counts,
        }

    def _shown(self, name: str) -> dict[str, Any]:
        entry, alarm = self.alarms.entries[name], self._table[name]
        return {
            "alarm": name,
            "priority": alarm.priority,
            "standing": str(entry.standing),
            "detail": entry.detail,
            "consequence": alarm.consequence,
            "response": alarm.response,
        }

    def metrics(self) -> str:
        """Prometheus text format 0.0.4."""
        lines = []
        last = self.last
        if last is not None:
            qualities = [r.quality for r in last.look.snapshot.readings.values()]
            for quality in Quality:
                lines.append(
                    f'wetbulb_points{{quality="{quality}"}} {qualities.count(quality)}'
                )
            lines.append(f'wetbulb_mode{{mode="{last.mode}"}} 1')
            lines.append(f"wetbulb_emergency {int(bool(last.emergency))}")
            power_w = last.seen.measured.get("site_power_w", float("nan"))
            lines.append(f"wetbulb_site_power_watts {power_w}")
        age_s = time.monotonic() - self.last_monotonic_s
        lines.append(f"wetbulb_last_turn_age_seconds {age_s:.3f}")
        lines.append(f"wetbulb_history_waiting {self._historian.waiting}")
        lines.append(f"wetbulb_history_lost_total {self._historian.lost}")
        lines += [
            f"wetbulb_{name}_total {value}" for name, value in self.counts.items()
        ]
        lines += self._histogram()
        active = sum(e.active for e in self.alarms.entries.values())
        lines.append(f"wetbulb_alarms_active {active}")
        return "\n".join(_described(lines)) + "\n"

    def _histogram(self) -> list[str]:
        name, total, lines = "wetbulb_turn_seconds", 0, []
        for edge, count in zip((*_BUCKETS_S, "+Inf"), self._turn_s, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{edge}"}} {total}')
        return [*lines, f"{name}_sum {self._turn_sum_s:.6f}", f"{name}_count {total}"]


_HELP = {
    "points": "Readings by quality.",
    "mode": "Mode of the daemon, 1 for the one that it is in.",
    "emergency": "Whether maximum cooling is latched.",
    "site_power_watts": "Measured power of the site.",
    "last_turn_age_seconds": "Since the last turn ended.",
    "history_waiting": "Samples that wait for the historian.",
    "history_lost_total": "Samples that the historian could not take.",
    "turn_seconds": "Duration of a turn.",
    "alarms_active": "Alarms whose condition is there.",
}


def _described(lines: list[str]) -> list[str]:
    """Lines with HELP and TYPE before the first of each metric."""
    told, seen = [], set()
    for line in lines:
        name = line.partition("{")[0].partition(" ")[0]
        for suffix in ("_bucket", "_sum", "_count"):
            if name.removesuffix(suffix) == "wetbulb_turn_seconds":
                name = "wetbulb_turn_seconds"
        if name not in seen:
            seen.add(name)
            kind = "counter" if name.endswith("_total") else "gauge"
            kind = "histogram" if name == "wetbulb_turn_seconds" else kind
            short = name.removeprefix("wetbulb_")
            known = _HELP.get(
                short, short.removesuffix("_total").replace("_", " ") + "."
            )
            told += [f"# HELP {name} {known}", f"# TYPE {name} {kind}"]
        told.append(line)
    return told
