"""Point maps that name BACnet objects: loaded, or refused with every mistake."""

import pytest

from bms_io.points import load_points
from twin.errors import ConfigError

DEVICE = "{protocol: bacnet_ip, host: 127.0.0.1, port: 47808, device_instance: 1001}"
WRITE = (
    "{min: 10, max: 30, rate_max_per_min: 1, deadband: 0.1, min_interval_s: 60, "
    "default: 20, readback: active.tower_supply_c, readback_tol: 0.1, "
    "readback_within_s: 5, on_exit: default}"
)


def written(
    tmp_path, device=DEVICE, priority=", priority: 10", instance=2, kind="value"
):
    path = tmp_path / "points.yaml"
    path.write_text(
        f"""\
version: 1
devices:
  ahu: {device}
points:
  active.tower_supply_c:
    device: ahu
    bacnet: {{object: analog-input, instance: 2}}
    unit: degC
  setpoints.tower_supply_c:
    device: ahu
    bacnet: {{object: analog-{kind}, instance: {instance}{priority}}}
    unit: degC
    write: {WRITE}
"""
    )
    return path


def test_a_map_of_objects_is_loaded(tmp_path):
    point = load_points(written(tmp_path)).points["setpoints.tower_supply_c"]
    assert str(point.bacnet) == "analog-value,2"
    assert point.bacnet.priority == 10
    assert point.table == "holding"


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"priority": ""}, "priority: is missing"),
        ({"priority": ", priority: 8"}, "priority"),
        ({"device": DEVICE.replace(", device_instance: 1001", "")}, "device_instance"),
        ({"kind": "input"}, "must be an analog-value"),
        ({"device": "{protocol: modbus_tcp, host: h, port: 502}"}, "needs modbus"),
    ],
)
def test_mistakes_are_refused(tmp_path, mistake, said):
    with pytest.raises(ConfigError, match=said):
        load_points(written(tmp_path, **mistake))
