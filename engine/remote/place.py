"""A process that works one run of a cluster at a time: a worker of Dask, which ends when it loses its line, or when
whoever began it is gone.

    python -m engine.remote.place ADDRESS KEY HOME
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

from engine.machine.places import settle
from engine.remote.certificates import KeyFile
from engine.remote.line import NO_PAGES

SETTINGS: dict[str, object] = {
    "distributed.comm.timeouts.connect": "10s",
    "distributed.worker.profile.enabled": False,
    "distributed.worker.use-file-locking": False,
    "distributed.diagnostics.nvml": False,
    "distributed.worker.http.routes": [],
}
LOST = 20.0  # seconds without a line, after which it ends


async def work(address: str, key: Path, home: Path) -> None:
    import dask
    from distributed import Worker

    from engine.remote.on_dask import security

    dask.config.set(SETTINGS)
    settle(home)
    (home / "dask").mkdir(parents=True, exist_ok=True)
    async with Worker(
        address, nthreads=1, security=security(KeyFile.read(key)), memory_limit=0, death_timeout=LOST,
        local_directory=str(home / "dask"), dashboard=False, dashboard_address=NO_PAGES,
    ) as worker:  # fmt: skip
        threading.Thread(target=_get_ready, daemon=True).start()
        await worker.finished()


def _get_ready() -> None:
    """Load torch before there is an order, which takes seconds."""
    import engine.execute  # noqa: F401


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    os.dup2(2, 1)  # nobody reads what others print
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
    os._exit(0)  # a run at work is lost with its line: what it has said is in its journal
