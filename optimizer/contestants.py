"""Controllers by name; each is imported only when it is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from optimizer.rules import RuleParameters
from optimizer.seen import Seen, Senses
from twin.config import Site
from twin.interfaces import Controller
from twin.scenario import Scenario
from twin.sensors import SensorNoise
from twin.signals import Setpoints
from twin.topology import Facility

ORACLE, FORESIGHT, BEST_CONSTANT = "oracle", "mpc_foresight", "best_constant"
LEAST_ENERGY = "least_energy"
LEARNED = "rl:"  # and the name or path of a policy
WITHOUT = "mpc_without_"  # and the name of a group of levers


class Setting(NamedTuple):
    """What a comparison gives to the controllers of one episode."""

    site: Site
    plant: Facility  # the truth; only the oracle sees it
    scenario: Scenario  # likewise
    rules: RuleParameters
    constants: Setpoints | None  # best constant setpoints, if they were searched
    noise_seed: tuple[int, ...]


def _fixed(site: Site, rules: RuleParameters | None) -> Controller:
    from optimizer.fixed import FixedController

    return FixedController(site)


def _rules(site: Site, rules: RuleParameters | None) -> Controller:
    from optimizer.rules import RulesController

    return RulesController(site, rules)


def _search(site: Site, rules: RuleParameters | None) -> Controller:
    from optimizer.search import SearchController

    return SearchController(site)


def _mpc(site: Site, rules: RuleParameters | None) -> Controller:
    from optimizer.mpc import MpcController

    return MpcController(site, rules=rules)


# Controllers that could stand at a real plant.
PLAIN: dict[str, Callable[[Site, RuleParameters | None], Controller]] = {
    "fixed": _fixed,
    "rules": _rules,
    "search": _search,
    "mpc": _mpc,
}


def plain(name: str, site: Site, rules: RuleParameters | None) -> Controller:
    """One that could stand at a real plant, by its name.

    Parameters
    ----------
    name
        One of ``PLAIN``, or ``rl:`` and a policy.
    site, rules
        What it controls, and the tuned rules if there are.

    Raises
    ------
    ConfigError
        If a policy cannot be used.
    """
    if not name.startswith(LEARNED):
        return PLAIN[name](site, rules)
    from optimizer.rl.controller import RlController
    from optimizer.rl.policy import load

    return RlController(site, load(name.removeprefix(LEARNED)), shown(name), rules)


def shown(name: str) -> str:
    """Name of a controller in tables and folders: a policy without its path."""
    if not name.startswith(LEARNED):
        return name
    return f"{LEARNED}{Path(name.removeprefix(LEARNED)).stem}"


# And those that know what nobody can know.
BOUNDS = (BEST_CONSTANT, FORESIGHT, LEAST_ENERGY, ORACLE)


def contestants(name: str, setting: Setting) -> list[Controller]:
    """Fresh controllers behind one name; of several, the cheapest course counts.

    Parameters
    ----------
    name
        One of ``PLAIN``, ``BOUNDS``, ``rl:`` and a policy, or ``mpc_without_`` and a
        group of levers.
    setting
        Of the episode.
    """
    senses = Senses(setting.noise_seed, SensorNoise())
    if name == BEST_CONSTANT and setting.constants is not None:
        return [_constant(setting.site, setting.constants)]
    if name == ORACLE:
        return _oracle(setting)
    if name == LEAST_ENERGY:
        return [_least_energy(setting)]
    if name == FORESIGHT:
        knowing = senses._replace(truth=setting.scenario)
        return [_named(Seen(_mpc(setting.site, setting.rules), knowing), name)]
    if name.startswith(WITHOUT):
        from optimizer.ablation import Frozen

        frozen = Frozen(setting.site, setting.rules, name.removeprefix(WITHOUT))
        return [Seen(frozen, senses)]
    return [Seen(plain(name, setting.site, setting.rules), senses)]


def _constant(site: Site, constants: Setpoints) -> Controller:
    """Constants that were searched on the same days."""
    from optimizer.fixed import FixedController

    found = FixedController(site._replace(design=constants))
    found.name = BEST_CONSTANT
    return found


def _oracle(setting: Setting) -> list[Controller]:
    """Whoever knows plant, future and readings exactly may choose the best course.

    The mpc is not exact, so with all knowledge it can still lose to itself without, to a
    static search, the rules or constants that fit the days; a bound must not. Within a
    step the load still jumps, so the jump stays in what they weigh.
    """
    from optimizer.mpc import MpcController, MpcSettings
    from optimizer.search import SearchController, SearchSettings

    known, exact = _all_known(setting)
    courses: list[Controller] = [
        MpcController(known, MpcSettings(margin_k=0.0), rules=setting.rules),
        SearchController(known, SearchSettings(margin_k=0.0)),
        _rules(known, setting.rules),
    ]
    if setting.constants is not None:
        courses.append(_constant(setting.site, setting.constants))
    told = [_named(Seen(course, exact), ORACLE) for course in courses]
    usual = Senses(setting.noise_seed, SensorNoise())
    plain = Seen(_mpc(setting.site, setting.rules), usual)
    return [*told, _named(plain, ORACLE)]


def _all_known(setting: Setting) -> tuple[Site, Senses]:
    """The plant as it is, sensors without noise, and the future."""
    known = setting.site._replace(facility=setting.plant)
    return known, Senses((0,), SensorNoise(0.0, 0.0, 0.0), setting.scenario)


def _least_energy(setting: Setting) -> Controller:
    """Static search with all knowledge that saves energy and nothing else.

    Water, failures and wear cost it nothing: what is left of the energy then is about
    what the plant can do at best.
    """
    from optimizer.problem import Weights
    from optimizer.search import SearchController, SearchSettings

    known, exact = _all_known(setting)
    only = Weights(water_usd_kg=0.0, chip_failure_usd=0.0, reversal_usd_w=0.0)
    search = SearchController(known, SearchSettings(margin_k=0.0), only)
    return _named(Seen(search, exact), LEAST_ENERGY)


def _named(controller: Seen, name: str) -> Seen:
    """The same under another name."""
    controller.name = name
    return controller
