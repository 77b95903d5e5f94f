"""Transformer against EnergyPlus ElectricLoadCenter:Transformer."""

import numpy as np

from plant.power import transformer
from plant.power.transformer import Transformer

PREFIX = "ep_transformer_"
CONDUCTOR_C = {"Aluminum": 225.0, "Copper": 235.0}


def nameplate(params):
    rated = params["rated_capacity"]
    winding = (
        params["full_load_temperature_rise"],
        params["fraction_of_eddy_current_losses"],
        CONDUCTOR_C[params["conductor_material"]],
    )
    if params["performance_input_method"] == "RatedLosses":
        losses = params["rated_no_load_loss"], params["rated_load_loss"]
        return Transformer(rated, *losses, *winding)
    return transformer.from_efficiency(
        rated,
        params["nameplate_efficiency"],
        params["per_unit_load_for_nameplate_efficiency"],
        params["per_unit_load_for_maximum_efficiency"],
        params["reference_temperature_for_nameplate_efficiency"],
        *winding,
    )


def test_loss(case, check, draw):
    plate = nameplate(case.params)
    load = case.table.p_out_W.to_numpy(float)
    loss = transformer.loss(plate, load, float(case.params["ambient_C"]))
    draw("loss [W]", case.table.thermal_loss_W, loss)
    rated = plate.no_load_loss_w + plate.load_loss_w
    error = np.abs(loss - case.table.thermal_loss_W).max() / rated
    check("transformer_loss_max", error)
    no_load_w = np.abs(plate.no_load_loss_w - case.table.no_load_loss_W).max()
    check("transformer_loss_max", no_load_w / rated)
