"""What the floors above hand to each other: readings, estimates, decisions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from twin.forecast import Forecast, Series
from twin.signals import Inputs, Setpoints, State


class Quality(StrEnum):
    """How far a reading may be trusted (OPC UA Part 8, coarse)."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


class Reading(NamedTuple):
    """One value from a machine; whoever uses it must look at its quality."""

    value: float
    quality: Quality
    source_time_s: float  # plant clock when it was true, as far as the device tells
    receive_time_s: float  # plant clock when it came
    detail: str = ""  # why it is not good, e.g. "out_of_range"


class Snapshot(NamedTuple):
    """All readings of one cycle, frozen together."""

    time_s: float
    readings: Mapping[str, Reading]  # signal name -> reading


class Estimate(NamedTuple):
    """The plant as the controller believes it to be."""

    time_s: float
    inputs: Inputs
    state: State
    setpoints: Setpoints  # active in the plant, read back
    measured: Mapping[str, float]  # every output signal with a usable reading
    problems: tuple[str, ...]  # critical signals that are not usable, with reason


class JobPlan(NamedTuple):
    """Energy that jobs which may wait shall have taken, at the rack inputs."""

    edge_s: Series  # shape (time + 1,), plant time
    energy_j: Series  # shape (time,), by the end of each step


class Decision(NamedTuple):
    """What a controller wants, and why."""

    setpoints: Setpoints
    reason: str
    predicted_site_power_w: float = float("nan")
    solve_s: float = 0.0
    status: str = "ok"  # "ok", or what made the controller fall back
    linearization_error_w: float = float("nan")  # plan minus twin, site power now
    jobs: JobPlan | None = None  # None: nothing is held back
    held_back: float = 0.0  # share of the wish that the controller's own shield refused


class Controller(Protocol):
    """Anything that turns an estimate and a forecast into setpoints."""

    @property
    def name(self) -> str:
        """Short name used in tables and file names."""

    def decide(self, estimate: Estimate, forecast: Forecast, now_s: float) -> Decision:
        """Choose setpoints for the coming control interval."""
