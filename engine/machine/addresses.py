"""By which address other machines of the network reach this one."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress

import psutil

ALONE = "127.0.0.1"  # no other machine reaches this one by it


def address_here() -> str:
    """That leads out of this machine, also where nothing leads out of its network; `ALONE` where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, suppress(OSError):
        asked.connect(("10.255.255.255", 9))  # nothing is sent
        return str(asked.getsockname()[0])
    return next((one for one in addresses() if not is_alone(one)), ALONE)


def addresses() -> list[str]:
    """IPv4, of each network that this machine is connected to."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = [one for name, all_ in psutil.net_if_addrs().items() if name in up for one in all_]
    return [one.address for one in found if one.family == socket.AF_INET]


def is_of(host: str, address: str) -> bool:
    """Whether an IP address is one of the host's, as it was named; "0.0.0.0" names all of this machine."""
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_unspecified:
            return True
    with suppress(OSError, ValueError):
        return address in {one[4][0] for one in socket.getaddrinfo(host, None)}
    return host == address


def is_alone(host: str) -> bool:
    """Whether it names the machine itself alone."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
