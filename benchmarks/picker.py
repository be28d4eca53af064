"""How long the list of all weights takes to open with 2,000 rows, and how late the window is while words are typed.

    python benchmarks/picker.py [repeats]

The window is opened as the program opens it. The list is opened once while the engine is still being imported, as soon
as the page with its button is there, then `repeats` times at rest. Real key events go to the field, first one by one
without a pause, then as a person types: 80 to 250 ms from one to the next, by a seed. A key's time goes from the moment
at which it was due to the one at which the event loop is idle again with everything painted, so that whatever else the
window's thread does then counts; "worked" is the processor time of that thread for a key alone. Rows that the libraries
do not have here yet are made up, with names as long as theirs. Prints one JSON object; milliseconds.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

ROWS = 2000
TYPED = ("vit large patch", "resnet-50 v2", "apache mobile in12k", "e")
PAUSES = (0.08, 0.25)  # seconds between two keys of a person
REST = 3.0  # seconds until a window is at rest in which nothing is imported any more


def pump(ready: Callable[[], bool]) -> None:
    """Serve the event loop until it is so."""
    from PySide6.QtWidgets import QApplication

    while not ready():
        QApplication.processEvents()
        time.sleep(0.0005)


def rest(seconds: float) -> None:
    until = time.perf_counter() + seconds
    pump(lambda: time.perf_counter() >= until)


def opened(window: Any) -> tuple[Any, float]:
    """The picker, and the milliseconds from the click to its rows being painted."""
    from PySide6.QtWidgets import QApplication

    from engine.experiment import BackboneChoice, DatasetChoice
    from ui.shelf.weights_picker import choose_weights

    began = time.perf_counter()
    current = BackboneChoice(name="conv4", weights="omniglot-supervised")
    picker = choose_weights(window.parts, DatasetChoice(name="glyphs"), current, lambda _: None, window)
    pump(lambda: len(picker.table.list.lines.all()) > 0)
    QApplication.processEvents()
    return picker, 1000 * (time.perf_counter() - began)


def typed(picker: Any, pause: Callable[[], float]) -> list[tuple[float, float]]:
    """For every key that was typed and taken back: milliseconds from when it was due, and those of work for it."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    found: list[tuple[float, float]] = []
    keys = [key for words in TYPED for key in (*words, *[Qt.Key.Key_Backspace] * len(words))]
    for key in keys:
        due = time.perf_counter() + pause()
        pump(lambda due=due: time.perf_counter() >= due)  # type: ignore[misc]
        worked = time.thread_time()
        QTest.keyClick(picker.search, key)
        QApplication.processEvents()
        found.append((1000 * (time.perf_counter() - due), 1000 * (time.thread_time() - worked)))
    return found


def told(keys: list[list[tuple[float, float]]]) -> dict[str, Any]:
    """keys: of every repeat."""
    late = sorted(wall for one in keys for wall, _ in one)
    worked = sorted(work for one in keys for _, work in one)
    return {
        "median": statistics.median(late), "p99": late[int(0.99 * len(late))], "most": late[-1],
        "longest of each repeat": [max(one)[0] for one in keys],
        "worked": {"median": statistics.median(worked), "most": worked[-1]},
    }  # fmt: skip


def measure(window: Any, loaded: list[bool], repeats: int) -> dict[str, Any]:
    pump(lambda: "new_experiment" in window.pages)
    first, at_first = opened(window)
    busy = not loaded
    first.reject()
    pump(lambda: bool(loaded))
    rest(REST)
    opening, quick, by_hand = [], [], []
    person = random.Random(0)
    for _ in range(repeats):
        picker, took = opened(window)
        opening.append(took)
        rest(1.0)
        quick.append(typed(picker, lambda: 0.0))
        by_hand.append(typed(picker, lambda: person.uniform(*PAUSES)))
        picker.reject()
        rest(0.2)
    return {
        "rows": ROWS, "repeats": repeats, "opens while the engine is imported" if busy else "opens first": at_first,
        "opens": {"median": statistics.median(opening), "least": min(opening), "most": max(opening)},
        "key, no pause": told(quick), "key, as a person types": told(by_hand),
    }  # fmt: skip


def rounded(found: Any) -> Any:
    """Tenths of milliseconds."""
    if isinstance(found, dict):
        return {key: rounded(value) for key, value in found.items()}
    return [rounded(one) for one in found] if isinstance(found, list) else round(found, 1)


def main(repeats: int) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"WARMSTART_WORKSPACE": f"{home}/w", "WARMSTART_HOME": f"{home}/w", "XDG_CACHE_HOME": home}
        from storage.workspace import Workspace
        from tests.ui.shelf.conftest import many_rows
        from ui.shelf import weights
        from ui.window.app import make_application, open_window
        from ui.window.engine_loading import EngineLoading
        from ui.window.garbage import Garbage

        app = make_application()
        rows = many_rows(ROWS)
        weights.rows = lambda: rows  # type: ignore[assignment]
        loading, loaded = EngineLoading(), list[bool]()
        Garbage(loading)
        loading.engine.connect(lambda: loaded.append(True))
        window = open_window(app, Workspace(Path(home) / "w").open(), loading)
        print(json.dumps(rounded(measure(window, loaded, repeats)), indent=1))
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
