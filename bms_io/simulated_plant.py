"""The plant behind the registers: a twin whose nameplates nobody outside knows.

It behaves as a building does towards its supervisor: it has a clock, sensors with
noise, local control loops (inside the facility step) whose machines travel to their
setpoints, setpoints in force that are the supervisor's only in remote mode, and a watch on
the heartbeat that ends remote mode.
"""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bms_io.plant_faults import PlantFaults
from bms_io.plant_sensors import Imperfect, Sensors
from bms_io.plant_travel import travelled
from twin.compiled import initial_state, run
from twin.faults import Faults, apply
from twin.sensors import SensorNoise
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.simulate import averaged
from twin.topology import Facility

STEP_S = 60.0
LOCAL, REMOTE = 0.0, 1.0


class World(Protocol):
    """What happens around the plant, see ``twin.scenario.Scenario``."""

    @property
    def duration_s(self) -> float:
        """End of the known future on the plant clock."""

    def inputs_at(self, time_s: NDArray[np.float64] | float) -> Inputs:
        """Weather and load at times of the plant clock."""


class SimulatedPlant:
    """A plant that is stepped by its clock and read through its sensors.

    Parameters
    ----------
    facility
        Nameplates, usually perturbed.
    design
        Setpoints of its local control, in force at the start and after a fall-back.
    world
        Weather and load.
    rng
        Source of the sensor noise.
    noise
        Quality of the sensors.
    plant_timeout_s
        Heartbeat older than this on the plant clock: back to local control.
    faults
        What goes wrong; nothing if None.
    imperfect
        What else the sensors do to the truth.
    """

    def __init__(
        self,
        facility: Facility,
        design: Setpoints,
        world: World,
        rng: np.random.Generator,
        noise: SensorNoise,
        plant_timeout_s: float,
        faults: PlantFaults | None = None,
        imperfect: Imperfect = Imperfect(),  # noqa: B008 # never changed
    ) -> None:
        self._sound = self._facility = facility
        self._faults = faults
        self._broken = Faults()
        self._design = design
        self._world = world
        self._sensors = Sensors(noise, imperfect, rng)
        self._plant_timeout_s = plant_timeout_s
        self._requested = self._travelled = design
        self._heartbeat = 0.0
        self._beat_s = -np.inf
        self.time_s = 0.0
        self.mode = LOCAL
        self.owner = 0.0  # who has the lease, nobody at first
        self.remote_enabled = True  # the operator's switch
        self._overrides: dict[str, float] = {}
        self._stuck: dict[str, float] = {}  # actuators that do something else
        self._break()
        self._state = initial_state(facility, self._inputs(), design)
        # sensors need something to show before the clock first moves
        _, out = self._run(0.0, STEP_S)
        self.measured = self._measure(out)

    @property
    def duration_s(self) -> float:
        """Last time to which the clock can be moved."""
        return self._world.duration_s

    @property
    def active(self) -> Setpoints:
        """Setpoints in force; what the operator overrides is his in any mode."""
        base = self._requested if self.mode == REMOTE else self._design
        return base._replace(**self._stuck, **self._overrides)

    def request(self, field: str, value: float) -> None:
        """Ask for a setpoint; it comes into force in remote mode."""
        self._requested = self._requested._replace(**{field: value})
        self._break()

    def beat(self, value: float) -> None:
        """Receive the heartbeat; only a changed value is a sign of life."""
        if value != self._heartbeat and self.remote_enabled:
            self._heartbeat, self._beat_s, self.mode = value, self.time_s, REMOTE
            self._break()

    def enable_remote(self, enabled: bool) -> None:
        """Turn the operator's switch; without it the plant is local at once."""
        self.remote_enabled = enabled
        if not enabled:
            self._go_local()

    def override(self, field: str, value: float | None) -> None:
        """Let the operator hold one setpoint by hand, or give it back with None."""
        self._overrides.pop(field, None)
        if value is not None:
            self._overrides[field] = value

    def _go_local(self) -> None:
        """End remote mode and the lease."""
        self.mode, self.owner = LOCAL, 0.0
        self._break()

    def advance(self, target_s: float) -> None:
        """Move the clock in whole steps; then read the sensors once.

        Parameters
        ----------
        target_s
            Plant time, a whole number of steps ahead and within the scenario.
        """
        parts: list[NDArray[np.float64]] = []
        while self.time_s < target_s:
            if self.time_s - self._beat_s >= self._plant_timeout_s:
                self._go_local()
            until_s = min(target_s, self._overdue_s())
            if self._faults is not None or self._travelled != self.active:
                until_s = min(until_s, self.time_s + STEP_S)
                self._break()
                self._travelled = travelled(self._travelled, self.active, STEP_S)
            self._state, out = self._run(self.time_s, until_s)
            parts.append(out)
            self.time_s = until_s
        if parts:
            self.measured = self._measure(np.vstack(parts))

    def _break(self) -> None:
        """Let equipment trip or come back, and actuators do what they want."""
        faults = self._faults
        if faults is None:
            return
        broken = faults.equipment(self.time_s)
        if broken != self._broken:
            self._broken, self._facility = broken, apply(self._sound, broken)
        base = self._requested if self.mode == REMOTE else self._design
        self._stuck = {}
        for field, value in base._asdict().items():
            if field in self._overrides:
                continue
            moved = faults.actuated(f"setpoints.{field}", float(value), self.time_s)
            if moved != value:
                self._stuck[field] = moved

    def _overdue_s(self) -> float:
        """First step at which the heartbeat counts as lost; never in local mode."""
        if self.mode == LOCAL:
            return math.inf
        return STEP_S * math.ceil((self._beat_s + self._plant_timeout_s) / STEP_S)

    def _run(self, from_s: float, to_s: float) -> tuple[State, NDArray[np.float64]]:
        """Physics where the machines are; outputs of shape (steps, outputs)."""
        middle_s = np.arange(from_s, to_s, STEP_S) + STEP_S / 2.0
        inputs = self._world.inputs_at(middle_s)
        return run(self._facility, self._state, inputs, self._travelled, STEP_S)

    def _inputs(self) -> Inputs:
        """Weather and load now."""
        return Inputs(*map(float, self._world.inputs_at(self.time_s)))

    def _measure(self, out: NDArray[np.float64]) -> dict[str, float]:
        """Sensor values by signal name: meters average, thermometers do not."""
        truth = {f"inputs.{k}": v for k, v in self._inputs()._asdict().items()}
        for name, value in zip(Outputs._fields, averaged(out), strict=True):
            truth[f"outputs.{name}"] = value
        return self._sensors.read(truth, self.time_s)
