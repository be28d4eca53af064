"""Garbage is collected in the window's thread alone, in a process of its own as it concerns all of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
