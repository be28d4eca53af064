"""Time from starting the program to the window's first paint, and that neither torch nor pyqtgraph was waited for.

    python benchmarks/first_paint.py [repeats]

Each repeat starts a fresh process with an empty workspace. Prints one JSON object; times in seconds. Processor seconds
well below the seconds mean that the machine was busy with something else.
Without a display it measures Qt's off-screen platform and says so.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "torchvision", "pyqtgraph", "sklearn", "scipy")
# The first thing after the first paint is to load the engine: look at the clock there, then leave.
CHILD = """
import os, sys, time
from pathlib import Path
from ui.window.engine_loading import EngineLoading

def painted(self):
    print(time.monotonic(), *(name for name in sys.argv[2:] if name in sys.modules), flush=True)
    os._exit(0)

EngineLoading.start = painted
from storage.workspace import Workspace
from ui.window.app import run_window
sys.exit(run_window(Workspace(Path(sys.argv[1])).open()))
"""


def first_paint() -> tuple[float, float, list[str]]:
    """Seconds of one start, processor seconds it took, and which of the heavy modules were loaded by then."""
    before = os.times()
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", CHILD, folder, *HEAVY], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
        )
    if done.returncode != 0:
        sys.exit(done.stderr)
    painted, *loaded = done.stdout.split()
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return float(painted) - start, used, loaded


def main() -> None:
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    first_paint()  # warms the file cache
    results = [first_paint() for _ in range(repeats)]
    seconds = [result[0] for result in results]
    used = [result[1] for result in results]
    print(json.dumps({
        "median seconds to first paint": round(statistics.median(seconds), 3),
        "all": [round(value, 3) for value in seconds],
        "median processor seconds": round(statistics.median(used), 3),
        "heavy modules loaded before it": sorted({name for *_, loaded in results for name in loaded}),
        "platform": os.environ.get("QT_QPA_PLATFORM", "display"),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
