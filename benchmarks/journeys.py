"""Clicks, texts and time of a newcomer's journeys through the real window, and what of them has to be scrolled to.

    python benchmarks/journeys.py FOLDER [--weights FILE] [--repeats N] [--repository DIR] [--size 1280x800]

FOLDER: photos in class folders. FILE: weights of one's own that fit a listed network. DIR: another version of the
program, whose window is driven by the same script. Each repeat is a process with an empty workspace; it begins
once the form is settled and PyTorch is loaded, as after a few seconds of looking. A click is one of the mouse on a
control; if the whole control was not in its view, what had to be scrolled to is named. What a file dialog returns is
given and counted as one path. Time goes from the first click until a run is training. One line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PATIENCE = 120  # seconds
JOURNEYS = ("example", "own folder", "own weights")


class Journey:
    """One walk through one window. Everything a person does goes through `click` and `path`."""

    def __init__(self, size: tuple[int, int], folder: str, weights: str) -> None:
        from storage.workspace import Workspace
        from ui.window.app import make_application, open_window
        from ui.window.engine_loading import EngineLoading

        self.app = make_application()
        self.folder, self.weights = folder, weights
        self.clicks = self.paths = 0
        self.scrolled: list[str] = []
        self.begun = 0.0
        self.running = False
        self.window = open_window(self.app, Workspace(Path(tempfile.mkdtemp())).open(), EngineLoading())
        self.window.resize(*size)
        self.until(lambda: bool(self.window.pages))
        self.page: Any = self.window.page("new_experiment")
        self.window.parts.live.state.connect(self._hear)
        self.until(lambda: self.window.parts.live.is_engine_ready and self.settled())
        self.wait(0.5)

    def _hear(self, run_id: int, state: Any) -> None:
        self.running = self.running or state.value == "running"

    def settled(self) -> bool:
        return bool(self.page.is_settled())

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end:
                raise SystemExit("it did not come")
            self.app.processEvents()
            time.sleep(0.002)

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end)

    # What a person does

    def look(self, name: str, widget: Any) -> None:
        """At the whole of a control, scrolling to it if need be."""
        if not in_sight(widget):
            self.scrolled.append(name)
            bring(widget)
            self.wait(0.05)

    def click(self, name: str, widget: Any) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        self.until(lambda: widget.isVisible() and widget.isEnabled())
        self.wait(0.2)  # until nothing moves
        self.look(name, widget)
        self.begun = self.begun or time.monotonic()
        self.clicks += 1
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def path(self, text: str) -> Callable[..., Any]:
        """What a file dialog answers."""
        self.paths += 1
        return lambda *given, **more: text

    # The journeys

    def example(self) -> None:
        self.click("example", self.page.welcome.example)
        self.until(lambda: self.running)

    def choose_folder(self) -> None:
        from PySide6.QtWidgets import QFileDialog

        QFileDialog.getExistingDirectory = self.path(self.folder)  # type: ignore[method-assign]
        self.click("choose folder", self.page.data.folder_button)
        self.until(lambda: self.page.data.choice().path is not None and self.settled())

    def own_folder(self) -> None:
        """Advice is taken, and what is used of the images is looked at before Start."""
        page = self.page
        self.choose_folder()
        self.until(lambda: page.adviser.card.use.isVisible() and page.adviser.advice is not None)
        self.click("use the advice", page.adviser.card.use)
        self.until(self.settled)
        self.wait(0.3)
        for name in ("labels", "classes", "split_words"):
            self.look(name, getattr(page.data.settings, name))
        self.start()

    def own_weights(self) -> None:
        from PySide6.QtWidgets import QFileDialog

        if not hasattr(self.page.backbone, "own_file"):
            raise SystemExit("this version takes no weights of one's own")
        self.choose_folder()
        QFileDialog.getOpenFileName = self.path((self.weights, ""))  # type: ignore[assignment,arg-type]
        self.click("your file", self.page.backbone.own_file)
        self.until(lambda: self.app.activeModalWidget() is not None)
        dialog: Any = self.app.activeModalWidget()
        self.click("choose file", dialog.pick)
        self.until(dialog.use.isEnabled)
        self.click("use these weights", dialog.use)
        self.until(lambda: self.page.backbone.choice().weights.startswith("own:") and self.settled())
        self.start()

    def start(self) -> None:
        self.click("start", self.page.launch.start_button)
        self.until(lambda: self.running)

    def told(self) -> dict[str, Any]:
        seconds = time.monotonic() - self.begun
        return {"clicks": self.clicks, "paths": self.paths, "seconds": seconds, "scrolled": self.scrolled}


def in_sight(widget: Any) -> bool:
    """The whole of it, not a part."""
    from PySide6.QtCore import QPoint, QRect

    window = widget.window()
    place = QRect(widget.mapTo(window, QPoint()), widget.size())
    return bool(widget.visibleRegion().boundingRect() == widget.rect() and window.rect().contains(place))


def bring(widget: Any) -> None:
    from PySide6.QtWidgets import QScrollArea

    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()


def walk(name: str, size: tuple[int, int], folder: str, weights: str) -> None:
    """In a process of its own, which ends with it."""
    sys.path[:] = [path for path in sys.path if path != str(Path(__file__).resolve().parent)]  # whose names are others
    journey = Journey(size, folder, weights)
    getattr(journey, name.replace(" ", "_"))()
    print("JOURNEY" + json.dumps(journey.told()), flush=True)
    os._exit(0)


def repeated(command: Sequence[str], repository: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as home:
        own = {"PYTHONPATH": repository, "WARMSTART_HOME": home}
        done = subprocess.run(command, env=os.environ | own, cwd=repository, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("JOURNEY")]
    return [json.loads(line.removeprefix("JOURNEY")) for line in lines] or [{"failed": done.stderr.strip()[-200:]}]


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts, which are the same each time, and the median of the seconds with their range."""
    if any("failed" in one for one in found):
        return next(one for one in found if "failed" in one)
    seconds = [one["seconds"] for one in found]
    counts = {name: sorted({json.dumps(one[name]) for one in found}) for name in ("clicks", "paths", "scrolled")}
    said = {name: json.loads(each[0]) if len(each) == 1 else each for name, each in counts.items()}
    return said | {"seconds": round(statistics.median(seconds), 2),
                   "range": [round(min(seconds), 2), round(max(seconds), 2)]}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--weights", default="")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--repository", default=str(REPOSITORY))
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--walk", choices=JOURNEYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    if given.walk:
        walk(given.walk, (width, height), given.folder, given.weights)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    command = [sys.executable, str(Path(__file__).resolve()), given.folder, "--weights", given.weights]
    command += ["--size", given.size, "--walk"]
    asked = [name for name in JOURNEYS if given.weights or name != "own weights"]
    result = {
        name: summary([one for _ in range(given.repeats) for one in repeated([*command, name], given.repository)])
        for name in asked
    }
    print(json.dumps({"size": given.size, "repeats": given.repeats, **result}))


if __name__ == "__main__":
    main()
