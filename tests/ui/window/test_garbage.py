"""Garbage is collected in the window's thread alone, in a process of its own as it concerns all of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = """
import gc, json, threading
from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer
from ui.window.engine_loading import EngineLoading
from ui.window.garbage import Garbage

app, loading, deleted, there = QCoreApplication([]), EngineLoading(), [], gc.isenabled()

class Kept(QObject):
    def __init__(self):
        super().__init__()
        self.cycle = self

    def __del__(self):
        deleted.append(threading.current_thread() is threading.main_thread())

def allocate():
    for _ in range(50_000):
        cycle = []
        cycle.append(cycle)

Garbage(loading)
loading.plots.emit()
loading.engine.emit()
frozen = gc.get_freeze_count()
for _ in range(3):
    Kept()
thread = threading.Thread(target=allocate)
thread.start()
thread.join()
by_thread = len(deleted)
watch = QTimer(interval=20)
watch.timeout.connect(lambda: len(deleted) < 3 or app.quit())
watch.start()
QTimer.singleShot(60_000, app.quit)
app.exec()
print(json.dumps([there, gc.isenabled(), frozen, gc.get_freeze_count(), by_thread, deleted]))
"""

SCROLLED = """
import gc, json
from PySide6.QtCore import QCoreApplication, QTimer
from ui.background import Background
from ui.window import garbage
from ui.window.engine_loading import EngineLoading

app, loading, background, seen = QCoreApplication([]), EngineLoading(), Background(), []
garbage.OFTEN = 20
held = garbage.Garbage(loading)
gc.callbacks.append(lambda phase, said: seen.append(phase == "start"))
kept = [[] for _ in range(50_000)]
moving = QTimer(interval=10)
moving.timeout.connect(background.make_way)
background.make_way()
moving.start()
loading.plots.emit()
QTimer.singleShot(600, app.quit)
app.exec()
meanwhile = len(seen)
QTimer.singleShot(60_000, app.quit)
watch = QTimer(interval=20)
watch.timeout.connect(lambda: seen and app.quit())
watch.start()
if PUT_OFF:
    garbage.PUT_OFF = 0.0
else:
    moving.stop()
app.exec()
print(json.dumps([meanwhile, len(seen) > 0]))
"""


@pytest.mark.parametrize("too_long", [False, True])
def test_nothing_is_collected_while_something_is_scrolled_but_for_good(too_long: bool) -> None:
    """It comes when the hand rests, and where it does not for too long."""
    program = SCROLLED.replace("if PUT_OFF:", f"if {too_long}:")
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [0, True]


def test_parts_of_the_window_are_never_deleted_by_another_thread() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    before, after, frozen, left, by_thread, deleted = json.loads(done.stdout)
    assert before
    assert not after
    assert frozen > 10_000
    assert left == 0
    assert by_thread == 0
    assert deleted == [True] * 3
