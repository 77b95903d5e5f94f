"""A controller behind sensors: what it is told differs from the truth.

Readings carry the noise of the sensors; the forecast is the site's, or, for what perfect
foresight would be worth, the truth. The noise of a cycle depends on seed and time alone,
so that all controllers of a comparison meet the same.
"""

from typing import Any, NamedTuple

import numpy as np

from twin.forecast import Forecast
from twin.interfaces import Controller, Decision, Estimate
from twin.scenario import Scenario
from twin.sensors import SensorNoise, sensed
from twin.signals import Inputs, Outputs, State

PARTS = 15  # of a step, over which the truth is averaged


class Senses(NamedTuple):
    """How a controller learns of the world."""

    seed: tuple[int, ...]  # of the noise
    noise: SensorNoise
    truth: Scenario | None = None  # gives the forecast if there


class Seen:
    """Controller with noisy readings.

    Parameters
    ----------
    controller
        Decides.
    senses
        Noise and foresight.
    """

    def __init__(self, controller: Controller, senses: Senses) -> None:
        self._controller = controller
        self._senses = senses
        self.name = controller.name

    def decide(self, estimate: Estimate, forecast: Forecast, now_s: float) -> Decision:
        """Decide on what the sensors show."""
        shown = noisy(estimate, self._senses, now_s)
        truth = self._senses.truth
        expected = forecast if truth is None else perfect(forecast, truth)
        return self._controller.decide(shown, expected, now_s)


def noisy(estimate: Estimate, senses: Senses, now_s: float) -> Estimate:
    """Estimate from noisy sensors; the wet bulb stays below the dry bulb."""
    rng = np.random.default_rng([*senses.seed, round(now_s)])
    inputs = Inputs(
        *(
            sensed(name, float(value), senses.noise, rng)
            for name, value in zip(Inputs._fields, estimate.inputs, strict=True)
        )
    )
    inputs = inputs._replace(wet_bulb_c=min(inputs.wet_bulb_c, inputs.dry_bulb_c))
    drawn = {
        name: sensed(name, estimate.measured.get(name, 0.0), senses.noise, rng)
        for name in Outputs._fields
    }
    measured = {name: drawn[name] for name in estimate.measured}
    state = estimate.state._replace(
        **{name: measured[name] for name in State._fields if name in measured}
    )
    return estimate._replace(inputs=inputs, measured=measured, state=state)


def perfect(forecast: Forecast, truth: Scenario) -> Forecast:
    """The same steps with the means of what will really happen in them."""
    parts = (np.arange(PARTS) + 0.5) / PARTS
    within_s = forecast.time_s[:, None] + forecast.step_s[:, None] * parts

    def mean(values: Any) -> Any:
        return np.asarray(values).reshape(within_s.shape).mean(axis=1)

    at_s = within_s.ravel()
    return forecast._replace(
        inputs=Inputs(*map(mean, truth.inputs_at(at_s))),
        energy_price_usd_j=mean(truth.price_at(at_s)),
        carbon_kg_j=mean(truth.carbon_at(at_s)),
        quantiles=(),  # certain
        bands=(),
    )
