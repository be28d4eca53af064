"""By which address other machines reach this one: with a way out of its network, without one, without a network."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import SimpleNamespace

import psutil
import pytest

from engine.machine.addresses import address_here, addresses, is_alone, is_of


def cut_off(*_: object) -> None:
    raise OSError("Network is unreachable")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """No way leads out; what is connected: name=(address, whether it is up)."""

    def make(**connected: tuple[str, bool]) -> None:
        one = {name: [SimpleNamespace(family=socket.AF_INET, address=at)] for name, (at, _) in connected.items()}
        states = {name: SimpleNamespace(isup=up) for name, (_, up) in connected.items()}
        monkeypatch.setattr(socket.socket, "connect", cut_off)
        monkeypatch.setattr(psutil, "net_if_addrs", lambda: one)
        monkeypatch.setattr(psutil, "net_if_stats", lambda: states)

    return make


def test_this_machine_has_at_least_the_address_that_names_itself() -> None:
    assert "127.0.0.1" in addresses()


def test_a_network_that_leads_nowhere_is_a_network_still(network: Callable[..., None]) -> None:
    network(lo=("127.0.0.1", True), wlan0=("10.1.1.4", False), eth0=("192.168.1.7", True))
    assert address_here() == "192.168.1.7"


def test_without_a_network_it_is_the_machine_itself(network: Callable[..., None]) -> None:
    network(lo=("127.0.0.1", True), wlan0=("10.1.1.4", False))
    assert address_here() == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.0.1.1", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.2", False),
        ("office", False),
    ],
)
def test_what_names_the_machine_itself(host: str, alone: bool) -> None:
    assert is_alone(host) is alone


@pytest.mark.parametrize(
    ("host", "address", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("localhost", "127.0.0.1", True),
        ("0.0.0.0", "192.168.1.7", True),
        ("10.0.0.9", "127.0.0.1", False),
        ("a..b", "127.0.0.1", False),
    ],
)
def test_an_address_is_one_of_the_host_that_was_named(host: str, address: str, expected: bool) -> None:
    assert is_of(host, address) is expected
