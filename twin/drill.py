"""A fault laid over recorded telemetry, to see how its warning would look.

What the twin says the fault would change is added to what the plant really showed, so
noise, weather, gaps and everything that the twin misses stay as they were recorded.
"""

from typing import NamedTuple

import numpy as np

from twin.errors import ConfigError
from twin.fault_families import FAMILIES, Family
from twin.history import History
from twin.replay import Block, blocks, replay
from twin.signatures import shown
from twin.topology import Facility

DAY_S = 86400.0


class Drill(NamedTuple):
    """A fault from a day on."""

    family: Family
    severity: float  # share, or K
    from_day: float  # of the history


def parsed(text: str) -> Drill:
    """``tower fouling=0.2@20``: family, severity, and the day from which on.

    Raises
    ------
    ConfigError
        If the text is none, or there is no such family.
    """
    name, _, rest = text.partition("=")
    known = {family.name: family for family in FAMILIES}
    if name.strip() not in known:
        message = (
            f"--drill {text!r}: no kind of fault {name!r}. Known: {', '.join(known)}."
        )
        raise ConfigError(message)
    severity, _, day = rest.partition("@")
    try:
        made = Drill(known[name.strip()], float(severity), float(day))
    except ValueError:
        message = (
            f"--drill {text!r}: give FAULT=SEVERITY@DAY, for example "
            "'tower fouling=0.2@20' (a fifth lost from the 20th day on)."
        )
        raise ConfigError(message) from None
    most = np.inf if made.family.change in ("sensor", "controlled") else 0.9
    if not -most < made.severity < most or not made.from_day >= 0.0:
        message = f"--drill {text!r}: a severity below {most:g} and a day from 0 on."
        raise ConfigError(message)
    return made


def drilled(facility: Facility, history: History, drill: Drill) -> History:
    """The history as it would have been recorded with the fault.

    Parameters
    ----------
    facility
        Site, best calibrated.
    history
        Recorded.
    drill
        Fault.
    """
    outputs = history.outputs.copy()
    from_s = history.time_s[0] - history.scan_s + drill.from_day * DAY_S
    for part in blocks(history, DAY_S):
        late = part.history.time_s > from_s
        if late.any():
            rows = np.searchsorted(history.time_s, part.history.time_s[late])
            outputs[rows] += _change(facility, part, drill)[late]
    return history._replace(outputs=outputs)


def _change(facility: Facility, part: Block, drill: Drill) -> np.ndarray:
    """Faulty less sound readings of a day, shape (rows, outputs)."""
    sound = replay(facility, part)
    return shown(facility, part, drill.family, drill.severity, sound) - sound
