"""Ports are checked before anything starts."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.cli.ports import Port, PortError, check_ports, owner_of


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def port(number: int, role: str = "API", variable: str = "ULAK_API_PORT", option: str = "--api-port") -> Port:
    return Port(role, number, variable, option)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_free_port_is_accepted() -> None:
    check_ports("127.0.0.1", [port(free_port())])


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_named_with_the_way_out(listening: int, host: str) -> None:
    with pytest.raises(PortError, match=f"port {listening} for the API is taken.*: set ULAK_API_PORT or --api-port"):
        check_ports(host, [port(listening)])


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_the_owner_of_a_port_is_known(listening: int) -> None:
    me = psutil.Process()
    assert owner_of(listening) == f"{Path('/proc/self/comm').read_text().strip()} (process {me.pid})"


def test_all_faults_are_reported_at_once(listening: int) -> None:
    sandbox = port(listening, "sandbox", "ULAK_SANDBOX_PORT", "--sandbox-port")
    with pytest.raises(PortError) as raised:
        check_ports("127.0.0.1", [port(listening), sandbox])
    api, other, twice = str(raised.value).splitlines()
    assert "for the API is taken" in api
    assert "for the sandbox is taken" in other
    assert twice == f"port {listening} is given to both the API and the sandbox: set ULAK_SANDBOX_PORT"


def test_an_address_that_is_not_ours_is_no_trace() -> None:
    with pytest.raises(PortError, match=r"on 192\.0\.2\.1 cannot be used for the API"):
        check_ports("192.0.2.1", [port(free_port())])
