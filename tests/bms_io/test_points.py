"""A point map is refused with every finding at once, or trusted."""

import copy
import itertools
from pathlib import Path

import pytest
import yaml

from bms_io.point_names import SIGNALS
from bms_io.points import load_points
from twin.errors import ConfigError

REFERENCE = Path(__file__).parents[2] / "data" / "points" / "hybrid_10mw.yaml"
HEAD = """\
version: 1
devices:
  bms: {protocol: modbus_tcp, host: 127.0.0.1, port: 5020}
points:
"""
SUPPLY = """\
  active.tcs_supply_c:
    device: bms
    modbus: {table: input, address: 0, type: float32, byte_order: ABCD}
    unit: degC
  setpoints.tcs_supply_c:
    device: bms
    modbus: {table: holding, address: 0, type: float32, byte_order: ABCD}
    unit: degF
    write:
      {min: 59, max: 113, rate_max_per_min: 1.8, deadband: 0.18, min_interval_s: 300,
       default: 86, readback: active.tcs_supply_c, readback_tol: 0.09,
       readback_within_s: 2, on_exit: default}
"""


def load(tmp_path, points):
    path = tmp_path / "points.yaml"
    path.write_text(HEAD + points)
    return load_points(path)


def refusal(tmp_path, points):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, points)
    return str(caught.value)


def test_reference_map_names_every_signal():
    assert set(load_points(REFERENCE).points) == SIGNALS


def test_units_are_converted_once_and_differences_take_no_offset(tmp_path):
    point = load(tmp_path, SUPPLY).points["setpoints.tcs_supply_c"]
    rule = point.write
    assert 86 * point.scale + point.offset == pytest.approx(30.0)
    assert (rule.minimum, rule.maximum) == pytest.approx((15.0, 45.0))
    assert rule.default == pytest.approx(30.0)
    assert rule.rate_max_per_min == pytest.approx(1.0)
    assert rule.deadband == pytest.approx(0.1)
    assert rule.readback_tolerance == pytest.approx(0.05)


def test_scale_and_unit_make_one_affine_map(tmp_path):
    text = """\
  outputs.site_power_w:
    device: bms
    modbus: {table: input, reference: 30003, type: int16, byte_order: ABCD}
    unit: MW
    scale: 0.001
    range: [0, 20]
"""
    point = load(tmp_path, text).points["outputs.site_power_w"]
    assert point.address == 2
    assert point.scale == pytest.approx(1000.0)
    assert (point.minimum, point.maximum) == pytest.approx((0.0, 20e6))


@pytest.mark.parametrize(
    ("table", "reference", "address"),
    [("holding", 40003, 2), ("holding", 400003, 2), ("input", 300001, 0)],
)
def test_references_are_converted_to_addresses(tmp_path, table, reference, address):
    where = (
        f"{{table: {table}, reference: {reference}, type: uint16, byte_order: ABCD}}"
    )
    name = "plant.heartbeat" if table == "holding" else "plant.mode"
    text = f"  {name}: {{device: bms, modbus: {where}}}\n"
    assert load(tmp_path, text).points[name].address == address


def test_all_findings_come_at_once_each_with_its_line(tmp_path):
    text = """\
  outputs.site_powr_w:
    device: bms
    modbus: {table: input, address: 0, type: float32, byte_order: ABCD}
    unit: kW
  outputs.it_power_w:
    device: bsm
    modbus: {table: input, address: 2, type: float32, byte_order: ABDC}
    unit: kW
  outputs.chip_c:
    device: plc
    modbus: {table: input, address: 1, type: float32, byte_order: ABCD}
    unit: kW
    typo: 1
  outputs.air_supply_c:
    device: plc
    modbus: {table: input, address: 1, type: float32, byte_order: ABCD}
    unit: kW
  setpoints.tcs_supply_c:
    device: bms
    modbus: {table: holding, address: 0, type: float32, byte_order: ABCD}
    unit: degC
"""
    lines = refusal(tmp_path, text).splitlines()
    found = [line.split("points.yaml:")[1] for line in lines]
    assert any(
        f.startswith("5: points.outputs.site_powr_w: is not a signal")
        and "Did you mean outputs.site_power_w?" in f
        for f in found
    )
    assert any(f.startswith("11: points.outputs.it_power_w.modbus.b") for f in found)
    assert any(f.startswith("17: points.outputs.chip_c.typo") for f in found)
    # an entry with a wrong key is compared with the others all the same
    assert any(f.startswith("10: points.outputs.it_power_w.device: is") for f in found)
    assert any(
        f.startswith("14: points.outputs.chip_c.device: is 'plc'") for f in found
    )
    assert any(f.startswith("16: points.outputs.chip_c.unit: is 'kW'") for f in found)
    assert any("1 is also used by outputs.air_supply_c" in f for f in found)
    assert any(
        f.startswith("19: points.outputs.air_supply_c.device: is 'plc'") for f in found
    )
    assert any(
        f.startswith("21: points.outputs.air_supply_c.unit: is 'kW'") for f in found
    )
    assert any(
        f.startswith("22: points.setpoints.tcs_supply_c.write: is missing")
        for f in found
    )
    assert len(found) == 10
    lines = [int(f.split(":")[0]) for f in found]
    assert lines == sorted(lines)


def test_overlapping_registers_name_both_points(tmp_path):
    text = (
        SUPPLY
        + """\
  outputs.chip_c:
    device: bms
    modbus: {table: input, address: 1, type: float32, byte_order: ABCD}
    unit: degC
"""
    )
    message = refusal(tmp_path, text)
    assert (
        "points.outputs.chip_c.modbus: input register 1 is also used by active."
        in message
    )


@pytest.mark.parametrize("key", ["min", "default", "readback", "on_exit", "deadband"])
def test_a_writable_point_without_a_limit_is_refused(tmp_path, key):
    entry = SUPPLY.replace(f"{key}: ", f"not_{key}: ", 1)
    message = refusal(tmp_path, entry)
    assert f"points.setpoints.tcs_supply_c.write.{key}: is missing" in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("default: 86", "default: 20", "default 20 must lie in 59..113"),
        ("min: 59", "min: 159", "min 159 must be below max 113"),
        (
            "readback: active.tcs_",
            "readback: active.tower_",
            "must be the point active",
        ),
        ("table: holding, address: 0", "table: input, address: 9", "in table holding"),
        ("address: 0, type", "address: 0, reference: 40001, type", "give either"),
        (
            "type: float32, byte_order: ABCD}\n    unit: degF",
            "type: float64}",
            "float64",
        ),
    ],
)
def test_contradictions_are_refused(tmp_path, old, new, said):
    assert said in refusal(tmp_path, SUPPLY.replace(old, new))


COIL = """\
  plant.remote_enable:
    device: bms
    modbus: {table: discrete, reference: 10004, type: bool}
  plant.heartbeat:
    device: bms
    modbus: {table: coil, address: 0, type: bool}
"""
VOTERS = """\
  outputs.chip_c:
    device: bms
    modbus: {table: input, address: 10, type: float32, byte_order: ABCD}
    unit: degF
    redundant_with: [outputs.chip_c@b]
    redundant_tol: 1.8
    flatline_s: 900
    flatline_tol: 0.18
    rests_at: [32]
    scan: slow
  outputs.chip_c@b:
    device: bms
    modbus: {table: input, address: 12, type: float32, byte_order: ABCD}
    unit: degC
"""


def test_bits_redundant_sensors_and_checks_are_read(tmp_path):
    found = load(tmp_path, SUPPLY + COIL + VOTERS).points
    assert found["plant.remote_enable"].address == 3
    assert found["plant.heartbeat"].commanded
    chip, second = found["outputs.chip_c"], found["outputs.chip_c@b"]
    assert (chip.signal, second.signal) == ("outputs.chip_c", "outputs.chip_c")
    assert chip.redundant_tolerance == pytest.approx(1.0)
    assert chip.flatline_tolerance == pytest.approx(0.1)
    assert chip.rests_at == pytest.approx((0.0,))
    assert chip.in_unit(20.0) == pytest.approx(68.0)
    assert chip.in_si(68.0) == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("type: bool}", "type: uint16, byte_order: ABCD}", "type bool belongs to"),
        ("type: bool}", "type: bool, byte_order: ABCD}", "absent for bits"),
        ("table: coil", "table: discrete", "stand in table holding"),
        ("reference: 10004", "reference: 40004", "starts at 100001 or 10001"),
        ("[outputs.chip_c@b]", "[outputs.chip_c@z]", "must be another sensor"),
        ("[outputs.chip_c@b]", "[outputs.site_power_w]", "must be another sensor"),
        ("    redundant_tol: 1.8\n", "", "belong together"),
        ("    flatline_s: 900\n", "", "need flatline_s"),
        ("  outputs.chip_c:", "  outputs.chip_c@c:", "is not named in redundant_with"),
        ("address: 12", "address: 11", "input register 11 is also used by"),
        ("port: 5020", "port: 5020, tls: {ca: a.pem}", "tls.certificate: is missing"),
        ("modbus_tcp", "bacnet_ip, device_instance: 3, tls: {}", "tls.ca: is missing"),
        ("version: 1", "version: 1\nscan_every: {slow: 0}", "scan_every.slow"),
    ],
)
def test_mistakes_in_bits_voters_and_devices_are_told(tmp_path, old, new, said):
    text = (HEAD + SUPPLY + COIL + VOTERS).replace(old, new, 1)
    path = tmp_path / "points.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_points(path)
    assert said in str(caught.value)


WIRE = "modbus: {table: holding, address: 0, type: float32, byte_order: ABCD}"
SMALL = "modbus: {table: holding, address: 0, type: int16, byte_order: ABCD}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("input, address: 10,", "input, address: 65535,", "needs register 65536"),
        ("input, address: 10,", "input, reference: 365536,", "needs register 65536"),
        (WIRE, SMALL + "\n    scale: 0.002", "max: 113 does not fit int16"),
        (
            "address: 0, type: float32, byte_order: ABCD}\n    unit: degC",
            "address: 0, type: int16, byte_order: ABCD}\n    unit: degC",
            "active.tcs_supply_c shows steps of 1.8; allowed is 0.9 up",
        ),
        (
            "byte_order: ABCD}\n    unit: degC\n  setpoints",
            "byte_order: ABCD}\n    unit: degC\n    range: [15, 40]\n  setpoints",
            "max: is 113, outside the range 59 to 104 of active.tcs_supply_c",
        ),
        ("    redundant_tol: 1.8", "    redundant_tol: 1.8\n    brick: Chip", "Brick 1.4"),
        ("    scan: slow", "    scan: slow\n    tags: [Temp]", "tags.0: is 'Temp'"),
        (
            "modbus: {table: input, address: 10, type: float32, byte_order: ABCD}",
            "modbus: {table: input, address: 10, type: uint16, byte_order: ABCD}\n"
            "    sentinels: [-999]",
            "sentinels.0: is -999: a uint16 is never that",
        ),
        (
            "modbus: {table: input, address: 10, type: float32, byte_order: ABCD}",
            "modbus: {table: input, address: 10, type: uint16, byte_order: ABCD}\n"
            "    range: [-40, -10]",
            "a uint16 with this scale and offset carries 0 to 65535 only",
        ),
        ("points:", "  b: {protocol: modbus_tcp, host: 127.0.0.1, port: 5020}\npoints:",
         "devices.b: is the same device as bms"),
        ("points:", "  b: {protocol: modbus_tcp, host: LocalHost., port: 5020}\npoints:",
         "devices.b: is the same device as bms"),
        ("host: 127.0.0.1", "host: not a host", "devices.bms.host"),
        ("port: 5020", "port: 0", "devices.bms.port"),
        ("port: 5020", "port: 5020, unit: yes", "devices.bms.unit: is True: should not"),
        ("min: 59", "min: true", "write.min: is True: should not be yes"),
    ],
)  # fmt: skip
def test_maps_that_cannot_work_are_refused(tmp_path, old, new, said):
    text = HEAD + SUPPLY + COIL + VOTERS
    assert old in text
    path = tmp_path / "points.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_points(path)
    assert said in str(caught.value)


def test_a_key_that_stands_twice_hides_nothing_else(tmp_path):
    text = SUPPLY + VOTERS.replace("type: float32", "type: float65") + VOTERS
    lines = refusal(tmp_path, text.replace("degC", "degX", 1)).splitlines()
    assert sum("stands twice" in line for line in lines) == 2
    assert any("active.tcs_supply_c.unit: is 'degX'" in line for line in lines)
    assert len(lines) == 3


def test_bytes_that_are_no_text_are_told(tmp_path):
    path = tmp_path / "points.yaml"
    path.write_bytes(HEAD.encode() + b"  # 21 \xb0C\n")
    with pytest.raises(ConfigError, match=r"points\.yaml:5: is not UTF-8 text .*0xb0"):
        load_points(path)


@pytest.mark.parametrize("text", ["", "- 1\n", "version: 1\n", "points: 3\n"])
def test_a_file_of_another_shape_is_refused(tmp_path, text):
    path = tmp_path / "points.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"points\.yaml:1"):
        load_points(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        load_points(tmp_path / "nowhere.yaml")


def test_the_map_of_the_documentation_is_right(tmp_path):
    page = (REFERENCE.parents[2] / "docs" / "points.md").read_text()
    path = tmp_path / "points.yaml"
    path.write_text(page.split("```yaml\n")[1].split("```")[0])
    found = load_points(path)
    assert {d.port for d in found.devices.values()} == {802, 47808, 1883}
    assert set(found.points["outputs.tcs_supply_c"].redundant_with) < set(found.points)


JUNK = [None, [], "x", -1, True, {1: 2}]


@pytest.mark.parametrize(
    "key",
    [
        "devices",
        pytest.param("points", marks=pytest.mark.slow),
        "scan_every",
        "version",
    ],
)
def test_damage_of_any_key_is_told_and_never_a_traceback(tmp_path, key):
    page = (REFERENCE.parents[2] / "docs" / "points.md").read_text()
    whole = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    path, told = tmp_path / "points.yaml", 0
    for at, junk in itertools.product(paths_below(whole, key), JUNK):
        damaged = copy.deepcopy(whole)
        section = damaged
        for part in at[:-1]:
            section = section[part]
        section[at[-1]] = junk
        path.write_text(yaml.safe_dump(damaged, allow_unicode=True))
        try:
            load_points(path)
        except ConfigError as error:
            told += str(error).count("points.yaml:") > 0
    assert told > len(JUNK) // 2


def paths_below(data, *at):
    """Path of a key and of everything in it that is a section or stands in one."""
    section = data
    for part in at:
        section = section[part]
    yield at
    for key in section if isinstance(section, dict) else ():
        yield from paths_below(data, *at, key)
