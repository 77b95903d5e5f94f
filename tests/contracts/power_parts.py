"""Rows of the contracts table for what IT and power components are made of."""

from plant._kernel import kernel
from plant.it import accelerator, reliability
from plant.power import ageing, capacitor, cell, generator, pv, tremblay, ups
from tests.contracts import it_and_power
from tests.contracts.row import EXACT, Row

INSIDE = "a step inside a component that states and flags the range"


@kernel
def _health(calendar_loss, cycle_loss, calendar_gain, cycle_gain):
    health = ageing.Health(calendar_loss, cycle_loss, calendar_gain, cycle_gain)
    return ageing.capacity(health), ageing.resistance(health)


@kernel
def _backwards(days, cycles):
    return ageing.backwards(ageing.Duty(days, cycles, 0.5))


@kernel
def _along_power(loss, more_days):
    return ageing.along_power(loss, more_days, 1e-3, 0.6)


@kernel
def _along_sigmoid(loss, more_days):
    return ageing.along_sigmoid(loss, more_days, 0.3, 5e-4, 0.6)


@kernel
def _cell_now(plate, soc, fast, slow, depletion, current_a, ambient_c):
    state = cell.CellState(soc, fast, slow, depletion, ambient_c)
    after = cell.polarize(plate, state, current_a, 60.0)
    return (
        cell.voltage(plate, state, current_a),
        cell.surface_voltage(plate, after),
        cell.overvoltage(plate, after, current_a),
        cell.warmed(plate, ambient_c, 1.0, ambient_c, 60.0),
    )


@kernel
def _eco(plate, load_ratio, deviation, distortion, on_generator):
    mains = ups.Mains(deviation, distortion, on_generator)
    return ups.eco_admitted(plate, load_ratio, mains)


ROWS = {
    "leakage": Row(
        accelerator.leakage_factor,
        [(0, 0.2), (20, 30), (20, 40), (10, 55)],
        rising={3: 1},
        at_rest=((0.1, 25.0, 30.0, 30.0), 1.0),
        told_by="accelerator",
    ),
    "health": Row(_health, [(0, 0.2)] * 4, free=EXACT),
    "backwards": Row(
        _backwards,
        [(0, 100), (0, 100)],
        beyond=((-1.0, 1.0), ""),
        more=(((1.0, -1.0), ""),),
    ),
    "kelvin": Row(ageing.kelvin, [(-40, 100)], rising={0: 1}, told_by="ageing range"),
    "anode": Row(ageing.anode_potential, [(0, 1)], told_by="ageing range"),
    "along a power": Row(
        _along_power,
        [(0, 0.1), (0, 1e3)],
        rising={0: 1, 1: 1},
        at_rest=((0.02, 0.0), 0.02),
        free=INSIDE,
    ),
    "along a sigmoid": Row(
        _along_sigmoid,
        [(0, 0.1), (0, 1e3)],
        rising={0: 1, 1: 1},
        at_rest=((0.02, 0.0), 0.02),
        free=INSIDE,
    ),
    "capacitor life": Row(
        capacitor.life,
        [(0, 60), (0, 1)],
        capacitor.Capacitor(),
        rising={0: -1, 1: -1},
        told_by="capacitor",
    ),
    "cell now": Row(
        _cell_now,
        [(0.2, 0.8), (-0.05, 0.05), (-0.05, 0.05), (-0.3, 0.3), (-5, 10), (10, 40)],
        it_and_power.CELL,
        told_by="cell",
    ),
    "generator ready": Row(
        generator.available_power,
        [(0, 60)],
        generator.Generator(2e6),
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        free=EXACT,
    ),
    "pv modules": Row(
        pv.dc_power,
        [(0, 1400), (0, 70)],
        pv.Pv(1e6, 0.8e6),
        rising={0: 1, 1: -1},
        at_rest=((0.0, 25.0), 0.0),
    ),
    "pv inverter": Row(
        pv.inverter_power,
        [(0, 1e6)],
        pv.Pv(1e6, 0.8e6),
        rising={0: 1},
        at_rest=((0.0,), 0.0),
        told_by="pv",
    ),
    "effective compute": Row(
        reliability.effective_compute,
        [(0, 1e5), (0, 1), (0, 1)],
        rising={0: 1, 1: 1, 2: 1},
        at_rest=((0.0, 0.5, 0.9), 0.0),
        free=EXACT,
    ),
    "pack current": Row(
        tremblay.current_for_power,
        [(0.1, 0.95), (-1e5, 1e5), (1, 600)],
        it_and_power.PACK,
        rising={1: 1},
        at_rest=((0.5, 0.0, 60.0), 0.0),
        told_by="pack",
    ),
    "pack voltage": Row(
        tremblay.voltage,
        [(0.1, 0.95), (-60, 60)],
        it_and_power.PACK,
        rising={0: 1, 1: -1},
        told_by="pack",
    ),
    "eco": Row(
        _eco,
        [(0.1, 0.9), (-0.05, 0.05), (0, 0.02), (0, 0)],
        it_and_power.UPS,
        rising={2: -1},
        more=(((0.5, 0.0, 0.0, 0.0), ""),),
    ),
}
