"""The plant as designed: constant setpoints, whatever happens outside."""

from plant._kernel import kernel
from twin.closed_loop import Policy
from twin.config import Site
from twin.forecast import Forecast
from twin.interfaces import Decision, Estimate
from twin.signals import Inputs, Outputs, Setpoints


@kernel
def decide(
    design: Setpoints, inputs: Inputs, measured: Outputs, active: Setpoints
) -> Setpoints:
    """Always the design."""
    return design


class FixedController:
    """Always the design setpoints of the site."""

    name = "fixed"

    def __init__(self, site: Site) -> None:
        self._design = site.design

    def decide(self, estimate: Estimate, forecast: Forecast, now_s: float) -> Decision:
        """Return the design setpoints."""
        return Decision(self._design, "design setpoints")

    @property
    def policy(self) -> Policy:
        """The same for the compiled loop."""
        design = Setpoints(*(float(value) for value in self._design))
        return Policy(decide, design, design)
