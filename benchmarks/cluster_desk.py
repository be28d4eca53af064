"""A simulated cluster: what more machines, runs and events cost the desk and the line.

    python -m benchmarks.cluster_desk --picture docs/cluster_desk.png

The line and the desk are real; the machines are workers of Dask in one process, each at work on a run that computes
nothing and says so many events a second, which are journalled, sent, recorded in the desk's database and drained as the
window does it. Said for each: processor time of the desk and of the line as a share of a core, how late events are
recorded, and the memory of the line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from benchmarks.cluster import Places, small, steady
from engine.events import RunState
from engine.machine.children import begun
from engine.machine.places import home, settle
from engine.remote import on_dask
from engine.remote.attempts import Attempts
from engine.remote.certificates import KeyFile
from engine.remote.connection import security
from engine.remote.line import KEY, NO_PAGES
from engine.remote.on_dask import DaskCluster, teller
from engine.remote.order import Order
from engine.remote.work import Control, write_down
from engine.work.queue import RunQueue, new_run
from storage.record import RecordingStore
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.remote.loopback import Loopback, loopback

ROUNDS = ((4, 1.0, 4), (16, 1.0, 16), (64, 1.0, 64), (64, 5.0, 64), (64, 20.0, 64), (64, 1.0, 256))
RATE, SECONDS = "WARMSTART_PRETEND_RATE", "WARMSTART_PRETEND_SECONDS"


def pretend(told: str) -> None:
    """A task that says so many events a second and computes nothing."""
    order = Order.heard(told)
    folder = Attempts(home()).begin(order.uid, f"{order.attempt}-0", told)
    said = steady(float(os.environ[RATE]), float(os.environ[SECONDS]))
    write_down(folder, said, teller(order), Control())


async def machines(count: int, address: str, key: Path, place: Path) -> None:
    """So many workers until the line ends."""
    from distributed import Worker

    place.mkdir(parents=True)
    settle(place)
    both = security(KeyFile.read(key))
    made = [
        Worker(address, nthreads=1, security=both, memory_limit=0, dashboard=False, dashboard_address=NO_PAGES)
        for _ in range(count)
    ]
    await asyncio.gather(*made)
    await asyncio.gather(*(one.finished() for one in made))


@dataclass(frozen=True)
class Cost:
    """desk, line: of a core. late: p99 seconds from said to recorded. memory: bytes of the line at its end."""

    workers: int
    rate: float
    runs: int
    events: int
    seconds: float
    desk: float
    line: float
    late: float
    memory: int

    def row(self) -> str:
        shares = f"{100 * self.desk:.0f} % | {100 * self.line:.0f} %"
        asked = f"{self.workers} | {self.rate:g} | {self.runs} | {self.events / self.seconds:,.0f}"
        return f"| {asked} | {shares} | {1000 * self.late:.0f} ms | {self.memory / 2**20:.0f} MB |"


class Late:
    """How late lines arrive, from a cluster that hands them over."""

    def __init__(self, cluster: DaskCluster) -> None:
        self.seconds: list[float] = []
        self.events = 0
        self._hear = cluster._hear
        cluster._hear = self.hear  # type: ignore[method-assign]

    def hear(self, event: tuple[float, Mapping[str, list[str]]]) -> None:
        lines = event[1].get("lines", ())
        self.events += len(lines)
        if lines:
            self.seconds.append(time.time() - json.loads(lines[0])["time"])
        self._hear(event)


def used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def cost(folder: Path, workers: int, rate: float, runs: int, seconds: float) -> Cost:
    """One round, on a line of its own."""
    folder.mkdir()
    with loopback(folder, 0) as made:
        pretending = {RATE: str(rate), SECONDS: str(seconds), "DASK_LOGGING__DISTRIBUTED": "error"}
        given = ("--machines", str(workers), made.address, str(folder / KEY), str(folder / "machine"))
        child = begun("benchmarks.cluster_desk", *given, **pretending)
        try:
            desk = made.desk()
            late = Late(desk)
            made.ready(desk, workers)
            return measured(made, desk, late, (workers, rate, runs))
        finally:
            child.kill()
            child.communicate()


def measured(made: Loopback, desk: DaskCluster, late: Late, asked: tuple[int, float, int]) -> Cost:
    line, own = psutil.Process(made.line.pid), psutil.Process()
    queue = RunQueue(partial(RecordingStore, Workspace(made.folder / "desk")), cluster=Places(desk))
    with RunStore(Workspace(made.folder / "desk")) as store:
        since, before = time.monotonic(), (used(own), used(line))
        rows = [queue.submit(new_run(small(1, seed)), store) for seed in range(asked[2])]
        while queue.is_busy():
            queue.drain()
            time.sleep(1 / 15)
        took = time.monotonic() - since
        spent = [(used(one) - was) / took for one, was in zip((own, line), before, strict=True)]
        assert all(store.run(row.id).state is RunState.FINISHED for row in rows)
    queue.close("later")
    quantile = float(np.quantile(late.seconds, 0.99))
    return Cost(*asked, late.events, took, spent[0], spent[1], quantile, line.memory_info().rss)


def draw(costs: list[Cost], path: Path) -> None:
    """Shares of a core over events a second."""
    from PySide6.QtCore import QSize, QSizeF
    from PySide6.QtGui import QPainter, QPen
    from PySide6.QtWidgets import QApplication

    from engine.comparison.intervals import Interval
    from ui.figures.drawing import arm_pen
    from ui.figures.figure_export import save
    from ui.figures.line_chart import ChartLine, LineChart
    from ui.figures.painted import PaintedFigure
    from ui.figures.painted_axes import Axis

    shown = sorted(costs, key=lambda one: one.events / one.seconds)

    def line(title: str, place: int, share: str) -> ChartLine:
        points = []
        for one in shown:
            value = float(getattr(one, share))
            words = f"{title}, {one.workers} workers, {one.rate:g}/s: {100 * value:.0f} %"
            points.append((one.events / one.seconds, Interval(value, value, value, 1), words))
        return ChartLine(title, QPen(arm_pen(place)), points, square=bool(place))

    across = Axis(
        min(one.events / one.seconds for one in shown), max(one.events / one.seconds for one in shown), log=True
    )
    most = max(max(one.desk, one.line) for one in shown)
    lines = [line("The desk", 0, "desk"), line("The line", 1, "line")]
    chart = LineChart(
        lines, across, Axis(0.0, 1.1 * most, percent=True), "Events a second, all runs together", "Of a core"
    )

    class Shares(PaintedFigure):
        def paint(self, painter: QPainter, size: QSizeF) -> None:
            chart.paint(painter, size)

        def figure_size(self) -> QSize:
            return QSize(640, 360)

    application = QApplication([])
    save(Shares("A simulated cluster: what the desk and the line cost"), path)
    application.quit()


def main() -> None:
    if sys.argv[1:2] == ["--machines"]:
        count, address, key, place = sys.argv[2:]
        asyncio.run(machines(int(count), address, Path(key), Path(place)))
        return
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=20.0, help="that each run speaks for")
    asked.add_argument("--picture", type=Path)
    chosen = asked.parse_args()
    on_dask.work_order = pretend
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (workers, rate, runs) in enumerate(ROUNDS):
            costs.append(cost(Path(folder) / str(number), workers, rate, runs, chosen.seconds))
            print(costs[-1].row(), flush=True)
    if chosen.picture:
        draw(costs, chosen.picture)


if __name__ == "__main__":
    main()
