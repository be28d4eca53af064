"""What is typed at another machine so that it works for a cluster, as the window and the terminal show it."""

from __future__ import annotations

from urllib.parse import urlsplit

from engine.machine.addresses import is_alone

WHERE = "a copy of the folder that Warmstart was installed from here"
INSTALL = 'python3 -m venv .venv && .venv/bin/python -m pip install -e ".[cluster]"'
WINDOWS = r"On Windows write .venv\Scripts where it says .venv/bin, and each command on a line of its own."


def worker_line(address: str, key: str) -> str:
    """key: the file's name."""
    return f".venv/bin/warmstart worker --connect {address} --key {key}"


def alone(address: str) -> str:
    """What is said of a cluster that no other machine reaches; "" of one that others may."""
    host = urlsplit(address).hostname or ""
    if not is_alone(host):
        return ""
    return (
        f"No other machine reaches {host}: end the cluster, and begin it at an address of this machine in its network."
    )
