"""Draws the README's pictures of the window: docs/*.png, each by its name here, off-screen.

    python docs/pictures.py WORKSPACE [NAME ...]

WORKSPACE holds the saved runs that are shown; its name stands in the window's foot. They were made by

    python main.py run demo.json                  the one-minute example with "seeds": [0, 1, 2]
    python main.py run --data digits --method simclr --set epochs=8
    python main.py run --data glyphs --method maml --set steps=200
    python main.py study benchmarks/studies/at-test.json

A picture whose run is not there is left as it was, which is said. Nothing else should be at work meanwhile: costs are
measured, and samples are read as they are shown. docs/try-it.png is drawn by hand: it shows a person's own images.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice  # noqa: E402
from storage.store import RunRow, RunStore  # noqa: E402
from storage.workspace import Workspace  # noqa: E402
from ui.help.lectures import LecturesDialog  # noqa: E402
from ui.help.two_views import TwoViewsDialog  # noqa: E402
from ui.pages.compare import ComparePage  # noqa: E402
from ui.pages.data import DataPage  # noqa: E402
from ui.pages.new_experiment import NewExperimentPage  # noqa: E402
from ui.pages.runs import RunsPage  # noqa: E402
from ui.pages.studies import StudiesPage  # noqa: E402
from ui.parts import Page  # noqa: E402
from ui.window.app import open_window  # noqa: E402
from ui.window.engine_loading import EngineLoading  # noqa: E402
from ui.window.main_window import MainWindow  # noqa: E402

USUAL, LARGE = (1280, 800), (1440, 880)
SCRATCH = Experiment(
    dataset=DatasetChoice(name="glyphs", classes=40, labels_per_class=2),
    backbone=BackboneChoice(name="conv4", weights="random"), method=MethodChoice(name="scratch"),
)  # fmt: skip
Draw = Callable[[MainWindow], QWidget]
Shown = TypeVar("Shown", bound=Page)


class LackingRun(Exception):
    """There is nothing to draw."""


def page(window: MainWindow, kind: type[Shown]) -> Shown:
    """That of this kind, built if need be."""
    window.build_all()
    wait(lambda: window.findChildren(kind))
    (found,) = window.findChildren(kind)
    return found


def pause(milliseconds: int) -> None:
    """The window goes on meanwhile, and so do its threads: QTest's own wait holds the interpreter."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait(true: Callable[[], object], seconds: float = 120.0) -> None:
    """Until it is true, and drawn."""
    for _ in range(round(20 * seconds)):
        pause(50)
        if true():
            pause(600)
            return
    raise TimeoutError(true)


@contextmanager
def opened(root: Path, size: tuple[int, int]) -> Iterator[MainWindow]:
    """A window on this workspace, with its pages and the engine."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    window = open_window(app, Workspace(root), EngineLoading())
    window.resize(*size)
    wait(lambda: window.parts.live.is_engine_ready)
    wait(page(window, NewExperimentPage).is_settled)
    yield window
    window.closing.decide_to_quit()
    window.close()
    window.parts.background.wait()
    window.parts.downloads.wait()


def rows(window: MainWindow, method: str) -> list[RunRow]:
    """Finished runs of it; raises `LackingRun`."""
    with RunStore(window.parts.workspace) as store:
        found = [one for one in store.runs() if one.experiment.method.name == method and one.test and not one.study_id]
    if not found:
        raise LackingRun(method)
    return found


def show_run(window: MainWindow, method: str, part: str) -> QWidget:
    """Its page, scrolled so that this part of it stands at the top."""
    row, shown = rows(window, method)[0], page(window, RunsPage)
    window.parts.navigator.open("runs", row.id)
    wait(shown.is_settled)
    place, inside = getattr(shown.detail, part), shown.detail.widget()
    assert inside is not None
    shown.detail.verticalScrollBar().setValue(place.mapTo(inside, place.rect().topLeft()).y() - 16)
    pause(500)
    return window


def compare(window: MainWindow) -> QWidget:
    chosen = [row.id for method in ("lp_ft", "full_ft", "scratch") for row in rows(window, method)[:3]]
    window.parts.navigator.open("compare", chosen)
    wait(page(window, ComparePage).is_settled)
    pause(1500)
    return window


def new_experiment(window: MainWindow) -> QWidget:
    window.parts.navigator.open("new_experiment", None)
    wait(lambda: page(window, NewExperimentPage).launch.cost.state.text().endswith("free"))
    return window


def texts(window: MainWindow) -> QWidget:
    form = page(window, NewExperimentPage)
    QTest.mouseClick(form.data.cards["clinc150"], Qt.MouseButton.LeftButton)
    form.data.settings.labels.setValue(2)
    wait(form.is_settled)
    pause(1000)
    wait(lambda: form.launch.cost.state.text().endswith("free"))
    return window


def layers(window: MainWindow) -> QWidget:
    part = page(window, NewExperimentPage).method.layers
    part.open()
    pause(800)
    assert part.dialog is not None
    return part.dialog


def runs(window: MainWindow) -> QWidget:
    """One at work, others behind it."""
    started: list[RunRow] = []
    window.parts.submit([SCRATCH.with_seed(seed) for seed in range(3)], then=started.extend)
    wait(lambda: started)
    first = started[0].id
    window.parts.navigator.open("runs", first)
    wait(lambda: (live := window.parts.live.buffer(first)) is not None and live.step > 100, 600)
    return window


def studies(window: MainWindow) -> QWidget:
    with RunStore(window.parts.workspace) as store:
        if not store.studies():
            raise LackingRun("a study")
    window.show_page("studies")
    wait(page(window, StudiesPage).is_settled)
    return window


def data(window: MainWindow) -> QWidget:
    window.parts.navigator.open("data", DatasetChoice(name="glyphs"))
    pause(5_000)
    return window


def picture_map(window: MainWindow) -> QWidget:
    shown = page(window, DataPage)
    window.parts.navigator.open("data", DatasetChoice(name="digits"))
    shown.detail.show_tab("Map")
    wait(lambda: shown.map.data is not None and shown.map.draw_button.isEnabled())
    shown.map.draw()
    wait(lambda: shown.map.map is not None and shown.map.map.done and not shown.map.drawing.is_at_work, 400)
    return window


def questions(window: MainWindow) -> QWidget:
    dialog = LecturesDialog(window.parts.navigator, window)
    dialog.show()
    dialog.resize(720, 820)
    pause(300)
    return dialog


def meta_help(window: MainWindow) -> QWidget:
    dialog = TwoViewsDialog(window)
    dialog.show()
    dialog.resize(920, 820)
    pause(800)
    return dialog


FRESH: dict[str, tuple[Draw, tuple[int, int]]] = {
    "new-experiment": (new_experiment, LARGE), "texts": (texts, USUAL), "layers": (layers, USUAL),
    "runs": (runs, USUAL), "data": (data, USUAL), "map": (picture_map, USUAL), "questions": (questions, USUAL),
    "meta-help": (meta_help, USUAL),
}  # fmt: skip
SAVED: dict[str, tuple[Draw, tuple[int, int]]] = {
    "compare": (compare, USUAL), "studies": (studies, USUAL),
    "meta-run": (lambda window: show_run(window, "maml", "curves"), USUAL),
    "pretraining": (lambda window: show_run(window, "simclr", "looks"), USUAL),
}  # fmt: skip


def main(root: Path, wanted: list[str]) -> None:
    QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        for name, (draw, size) in {**FRESH, **SAVED}.items():
            if wanted and name not in wanted:
                continue
            place = root if name in SAVED else Path(folder) / name / "warmstart"
            with opened(place, size) as window:
                try:
                    draw(window).grab().save(str(REPOSITORY / "docs" / f"{name}.png"))
                    print(name)
                except LackingRun as what:
                    print(f"{name}: left as it was, for there is no run of {what}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
