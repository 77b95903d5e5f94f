"""Controllers by name, as commands take them."""

from optimizer.contestants import LEARNED, PLAIN, plain
from optimizer.rules import RuleParameters
from twin.config import Site
from twin.errors import ConfigError
from twin.interfaces import Controller


def make(
    names: tuple[str, ...], site: Site, rules: RuleParameters | None = None
) -> list[Controller]:
    """Make controllers.

    Parameters
    ----------
    names
        Each one of ``PLAIN``, or ``rl:`` and a policy; none twice.
    site
        What they control.
    rules
        Tuned parameters of the rules, the general ones if None.

    Raises
    ------
    ConfigError
        If a name is unknown or stands twice, or a policy cannot be used.
    """
    check(names, tuple(PLAIN))
    made = [plain(name, site, rules) for name in names]
    shown = [controller.name for controller in made]
    if len(set(shown)) < len(shown):
        message = (
            f"--controllers {','.join(names)}: two would both be called "
            f"{max(shown, key=shown.count)}. Rename one of the policy files."
        )
        raise ConfigError(message)
    return made


def check(names: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    """Refuse a name that is unknown or stands twice.

    Raises
    ------
    ConfigError
        Says which names there are.
    """
    listed = {name for name in names if not name.startswith(LEARNED)}
    if listed <= set(allowed) and len(set(names)) == len(names):
        return
    known = f"{', '.join(allowed)}, rl:<policy>"
    if len(names) == 1:
        message = f"--controller {names[0]}: is not known. There are {known}."
        raise ConfigError(message)
    message = (
        f"--controllers {','.join(names)}: give each controller once, separated by "
        f"commas, from {known}."
    )
    raise ConfigError(message)
