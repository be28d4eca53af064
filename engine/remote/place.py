"""A process that works one run of a cluster at a time: a worker of Dask, which ends when it loses its line, or when
whoever began it is gone.

    python -m engine.remote.place ADDRESS KEY HOME KEEP PORTS

KEEP: bytes of files for other runs that it keeps. PORTS: at the first of them that is free it listens.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import dask
from distributed import Worker

from engine.errors import ExperimentError
from engine.machine.files import cache_folder
from engine.machine.places import settle
from engine.remote import served
from engine.remote.certificates import KeyFile
from engine.remote.cluster import ClusterAway
from engine.remote.joining import LINE_AWAY, OTHER_VERSION, Joining, refuse_another_version
from engine.remote.line import NO_PAGES
from engine.remote.reached import numbers

SETTINGS: dict[str, object] = {
    "distributed.comm.timeouts.connect": "10s",
    "distributed.worker.profile.enabled": False,
    "distributed.worker.use-file-locking": False,
    "distributed.diagnostics.nvml": False,
    "distributed.worker.http.routes": [],
}
LOST = 20.0  # seconds without a line, after which it ends


class PlaceWorker(Worker):  # type: ignore[misc]
    """Without a line it ends at once: the run at work is lost with that, and its thread would be waited for."""

    async def close(self, *how: object, **named: object) -> str | None:
        ended: str | None = await super().close(*how, **{**named, "executor_wait": False})
        return ended


async def work(joining: Joining) -> None:
    from engine.remote.connection import security

    dask.config.set(SETTINGS)
    settle(joining.home)
    joining.home.mkdir(parents=True, exist_ok=True)
    async with PlaceWorker(
        joining.address, port=numbers(joining.ports), nthreads=1, security=security(KeyFile.read(joining.key)),
        memory_limit=0, death_timeout=LOST, local_directory=str(cache_folder() / "cluster"), dashboard=False,
        dashboard_address=NO_PAGES,
    ) as worker:  # fmt: skip
        threading.Thread(target=_get_ready, daemon=True).start()
        await worker.finished()


def _get_ready() -> None:
    """Load torch before there is an order, which takes seconds."""
    import engine.execute  # noqa: F401


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main(joining: Joining) -> int:
    """What the process ends with. A run at work is lost with the line: what it has said is in its journal."""
    try:
        refuse_another_version(joining)
    except ClusterAway:
        return LINE_AWAY
    except ExperimentError:
        return OTHER_VERSION
    served.keep = joining.keep
    asyncio.run(work(joining))
    return 0


if __name__ == "__main__":
    os.dup2(2, 1)  # nobody reads what others print
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os._exit(main(Joining(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5])))
