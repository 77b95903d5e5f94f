"""From what happened in a turn to the conditions of the alarms."""

from bms_io.daemon.alarm_table import Alarm
from bms_io.daemon.alarms import Condition
from bms_io.daemon.gates import brief
from bms_io.daemon.ladder import Rung
from bms_io.daemon.modes import Mode
from bms_io.daemon.setup import TurnReport
from twin.site import TemperatureLimits


def conditions(
    report: TurnReport,
    limits: TemperatureLimits,
    table: dict[str, Alarm],
    lost_samples: int,
) -> dict[str, Condition]:
    """Judge one turn.

    Parameters
    ----------
    report
        What happened.
    limits
        Of the site.
    table
        Gives the deadbands.
    lost_samples
        Of the historian since the last turn.
    """
    readings = report.look.snapshot.readings.values()
    silent = all(r.detail.startswith("comm") for r in readings if r.detail)
    gone = silent and not any(not r.detail for r in readings)
    change, sent, plan = report.change, report.sent, report.plan
    ended = change is not None and change.old is Mode.AUTO
    asked = change is not None and change.why == "asked for"
    failing = plan is not None and plan.rung is not Rung.OPTIMIZE and plan.failure != ""
    return {
        "emergency_cooling": Condition(bool(report.emergency), report.emergency),
        "plant_unreachable": Condition(gone, "no point answers"),
        "no_record": Condition("cannot record" in report.held, report.held),
        "auto_ended": Condition(ended and not asked, change.why if change else ""),
        "verifier_refused": _any(sent.refusals if sent else ()),
        "readback_mismatch": _any(sent.mismatches if sent else ()),
        "unknown_command": _any(report.unknown),
        "point_released": _any(tuple(sorted(report.locked))),
        "sensor_bad": _any(report.seen.problems),
        "not_optimizing": Condition(failing, plan.failure if plan else ""),
        "history_lost": Condition(lost_samples > 0, f"{lost_samples} samples"),
        "rack_inlet_high": _above(
            report, "rack_inlet_c", limits.rack_inlet_c, table["rack_inlet_high"]
        ),
        "chip_high": _above(report, "chip_c", limits.chip_c, table["chip_high"]),
    }


def _any(found: tuple[str, ...]) -> Condition:
    return Condition(bool(found), brief(found))


def _above(report: TurnReport, name: str, limit: float, alarm: Alarm) -> Condition:
    """A measured value over its limit; it is over only below the deadband."""
    value = report.seen.measured.get(name)
    if value is None:
        return Condition(False, clear=False)
    detail = f"{name} is {value:.1f}, limit {limit:g}"
    return Condition(value > limit, detail, value < limit - alarm.deadband)
