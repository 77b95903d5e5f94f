"""Energy balances of the contracts table: what goes in less what comes out and is stored.

Each takes the drawn arguments and the outputs, and returns what is left over and the size
that it is judged by, both in watts.
"""

from plant import psychrometrics, water
from plant.cooling.in_row import HALL_HUMIDITY_RATIO

HALL_CP = psychrometrics.heat_capacity(HALL_HUMIDITY_RATIO)


def tower(x, outputs):
    """Water cooled against the heat to the air: setpoint, inlet, flow, ..."""
    water_w = x[2] * water.heat_capacity(x[1]) * (x[1] - outputs.water_out_c)
    return water_w - outputs.heat_w, water_w


def york(x, outputs):
    """The same with fan speed, inlet, flow and wet bulb given."""
    return tower(x, outputs)


def chiller(x, outputs):
    """The condenser gets the heat and, in this nameplate, all power."""
    left_w = outputs.condenser_heat_w - outputs.heat_w - outputs.power_w
    return left_w, outputs.condenser_heat_w


def carried(x, outputs):
    """Heat is capacity times the share of it that is asked for."""
    left_w = outputs.heat_w - outputs.capacity_w * (x[0] / outputs.capacity_w).clip(
        0, 1
    )
    return left_w, outputs.heat_w


def conversion(x, outputs):
    """Input = output + loss, within the rating."""
    inside = outputs.overloaded == 0.0
    left_w = (outputs.input_w - x[0] - outputs.loss_w) * inside
    return left_w, outputs.input_w


def frontier(x, outputs):
    """Four nodes and the switch behind one rectifier."""
    delivered_w = 4.0 * x[0]
    left_w = outputs.input_w - delivered_w - outputs.loss_w - 250.0
    return left_w * (outputs.overloaded == 0.0), outputs.input_w


def power_module(x, outputs):
    """Input = load + loss."""
    return outputs.input_w - x[0] - outputs.loss_w, outputs.input_w


def battery(x, outputs):
    """What leaves the cells = what arrives at the bus + loss."""
    energy_j, soc, dt_s = 1e9, x[0], x[2]
    from_cells_w = (soc - outputs.soc) * energy_j / dt_s
    return from_cells_w - outputs.power_w - outputs.loss_w, from_cells_w


def pack(x, outputs):
    """Open-circuit power of the cells = terminals + heat, and heat = stored + to air."""
    ohm = 0.09 * 139.0 / 60.0
    left_w = outputs.heat_w - outputs.current_a**2 * ohm
    left_w = left_w + outputs.power_w - outputs.voltage_v * outputs.current_a
    return left_w, outputs.heat_w + abs(outputs.power_w)


def micro_module(x, outputs):
    """All electricity becomes heat, to the water or to the room."""
    left_w = outputs.power_w - outputs.heat_to_water_w - outputs.heat_to_room_w
    return left_w, outputs.power_w


def in_row(x, outputs):
    """Air against water."""
    air_w = x[1] * HALL_CP * (x[0] - outputs.leaving_c)
    return air_w - outputs.heat_w, air_w


def valve(x, outputs):
    """Hot stream against the heat moved."""
    hot_w = x[1] * 1006.0 * (x[0] - outputs.leaving_c)
    return hot_w - outputs.heat_w, hot_w


def ahu(x, outputs):
    """Hall air cooled against the heat taken: air in, its flow, ..."""
    air_w = x[1] * psychrometrics.heat_capacity(0.009) * (x[0] - outputs.supply_c)
    return air_w - outputs.heat_w, air_w


def generator(x, outputs):
    """Asked for = delivered + unserved."""
    return x[0] - outputs.power_w - outputs.unserved_w, x[0]


def pv(x, outputs):
    """The inverter gives no more than the modules; nothing is left over where it does."""
    more_w = outputs.power_w - outputs.dc_power_w
    return more_w.clip(0.0), outputs.dc_power_w
