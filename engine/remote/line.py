"""The process in which a cluster's orders stand in line: Dask's scheduler, which works nothing itself.

    python -m engine.remote.line FOLDER HOST PORT

FOLDER holds the key, and `where.json` from when it can be reached.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from engine.machine.files import write_text
from engine.remote.certificates import KeyFile
from engine.remote.order import version

KEY, WHERE = "cluster.key", "where.json"
SETTINGS: dict[str, object] = {
    "distributed.scheduler.worker-ttl": "300s",  # of silence: asleep, or a step that lets nobody else speak
    "distributed.scheduler.worker-saturation": 1.0,  # a run at a time; the next waits here, not there
    "distributed.scheduler.allowed-failures": 0,  # the desk orders a lost run again, under another number
    "distributed.scheduler.work-stealing": False,
    "distributed.admin.low-level-log-length": 100,  # messages that are kept of a topic
    "distributed.comm.timeouts.connect": "10s",
    "distributed.scheduler.http.routes": [],
}
NO_PAGES = "127.0.0.1:0"  # Dask always listens for browsers too: nobody else can ask there, and nothing is answered


async def serve(folder: Path, host: str, port: int) -> None:
    """Until it is told to end."""
    import dask

    from engine.remote.connection import security
    from engine.remote.waiting import WaitingLine

    dask.config.set(SETTINGS)
    key = KeyFile.read(folder / KEY)
    async with WaitingLine(
        host=host, port=port, protocol="tls", security=security(key), dashboard=False, dashboard_address=NO_PAGES
    ) as scheduler:
        told = {"address": scheduler.address, "process": os.getpid(), "version": version()}
        write_text(folder / WHERE, json.dumps(told))
        await scheduler.finished()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
