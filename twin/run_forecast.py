"""Forecasters for the controllers of a run, without a look at the run itself."""

from collections.abc import Callable

import numpy as np

from twin.forecast import DAY_S
from twin.held_jobs import HeldJobs
from twin.load_forecast import LoadSoFar, PastLoad, QueueLoad
from twin.scenario import Scenario
from twin.site_forecast import (
    STEP_S,
    Known,
    LoadForecaster,
    PriceToCome,
    SiteForecaster,
)
from twin.workload import power_at

LEAST_PAST_S = 11 * DAY_S  # a week of climatology and some days to learn from
MOST_PAST_S = 28 * DAY_S


def make_forecaster(scenario: Scenario, held: HeldJobs | None = None) -> SiteForecaster:
    """Forecaster that knows what came before the run, and nothing of the run itself.

    Parameters
    ----------
    scenario
        Of the run.
    held
        Its jobs as they run, where some wait for a plan.
    """
    if held is None or scenario.load.queue is None:
        return forecasters(scenario)()
    known = Known(scenario.inputs_at, scenario.price_at, scenario.carbon_at)
    load = QueueLoad(scenario.load.queue, held)
    return SiteForecaster(known, load, waiting=held, given=scenario.given)


def forecasters(scenario: Scenario) -> Callable[[], SiteForecaster]:
    """Maker of forecasters that share what was learned from the queue.

    Controllers that run side by side each need their own forecaster, as each sees its own
    plant; learning from the jobs takes seconds and is the same for all.
    """
    load = scenario.load
    shared = QueueLoad(load.queue) if load.queue is not None else None
    known = Known(scenario.inputs_at, scenario.price_at, scenario.carbon_at)

    price = PriceToCome(known.price)

    def make() -> SiteForecaster:
        own = shared or _from_series(scenario)
        return SiteForecaster(known, own, price, given=scenario.given)

    return make


def _from_series(scenario: Scenario) -> LoadForecaster:
    """By the load's own past, if there is enough of it before the run."""
    load = scenario.load
    if load.begin_s < LEAST_PAST_S:
        return LoadSoFar()
    count = int(min(load.begin_s, MOST_PAST_S) // STEP_S)
    middle_s = np.asarray((np.arange(-count, 0) + 0.5) * STEP_S, dtype=np.float64)
    return PastLoad(power_at(load, middle_s))
