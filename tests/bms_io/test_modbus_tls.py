"""Modbus/TCP Security against a real TLS server: mutual, or not at all."""

import asyncio
import ssl
from typing import NamedTuple

import pytest
import trustme
from pymodbus.server import ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice

from bms_io.codec import encode
from bms_io.modbus import ModbusDriver, ModbusReader
from bms_io.points import load_points
from twin.errors import CommunicationError, ConfigError

pytestmark = pytest.mark.real_time

DEADLINE_S = 20
MAP = """\
version: 1
devices:
  meter:
    protocol: modbus_tcp
    host: 127.0.0.1
    port: {port}
    timeout_s: 2.0
    tls: {{ca: ca.pem, certificate: {who}.pem, key: {key}.key, server_name: {name}}}
points:
  outputs.site_power_w:
    device: meter
    modbus: {{table: input, address: 0, type: float32, byte_order: CDAB}}
    unit: kW
    range: [0, 50000]
  active.tcs_supply_c:
    device: meter
    modbus: {{table: input, address: 2, type: float32, byte_order: ABCD}}
    unit: degC
  setpoints.tcs_supply_c:
    device: meter
    modbus: {{table: holding, address: 0, type: float32, byte_order: ABCD}}
    unit: degC
    write:
      {{min: 15, max: 45, rate_max_per_min: 1, deadband: 0.1, min_interval_s: 0,
       default: 30, readback: active.tcs_supply_c, readback_tol: 0.05,
       readback_within_s: 2, on_exit: default}}
"""


class Certificates(NamedTuple):
    """A CA and what it signed, and somebody whom nobody trusts."""

    folder: object
    server: ssl.SSLContext


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    ca, stranger = trustme.CA(), trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    server_certificate = ca.issue_cert("meter.example")
    for name, authority in (("ours", ca), ("stranger", stranger)):
        certificate = authority.issue_cert("wetbulb.example")
        certificate.private_key_pem.write_to_path(folder / f"{name}.key")
        certificate.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    server_certificate.configure_cert(context)
    ca.configure_trust(context)
    return Certificates(folder, context)


def beside(certificates, job, who="ours", key=None, name="meter.example"):
    """Run ``job(point_map)`` beside a TLS server, bounded in time."""

    async def serve_and_run():
        floats = encode(9876.5, "float32", "CDAB") + encode(30.0, "float32", "ABCD")
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        holding = [SimData(0, values=[0, 0], datatype=DataType.REGISTERS)]
        inputs = [SimData(0, values=floats, datatype=DataType.REGISTERS)]
        unit = SimDevice(id=1, simdata=(bits, list(bits), holding, inputs))
        server = ModbusTlsServer(
            [unit], address=("127.0.0.1", 0), sslctx=certificates.server
        )
        await server.serve_forever(background=True)
        port = server.transport.sockets[0].getsockname()[1]
        path = certificates.folder / "points.yaml"
        path.write_text(MAP.format(port=port, who=who, key=key or who, name=name))
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await job(load_points(path), server)
        finally:
            await server.shutdown()

    return asyncio.run(serve_and_run())


def test_values_are_read_and_written_over_tls(certificates):
    async def job(point_map, server):
        driver = ModbusDriver(point_map)
        await driver.connect()
        try:
            readings = await driver.read(["outputs.site_power_w"], 0.0)
            (result,) = await driver.write({"setpoints.tcs_supply_c": 31.5})
            return readings, result, await server.async_getValues(1, 3, 0, 2)
        finally:
            await driver.close()

    readings, result, words = beside(certificates, job)
    assert readings["outputs.site_power_w"].value == pytest.approx(9_876_500.0)
    assert result.accepted
    assert words == encode(31.5, "float32", "ABCD")


async def refusal(point_map, _server):
    reader = ModbusReader(point_map)
    try:
        await reader.connect()
        answers = await reader.read(["outputs.site_power_w"], 0.0)
        return answers["outputs.site_power_w"].detail
    except CommunicationError as error:
        return str(error)
    finally:
        await reader.close()


def test_a_device_with_another_name_is_refused_and_said(certificates):
    told = beside(certificates, refusal, name="other.example")
    assert "its certificate is refused: Hostname mismatch" in told
    assert "device meter (127.0.0.1:" in told
    assert "tls.server_name" in told


def test_a_device_that_refuses_our_certificate_is_said(certificates):
    told = beside(certificates, refusal, who="stranger")
    assert "it refuses our certificate" in told
    assert "Let the device trust the signer" in told


def test_a_device_signed_by_somebody_else_is_refused(certificates, tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")

    async def job(point_map, server):
        meter = point_map.devices["meter"]
        tls = meter.tls._replace(ca=tmp_path / "ca.pem")
        moved = point_map._replace(devices={"meter": meter._replace(tls=tls)})
        return await refusal(moved, server)

    told = beside(certificates, job)
    assert "its certificate is refused" in told
    assert "signed by tls.ca" in told


@pytest.mark.parametrize(
    ("who", "key", "why"),
    [("nobody", None, "cannot be read"), ("ours", "stranger", "key must belong")],
)
def test_wrong_files_are_said(certificates, who, key, why):
    async def job(point_map, _server):
        with pytest.raises(ConfigError, match=why):
            await ModbusReader(point_map).connect()

    beside(certificates, job, who=who, key=key)


def test_plain_tcp_to_a_tls_device_fails(certificates):
    async def job(point_map, server):
        meter = point_map.devices["meter"]._replace(tls=None, timeout_s=0.5)
        plain = point_map._replace(devices={"meter": meter})
        return await refusal(plain, server)

    assert "comm" in beside(certificates, job)


def test_the_port_is_802_if_none_is_given(tmp_path):
    path = tmp_path / "points.yaml"
    text = MAP.format(port="PORT", who="ours", key="ours", name="x")
    path.write_text(text.replace("    port: PORT\n", ""))
    assert load_points(path).devices["meter"].port == 802
