"""New experiment is read without scrolling: what has to be in sight is, at each size of the window."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.conftest import wait_until_checked
from tests.ui.new_experiment.acting import click
from tests.ui.window.test_window import photos
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


def press(qtbot: QtBot, window: MainWindow, button: QWidget) -> None:
    """As a person does who does not scroll."""
    qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled())
    qtbot.waitUntil(lambda: in_sight(window, button))
    click(qtbot, button)


def test_both_journeys_need_no_scrolling(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 1280 x 800 with the welcome above: photos whose advice is taken are put in line by three clicks, all that is
    set of them in sight; then the example by one."""
    at(qtbot, window, page, 1280, 800)
    assert page.welcome.card.isVisible()
    submitted: list[int] = []
    monkeypatch.setattr(window.parts, "submit", lambda experiments, *given, **more: submitted.append(len(experiments)))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: str(photos(tmp_path / "p", 2, 9, (90, 80))))
    launch, data, backbone, card = page.launch, page.data, page.backbone, page.adviser.card
    press(qtbot, window, data.folder_button)
    qtbot.waitUntil(lambda: data.choice().path is not None and page.is_settled())
    press(qtbot, window, card.use)
    wait_until_checked(qtbot, page)
    data.settings.open_own()  # as where the levels of the folders have to be said
    qtbot.wait(50)
    levels = [*data.settings.own["folder"].rows.values()]
    needed = (data.folder_button, *data.cards.values(), data.all_sets, *levels, data.settings.labels,
              data.settings.classes, data.settings.split_words, *backbone.list.in_order()[:3], backbone.all_weights,
              backbone.own_file, backbone.chosen, backbone.image_size.field, *page.method.list.tab_order()[:6],
              page.method.layers.picture, page.method.layers.edit_button, launch.device, launch.seeds, launch.name,
              launch.cost, launch.queue_button)  # fmt: skip
    assert [f"{type(one).__name__} {one.accessibleName()}" for one in needed if not in_sight(window, one)] == []
    press(qtbot, window, launch.start_button)
    qtbot.waitUntil(lambda: submitted == [1])
    began: list[object] = []
    monkeypatch.setattr("ui.demo.start_demo", lambda parts, plan: began.append(plan))
    press(qtbot, window, page.welcome.example)
    assert len(began) == 1


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
