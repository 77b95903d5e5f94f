"""Controllers by name; each is imported only when it is asked for."""

from collections.abc import Callable

from twin.config import Site
from twin.errors import ConfigError
from twin.interfaces import Controller


def _fixed(site: Site) -> Controller:
    from optimizer.fixed import FixedController

    return FixedController(site)


def _rules(site: Site) -> Controller:
    from optimizer.rules import RulesController

    return RulesController(site)


def _mpc(site: Site) -> Controller:
    from optimizer.mpc import MpcController

    return MpcController(site)


FACTORIES: dict[str, Callable[[Site], Controller]] = {
    "fixed": _fixed,
    "rules": _rules,
    "mpc": _mpc,
}


def make(names: tuple[str, ...], site: Site) -> list[Controller]:
    """Make controllers.

    Parameters
    ----------
    names
        Each one of ``FACTORIES``, none twice.
    site
        What they control.

    Raises
    ------
    ConfigError
        If a name is unknown or stands twice.
    """
    unknown = [name for name in names if name not in FACTORIES]
    if unknown or len(set(names)) < len(names):
        message = (
            f"--controllers {','.join(names)}: give each controller once, separated by "
            f"commas, from {', '.join(FACTORIES)}."
        )
        raise ConfigError(message)
    return [FACTORIES[name](site) for name in names]
