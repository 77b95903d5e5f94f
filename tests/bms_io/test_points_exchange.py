"""Maps to and from other systems: nothing is lost, and what cannot come is named."""

import csv
import json

import phable
import pytest
import rdflib
from rdflib import BRICK, RDF, Namespace
from typer.testing import CliRunner

from bms_io.point_semantics import UNITS
from bms_io.point_table import MODBUS_HEADER
from bms_io.points import load_points
from dashboards.cli import app
from twin.resources import available, resolve

REF = Namespace("https://brickschema.org/schema/Brick/ref#")
MODBUS = """\
Reference Point Name,Volttron Point Name,Units,Units Details,Modbus Register,Writable,\
Point Address,Default Value,Mixed Endian,Notes,Colour,Transform
power,outputs.site_power_w,kilowatts,0 to 9,>f,FALSE,100,,FALSE,,red,scale(0.1)
chip,CHIP T,degreesCelsius,,<f,FALSE,102,,TRUE,,,
run,plant.remote_enable,,,BOOL,FALSE,4,,,,,
beat,plant.heartbeat,,,>H,TRUE,5,0,,,,
read,active.tcs_supply_c,degC,,>f,FALSE,8,,FALSE,,,
sp,setpoints.tcs_supply_c,degC,,>f,TRUE,10,30,TRUE,,,
odd,outputs.it_power_w,kW,,>d,FALSE,200,,,,,
who,outputs.site_powr_w,kW,,>f,FALSE,300,,,,,
where,outputs.pue,,,>f,FALSE,x,,,,,
"""
BACNET = """\
Reference Point Name,Volttron Point Name,Units,Unit Details,BACnet Object Type,Property,\
Writable,Index,Write Priority,Notes
p,outputs.site_power_w,kilowatts,,analogInput,presentValue,FALSE,3,,
a,active.tcs_supply_c,degreesCelsius,,analogInput,presentValue,FALSE,4,,
s,setpoints.tcs_supply_c,degreesCelsius,,analogValue,presentValue,TRUE,5,10,
t,setpoints.air_supply_c,degreesCelsius,,analogValue,presentValue,TRUE,6,8,
n,outputs.chip_c,degreesCelsius,,analogInput,objectName,FALSE,7,,
"""
RICH = """\
version: 1
scan_every: {slow: 7}
devices:
  a: {protocol: modbus_tcp, host: 10.0.0.1, unit: 3, single_writes: true,
      tls: {ca: ca.pem, certificate: c.pem, key: k.pem}}
  b: {protocol: bacnet_ip, host: 10.0.0.2, device_instance: 77}
points:
  plant.remote_enable:
    {device: a, modbus: {table: discrete, reference: 10004, type: bool}}
  outputs.chip_c:
    device: a
    modbus: {table: input, address: 3, type: float32, byte_order: BADC}
    unit: degF
    range: [-40, 300]
    sentinels: [-999, 32767]
    redundant_with: [outputs.chip_c@b]
    redundant_tol: 2
    flatline_s: 600
    rests_at: [0]
    scan: slow
    brick: Temperature_Sensor
    tags: ["on", temp, sensor]
  outputs.chip_c@b:
    {device: b, bacnet: {object: analog-input, instance: 9}, unit: degC}
  active.tcs_supply_c:
    {device: b, bacnet: {object: analog-input, instance: 1}, unit: degC}
  setpoints.tcs_supply_c:
    device: b
    bacnet: {object: analog-value, instance: 2, priority: 11}
    unit: degC
    write: {min: 15, max: 45, rate_max_per_min: 1, deadband: 0.1, min_interval_s: 300,
      default: 30, readback: active.tcs_supply_c, readback_tol: 0.05,
      readback_within_s: 2, on_exit: hold}
"""


def points(*arguments, code=0):
    done = CliRunner().invoke(app, ["points", *map(str, arguments)])
    assert done.exit_code == code, done.output + done.stderr
    return done


@pytest.fixture
def rich(tmp_path):
    path = tmp_path / "rich.yaml"
    path.write_text(RICH)
    return path


def same(left, right):
    """Whether two maps mean the same, wherever they stand."""
    left, right = load_points(left), load_points(right)
    return left._replace(path=right.path, digest=right.digest) == right


OTHERS = [n for n in available("points", ".yaml") if n != "hybrid_10mw"]


@pytest.mark.parametrize(
    "name",
    ["hybrid_10mw", "rich", *(pytest.param(n, marks=pytest.mark.slow) for n in OTHERS)],
)
def test_csv_there_and_back_loses_nothing(name, rich, tmp_path):
    path = rich if name == "rich" else resolve(name, "points", ".yaml")
    points("export", path, "--out", tmp_path / "map.csv")
    told = points(
        "import", tmp_path / "map.csv", "--out", tmp_path / "b.yaml", "--json"
    )
    found = json.loads(told.stdout)
    assert found["complete"]
    assert found["unknown_columns"] == found["skipped"] == []
    assert same(path, tmp_path / "b.yaml")


def test_our_csv_is_also_a_volttron_registry(tmp_path):
    path = resolve("hybrid_10mw", "points", ".yaml")
    points("export", path, "--out", tmp_path / "map.csv")
    rows = list(csv.DictReader((tmp_path / "map.csv").read_text().splitlines()))
    bare = tmp_path / "theirs.csv"
    with bare.open("w", newline="") as file:
        writer = csv.DictWriter(file, MODBUS_HEADER, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    told = points("import", bare, "--out", tmp_path / "b.yaml", "--json")
    found = json.loads(told.stdout)
    assert found["kind"] == "VOLTTRON Modbus"
    assert found["points"] == len(rows)
    assert not found["skipped"]


def test_a_volttron_modbus_registry_is_taken_over_and_the_rest_named(tmp_path):
    registry, names = tmp_path / "r.csv", tmp_path / "n.csv"
    registry.write_text(MODBUS)
    names.write_text("CHIP T,outputs.chip_c\n")
    out = tmp_path / "b.yaml"
    arguments = ["--names", names, "--host", "10.1.1.1", "--unit", 7]
    told = points("import", registry, "--out", out, *arguments, "--json")
    found = json.loads(told.stdout)
    assert found["unknown_columns"] == ["Colour"]
    assert found["points"] == 6
    assert len(found["skipped"]) == 3
    assert "line 8: outputs.it_power_w: Modbus Register '>d'" in found["skipped"][0]
    assert "Did you mean outputs.site_power_w?" in found["skipped"][1]
    assert "line 10" in found["skipped"][2]
    assert not found["complete"]
    assert any(":" in m and "write.min: is missing" in m for m in found["missing"])
    text = out.read_text().replace(
        "      readback: active.tcs_supply_c",
        """\
      readback: active.tcs_supply_c
      min: 15
      max: 45
      rate_max_per_min: 1
      deadband: 0.1
      min_interval_s: 300
      readback_tol: 0.05
      readback_within_s: 2
      on_exit: default""",
    )
    out.write_text(text)
    made = load_points(out)
    assert made.devices["bms"][:4] == ("bms", "10.1.1.1", 502, 7)
    power, chip = made.points["outputs.site_power_w"], made.points["outputs.chip_c"]
    assert power.scale == pytest.approx(100.0)
    assert (chip.byte_order, chip.address) == ("BADC", 102)
    assert made.points["setpoints.tcs_supply_c"].byte_order == "CDAB"
    assert made.points["setpoints.tcs_supply_c"].write.default == 30.0
    assert made.points["plant.remote_enable"].table == "discrete"


def test_a_volttron_bacnet_registry(tmp_path):
    registry, out = tmp_path / "r.csv", tmp_path / "b.yaml"
    registry.write_text(BACNET)
    told = points("import", registry, "--out", out, "--instance", 5, "--json")
    found = json.loads(told.stdout)
    assert found["points"] == 4
    assert "only presentValue" in found["skipped"][0]
    assert any("Write Priority 8 left out" in note for note in found["noted"])
    assert "analog-value" in out.read_text()
    assert any("write.min: is missing" in m for m in found["missing"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "is no registry"),
        ("", "is no registry"),
        (None, "cannot be read"),
    ],
)
def test_other_files_are_refused(tmp_path, text, said):
    registry = tmp_path / "r.csv"
    if text is not None:
        registry.write_text(text)
    assert (
        said in points("import", registry, "--out", tmp_path / "b.yaml", code=3).stderr
    )


def test_an_existing_map_is_never_overwritten(tmp_path, rich):
    registry = tmp_path / "r.csv"
    registry.write_text(BACNET)
    told = points("import", registry, "--out", rich, code=3).stderr
    assert "exists" in told
    assert rich.read_text() == RICH


@pytest.mark.parametrize("name", ["hybrid_10mw", "rich"])
def test_brick_has_every_point_with_a_class_of_brick(name, rich):
    path = rich if name == "rich" else resolve(name, "points", ".yaml")
    graph = rdflib.Graph().parse(
        data=points("export", path, "--format", "brick").stdout
    )
    point_map = load_points(path)
    here = Namespace(f"urn:wetbulb:site:{path.stem}#")
    for point in point_map.points.values():
        (kind,) = graph.objects(here[point.name], RDF.type)
        assert str(kind).removeprefix(str(BRICK)) in BRICK
        assert (here[point.name], BRICK.isPointOf, here[point.device]) in graph
        (unit,) = graph.objects(here[point.name], BRICK.hasUnit)
        assert str(unit).endswith("/" + UNITS[point.unit].qudt)
        (place,) = graph.objects(here[point.name], REF.hasExternalReference)
        (sort,) = graph.objects(place, RDF.type)
        assert (sort == REF.BACnetReference) == (point.bacnet is not None)
    sites = list(graph.subjects(RDF.type, BRICK.Site))
    assert len(sites) == 1


def test_the_classes_of_the_documentation_are_in_brick(tmp_path):
    page = resolve("hybrid_10mw", "points", ".yaml").parents[2] / "docs" / "points.md"
    path = tmp_path / "points.yaml"
    path.write_text(page.read_text().split("```yaml\n")[1].split("```")[0])
    assert "Leaving_Water" in points("export", path, "--format", "brick").stdout


def test_a_class_that_is_not_in_brick_is_told(rich):
    rich.write_text(RICH.replace("Temperature_Sensor", "Temperatur_Sensor"))
    told = points("check", rich, code=3).stderr
    assert "is 'Temperatur_Sensor', no point class of Brick 1.4" in told
    assert "Did you mean Temperature_Sensor?" in told


@pytest.mark.parametrize("name", ["hybrid_10mw", "rich"])
def test_haystack_is_read_by_another_program(name, rich):
    path = rich if name == "rich" else resolve(name, "points", ".yaml")
    text = points("export", path, "--format", "haystack").stdout
    grid = phable.ph_from_json(json.loads(text))
    point_map = load_points(path)
    rows = {row["dis"]: row for row in grid.rows}
    assert {n for n, row in rows.items() if "point" in row} == set(point_map.points)
    assert {n for n, row in rows.items() if "equip" in row} == set(point_map.devices)
    setpoint = rows["setpoints.tcs_supply_c"]
    assert isinstance(setpoint["writable"], phable.Marker)
    assert setpoint["maxVal"] == phable.Number(45.0, "°C")
    assert rows[setpoint["dis"]]["equipRef"] in {row["id"] for row in grid.rows}
    if name == "rich":
        assert rows["outputs.chip_c"]["unit"] == "°F"
        assert isinstance(rows["outputs.chip_c"]["on"], phable.Marker)
        assert setpoint["bacnetCur"] == "AV2"


def test_a_word_that_is_no_truth_value_is_not_guessed_at(tmp_path):
    registry = tmp_path / "r.csv"
    registry.write_text(BACNET.replace("TRUE", "maybe", 1))
    assert "maybe" in registry.read_text()
    told = points("import", registry, "--out", tmp_path / "m.yaml", "--json")
    assert "Writable 'maybe': allowed are TRUE and FALSE" in told.stdout
