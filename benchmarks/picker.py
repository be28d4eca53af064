"""How long the list of all weights takes to open with 2,000 rows, and how late the window is while words are typed.

    python benchmarks/picker.py [repeats]

Real key events go to the field one by one. A gap is the time from a key to the moment at which the event loop is idle
again with everything painted; the longest counts. Rows that the libraries do not have here yet are made up, with names
as long as theirs. Prints one JSON object; milliseconds.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

ROWS = 2000
TYPED = ("vit large patch", "resnet-50 v2", "apache mobile in12k", "e")


def opened(window: Any) -> tuple[Any, float]:
    """The picker, and the milliseconds from the click to its rows being painted."""
    from PySide6.QtWidgets import QApplication

    from engine.experiment import BackboneChoice, DatasetChoice
    from ui.shelf.weights_picker import choose_weights

    began = time.perf_counter()
    current = BackboneChoice(name="conv4", weights="omniglot-supervised")
    picker = choose_weights(window.parts, DatasetChoice(name="glyphs"), current, lambda _: None, window)
    while not picker.table.list.lines.all():
        QApplication.processEvents()
    QApplication.processEvents()
    return picker, 1000 * (time.perf_counter() - began)


def gaps(picker: Any) -> list[float]:
    """Milliseconds of every key that was typed and taken back."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    found: list[float] = []

    def press(key: Any) -> None:
        began = time.perf_counter()
        QTest.keyClick(picker.search, key)
        QApplication.processEvents()
        found.append(1000 * (time.perf_counter() - began))

    for words in TYPED:
        for letter in words:
            press(letter)
        for _ in words:
            press(Qt.Key.Key_Backspace)
    return found


def main(repeats: int) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"WARMSTART_WORKSPACE": f"{home}/w", "WARMSTART_HOME": f"{home}/w", "XDG_CACHE_HOME": home}
        from PySide6.QtWidgets import QApplication

        from storage.workspace import Workspace
        from tests.ui.shelf.conftest import many_rows
        from ui import theme
        from ui.shelf import weights
        from ui.window.main_window import MainWindow

        app = QApplication([])
        theme.apply(app, "light")
        rows = many_rows(ROWS)
        weights.rows = lambda: rows  # type: ignore[assignment]
        window = MainWindow(Workspace(Path(home) / "w").open())
        window.show()
        until = time.monotonic() + 8
        while time.monotonic() < until:  # until it rests
            app.processEvents()
        opening, typing = [], []
        for _ in range(repeats):
            picker, took = opened(window)
            opening.append(took)
            typing.append(gaps(picker))
            picker.reject()
            app.processEvents()
        window.closing.decide_to_quit()
        window.close()
        every = sorted(gap for one in typing for gap in one)
        print(json.dumps({
            "rows": ROWS, "repeats": repeats,
            "opens": {"median": statistics.median(opening), "least": min(opening), "most": max(opening)},
            "key": {"median": statistics.median(every), "p99": every[int(0.99 * len(every))], "most": every[-1]},
            "longest of each repeat": [max(one) for one in typing],
        }, indent=1))  # fmt: skip
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
