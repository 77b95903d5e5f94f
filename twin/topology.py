"""The reference topology: which components a site has, and how many of each.

::

    racks --liquid--> cold plates -> TCS -> CDUs -----+
      |                                               +-> facility water (FWS) -> plate
      +----air--> (AHU) -> coils <- trim chillers ----+   exchangers -> tower water -> towers
                                          |                                ^
                                          +---------- condenser -----------+
    facility water -> heat consumer; facility water <-> storage tank
    utility, PV, generators -> transformers -> UPS (battery) -> busway -> racks

A site without a part gives it the count or size zero. Every count is a float because
compiled code wants one type; the site file gives whole numbers.
"""

from typing import Annotated, NamedTuple

from annotated_types import Interval

from plant.cooling.ahu import Ahu
from plant.cooling.cdu import Cdu
from plant.cooling.chiller import Chiller
from plant.cooling.cold_plate import ColdPlate
from plant.cooling.cooling_tower import CoolingTower
from plant.cooling.in_row import InRow
from plant.cooling.pump import Pump
from plant.heat_exchanger import PlateHeatExchanger
from plant.it.rack import Racks
from plant.power.battery import Battery
from plant.power.distribution import Busway
from plant.power.generator import Generator
from plant.power.pv import Pv
from plant.power.transformer import Transformer
from plant.power.ups import Ups
from plant.types import Fraction, NonNegative, Positive
from twin.water_side_loads import HeatConsumer, Tank


class It(NamedTuple):
    """Racks and the cold plates in them."""

    racks: Racks
    cold_plate: ColdPlate


class Technology(NamedTuple):
    """Technology cooling system."""

    cdu: Cdu
    cdu_count: NonNegative
    coolant_kg: Positive  # in pipes, plates and units


NO_AHU = Ahu(
    wet_bulb_effectiveness=0.0,
    dry_bulb_effectiveness=0.0,
    secondary_air_flow_m3_s=1.0,
    secondary_fan_power_w=0.0,
    spray_pump_power_w=0.0,
)


class Air(NamedTuple):
    """Air side of the hall: indirect evaporative AHUs first, if any, then coils."""

    in_row: InRow
    in_row_count: Positive
    heat_capacity_j_k: Positive  # of the air and of what it touches
    ahu: Ahu = NO_AHU
    ahu_count: NonNegative = 0.0


class FacilityWater(NamedTuple):
    """Facility water system between coils, CDUs and plate exchangers."""

    pump: Pump
    pump_count: Positive
    design_pressure_pa: Positive  # differential pressure held at the far end
    pipe_pressure_pa: NonNegative  # mains and plate exchanger, at design flow
    cdu_flow_kg_s: NonNegative  # one CDU, valve open, at design pressure
    in_row_flow_kg_s: NonNegative  # one cooler, likewise
    minimum_flow_ratio: Fraction  # bypass that protects the pumps
    water_kg: Positive
    consumer: HeatConsumer = HeatConsumer()
    tank: Tank = Tank()


class TrimChillers(NamedTuple):
    """Chillers that trim the water of the in-row coils."""

    chiller: Chiller
    chiller_count: NonNegative
    start_band_k: NonNegative  # above the setpoint before the first one starts
    minimum_hold_s: NonNegative  # after a start or stop before one may stop
    start_delay_s: NonNegative = 300.0  # likewise before a further one may start


class HeatRejection(NamedTuple):
    """Plate exchangers, tower water and towers."""

    exchanger: PlateHeatExchanger  # hot: facility water, cold: tower water
    exchanger_count: NonNegative
    tower: CoolingTower  # one cell
    tower_cell_count: Positive
    pump: Pump
    pump_count: Positive
    static_head_pa: NonNegative  # height from basin to spray nozzles
    water_kg: Positive  # basins and pipes


NO_LIMIT_W = 1e12


class PvField(NamedTuple):
    """Modules on one plane; ratings of zero mean there are none."""

    array: Pv = Pv(0.0, 0.0)
    tilt_deg: Annotated[float, Interval(ge=0, le=90)] = 10.0
    azimuth_deg: Annotated[float, Interval(ge=0, le=360)] = 180.0  # south


class PowerChain(NamedTuple):
    """Utility connection to rack inputs."""

    transformer: Transformer
    transformer_count: Positive
    ups: Ups
    ups_count: Positive
    busway: Busway
    battery: Battery
    house_power_w: NonNegative  # lights, offices, controls
    loss_to_air: Fraction  # share of UPS, busway and battery loss that the coils see
    grid_limit_w: Positive = NO_LIMIT_W  # what the utility connection may draw
    pv: PvField = PvField()
    generator: Generator = Generator(1.0)
    generator_count: NonNegative = 0.0
    fuel_m3: NonNegative = 0.0  # in the tanks of the generators


class Facility(NamedTuple):
    """Every nameplate of one site."""

    it: It
    technology: Technology
    air: Air
    facility_water: FacilityWater
    trim_chillers: TrimChillers
    heat_rejection: HeatRejection
    power: PowerChain
