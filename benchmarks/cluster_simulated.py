"""Machines that are simulated: workers of Dask in one process, whose runs sleep and say something at a steady rate.

    python -m benchmarks.cluster_simulated COUNT ADDRESS KEY HOME RATE SECONDS

All that a machine does of an order is real, but for the run itself: it is heard, a folder is made, every event is
written down and told in batches, and desks are answered.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cluster import steady
from engine import execute
from engine.events import Event
from engine.machine.files import cache_folder
from engine.machine.places import settle
from engine.remote.certificates import KeyFile
from engine.remote.connection import security
from engine.remote.line import NO_PAGES
from engine.remote.place import SETTINGS

TOGETHER = 8  # workers that knock at a time


async def machines(count: int, address: str, key: Path, home: Path) -> None:
    """So many workers, until the line ends."""
    import dask
    from distributed import Worker

    dask.config.set(SETTINGS)
    home.mkdir(parents=True, exist_ok=True)
    settle(home)
    both = security(KeyFile.read(key))
    made = [
        Worker(
            address, nthreads=1, security=both, memory_limit=0, dashboard=False, dashboard_address=NO_PAGES,
            local_directory=str(cache_folder() / "cluster"),
        )
        for _ in range(count)
    ]  # fmt: skip
    for first in range(0, count, TOGETHER):
        await asyncio.gather(*made[first : first + TOGETHER])
    await asyncio.gather(*(one.finished() for one in made))


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    count, address, key, home, rate, seconds = sys.argv[1:]

    def sleeping(*_: object, **__: object) -> Iterator[Event]:
        yield from steady(float(rate), float(seconds))

    execute.execute = sleeping  # type: ignore[assignment]
    threading.Thread(target=end_with_parent, daemon=True).start()
    asyncio.run(machines(int(count), address, Path(key), Path(home)))


if __name__ == "__main__":
    main()
