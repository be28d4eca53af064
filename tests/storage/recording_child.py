"""A process that records about 1,000 steps a second until it is killed, and says the time of each on standard output.

Arguments: the workspace and the run's id.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.events import EpochCompleted, Event, Metrics, RunStarted
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace

NAMES = ("train/loss", "train/accuracy", "val/loss", "val/accuracy")


made: dict[int, float] = {}  # when each step was; a busy machine may let it wait before it is told


def endless() -> Iterator[Event]:
    yield RunStarted(10**9, 400, 32)
    step = 0
    while True:
        step += 1
        time.sleep(0.0008)
        made[step] = time.time()
        yield Metrics(step, dict.fromkeys(NAMES, 1 / step))
        if step % 400 == 0:
            yield EpochCompleted(step // 400, step)


def main() -> None:
    with RunStore(Workspace(sys.argv[1])) as store:
        for event in record(store, int(sys.argv[2]), endless()):
            if isinstance(event, Metrics):
                os.write(1, f"{event.step} {made.pop(event.step)!r}\n".encode())


if __name__ == "__main__":
    main()
