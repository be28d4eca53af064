"""Time from starting the program to its first paint and until it can be used, beside a bare window of PySide6.

    python benchmarks/first_paint.py [repeats]

Each repeat starts three fresh processes in turn: a bare main window; the program with an empty workspace up to its
first paint; and the same until it is usable: the form is painted, its images are read and Start is judged. Prints one
JSON object; times in seconds, and where those until it is usable go in milliseconds, each part from the end of the one
before. Processor seconds well below the seconds mean that the machine was busy with something else. Without a display
it measures Qt's off-screen platform and says so.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "torchvision", "pyqtgraph", "sklearn", "scipy", "numpy", "pydantic", "PIL", "sqlite_utils")
SAY = """
import os, sys, time

parts = []

def reach(part):
    parts.append(f"{part}={time.monotonic()}")

def say():
    reach("last")
    print("|".join(parts), *(name for name in sys.argv[2:] if name in sys.modules), sep="|", flush=True)
    os._exit(0)
"""
BARE = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

class Bare(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, self, say)

application = QApplication([])
window = Bare()
window.resize(1280, 800)
window.show()
application.exec()
"""
START = """
from ui.terminal.commands import run_command
sys.exit(run_command(["--workspace", sys.argv[1]]))
"""
FIRST = "from ui.window.main_window import MainWindow\nMainWindow.begin = lambda self: say()\n"
USABLE = """
reach("python")
from PySide6.QtCore import QTimer
from PySide6 import QtWidgets
reach("PySide6")
from ui.window import app
from ui.window.main_window import MainWindow
reach("the window's code")
opened = app.open_window
begun = MainWindow.begin

def begin(window):
    reach("first paint")
    import ui.pages.new_experiment
    reach("the form's code")
    begun(window)
    reach("the form built")
    load = window.pages["new_experiment"]._load
    window.pages["new_experiment"]._load = lambda: (reach("the form painted"), load())

MainWindow.begin = begin

def watch(*given):
    window = opened(*given)
    timer = QTimer(window, interval=2)
    timer.timeout.connect(lambda: look(window))
    timer.start()
    return window

def look(window):
    page = window.pages.get("new_experiment")
    if page is not None and page.is_settled() and page.launch.start_button.isEnabled():
        window.repaint()
        say()

app.open_window = watch
"""
STARTS = {"bare window": SAY + BARE, "first paint": SAY + FIRST + START, "usable": SAY + USABLE + START}


@dataclass(frozen=True)
class Begun:
    """One start: seconds, processor seconds, which of the heavy modules were loaded by then, and the milliseconds that
    each part took."""

    seconds: float
    used: float
    loaded: list[str]
    parts: dict[str, float]


def begin(program: str) -> Begun:
    before = os.times()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", program, folder, *HEAVY]
        start = time.monotonic()
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    if done.returncode != 0 or not done.stdout:
        sys.exit(done.stderr)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    said = done.stdout.strip().split("|")
    reached = {name: float(at) - start for name, _, at in (one.partition("=") for one in said) if at}
    took = [1000 * (at - since) for since, at in pairwise([0.0, *reached.values()])]
    loaded = [one for one in said if one and "=" not in one]
    return Begun(reached["last"], used, loaded, dict(zip(reached, took, strict=True)))


def told(begun: list[Begun]) -> dict[str, object]:
    seconds = [one.seconds for one in begun]
    return {
        "median": round(statistics.median(seconds), 3),
        "all": [round(value, 3) for value in seconds],
        "median processor seconds": round(statistics.median(one.used for one in begun), 3),
        "milliseconds of each part": {
            name: round(statistics.median(one.parts[name] for one in begun)) for name in begun[0].parts
        },
        "heavy modules by then": sorted({name for one in begun for name in one.loaded}),
    }


def main() -> None:
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for program in STARTS.values():  # warms the file cache
        begin(program)
    begun: dict[str, list[Begun]] = {name: [] for name in STARTS}
    for _ in range(repeats):
        for name, program in STARTS.items():
            begun[name].append(begin(program))
    medians = {name: statistics.median(one.seconds for one in found) for name, found in begun.items()}
    print(json.dumps({
        **{name: told(found) for name, found in begun.items()},
        "first paint in bare windows": round(medians["first paint"] / medians["bare window"], 2),
        "platform": os.environ.get("QT_QPA_PLATFORM", "display"),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
