"""How late the window's event loop is while the cluster works eight runs and the Runs page draws one of them.

    python -m benchmarks.cluster_window [--runs 8] [--rate 20] [--seconds 20]

The line, the places and the window are real, on this machine. What the places say is paced, and they compute nothing:
else eight of them would take the processor from the window, which other machines do not. For the same reason the line
and the places give way to it (a lower priority). Measured at rest, with the runs live on the page Runs, and with
Settings, Machines open besides. Prints one JSON object, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil
from PySide6.QtCore import QObject, Qt, QTimer

from benchmarks.cluster import Places, paced, small
from engine.remote.on_dask import DaskCluster
from engine.remote.order import Order
from storage.store import RunRow
from storage.workspace import Workspace
from tests.engine.remote.loopback import Loopback, loopback
from ui.machines.dialog import show_machines
from ui.parts import Parts

INTERVAL = 5  # milliseconds between two ticks
SETTLING = 5.0  # seconds until a phase is measured
LONG = 3600.0  # seconds for which a place would go on
LESS = 10  # added to the priority number of what other machines would do


class PacedCluster(DaskCluster):
    """Its machines say so many events a second of each run and compute nothing."""

    rate = 20.0

    def submit(self, order: Order, among: Sequence[str] = (), since: float = 0.0) -> None:
        from distributed import fire_and_forget

        with self._line.asked() as client:
            fire_and_forget(client.submit(paced, order.told(), self.rate, LONG, key=order.key, pure=False))


class LateTicks(QObject):
    """How late a timer of the window's thread is served, phase by phase."""

    def __init__(self, parts: Parts, runs: int, seconds: float) -> None:
        super().__init__(parts.live)
        self._parts, self._runs, self._seconds = parts, runs, seconds
        self._late: list[float] = []
        self._last = 0.0
        self._heard = 0
        self.found: dict[str, dict[str, float]] = {}
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        parts.live.events.connect(lambda run_id, news: setattr(self, "_heard", self._heard + len(news)))
        parts.live.when_ready(lambda: self._soon(lambda: self._measure("at rest", self._submit)))

    def _soon(self, work: Callable[[], object]) -> None:
        QTimer.singleShot(round(1000 * SETTLING), work)

    def _tick(self) -> None:
        now = time.perf_counter()
        self._late.append(max(0.0, (now - self._last) * 1000 - INTERVAL))
        self._last = now

    def _measure(self, phase: str, then: Callable[[], object]) -> None:
        self._late, self._last, self._heard = [], time.perf_counter(), 0
        self._timer.start()
        QTimer.singleShot(round(1000 * self._seconds), lambda: self._keep(phase, then))

    def _keep(self, phase: str, then: Callable[[], object]) -> None:
        self._timer.stop()
        told = {f"p{share}": float(np.percentile(self._late, share)) for share in (50, 95, 99)}
        told |= {"most": max(self._late), "events a second": self._heard / self._seconds}
        self.found[phase] = {name: round(value, 2) for name, value in told.items()}
        then()

    def _submit(self) -> None:
        self._parts.submit([small(1, seed) for seed in range(self._runs)], then=self._show)

    def _show(self, rows: list[RunRow]) -> None:
        self._parts.navigator.open("runs", rows[0].id)
        self._wait([row.id for row in rows])

    def _wait(self, run_ids: list[int]) -> None:
        live = [run for run_id in run_ids if (run := self._parts.live.buffer(run_id)) is not None and run.step]
        if len(live) < self._runs:
            QTimer.singleShot(100, lambda: self._wait(run_ids))
        else:
            self._soon(lambda: self._measure(f"{self._runs} runs live", self._open_machines))

    def _open_machines(self) -> None:
        show_machines(self._parts, self._parts.library.parent())  # type: ignore[arg-type]
        self._soon(lambda: self._measure("and Machines open", self._finish))

    def _finish(self) -> None:
        print(json.dumps({"lateness in ms": self.found, "load": round(os.getloadavg()[0], 1)}), flush=True)
        window = self._parts.library.parent()
        window.closing.decide_to_quit()  # type: ignore[union-attr]
        window.close()  # type: ignore[union-attr]


def window_beside(made: Loopback, runs: int, seconds: float) -> None:
    from ui.window.app import run_window

    cluster = PacedCluster(made.address, made.key, "desk")
    made.desks.append(cluster)
    kept: list[LateTicks] = []

    def begin(parts: Parts) -> None:
        parts.queue._cluster = Places(cluster)
        parts.machines._desk.connect = lambda same_version=True: cluster  # type: ignore[method-assign]
        parts.machines.folder = made.folder
        kept.append(LateTicks(parts, runs, seconds))

    run_window(Workspace(made.folder / "desk").open(), begin)


def give_way() -> None:
    """The line and the places let the window go first."""
    for one in psutil.Process().children(recursive=True):
        one.nice(min(19, one.nice() + LESS))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--runs", type=int, default=8)
    asked.add_argument("--rate", type=float, default=20.0, help="events a second of each run")
    asked.add_argument("--seconds", type=float, default=20.0, help="of each phase")
    chosen = asked.parse_args()
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    PacedCluster.rate = chosen.rate
    with tempfile.TemporaryDirectory() as folder, loopback(Path(folder), chosen.runs) as made:
        watcher = made.desk("watcher")
        made.ready(watcher, chosen.runs)
        give_way()
        window_beside(made, chosen.runs, chosen.seconds)


if __name__ == "__main__":
    main()
