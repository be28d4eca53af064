"""What more machines, events, runs in line and short runs cost the desk and the line, with machines that are simulated.

    python -m benchmarks.cluster_desk --kept costs.json --picture docs/cluster_desk.png

The line and the desk are real: events are journalled, sent over TLS, recorded in SQLite and drained as the window does
it. Said for each round: processor time of the desk and of the line as a share of a core, how late events are recorded,
and what memory both have. `benchmarks.cluster_simulated` has the machines, in a process of its own that is not counted,
and each round has a desk of its own. What is kept in the file is not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.cluster import DRAWN, Places, small
from engine.events import Event, Heard, RunState
from engine.machine.children import ROOT, begun
from engine.remote.in_line import running
from engine.remote.line import KEY
from engine.remote.on_dask import DaskCluster
from engine.work.queue import RunQueue, new_run
from storage.lending import Stores
from storage.record import RecordingStore
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.remote.loopback import Loopback, loopback
from tests.engine.work.small_runs import until

SETTLED = 5.0  # seconds of work before a round is measured
LONG = 3600.0  # seconds that a run speaks for, unless it is to end


@dataclass(frozen=True)
class Round:
    """rate: events a second of each run at work. waiting: runs that stand in line besides. lasts: seconds of a run; of
    such rounds all runs are worked."""

    group: str
    workers: int
    rate: float
    waiting: int = 0
    lasts: float = LONG

    @property
    def runs(self) -> int:
        return self.workers + self.waiting


ROUNDS = (
    *(Round("workers", count, 4.0) for count in (1, 4, 16, 64)),
    *(Round("events", 16, rate) for rate in (1.0, 16.0, 64.0)),
    *(Round("waiting", 4, 4.0, count) for count in (60, 250, 1000, 2000)),
    *(Round("short runs", count, 1.0, 5 * count, 4.0) for count in (4, 16, 64)),
)


@dataclass(frozen=True)
class RoundCost:
    """events: recorded a second. desk, line: shares of a core. late, latest: p50 and p99 seconds from said to recorded.
    desk_memory, line_memory: bytes. ordered: seconds until all runs were in line. each: seconds of the desk's and of
    the line's processor for each run that was worked; 0 where none ended."""

    events: float
    desk: float
    line: float
    late: float
    latest: float
    desk_memory: int
    line_memory: int
    ordered: float
    each: tuple[float, float] = (0.0, 0.0)


LATE: list[float] = []  # seconds until each event was recorded, of all runs
recorded = RecordingStore.record


def timed(
    store: RecordingStore, run_id: int, events: Iterator[Event], heard: Callable[[], Heard | None] = lambda: None
) -> Generator[Event, None, None]:
    with closing(recorded(store, run_id, events, heard)) as all_:
        for event in all_:
            if (place := heard()) is not None:
                LATE.append(time.time() - place.time)
            yield event


class Clock:
    """Seconds, and processor time of both, since it was made."""

    def __init__(self, made: Loopback) -> None:
        self._both = psutil.Process(), psutil.Process(made.line.pid)
        self._since, self._before = time.monotonic(), self._used()
        LATE.clear()

    def _used(self) -> tuple[float, ...]:
        times = (one.cpu_times() for one in self._both)
        return tuple(float(one.user + one.system) for one in times)

    def cost(self, ordered: float, ended: int) -> RoundCost:
        took, late = time.monotonic() - self._since, np.array(LATE)
        spent = [now - was for now, was in zip(self._used(), self._before, strict=True)]
        p50, p99 = map(float, np.quantile(late, (0.5, 0.99)))
        sizes = [one.memory_info().rss for one in self._both]
        each = (spent[0] / ended, spent[1] / ended) if ended else (0.0, 0.0)
        return RoundCost(len(late) / took, spent[0] / took, spent[1] / took, p50, p99, *sizes, ordered, each)


def cost(folder: Path, asked: Round, seconds: float) -> RoundCost:
    """Of one round, on a line of its own. This process is to end afterwards."""
    with loopback(folder, 0) as made:
        told = (asked.workers, made.address, folder / KEY, folder / "machine", asked.rate, asked.lasts)
        child = begun("benchmarks.cluster_simulated", *map(str, told), DASK_LOGGING__DISTRIBUTED="error")
        try:
            desk = made.desk()
            until(lambda: desk._line.of_line(running) == asked.workers)
            return measured(made, desk, asked, seconds)
        finally:
            child.kill()
            child.communicate()


def measured(made: Loopback, desk: DaskCluster, asked: Round, seconds: float) -> RoundCost:
    """With as many runs at work as there are machines, until the time is over; of runs that end, until all have."""
    RecordingStore.record = timed  # type: ignore[method-assign]
    queue = RunQueue(Stores(Workspace(made.folder / "desk")), cluster=Places(desk))
    until(lambda: desk.places() == asked.workers)
    with RunStore(Workspace(made.folder / "desk")) as store:
        clock, since = Clock(made), time.monotonic()
        rows = [queue.submit(new_run(small(1, seed)), store) for seed in range(asked.runs)]
        if asked.lasts < LONG:
            drained(queue, lambda: not queue.is_busy())
            assert all(store.run(one.id).state is RunState.FINISHED for one in rows)
            return clock.cost(0.0, asked.runs)
        drained(queue, lambda: at_work(queue) == asked.workers)
        drained(queue, lambda: desk._line.of_line(known) >= asked.runs)
        ordered = time.monotonic() - since
        drained(queue, over(SETTLED))
        clock = Clock(made)
        drained(queue, over(seconds))
        return clock.cost(ordered, 0)


def known(dask_scheduler: object = None) -> int:
    """How many orders the line has."""
    return len(dask_scheduler.tasks)  # type: ignore[attr-defined]


def at_work(queue: RunQueue) -> int:
    return sum(queue.state(run_id) is RunState.RUNNING for run_id in queue.active())


def over(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def drained(queue: RunQueue, true: Callable[[], bool]) -> None:
    """As a window would, until it is true."""
    while not true():
        queue.drain()
        time.sleep(DRAWN)


def by_itself(number: int, seconds: float) -> dict[str, object]:
    """One round in a process of its own, with its processor's load before."""
    load = os.getloadavg()[0]
    words = [sys.executable, "-m", "benchmarks.cluster_desk", "--round", str(number), "--seconds", str(seconds)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return {**asdict(ROUNDS[number]), **json.loads(done.stdout), "load": load}


def row(told: dict[str, float]) -> str:
    asked = f"{told['group']} | {told['workers']} | {told['rate']:g} | {told['waiting']:,} | {told['events']:,.0f}"
    found = f"{100 * told['desk']:.1f} % | {100 * told['line']:.1f} %"
    late = f"{1000 * told['late']:.0f} / {1000 * told['latest']:.0f} ms"
    sizes = f"{told['desk_memory'] / 2**20:.0f} / {told['line_memory'] / 2**20:.0f} MB"
    each = " / ".join(f"{1000 * one:.0f}" for one in told["each"]) + " ms" if any(told["each"]) else ""  # type: ignore[arg-type,str-unpack]
    return f"| {asked} | {found} | {late} | {sizes} | {told['ordered']:.1f} s | {each} | {told['load']:.1f} |"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=20.0, help="that a round is measured for")
    asked.add_argument("--kept", type=Path, default=Path("cluster_desk.json"))
    asked.add_argument("--only", help="rounds of this group")
    asked.add_argument("--round", type=int, help=argparse.SUPPRESS)
    asked.add_argument("--picture", type=Path)
    chosen = asked.parse_args()
    if chosen.round is not None:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            print(json.dumps(asdict(cost(Path(folder), ROUNDS[chosen.round], chosen.seconds))), flush=True)
        os._exit(0)  # runs that are followed have no end
    kept = json.loads(chosen.kept.read_text()) if chosen.kept.is_file() else []
    for number, one in enumerate(ROUNDS):
        done = next((told for told in kept if all(told[name] == value for name, value in asdict(one).items())), None)
        if done is None and chosen.only in (None, one.group):
            kept.append(done := by_itself(number, chosen.seconds))
            chosen.kept.write_text(json.dumps(kept, indent=1))
        if done is not None:
            print(row(done), flush=True)
    if chosen.picture:
        from benchmarks.cluster_desk_figure import draw

        draw(kept, chosen.picture)


if __name__ == "__main__":
    main()
