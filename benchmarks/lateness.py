"""How late the window's event loop is while a real run trains and the Runs page draws its curves.

    python benchmarks/lateness.py [seconds] [thread|process]

A 5 ms timer in the window's thread measures how long after its time it is served, first while the window rests
with torch loaded, then during MAML and during fine-tuning, worked by a thread of the window or by processes; then
during MAML with Compare of 20 saved runs open, with a saved curve of 10^6 points open, and with a live curve that has
10^6 points already. Prints one JSON object; milliseconds, those while a page was opened and read by themselves, and for
each run the seconds from Start to its first point, its steps per second and the window's memory.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

INTERVAL = 5  # milliseconds between two ticks
EXPERIMENTS = {
    "maml": {"method": {"name": "maml", "hyperparameters": {"steps": 100_000}}, "dataset": {"name": "glyphs"}},
    "fine-tuning": {
        "method": {"name": "full_ft", "hyperparameters": {"epochs": 2000}},
        "dataset": {"name": "glyphs", "classes": 40, "labels_per_class": 10},
    },
}  # fmt: skip
COMPARED, LONG = "maml, Compare of 20 runs open", "maml, live curve of 10^6 points"
SAVED = "maml, saved curve of 10^6 points open"
EXPERIMENTS |= {COMPARED: EXPERIMENTS["maml"], SAVED: EXPERIMENTS["maml"], LONG: EXPERIMENTS["maml"]}
RUNS, POINTS, SAVED_STEPS = 20, 10**6, 2000
SETTLING = 3.0  # seconds in which a page that was just opened is built and read


def save_runs(workspace: Any) -> list[int]:
    """Twenty finished runs, each with four curves of 2,000 points, and one of 10^6 points; returns their ids."""
    from benchmarks.storage import add_run
    from storage.store import RunStore

    with RunStore(workspace) as store:
        short = [add_run(store, SAVED_STEPS, seed=seed) for seed in range(RUNS)]
        return [*short, add_run(store, POINTS, ("train/loss",), seed=RUNS)]


def lengthen(run: Any) -> None:
    """Give the loss of a run at work a past of 10^6 points, as one that goes on has."""
    from engine.work.recorder import SavedPast
    from storage.rows import Curve

    steps = np.arange(run.step - POINTS, run.step)
    values = np.random.default_rng(0).normal(2.0, 0.3, POINTS) - np.linspace(0, 1, POINTS)
    loss = Curve(steps, np.linspace(0.0, run.elapsed(), POINTS), values)
    run.add(SavedPast({**run.curves, "train/loss": loss}, run.results, run.trials, 0.0))


class Measurement:
    """Walks through the phases, each `seconds` long; `finish` gets the results."""

    def __init__(self, parts: Any, seconds: float, saved: list[int]) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.parts, self.seconds, self.saved = parts, seconds, saved
        self.phases = ["resting", *EXPERIMENTS]
        self.late: list[float] = []
        self.opening: list[float] = []
        self.results: dict[str, Any] = {}
        self.steps = 0
        self.timer = QTimer(parts.live)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.tick)
        self.begin = self.last = 0.0
        self.run_id: int | None = None
        parts.live.engine_ready.connect(self.next_phase)

    def next_phase(self) -> None:
        from engine.experiment import parse_experiment

        if not self.phases:
            return self.finish()
        self.phase = self.phases.pop(0)
        if self.phase == "resting":
            return self.measure()
        self.asked, self.first = time.perf_counter(), 0.0
        self.parts.submit([parse_experiment(EXPERIMENTS[self.phase])], then=self.submitted)
        return None

    def submitted(self, rows: list[Any]) -> None:
        self.run_id = rows[0].id
        self.parts.navigator.open("runs", self.run_id)
        self.parts.live.events.connect(self.wait_for_step)

    def wait_for_step(self, run_id: int, events: list[Any]) -> None:
        """Measure from the twentieth step on: preparation and warm-up are over."""
        if run_id == self.run_id and self.parts.live.buffer(run_id).step > 0 and not self.first:
            self.first = time.perf_counter() - self.asked
        if run_id == self.run_id and self.parts.live.buffer(run_id).step >= 20:
            self.parts.live.events.disconnect(self.wait_for_step)
            self.prepare()

    def prepare(self) -> None:
        """Open what this phase is about and let it be read, then measure."""
        from PySide6.QtCore import QTimer

        self.late, self.begin, self.last = [], math.inf, time.perf_counter()
        self.timer.start(INTERVAL)
        if self.phase == COMPARED:
            self.parts.navigator.open("compare", self.saved[:RUNS])
        if self.phase == SAVED:
            self.parts.navigator.open("runs", self.saved[RUNS])
        if self.phase == LONG:
            lengthen(self.parts.live.buffer(self.run_id))
        QTimer.singleShot(round(1000 * SETTLING), self.measure)

    def measure(self) -> None:
        self.opening, self.late = self.late, []
        if self.run_id is not None:
            self.steps = self.parts.live.buffer(self.run_id).step
        self.begin = self.last = time.perf_counter()
        self.timer.start(INTERVAL)

    def tick(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, (now - self.last) * 1000 - INTERVAL))
        self.last = now
        if now - self.begin >= self.seconds:
            self.timer.stop()
            self.keep(now - self.begin)
            self.next_phase()

    def keep(self, seconds: float) -> None:
        found = {f"p{p}": round(float(np.percentile(self.late, p)), 2) for p in (50, 95, 99)}
        found["most"] = round(max(self.late), 2)
        if self.phase in (COMPARED, SAVED, LONG):
            found["most while it was opened"] = [round(value, 1) for value in sorted(self.opening)[-3:]]
        if self.run_id is not None:
            done = self.parts.live.buffer(self.run_id).step - self.steps
            found["training steps per second"] = round(done / seconds, 1)
            found["seconds to the first point"] = round(self.first, 2)
            found["window's MB"] = round(psutil.Process().memory_info().rss / 2**20, 1)
            self.parts.queue.discard(self.run_id)
            self.run_id = None
        self.results[self.phase] = found

    def finish(self) -> None:
        from PySide6.QtWidgets import QApplication

        platform = QApplication.platformName()
        print(json.dumps({"event loop lateness in ms": self.results, "platform": platform}), flush=True)
        self.parts.queue.close("abandon", 20)
        os._exit(0)


def main() -> None:
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    from engine.work.process import Process
    from storage.workspace import Workspace
    from ui.window.app import run_window

    with tempfile.TemporaryDirectory() as folder:
        kept = []
        workspace = Workspace(Path(folder)).open()
        saved = save_runs(workspace)

        def begin(parts: Any) -> None:
            if "process" in sys.argv:
                parts.queue.worker = Process
            kept.append(Measurement(parts, seconds, saved))

        run_window(workspace, begin)


if __name__ == "__main__":
    main()
