"""The desk's share of a cluster's work: processor time of this program for each run that others work, by its threads.

    python -m benchmarks.cluster_share --places 2 --runs 100 --epochs 24

The line, TLS, journals, the queue, SQLite and the files are real; the machines replay a run of about a second
(`benchmarks.cluster_replayed`). Time is what the system gave to each thread, whatever else it works at; a cache that
others have emptied counts to this program all the same.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import threading
from pathlib import Path

from benchmarks.cluster import runs
from engine.machine.children import begun
from engine.remote.in_line import running
from engine.remote.line import KEY
from engine.remote.on_dask import DaskCluster
from tests.engine.remote.loopback import Loopback, loopback
from tests.engine.work.small_runs import until


def used(thread: threading.Thread) -> float:
    """Seconds that the system gave to it."""
    return int(Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()[0]) / 1e9


def measured(made: Loopback, desk: DaskCluster, count: int, epochs: int) -> None:
    runs(made, desk, 2, 1)
    gc.freeze()  # as the window does, which leaves what is there for good out of each collection
    kept = {"the connection": next(one for one in threading.enumerate() if "IO loop" in one.name),
            "putting in line, drawing": threading.main_thread()}  # fmt: skip
    before = {name: used(one) for name, one in kept.items()}
    wall, _, own = runs(made, desk, count, epochs)
    parts = {name: used(one) - before[name] for name, one in kept.items()}
    parts["saving runs, a thread for each"] = own - sum(parts.values())
    print(f"load {os.getloadavg()[0]:.1f}, {count} runs in {wall:.1f} s, {count / wall:.2f} a second")
    print(f"this program: {1000 * own / count:.1f} ms a run, {100 * own / wall:.1f} % of a core; of that, by thread:")
    for name, seconds in parts.items():
        print(f"  {1000 * seconds / count:6.2f} ms  {name}")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--places", type=int, default=2)
    asked.add_argument("--runs", type=int, default=100)
    asked.add_argument("--epochs", type=int, default=24)
    asked.add_argument("--seconds", type=float, default=1.0, help="of each run")
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, loopback(Path(folder), 0) as made:
        told = chosen.places, made.address, Path(folder, KEY), Path(folder, "machine"), chosen.epochs, chosen.seconds
        child = begun("benchmarks.cluster_replayed", *map(str, told), DASK_LOGGING__DISTRIBUTED="error")
        try:
            desk = made.desk()
            until(lambda: desk._line.of_line(running) == chosen.places)
            until(lambda: desk.places() == chosen.places)
            measured(made, desk, chosen.runs, chosen.epochs)
        finally:
            child.kill()
            child.communicate()


if __name__ == "__main__":
    main()
