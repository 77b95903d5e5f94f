"""Rules of thumb done well: the honest baseline.

Resets in the manner of ASHRAE Guideline 36 (trim and respond: give way a little each
cycle, come back faster when something asks), wet-bulb reset of the tower water, staging
with hysteresis, and ECO mode where the UPS admits it. The controller has no memory of
its own: it moves from the setpoints that are active in the plant, so a restart or a
guard that cut a step does not confuse it.

References
----------
ASHRAE Guideline 36-2021, 5.1.14 (trim and respond), 5.20 (plant resets).
"""

from typing import NamedTuple

from twin.config import Site
from twin.forecast import Forecast
from twin.interfaces import Decision, Estimate
from twin.signals import Setpoints


class RuleParameters(NamedTuple):
    """What can be tuned; steps are per control cycle."""

    tower_approach_k: float = 4.0  # above wet bulb
    tower_coldest_c: float = 16.0  # colder gains nothing
    tower_range_k: float = 6.0  # held by the pump speed
    range_band_k: float = 1.0
    pump_step: float = 0.05
    stage_up_fan_speed: float = 0.80
    stage_down_fan_speed: float = 0.35
    valve_high: float = 0.90  # a valve this open asks for more pressure
    pressure_trim_pa: float = 4e3
    pressure_respond_pa: float = 10e3
    chip_margin_k: float = 6.0  # below the limit
    chilled_trim_k: float = 0.3
    chilled_respond_k: float = 0.6
    inlet_margin_k: float = 1.5  # rack inlet below its limit
    air_step_k: float = 0.2
    eco_margin: float = 0.05  # load above the least load for ECO mode


class RulesController:
    """Trim and respond, wet-bulb reset, staging."""

    name = "rules"

    def __init__(self, site: Site, parameters: RuleParameters | None = None) -> None:
        self._site = site
        self._p = parameters or RuleParameters()

    def decide(self, estimate: Estimate, forecast: Forecast, now_s: float) -> Decision:
        """One cycle of every rule."""
        if not estimate.measured:
            return Decision(self._site.design, "no readings yet: design setpoints")
        wanted = {
            **self._towers(estimate),
            **self._water(estimate),
            **self._air(estimate),
            "ups_eco": self._eco(estimate),
            "battery_power_w": 0.0,
        }
        return Decision(Setpoints(**wanted), "trim and respond, wet-bulb reset")

    def _towers(self, estimate: Estimate) -> dict[str, float]:
        """Wet-bulb reset, range by pump speed, cells by fan speed."""
        p, measured, active = self._p, estimate.measured, estimate.setpoints
        design_c = float(self._site.design.tower_supply_c)
        coldest_c = min(p.tower_coldest_c, design_c)
        reset_c = float(estimate.inputs.wet_bulb_c) + p.tower_approach_k
        supply_c = max(reset_c, coldest_c)
        range_k = measured["tower_return_c"] - measured["tower_supply_c"]
        speed = float(active.tower_pump_speed)
        if range_k > p.tower_range_k + p.range_band_k:
            speed += p.pump_step
        elif range_k < p.tower_range_k - p.range_band_k:
            speed -= p.pump_step
        cells = float(active.tower_cells_on)
        fan = measured["tower_fan_speed"]
        if fan > p.stage_up_fan_speed:
            cells += 1.0
        elif fan < p.stage_down_fan_speed:
            cells -= 1.0
        return self._inside(
            tower_supply_c=supply_c, tower_pump_speed=speed, tower_cells_on=cells
        )

    def _water(self, estimate: Estimate) -> dict[str, float]:
        """Pressures follow the most open valve and the warmest chip."""
        p, measured, active = self._p, estimate.measured, estimate.setpoints
        asking = max(measured["cdu_valve"], measured["in_row_valve"]) > p.valve_high
        fws_pa = float(active.fws_pressure_pa)
        fws_pa += p.pressure_respond_pa if asking else -p.pressure_trim_pa
        hot = measured["chip_c"] > self._site.limits.chip_c - p.chip_margin_k
        tcs_pa = float(active.tcs_pressure_pa)
        tcs_pa += p.pressure_respond_pa if hot else -p.pressure_trim_pa
        return self._inside(
            fws_pressure_pa=fws_pa,
            tcs_pressure_pa=tcs_pa,
            tcs_supply_c=float(self._site.design.tcs_supply_c),
        )

    def _air(self, estimate: Estimate) -> dict[str, float]:
        """Supply air follows the rack inlet, chilled water the coil valve."""
        p, measured, active = self._p, estimate.measured, estimate.setpoints
        chilled_c = float(active.chilled_water_c)
        asking = measured["in_row_valve"] > p.valve_high
        chilled_c += -p.chilled_respond_k if asking else p.chilled_trim_k
        target_c = self._site.limits.rack_inlet_c - p.inlet_margin_k
        air_c = float(active.air_supply_c)
        if measured["rack_inlet_c"] > target_c + p.air_step_k:
            air_c -= p.air_step_k
        elif measured["rack_inlet_c"] < target_c - p.air_step_k:
            air_c += p.air_step_k
        return self._inside(chilled_water_c=chilled_c, air_supply_c=air_c)

    def _eco(self, estimate: Estimate) -> float:
        """ECO mode while the load is clearly above what the UPS needs for it."""
        least = self._site.facility.power.ups.eco_minimum_load + self._p.eco_margin
        return 1.0 if estimate.measured["ups_load_fraction"] > least else 0.0

    def _inside(self, **wanted: float) -> dict[str, float]:
        """Clamp to the guard's limits, so that a trim does not run away."""
        clamped = {}
        for name, value in wanted.items():
            limits = getattr(self._site.guard, name)
            clamped[name] = min(max(value, limits.minimum), limits.maximum)
        return clamped
