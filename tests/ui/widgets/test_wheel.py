"""The wheel scrolls the page, whatever lies under the pointer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.comparison.saved_runs import experiment, ids
from tests.ui.comparison.saved_runs import save as save_tested
from tests.ui.conftest import wait_until_checked
from tests.ui.runs import recorded
from ui.figures.curve_plot import CurvePlot
from ui.window.main_window import MainWindow


def areas_around(widget: QWidget) -> list[QScrollArea]:
    """The areas around the widget that have more to show."""
    found, above = [], widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea) and above.verticalScrollBar().maximum() > 2:
            found.append(above)
        above = above.parentWidget()
    return found


def pointed_at(root: QWidget) -> Iterator[tuple[QWidget, list[QScrollArea]]]:
    """Everything in a page that scrolls on which a pointer can lie, with what scrolls around it."""
    for widget in root.findChildren(QWidget):
        areas = areas_around(widget)
        bar = isinstance(widget, QScrollBar) or any(widget in (area.viewport(), area.widget()) for area in areas)
        inside = not any(widget.parentWidget() is area for area in areas)  # not a bar's or a corner's holder
        if areas and widget.isVisible() and not widget.size().isEmpty() and not bar and inside:
            yield widget, areas


def turn(widget: QWidget, by: int) -> None:
    """One notch over the middle of the widget, handed on to its parents until one takes it, as Qt does."""
    middle, taker = widget.rect().center(), widget
    while taker is not None:
        at = QPointF(widget.mapTo(taker, middle))
        event = QWheelEvent(
            at, QPointF(widget.mapToGlobal(middle)), QPoint(), QPoint(0, by), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        if QApplication.sendEvent(taker, event) and event.isAccepted():
            return
        taker = None if taker.isWindow() else taker.parentWidget()


def dead_under(root: QWidget, least: int = 10) -> list[str]:
    """The widgets over which a notch scrolls nothing around them; least: how many there must be at all."""
    dead, met = [], 0
    for widget, areas in list(pointed_at(root)):
        bars, met = [area.verticalScrollBar() for area in areas], met + 1
        for way in (-120, 120):
            for bar in bars:
                bar.setValue(1 if way < 0 else bar.maximum() - 1)
            before = [bar.value() for bar in bars]
            turn(widget, way)
            if [bar.value() for bar in bars] == before:
                dead.append(
                    f"{type(widget).__name__} {widget.accessibleName()} in {type(widget.parentWidget()).__name__}"
                )
    assert met > least
    return dead


@pytest.fixture
def filled(workspace: Workspace) -> list[int]:
    """A finished run with a confusion matrix, and two to compare."""
    with RunStore(workspace) as store:
        recorded.save(store, recorded.finished(), "Warm start")
        return ids([save_tested(store, experiment("lp_ft"), 12), save_tested(store, experiment("full_ft"), 30)])


@pytest.mark.parametrize("place", ["new_experiment", "runs", "compare"])
def test_the_wheel_scrolls_the_page_over_everything_on_it(
    qtbot: QtBot, filled: list[int], window: MainWindow, place: int
) -> None:
    window.resize(1000, 640)
    window.show_page(place)
    shown = window.page(place)
    if place == "compare":
        shown.choose(filled)
    if place == "new_experiment":
        wait_until_checked(qtbot, shown)
    else:
        qtbot.waitUntil(shown.is_settled)
    for plot in shown.findChildren(CurvePlot):
        plot.show_table(True)  # longer than its place
    QApplication.processEvents()
    window.rail.setFocus()
    assert dead_under(shown) == []
