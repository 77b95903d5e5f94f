"""How fast the machines of a plant follow a setpoint: valves, pumps and loops travel.

A setpoint is in force as soon as the plant has taken it, and ``active.*`` says so; what
the machines do moves towards it by a ramp, also after a fall-back to local control. What is
switched (units, ECO mode) and what electronics regulate (battery, power cap) follows within
one step of the plant.
"""

from twin.signals import Setpoints

# per minute; assumptions, near what local controllers are delivered with
_RATES = {
    "_c": 2.0,  # K: ramp of a temperature setpoint in a local controller
    "_pa": 60.0e3,  # Pa: pumps from standstill to full head in a few minutes
    "_speed": 1.0,  # fraction: acceleration of a variable-frequency drive in a minute
}
_SECONDS_PER_MINUTE = 60.0


def travelled(at: Setpoints, wanted: Setpoints, elapsed_s: float) -> Setpoints:
    """Where the machines are a while later.

    Parameters
    ----------
    at
        Where they are.
    wanted
        Setpoints in force.
    elapsed_s
        Time to travel. [s]

    Returns
    -------
    Setpoints
        On the way, or there.
    """
    minutes = elapsed_s / _SECONDS_PER_MINUTE
    moved = {
        field: _towards(float(here), float(there), _rate(field) * minutes)
        for (field, here), there in zip(at._asdict().items(), wanted, strict=True)
        if here != there
    }
    return at._replace(**moved)


def _rate(field: str) -> float:
    """Largest change per minute; infinite for what does not travel."""
    known = (rate for end, rate in _RATES.items() if field.endswith(end))
    return next(known, float("inf"))


def _towards(here: float, there: float, step: float) -> float:
    """A step towards a value, not beyond it."""
    return min(here + step, there) if here < there else max(here - step, there)
