"""Whether a cluster's line can connect to this machine, as it has to: what is asked about runs, and files, come that
way. A machine that nobody reaches would take runs and never give them back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import ExperimentError

WAIT = 5.0  # seconds for a connection
ANY = "0"  # a port that the system chooses


async def connects(host: str, port: int) -> bool:
    """Whether somebody listens there; asked in the line's process."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), WAIT)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def numbers(ports: str) -> list[int]:
    """ "8800:8803": all of them; `ANY`: 0."""
    first, _, last = ports.partition(":")
    return list(range(int(first), int(last or first) + 1))


@contextmanager
def listening(ports: str) -> Iterator[int]:
    """At the first free one of these, as the places of this machine are going to. Raises `ExperimentError`."""
    for port in numbers(ports):
        try:
            opened = socket.create_server(("", port))
        except OSError:
            continue
        with opened:
            yield int(opened.getsockname()[1])
        return
    raise ExperimentError(f"No port of {ports.replace(':', ' to ')} is free here.", "Give another --port.")
