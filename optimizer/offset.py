"""What the plant shows beyond the twin: offsets that are learned while it is calm.

A plant differs from its nameplates. The residual between what is measured and what the
twin says for the same inputs and setpoints is carried forward, so that temperature limits
are kept in the plant and not only in the twin (offset-free control).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import LIMITED, respond
from optimizer.problem import Weights
from twin.config import Site
from twin.interfaces import Estimate
from twin.kpis import HOURS_PER_MONTH
from twin.signals import Inputs

Array = NDArray[np.float64]

MONTH_S = HOURS_PER_MONTH * 3600.0


class Offset:
    """Residuals, and the highest demand of the month so far.

    Parameters
    ----------
    site
        What the twin knows.
    gain
        Share of a new residual that is believed at once.
    steady_share
        Of the rated load: residuals count only below this change between two decisions,
        because the twin answers with a settled state.
    """

    def __init__(self, site: Site, gain: float, steady_share: float) -> None:
        self._site, self._gain = site, gain
        self._steady_w = steady_share * site.facility.it.racks.rated_power_w
        self._demand_before_w = float("nan")
        self._month = 0
        self.limited_k: Array = np.zeros(len(LIMITED))
        self.site_w = 0.0
        self.peak_w = 0.0

    def state(self) -> dict[str, Any]:
        """All that was learned, as JSON can hold it."""
        return {
            "limited_k": self.limited_k.tolist(),
            "site_w": float(self.site_w),
            "peak_w": float(self.peak_w),
            "month": self._month,
        }

    def restore(self, known: Mapping[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        self.limited_k = np.array(known["limited_k"], dtype=float)
        self.site_w, self.peak_w = float(known["site_w"]), float(known["peak_w"])
        self._month = int(known["month"])

    def learn(self, estimate: Estimate, now_s: float) -> None:
        """Take in what is measured now."""
        demand_w = float(estimate.inputs.it_demand_w)
        change_w = abs(demand_w - self._demand_before_w)
        self._demand_before_w = demand_w
        measured = estimate.measured
        if int(now_s // MONTH_S) != self._month:
            self._month, self.peak_w = int(now_s // MONTH_S), 0.0
        if not measured:
            return
        self.peak_w = max(self.peak_w, measured.get("site_power_w", 0.0))
        if change_w < self._steady_w:
            self._compare(estimate)

    def _compare(self, estimate: Estimate) -> None:
        """Measured minus the twin at what is active."""
        measured = estimate.measured
        now = Inputs(*(np.atleast_1d(value) for value in estimate.inputs))
        idle = estimate.setpoints._replace(battery_power_w=0.0)
        twin = respond(self._site.facility, Weights(), estimate.state, now, idle)
        for j, name in enumerate(LIMITED):
            miss = measured.get(name, twin.limited_c[0, j]) - twin.limited_c[0, j]
            self.limited_k[j] += self._gain * (miss - self.limited_k[j])
        site_w = measured.get("site_power_w", float(twin.site_w[0]))
        bus_w = site_w + measured.get("battery_power_w", 0.0)
        self.site_w += self._gain * (bus_w - float(twin.site_w[0]) - self.site_w)
