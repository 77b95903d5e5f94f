"""Faults of optimizer, forecast, host and storage, injected by hooks of the process."""

import functools
import math
import os
import signal
import sqlite3
import time

import numpy as np

from bms_io.daemon.worker import Worker
from optimizer.mpc import MpcController
from optimizer.rules import RulesController
from tests.faults.case import BEGIN, END, Case
from tests.faults.rig import SCENARIO, SITE, Course, Ramp, Rig
from tests.faults.wire_cases import never_noticed
from twin.simulate import make_forecaster

DEADLINE_S = 1.0  # of a slow controller


class Infeasible(Ramp):
    def decide(self, estimate, forecast, now_s):
        if 900.0 <= now_s < 2700.0:
            message = "no feasible point"
            raise ArithmeticError(message)
        return super().decide(estimate, forecast, now_s)


class FirstFound(MpcController):
    """The solver stops at the first feasible plan; at times that is a poor one."""

    def __init__(self, poor: bool) -> None:
        super().__init__(SITE)
        self.compared: list[tuple[float, float]] = []  # cost of the plan, of holding
        self.statuses: list[str] = []
        options = self._model._solver.config.solver_options
        options["objective_target"] = 1e9  # any plan will do
        if poor:
            self._model.solve = functools.partial(_spoilt, self._model.solve)

    def _base(self, *arguments):
        self._least = super()._base(*arguments)
        return self._least

    def decide(self, estimate, forecast, now_s):
        decision = super().decide(estimate, forecast, now_s)
        self.statuses.append(decision.status)
        costs = (float(one.step_usd.sum()) for one in (self._plan, self._least))
        self.compared.append(tuple(costs))
        self.battery_w = np.abs(np.asarray(self._plan.setpoints.battery_power_w)).max()
        return decision


def _spoilt(solve, problem, gap_usd):
    """Every lever at an end of its search, the battery as badly as can be."""
    found = solve(problem, gap_usd)
    worst = found.levers + np.where(found.levers > 0.0, 0.2 * found.levers, 0.0)
    battery_w = np.resize([3e5, -3e5], found.battery_w.shape)
    return found._replace(levers=worst, battery_w=battery_w, gap_usd=math.nan)


class Slow(Ramp):
    def decide(self, estimate, forecast, now_s):
        if 900.0 <= now_s < 1800.0:
            time.sleep(2.0 * DEADLINE_S)
        return super().decide(estimate, forecast, now_s)


class Crashing(Ramp):
    def decide(self, estimate, forecast, now_s):
        if 900.0 <= now_s < 1800.0:
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().decide(estimate, forecast, now_s)


class Hungry(Ramp):
    def decide(self, estimate, forecast, now_s):
        if 900.0 <= now_s < 1800.0:
            bytearray(8 << 30)
        return super().decide(estimate, forecast, now_s)


class NotNumbers(Ramp):
    def decide(self, estimate, forecast, now_s):
        decision = super().decide(estimate, forecast, now_s)
        wrong = decision.setpoints._replace(air_supply_c=float("nan"))
        return decision._replace(setpoints=wrong) if now_s >= 900.0 else decision


class Wild(Ramp):
    """Far outside of everything."""

    def decide(self, estimate, forecast, now_s):
        wild = dict.fromkeys(estimate.setpoints._fields, 1000000000.0)
        decision = super().decide(estimate, forecast, now_s)
        return decision._replace(setpoints=estimate.setpoints._replace(**wild))


class FlipFlop(Ramp):
    def decide(self, estimate, forecast, now_s):
        decision = super().decide(estimate, forecast, now_s)
        value = 27.0 if now_s // 900.0 % 2 else 33.0
        return decision._replace(
            setpoints=decision.setpoints._replace(tcs_supply_c=value)
        )


class Diverged(Ramp):
    def decide(self, estimate, forecast, now_s):
        decision = super().decide(estimate, forecast, now_s)
        return decision._replace(
            predicted_site_power_w=2.0 * estimate.measured["site_power_w"]
        )


class NoForecast:
    """Forecaster that fails, or says impossible things."""

    def __init__(self, change):
        self._real = make_forecaster(SCENARIO)
        self._change = change

    def observe(self, time_s, inputs):
        self._real.observe(time_s, inputs)

    def forecast(self, now_s):
        forecast = self._real.forecast(now_s)
        return self._change(forecast) if 900.0 <= now_s < 2700.0 else forecast


def absurd(forecast):
    wet_bulb_c = forecast.inputs.wet_bulb_c + 60.0
    return forecast._replace(inputs=forecast.inputs._replace(wet_bulb_c=wet_bulb_c))


def shifted(forecast):
    return forecast._replace(time_s=forecast.time_s - 7200.0)


def unsure(forecast):
    """The ensemble spreads over everything that is possible."""
    low, high = (
        forecast.inputs._replace(
            wet_bulb_c=forecast.inputs.wet_bulb_c + k,
            dry_bulb_c=forecast.inputs.dry_bulb_c + k,
        )
        for k in (-5.0, 5.0)
    )
    return forecast._replace(quantiles=(0.1, 0.9), bands=(low, high))


def missing(forecast):
    return forecast._replace(time_s=forecast.time_s[:0])


def with_rules(controller):
    return lambda: {"controller": controller(), "fallback": RulesController(SITE)}


def first_found(poor):
    return lambda: {"controller": FirstFound(poor)}


def never_dearer_than_holding(course: Course) -> str:
    controller = course.loop._setup.decider._controller
    assert set(controller.statuses) == {"incumbent"}
    assert all(plan <= hold + 1e-9 for plan, hold in controller.compared)
    assert set(course.modes) == {"auto"}
    saved = sum(hold - plan for plan, hold in controller.compared)
    number = len(controller.compared)
    return (
        f"{number} incumbents, each judged on the twin; {saved:.2f} USD below holding"
    )


def only_what_is_better(course: Course) -> str:
    told = never_dearer_than_holding(course)
    assert course.loop._setup.decider._controller.battery_w == 0.0
    return f"{told}; its battery schedule is not taken"


def in_process(controller):
    def make():
        worker = Worker("ramp", functools.partial(controller), 3 << 30)
        worker.start()
        return {"decider": worker, "deadline_s": 60.0}

    return make


def held_then_on(course: Course) -> str:
    rungs = [str(r.plan.rung) for r in course.reports if r.plan]
    assert "hold" in rungs
    assert rungs[-1] == "optimize"
    assert set(course.modes) == {"auto"}
    assert all(r.complete for r in course.reports), "the safety cycle goes on"
    return f"cycles: {', '.join(rungs)}; auto and heartbeat throughout"


def falls_to_rules(course: Course) -> str:
    rungs = [str(r.plan.rung) for r in course.reports if r.plan]
    assert rungs[-1] == "rules"
    assert set(course.modes) == {"auto"}
    return f"cycles: {', '.join(rungs)}"


def worker_lost(course: Course) -> str:
    worker = course.loop._setup.decider
    assert worker.restarts == 1
    return f"process started again once; {held_then_on(course)}"


def out_of_memory(course: Course) -> str:
    held = [r.plan.failure for r in course.reports if r.plan and r.plan.failure]
    assert any("MemoryError" in failure for failure in held)
    return held_then_on(course)


def paused(course: Course) -> str:
    report = course.reports[BEGIN]
    assert not report.complete
    assert "pause" in report.held
    assert report.sent is None
    assert course.modes[-1] == "auto"
    return "first turn after the pause only looks, no heartbeat in it"


def disarmed(course: Course) -> str:
    why = "cannot record"
    first = next(n for n, r in enumerate(course.reports) if why in r.held)
    assert set(course.modes[first:]) == {"shadow"}
    return "reserve used first, then auto ends; the loop goes on in shadow"


def _pause(rig: Rig) -> None:
    rig.loop._setup.pace.paused = True


def _resume(rig: Rig) -> None:
    rig.loop._setup.pace.paused = False


def _clock_jumps(rig: Rig) -> None:
    rig.loop.audit.record("test_note", 0.0, clock="jumps")
    time.time = functools.partial(_shifted_time, time.time)  # type: ignore[assignment]


def _clock_back(rig: Rig) -> None:
    time.time = time.time.args[0]  # type: ignore[attr-defined]


def _shifted_time(real):
    return real() + 3600.0


def _disk_full(rig: Rig) -> None:
    base: sqlite3.Connection = rig.loop.audit._base
    pages = base.execute("PRAGMA page_count").fetchone()[0]
    base.execute(f"PRAGMA max_page_count={pages}")


def _disk_free(rig: Rig) -> None:
    rig.loop.audit._base.execute("PRAGMA max_page_count=1000000")


HOST_CASES = [
    Case(52, "solver infeasible", "controller raises", "hold, then on again", {},
         held_then_on, lambda: {"controller": Infeasible()}),
    Case(52, "solver infeasible for good", "controller raises", "hold, then rules", {},
         falls_to_rules, with_rules(NotNumbers)),
    Case(53, "solver too late", "controller sleeps", "result thrown away", {},
         held_then_on, lambda: {"controller": Slow(), "deadline_s": DEADLINE_S}),
    Case(54, "solver crashes", "SIGSEGV in the child", "isolated, started again", {},
         worker_lost, in_process(Crashing)),
    Case(54, "solver eats memory", "8 GiB in the child, 3 allowed", "isolated", {},
         out_of_memory, in_process(Hungry)),
    Case(55, "feasible incumbent, not optimal", "HiGHS stops at its first plan",
         "judged on the twin, never dearer than holding", {}, never_dearer_than_holding,
         first_found(poor=False)),
    Case(55, "feasible incumbent, and poor", "the plan that HiGHS found is spoilt",
         "only what the twin finds better", {}, only_what_is_better,
         first_found(poor=True)),
    Case(56, "output not a number", "controller", "gate closed, hold, then rules", {},
         falls_to_rules, with_rules(NotNumbers)),
    Case(56, "output far out of bounds", "controller", "guard keeps limits and rates", {},
         never_noticed, lambda: {"controller": Wild()}),
    Case(50, "optimizer flips to and fro", "controller", "kicked out, then rules", {},
         falls_to_rules, lambda: {**with_rules(FlipFlop)(), "turns": 36}),
    Case(58, "forecast absurd", "wet bulb 60 K too high", "gate closed, hold", {},
         held_then_on, lambda: {"forecaster": NoForecast(absurd)}),
    Case(58, "forecast shifted by two hours", "times", "gate closed, hold", {},
         held_then_on, lambda: {"forecaster": NoForecast(shifted)}),
    Case(58, "forecast that knows nothing", "ensemble spreads over 10 K",
         "gate closed, hold", {}, held_then_on,
         lambda: {"forecaster": NoForecast(unsure)}),
    Case(58, "forecast missing", "empty", "gate closed, hold", {},
         held_then_on, lambda: {"forecaster": NoForecast(missing)}),
    Case(59, "twin diverges from the plant", "prediction twice the truth",
         "gate closed, then rules", {}, falls_to_rules,
         lambda: {**with_rules(Diverged)(), "turns": 36}),
    Case(60, "wall clock jumps by an hour", "time.time", "nothing noticed",
         {BEGIN: _clock_jumps, END: _clock_back}, never_noticed),
    Case(60, "suspended and resumed", "pace reports a pause", "first turn only looks",
         {BEGIN: _pause, BEGIN + 1: _resume}, paused),
    Case(64, "disk full", "SQLite page limit of the audit log", "auto ends, loop goes on",
         {BEGIN: _disk_full, 14: _disk_free}, disarmed),
]  # fmt: skip
