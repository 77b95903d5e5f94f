"""What takes long the first time, done before a plant starts: learning and compiling."""

import time

from dashboards import console
from twin.compiled import initial_state
from twin.config import Site
from twin.interfaces import Controller, Estimate
from twin.scenario import Scenario
from twin.signals import Setpoints
from twin.site_forecast import SiteForecaster
from twin.walks import inputs_now

WORTH_TELLING_S = 2.0


def warm_up(
    site: Site, scenario: Scenario, spare: list[Controller], forecaster: SiteForecaster
) -> None:
    """Let forecaster and controllers learn and compile, and say how long it took.

    A plant that waits for a first decision runs on without control, and shows nothing.

    Parameters
    ----------
    site, scenario
        Of the run.
    spare
        Controllers that are not used again: a decision leaves traces in them.
    forecaster
        Likewise; what it learns of the load is shared with those of its maker.
    """
    begin_s = time.monotonic()
    names = ", ".join(one.name for one in spare)
    console.note(f"preparing the forecast and {names} ...")
    forecaster.prepare()
    seen = inputs_now(scenario)
    forecaster.observe(0.0, seen)
    forecast = forecaster.forecast(0.0)
    design = Setpoints(*(float(value) for value in site.design))
    state = initial_state(site.facility, seen, design)
    estimate = Estimate(0.0, seen, state, design, {}, ())
    for controller in spare:
        controller.decide(estimate, forecast, 0.0)
    took_s = time.monotonic() - begin_s
    if took_s > WORTH_TELLING_S:
        console.note(f"prepared in {took_s:.0f} s")
