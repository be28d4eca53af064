"""The line of a cluster, which takes a machine that is silent for some seconds for lost."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from engine.remote import line

if __name__ == "__main__":
    line.SETTINGS["distributed.scheduler.worker-ttl"] = "25s"
    asyncio.run(line.serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
