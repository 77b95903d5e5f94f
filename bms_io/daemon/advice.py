"""Recommendations of advise mode, and what the operator says to each.

A recommendation is open until the next one replaces it or its control interval is over.
Accepting it writes nothing: advise has no connection that could. It says in the audit log
that a person took it over, and who, when and why, just as a rejection does.
"""

from typing import Any, NamedTuple

from bms_io.daemon.audit import AuditLog
from twin.interfaces import Decision

MOST_KEPT = 50  # recommendations that still can be told apart from unknown ones


class Recommendation(NamedTuple):
    """One plan that was shown to the operator."""

    number: int
    decision: Decision  # after the guard
    active: dict[str, float]
    begin_s: float
    until_s: float
    answer: str = ""  # accept or reject
    by: str = ""
    reason: str = ""


class Reply(NamedTuple):
    """What came of an answer; the code is one of HTTP."""

    code: int
    text: str


class AdviceBook:
    """Keeps the recommendations of a daemon.

    Parameters
    ----------
    lasts_s
        Plant time that a recommendation stays open. [s]
    """

    def __init__(self, lasts_s: float) -> None:
        self._lasts_s = lasts_s
        self._book: dict[int, Recommendation] = {}
        self._last = 0

    def offer(self, decision: Decision, active: dict[str, float], now_s: float) -> None:
        """Show a plan; the one before it is closed by that."""
        self.close(now_s)
        self._last += 1
        until_s = now_s + self._lasts_s
        self._book[self._last] = Recommendation(
            self._last, decision, active, now_s, until_s
        )
        self._book.pop(self._last - MOST_KEPT, None)

    def close(self, now_s: float) -> None:
        """Nothing is recommended any more, e.g. because advise mode ended."""
        last = self._book.get(self._last)
        if last is not None:
            self._book[self._last] = last._replace(until_s=min(last.until_s, now_s))

    def answer(
        self,
        body: dict[str, Any],
        verb: str,
        who: str,
        now_s: float,
        audit: AuditLog,
    ) -> Reply:
        """Take a person's answer.

        Parameters
        ----------
        body
            ``number`` of the recommendation and ``reason``.
        verb
            accept or reject.
        who, now_s
            For the audit log; a late answer is in it too.
        audit
            Gets it before it counts.

        Raises
        ------
        AuditError
            If it cannot be recorded; it does not count then.
        """
        number, reason = body.get("number"), str(body.get("reason") or "").strip()
        if isinstance(number, bool) or not isinstance(number, int):  # from JSON
            return Reply(400, "number: must be that of a recommendation, see status")
        if verb == "reject" and not reason:
            return Reply(400, "reason: must say why it is rejected")
        found = self._book.get(number)
        if found is None:
            return Reply(404, f"recommendation {number}: is not known, see status")
        if found.answer:
            return Reply(
                409, f"recommendation {number}: {found.by} said {found.answer}"
            )
        details = {"number": number, "who": who, "reason": reason}
        if now_s >= found.until_s:
            audit.record(f"late_{verb}", now_s, **details, until_s=found.until_s)
            ago_s = now_s - found.until_s
            return Reply(410, f"recommendation {number}: expired {ago_s:g} s ago")
        wanted = found.decision.setpoints
        audit.record(verb, now_s, **details, setpoints=wanted, begin_s=found.begin_s)
        self._book[number] = found._replace(answer=verb, by=who, reason=reason)
        return Reply(200, f"recommendation {number}: {verb}ed")

    def shown(self, now_s: float) -> dict[str, Any]:
        """The last recommendation for a status; empty if there never was one."""
        last = self._book.get(self._last)
        if last is None:
            return {}
        wanted = {k: float(v) for k, v in last.decision.setpoints._asdict().items()}
        return {
            "number": last.number,
            "open": not last.answer and now_s < last.until_s,
            "until_s": last.until_s,
            "answer": last.answer,
            "by": last.by,
            "why": last.reason,
            "reason": last.decision.reason,
            "changes": {
                name: {"active": last.active[name], "wanted": value}
                for name, value in wanted.items()
                if value != last.active[name]
            },
        }
