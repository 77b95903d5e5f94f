"""The rules with a battery that works, so that its faults can show."""

from typing import Any, NamedTuple

from optimizer.rules import RulesController, RuleSite
from optimizer.rules import decide as rules_decide
from plant._kernel import kernel
from twin.closed_loop import Policy
from twin.config import Site
from twin.signals import Inputs, Outputs, Setpoints

SHARE = 0.1  # of the rated powers: about one cycle a day
MARGIN = 0.02  # of the state of charge


class CycledSite(NamedTuple):
    """Rules, and between what the battery goes back and forth."""

    rules: RuleSite
    discharge_w: float
    charge_w: float
    low: float
    high: float


@kernel
def _battery(
    site: CycledSite, measured: Outputs, active: Setpoints
) -> Any:  # float; numba infers it
    """Back and forth between the reserve and full."""
    if measured.battery_soc >= site.high:
        return site.discharge_w
    if measured.battery_soc <= site.low or active.battery_power_w == 0.0:
        return -site.charge_w
    return active.battery_power_w


@kernel
def decide(
    site: CycledSite, inputs: Inputs, measured: Outputs, active: Setpoints
) -> Setpoints:
    """Every rule, and the battery."""
    wanted = rules_decide(site.rules, inputs, measured, active)
    return Setpoints(
        tower_supply_c=wanted.tower_supply_c,
        tower_cells_on=wanted.tower_cells_on,
        tower_pump_speed=wanted.tower_pump_speed,
        fws_pressure_pa=wanted.fws_pressure_pa,
        tcs_supply_c=wanted.tcs_supply_c,
        tcs_pressure_pa=wanted.tcs_pressure_pa,
        chilled_water_c=wanted.chilled_water_c,
        air_supply_c=wanted.air_supply_c,
        ups_eco=wanted.ups_eco,
        battery_power_w=_battery(site, measured, active),
        air_units_on=wanted.air_units_on,
        ups_modules_on=wanted.ups_modules_on,
        it_power_cap_w=wanted.it_power_cap_w,
    )


class CycledRules(RulesController):
    """Rules for a site whose battery works every day."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._battery = site.facility.power.battery

    @property
    def policy(self) -> Policy:
        """For the compiled loop."""
        rules, battery = super().policy, self._battery
        parameters = CycledSite(
            rules.parameters,
            SHARE * float(battery.discharge_power_w),
            SHARE * float(battery.charge_power_w),
            float(battery.soc_minimum) + MARGIN,
            float(battery.soc_maximum) - MARGIN,
        )
        return Policy(decide, parameters, rules.first)
