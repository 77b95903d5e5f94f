"""Electrical side of the facility: from the racks back to the utility."""

from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from plant.power import battery, distribution, transformer, ups
from plant.types import Numeric
from twin.signals import Setpoints
from twin.topology import PowerChain


class CriticalPower(NamedTuple):
    """From the UPS inputs to the rack inputs."""

    distribution_loss_w: Numeric
    ups: ups.UpsOutputs
    battery: battery.BatteryOutputs
    supply_w: Numeric  # taken from the transformers
    heat_to_air_w: Numeric  # losses that warm the electrical rooms


class SitePower(NamedTuple):
    """At the utility meter."""

    site_power_w: Numeric
    transformer_loss_w: Numeric


@kernel
def in_service(count: Numeric, wanted: Numeric) -> Numeric:
    """Units that run: a whole number, at least one, at most all there are.

    Parameters
    ----------
    count
        Units there are.
    wanted
        Units asked for.
    """
    whole = np.maximum(np.floor(wanted + 0.5), 1.0)
    running: Numeric = np.minimum(whole, count)
    return running


@kernel
def critical(
    chain: PowerChain, soc: Numeric, setpoints: Setpoints, it_w: Numeric, dt_s: Numeric
) -> CriticalPower:
    """Losses of busway, UPS and battery for a power at the racks.

    Parameters
    ----------
    chain
        Nameplates.
    soc
        State of charge of the battery now.
    setpoints
        ``ups_eco``, ``ups_modules_on`` and ``battery_power_w`` are used.
    it_w
        Power at the rack inputs. [W]
    dt_s
        Step. [s]
    """
    busway_loss = distribution.loss(chain.busway, it_w)
    load = it_w + busway_loss
    in_use = in_service(chain.ups_count, setpoints.ups_modules_on)
    modules = ups.operate(chain.ups, in_use, load, setpoints.ups_eco)
    stored = battery.exchange(chain.battery, soc, setpoints.battery_power_w, dt_s)
    supply = load + modules.loss_w - stored.power_w
    heat = chain.loss_to_air * (busway_loss + modules.loss_w + stored.loss_w)
    return CriticalPower(busway_loss, modules, stored, supply, heat)


@kernel
def site(chain: PowerChain, supply_w: Numeric, mechanical_w: Numeric) -> SitePower:
    """Power at the meter for what the transformers deliver.

    Parameters
    ----------
    chain
        Nameplates.
    supply_w
        To the UPS inputs. [W]
    mechanical_w
        To pumps, fans, chillers. [W]
    """
    delivered = supply_w + mechanical_w + chain.house_power_w
    each = delivered / chain.transformer_count
    loss = chain.transformer_count * transformer.loss(chain.transformer, each)
    return SitePower(delivered + loss, loss)
