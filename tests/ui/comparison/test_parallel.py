"""Parallel coordinates with real mouse and keyboard events."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.comparison.dimensions import Dimension
from tests.ui.comparison.acting import Saved, settle
from tests.ui.comparison.saved_runs import ids
from ui import theme
from ui.comparison.parallel_figure import ParallelFigure, Shown
from ui.comparison.parallel_lines import RunLines
from ui.figures.figure_export import csv_text, svg
from ui.pages.compare import ComparePage

RATE = Dimension("rate", "Learning rate", (1e-4, 1e-3, 1e-2, None), log=True)
METHOD = Dimension("method", "Method", ("LP-FT", "MAML", "LP-FT", "MAML"), choices=("LP-FT", "MAML"))
TEST = Dimension("test", "Test accuracy", (0.5, 0.6, 0.9, 0.7), figure=True, share=True)
NAMES = ("slow", "usual", "fast", "without")


@pytest.fixture
def figure(qtbot: QtBot, qapp) -> ParallelFigure:
    theme.apply(qapp, "light")
    made = ParallelFigure()
    qtbot.addWidget(made)
    made.resize(800, 320)
    made.show()
    made.show_runs(Shown((10, 11, 12, 13), NAMES, RunLines([RATE, METHOD, TEST]), "test"))
    return made


def drag(figure: ParallelFigure, axis: int, low: float, high: float) -> None:
    """Along an axis, between two shares of its height."""
    frame = figure.frame()
    places = [QPoint(round(frame.x(axis)), round(frame.y(share))) for share in (low, (low + high) / 2, high)]
    QTest.mousePress(figure, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(figure, place)
    QTest.mouseRelease(figure, Qt.MouseButton.LeftButton, pos=places[-1])


def test_a_range_along_an_axis_lets_only_its_runs_pass(figure: ParallelFigure) -> None:
    drag(figure, 0, 0.4, 1.0)  # of 1e-4 to 1e-2 by equal ratios: 1e-3 lies at 0.5
    assert figure.passing_ids() == [11, 12]  # and not the one without a rate
    drag(figure, 1, 0.6, 1.0)
    assert figure.passing_ids() == [11]
    assert csv_text(figure).splitlines()[1:] == ["usual,0.001,MAML,0.6"]
    place = QPoint(round(figure.frame().x(0)), round(figure.frame().y(0.5)))
    QTest.mouseClick(figure, Qt.MouseButton.LeftButton, pos=place)  # takes the range of this axis away
    assert figure.passing_ids() == [11, 13]


def test_the_keyboard_does_all_that_the_mouse_does(qtbot: QtBot, figure: ParallelFigure) -> None:
    figure.setFocus()
    qtbot.keyClick(figure, Qt.Key.Key_Right)
    qtbot.keyClick(figure, Qt.Key.Key_Up)  # the lower end by one choice
    assert figure.passing_ids() == [11, 13]
    assert "axis Method: MAML" in figure.accessibleDescription()
    assert figure.accessibleDescription().startswith("2 runs of 4 pass")
    qtbot.keyClick(figure, Qt.Key.Key_Right)
    for _ in range(10):
        qtbot.keyClick(figure, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)  # the upper end to the middle
    assert figure.passing_ids() == [11, 13]  # 0.7 is the middle of 0.5 to 0.9
    qtbot.keyClick(figure, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert figure.passing_ids() == [11]
    qtbot.keyClick(figure, Qt.Key.Key_PageDown)
    assert "usual, Learning rate: 0.001, Method: MAML, Test accuracy: 60 %" in figure.accessibleDescription()
    with qtbot.waitSignal(figure.clicked) as asked:
        qtbot.keyClick(figure, Qt.Key.Key_Return)
    assert asked.args == [11]
    qtbot.keyClick(figure, Qt.Key.Key_Delete)
    assert figure.passing_ids() == [11, 13]
    qtbot.keyClick(figure, Qt.Key.Key_Escape)
    assert len(figure.passing_ids()) == 4


def test_pointing_names_a_run_and_a_click_ticks_it(qtbot: QtBot, figure: ParallelFigure) -> None:
    frame, heights = figure.frame(), figure.shown.lines.heights
    middle = QPoint(
        round(0.7 * frame.x(0) + 0.3 * frame.x(1)), round(frame.y(0.7 * heights[2, 0] + 0.3 * heights[2, 1]))
    )
    qtbot.mouseMove(figure, middle)
    assert figure.at == 2
    assert figure.words(2).splitlines()[0] == "fast"
    assert figure.readout.isVisible()
    with qtbot.waitSignal(figure.clicked) as asked:
        qtbot.mouseClick(figure, Qt.MouseButton.LeftButton, pos=middle)
    assert asked.args == [12]
    drag(figure, 1, 0.6, 1.0)
    qtbot.mouseMove(figure, middle)
    assert figure.at != 2  # what does not pass is not pointed at


def test_five_hundred_runs_are_drawn_at_once(figure: ParallelFigure) -> None:
    rng = np.random.default_rng(0)
    axes = [Dimension(str(place), f"Axis {place}", tuple(rng.random(500).tolist())) for place in range(10)]
    shown = Shown(range(500), [str(place) for place in range(500)], RunLines(axes), "9")
    times = []
    for _ in range(3):
        start = time.process_time()
        figure.show_runs(shown)
        figure.grab()
        times.append(time.process_time() - start)
    assert min(times) < 0.3


def test_it_leaves_a_dark_window_as_a_light_one(qapp, figure: ParallelFigure) -> None:
    light = svg(figure)
    theme.apply(qapp, "dark")
    assert svg(figure) == light
    theme.apply(qapp, "light")


def test_the_listed_runs_are_shown_and_those_that_pass_are_ticked(
    qtbot: QtBot, page: ComparePage, saved: Saved
) -> None:
    page.halves.parallel.click()
    view = page.lines
    qtbot.waitUntil(lambda: len(view.figure.shown.ids) == 9)
    labels = [one.label for one in view.figure.shown.lines.dimensions]
    assert {"Method", "Labels per class", "Seed"} <= set(labels)
    assert labels[-1] == "Test accuracy"
    assert "Backbone" not in labels
    page.table.runs.list_only(words="lp-ft")
    qtbot.waitUntil(lambda: sorted(view.figure.shown.ids) == sorted(ids(saved["lp_ft"])))
    view.figure.axis = [one.label for one in view.figure.shown.lines.dimensions].index("Seed")
    for _ in range(11):
        qtbot.keyClick(view.figure, Qt.Key.Key_Up)  # seeds 0 to 2: the lower end beyond the middle
    qtbot.mouseClick(view.tick, Qt.MouseButton.LeftButton)
    assert page.table.runs.chosen == {saved["lp_ft"][2].id}
    view.figure.clicked.emit(saved["lp_ft"][0].id)
    assert page.table.runs.chosen == {saved["lp_ft"][0].id, saved["lp_ft"][2].id}
    assert view.figure.ticked == page.table.runs.chosen
    page.halves.side.click()
    settle(qtbot, page)
    QApplication.processEvents()
    assert page.halves.comparing
