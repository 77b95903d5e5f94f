"""From a snapshot of readings to the state that a controller may act on."""

from twin.config import Site
from twin.interfaces import Estimate, Quality, Reading, Snapshot
from twin.signals import Inputs, Outputs, Setpoints, State

# Signals without which no controller may optimize: the state and the world.
CRITICAL = (
    *(f"inputs.{name}" for name in Inputs._fields),
    *(f"outputs.{name}" for name in State._fields if name in Outputs._fields),
    *(f"active.{name}" for name in Setpoints._fields),
)


_TANK = ("outputs.tank_upper_c", "outputs.tank_lower_c")


def critical(site: Site) -> tuple[str, ...]:
    """Signals that this site must have; where there is no tank nobody measures it."""
    has_tank = site.facility.facility_water.tank.flow_kg_s > 0.0
    return CRITICAL if has_tank else tuple(n for n in CRITICAL if n not in _TANK)


def estimate(site: Site, snapshot: Snapshot, previous: Estimate | None) -> Estimate:
    """Build the controller's picture of the plant.

    Parameters
    ----------
    site
        Gives design values where nothing was ever read.
    snapshot
        Readings of this cycle, named ``inputs.x``, ``outputs.x``, ``active.x``.
    previous
        Picture of the last cycle: its value stands in for a reading that is bad, and
        the gap is listed in ``problems``.

    Returns
    -------
    Estimate
        ``problems`` is empty when every critical signal was usable.
    """
    values = _usable(snapshot)
    problems = tuple(
        f"{name}: {_why(snapshot.readings.get(name))}"
        for name in critical(site)
        if name not in values
    )
    inputs = Inputs(*_pick("inputs", Inputs, values, previous and previous.inputs))
    active = Setpoints(
        *_pick(
            "active", Setpoints, values, previous.setpoints if previous else site.design
        )
    )
    state = _state(snapshot, values, previous, site)
    measured = {
        name: values[f"outputs.{name}"]
        for name in Outputs._fields
        if f"outputs.{name}" in values
    }
    return Estimate(snapshot.time_s, inputs, state, active, measured, problems)


def _usable(snapshot: Snapshot) -> dict[str, float]:
    return {
        name: reading.value
        for name, reading in snapshot.readings.items()
        if reading.quality is not Quality.BAD
    }


def _why(reading: Reading | None) -> str:
    return "no reading" if reading is None else f"{reading.quality} {reading.detail}"


def _pick(
    prefix: str,
    kind: type[Inputs] | type[Setpoints],
    values: dict[str, float],
    fallback: Inputs | Setpoints | None,
) -> list[float]:
    """Values in field order, the fallback's (or nan) where there is none."""
    nan = float("nan")
    return [
        values.get(f"{prefix}.{name}", float(getattr(fallback, name, nan)))
        for name in kind._fields
    ]


def unknown(name: str) -> float:
    """What stands for a state that was never read: not-a-number, unless optional."""
    return float(State._field_defaults.get(name, float("nan")))


def _state(
    snapshot: Snapshot,
    values: dict[str, float],
    previous: Estimate | None,
    site: Site,
) -> State:
    """Measured temperatures and charge; the time since the last chiller start."""
    last = previous.state if previous else None
    hold_s = site.facility.trim_chillers.minimum_hold_s
    found = {
        name: values.get(f"outputs.{name}", float(getattr(last, name, unknown(name))))
        for name in State._fields
        if name != "chiller_hold_s"
    }
    if previous and last:
        same = found["chillers_on"] == last.chillers_on
        passed_s = snapshot.time_s - previous.time_s
        hold_s = float(last.chiller_hold_s) + passed_s if same else 0.0
    return State(**found, chiller_hold_s=hold_s)
