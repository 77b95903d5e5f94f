"""The plant as designed: constant setpoints, whatever happens outside."""

from twin.config import Site
from twin.forecast import Forecast
from twin.interfaces import Decision, Estimate


class FixedController:
    """Always the design setpoints of the site."""

    name = "fixed"

    def __init__(self, site: Site) -> None:
        self._design = site.design

    def decide(self, estimate: Estimate, forecast: Forecast, now_s: float) -> Decision:
        """Return the design setpoints."""
        return Decision(self._design, "design setpoints")
