"""New experiment is read without scrolling: what has to be in sight is, at each size of the window."""

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.conftest import wait_until_checked
from ui.pages.new_experiment import NewExperimentPage
from ui.theme import LEAST_PIXELS
from ui.widgets.buttons import PrimaryButton
from ui.window.main_window import MainWindow


def in_sight(window: QWidget, widget: QWidget) -> bool:
    """The whole of it, not a part."""
    seen = widget.visibleRegion().boundingRect()
    return seen == widget.rect() and window.rect().contains(QRect(widget.mapTo(window, QPoint()), widget.size()))


def at(qtbot: QtBot, window: MainWindow, page: NewExperimentPage, width: int, height: int) -> None:
    window.resize(width, height)
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: window.width() == width and page.adviser.card.use.isVisible())
    qtbot.wait(50)  # for the layouts


def test_both_journeys_need_no_scrolling(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    """A newcomer's example, and a folder with the advice taken, at 1280 x 800 with the welcome above."""
    at(qtbot, window, page, 1280, 800)
    assert page.welcome.card.isVisible()
    launch, data, backbone = page.launch, page.data, page.backbone
    needed = (page.welcome.example, data.folder_button, *data.cards.values(), data.all_sets, data.settings.labels,
              data.settings.classes, data.settings.shift.fold.button, data.settings.fold.button,
              *backbone.list.in_order()[:3], backbone.all_weights, backbone.own_file, backbone.chosen,
              backbone.image_size.field,
              *page.method.list.tab_order()[:6], page.method.layers.picture, page.method.layers.edit_button,
              launch.device, launch.seeds, launch.name, launch.cost, page.adviser.card.use, launch.start_button,
              launch.queue_button)  # fmt: skip
    assert [f"{type(one).__name__} {one.accessibleName()}" for one in needed if not in_sight(window, one)] == []


@pytest.mark.parametrize("name", ["lp_ft", "maml"])
def test_a_small_window_scrolls_in_one_direction_with_start_in_sight(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, name: str
) -> None:
    window.resize(1024, 600)
    page.method.choose(name)
    wait_until_checked(qtbot, page)
    qtbot.wait(50)
    assert page.steps.parentWidget().parentWidget().horizontalScrollBar().maximum() == 0  # type: ignore[union-attr]
    for place in (0, page.method.area.verticalScrollBar().maximum()):
        page.method.area.verticalScrollBar().setValue(place)
        for one in (page.launch.start_button, page.launch.queue_button, page.method.layers.picture):
            assert in_sight(window, one)


def test_one_button_is_primary_and_no_text_is_small(qtbot: QtBot, page: NewExperimentPage) -> None:
    assert [one.text() for one in page.findChildren(PrimaryButton)] == ["Start"]
    words = [one for one in page.findChildren(QLabel) if one.text()]
    assert len(words) > 50
    assert [one.text() for one in words if QFontInfo(one.font()).pixelSize() < LEAST_PIXELS] == []
