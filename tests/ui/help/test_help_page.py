"""The page of help on meta-learning: reached from the menu and from the method column, drawn in light and dark."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from ui import theme
from ui.help.two_views import TwoViewsDialog
from ui.window.main_window import MainWindow


def inked(widget: QWidget) -> float:
    """The share of pixels that differ from the ground in the upper left corner."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = raw[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)
    return float((np.abs(pixels - pixels[0, 0]).sum(2) > 30).mean())


def shown(qtbot: QtBot) -> TwoViewsDialog:
    found = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, TwoViewsDialog)]
    qtbot.waitUntil(lambda: bool(found) and found[-1].isVisible())
    return found[-1]


def test_the_menu_opens_the_page_and_knowing_theta_closes_the_path(qtbot: QtBot, window: MainWindow) -> None:
    window.menus.actions["meta-learning"].trigger()
    page = shown(qtbot)
    before = page.unrolled.accessibleDescription()
    assert "open" in before
    qtbot.mouseClick(page.known, Qt.MouseButton.LeftButton, pos=QPoint(8, page.known.height() // 2))
    assert "independent" in page.unrolled.accessibleDescription() != before
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert not page.isVisible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_drawing_has_ink(qtbot: QtBot, qapp: QApplication, scheme: str) -> None:
    theme.apply(qapp, scheme)
    page = TwoViewsDialog()
    qtbot.addWidget(page)
    page.show()
    for figure in (page.model, page.network, page.unrolled, page.entropies):
        assert inked(figure) > 0.01
    theme.apply(qapp, "light")


def test_the_method_column_leads_to_it_for_meta_learners_only(qtbot: QtBot, window: MainWindow) -> None:
    section = window.page("new_experiment").method
    section.choose("full_ft")
    assert not section.explain.isVisibleTo(section)
    section.choose("maml")
    assert section.explain.isVisibleTo(section)
    section.explain.click()
    shown(qtbot).close()


def test_the_views_stand_beside_each_other_where_there_is_room(qtbot: QtBot) -> None:
    page = TwoViewsDialog()
    qtbot.addWidget(page)
    page.resize(920, 640)
    page.show()
    for width, beside in ((920, True), (500, False), (920, True)):
        page.resize(width, 640)
        qtbot.waitUntil(lambda beside=beside: (left(page, page.network) > left(page, page.model) + 100) is beside)


def left(page: QWidget, part: QWidget) -> int:
    return part.mapTo(page, QPoint(0, 0)).x()
