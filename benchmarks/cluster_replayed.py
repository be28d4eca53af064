"""Machines that are simulated and say what a real run said: its events as they came, and at its end its files.

    python -m benchmarks.cluster_replayed COUNT ADDRESS KEY HOME EPOCHS SECONDS

One run is worked here first; each that is ordered then says the same and leaves the same, in SECONDS, and computes
nothing. What the desk has to do for it is real, on a processor that the runs leave alone.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cluster import small
from benchmarks.cluster_simulated import end_with_parent, machines
from engine import execute
from engine.events import LAST_EVENTS, Event, ResumePoint

Said = list[tuple[float, Event]]  # seconds since its beginning


def worked(folder: Path, epochs: int) -> Said:
    """One run, and when it said what."""
    asked, begun, said = small(epochs).model_copy(update={"device": "cpu"}), time.monotonic(), Said()
    for event in execute.execute(asked, folder, lambda: False):
        if not isinstance(event, ResumePoint):
            said.append((time.monotonic() - begun, event))
    return said


def again(folder: Path, said: Said, seconds: float, into: Path) -> Iterator[Event]:
    begun, slower = time.monotonic(), seconds / said[-1][0]
    for at, event in said:
        time.sleep(max(0.0, begun + at * slower - time.monotonic()))
        if isinstance(event, LAST_EVENTS):
            shutil.copytree(folder, into, dirs_exist_ok=True)
        yield event


def main() -> None:
    count, address, key, home, epochs, seconds = sys.argv[1:]
    with tempfile.TemporaryDirectory() as kept:
        worked(Path(kept, "first"), 1)  # the engine is loaded
        said = worked(run := Path(kept, "run"), int(epochs))

        def replayed(_: object, directory: Path, *__: object, **___: object) -> Iterator[Event]:
            return again(run, said, float(seconds), directory)

        execute.execute = replayed  # type: ignore[assignment]
        threading.Thread(target=end_with_parent, daemon=True).start()
        asyncio.run(machines(int(count), address, Path(key), Path(home)))


if __name__ == "__main__":
    main()
