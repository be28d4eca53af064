"""Compare stays usable in a narrow window, however long the names are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.comparison.acting import settle
from tests.ui.comparison.saved_runs import experiment, ids, save
from ui.comparison.confusion_view import ConfusionView
from ui.figures.figure_export import ExportButton
from ui.pages.compare import ComparePage

RAIL = 98  # the window's, left of the page
LONG = {
    "a sentence": "The network from last Thursday, tuned again with half the rate, after the talk on schedules",
    "one word": "resnet50_imagenet21k_lr3e4_wd005_mixup02_cosine_warmup10_ema0999_" + "x" * 120,
    "wide letters": "W" * 150,
}


def lies_inside(part: QWidget, page: ComparePage) -> bool:
    """Whether all of the part is within the page's width, nothing of it cut off."""
    place = QRect(part.mapTo(page, QPoint()), part.size())
    return part.isVisible() and place.left() >= 0 and place.right() < page.width()


@pytest.mark.parametrize("name", list(LONG.values()), ids=list(LONG))
@pytest.mark.parametrize("width", [1100, 1024, 1000])
def test_base_report_and_clear_stay_inside(
    qtbot: QtBot, workspace: Workspace, open_page: Callable[[], ComparePage], name: str, width: int
) -> None:
    with RunStore(workspace) as store:
        rows = [save(store, experiment("lp_ft", seed), 12 + seed, f"{name} A, seed {seed}") for seed in range(2)]
        rows += [save(store, experiment("full_ft", seed), 20 + seed, f"{name} B, seed {seed}") for seed in range(3)]
    page = open_page()
    page.resize(width - RAIL, 560)
    page.choose(ids(rows))
    settle(qtbot, page)
    qtbot.waitUntil(lambda: page.pane.base.isVisible())
    pane = page.pane
    buttons = [one for one in pane.widget().findChildren(QPushButton) if one.text() in ("Save report…", "Clear")]
    assert len(buttons) == 2
    for part in (*buttons, pane.base, *page.bar.buttons.values(), page.bar.columns):
        assert lies_inside(part, page), part.accessibleName() or part
    assert pane.horizontalScrollBar().maximum() == 0
    named = next(one for one in pane.confusion.findChildren(QPushButton) if one.text().startswith("Only "))
    assert named.text() in named.toolTip()


def test_four_lines_of_the_table_stay_in_sight_in_a_small_window(
    qtbot: QtBot, workspace: Workspace, open_page: Callable[[], ComparePage]
) -> None:
    """As at 200 % on a screen of 1440 by 900; the window scrolls what does not fit."""
    with RunStore(workspace) as store:
        rows = [save(store, experiment("lp_ft", seed), 12 + seed, f"Run {seed}") for seed in range(6)]
    page = open_page()
    page.resize(720 - RAIL, 390)
    page.choose(ids(rows[:2]))
    settle(qtbot, page)
    qtbot.waitUntil(lambda: page.halves.comparing and page.pane.base.isVisible())
    table = page.table
    line = table.visualRect(table.runs.index(0, 0)).height()
    qtbot.waitUntil(lambda: table.viewport().height() >= 4 * line and page.halves.height() >= 4 * line + 300)
    assert table.mapTo(page.halves, table.rect().bottomLeft()).y() < page.halves.below.y()
    assert page.pane.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("title", list(LONG.values()), ids=list(LONG))
def test_the_title_of_a_matrix_ends_before_its_menu(qtbot: QtBot, title: str) -> None:
    view = ConfusionView()
    qtbot.addWidget(view)
    view.resize(900, 500)
    matrix = view.matrices[2]
    view.show()
    matrix.show_values(title, ("a", "b"), np.eye(2), False)
    menu = next(one for one in view.findChildren(ExportButton) if one.accessibleName() == "Menu of Difference")
    qtbot.waitUntil(lambda: matrix.width() > 200)
    menu.hide()
    end = matrix.grab(QRect(matrix.width() - menu.at_rest(), 0, menu.at_rest(), 14)).toImage()
    assert len({end.pixel(x, y) for x in range(end.width()) for y in range(end.height())}) == 1
