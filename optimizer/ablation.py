"""The mpc with one group of levers taken away: what each is worth.

The levers of the group follow the tuned rules, and the mpc plans with them standing
still; what it then loses is the worth of the group *given all others*. Worths do not add
up to the whole saving: a lever that is missing is partly replaced by the others.
"""

from optimizer.mpc import MpcController
from optimizer.rules import RuleParameters, RulesController
from twin.config import Site
from twin.errors import ConfigError
from twin.forecast import Forecast
from twin.interfaces import Decision, Estimate

LEVER_GROUPS: dict[str, tuple[str, ...]] = {
    "eco": ("ups_eco",),
    "flow": ("tower_pump_speed", "fws_pressure_pa", "tcs_pressure_pa"),
    "fan": ("tower_supply_c", "tower_cells_on"),
    "temperature": ("tcs_supply_c", "chilled_water_c", "air_supply_c"),
    "units": ("air_units_on", "ups_modules_on"),
    "storage": ("battery_power_w",),
    "cap": ("it_power_cap_w",),
}


class Frozen:
    """The mpc without one group of levers.

    Parameters
    ----------
    site
        What is controlled.
    rules
        Tuned parameters; move the levers of the group.
    group
        One of ``LEVER_GROUPS``.

    Raises
    ------
    ConfigError
        If there is no such group.
    """

    def __init__(self, site: Site, rules: RuleParameters, group: str) -> None:
        if group not in LEVER_GROUPS:
            message = f"{group}: no such levers; there are {', '.join(LEVER_GROUPS)}."
            raise ConfigError(message)
        self._levers = LEVER_GROUPS[group]
        still = {
            name: getattr(site.guard, name)._replace(rate_per_minute=0.0)
            for name in self._levers
        }
        held = site._replace(guard=site.guard._replace(**still))
        self._mpc = MpcController(held, rules=rules)
        self._rules = RulesController(site, rules)
        self.name = f"mpc_without_{group}"

    def decide(self, estimate: Estimate, forecast: Forecast, now_s: float) -> Decision:
        """Decide as the mpc, but for the levers of the group."""
        made = self._mpc.decide(estimate, forecast, now_s)
        ruled = self._rules.decide(estimate, forecast, now_s).setpoints
        kept = {name: getattr(ruled, name) for name in self._levers}
        return made._replace(setpoints=made.setpoints._replace(**kept))
