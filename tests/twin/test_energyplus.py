"""The model written for EnergyPlus runs there, and takes the heat that it should."""

import json

import pytest

from twin import energyplus, energyplus_model
from twin.config import load_site
from twin.errors import ConfigError
from twin.resources import available, resolve

EPW = resolve("USA_CO_Golden-NREL.724666_TMY3", "weather", ".epw")
JULY_DAY = ((7, 15), (7, 15))
needs_energyplus = pytest.mark.skipif(
    energyplus.version() is None, reason="pip install 'wetbulb[bench]'"
)


@needs_energyplus
@pytest.mark.parametrize("name", available("sites", ".yaml"))
def test_a_day_of_every_site_runs_without_a_severe_error(name, tmp_path):
    done = energyplus.run_year(load_site(name), EPW, tmp_path, JULY_DAY)
    assert done.seconds > 0.0
    told = (tmp_path / "eplusout.err").read_text()
    assert "Completed Successfully" in told
    assert "0 Severe Errors" in told
    meter = (tmp_path / "eplusout.mtr").read_text()
    assert "Electricity:Plant" in meter


@needs_energyplus
def test_a_model_that_cannot_run_is_told(tmp_path):
    with pytest.raises(ConfigError, match="EnergyPlus ended with code"):
        energyplus.run_year(
            load_site("hybrid_10mw"), tmp_path / "none.epw", tmp_path, JULY_DAY
        )


def test_without_energyplus_the_command_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(energyplus, "PACKAGE", "no_such_package")
    assert energyplus.version() is None
    with pytest.raises(ConfigError, match="bench"):
        energyplus.run_year(load_site("hybrid_10mw"), EPW, tmp_path)


def test_nameplates_of_the_site_are_in_the_model():
    site = load_site("hybrid_10mw")
    made = json.loads(json.dumps(energyplus_model.model(site, "25.2.0")))
    tower = made["CoolingTower:VariableSpeed"]["tower"]
    assert tower["number_of_cells"] == site.facility.heat_rejection.tower_cell_count
    chiller = made["Chiller:Electric:EIR"]["chiller"]
    assert chiller["reference_capacity"] == pytest.approx(2 * 1406600.0)
    assert made["Schedule:Constant"]["heat"]["hourly_value"] == -8e6
