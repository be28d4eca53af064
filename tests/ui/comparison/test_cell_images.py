"""The images behind a cell: picked with the mouse or the keys, shown large, and found on the disk."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from engine.experiment import DatasetChoice, Experiment
from ui import theme
from ui.comparison.cell_images import CellImages, keep_in_sight
from ui.comparison.reading import images_of
from ui.widgets.large_image import Found
from ui.widgets.layouts import in_column


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of five images each, 60 x 40 pixels; the grey of each is its number times 20."""
    for number in range(10):
        place = tmp_path / "set" / "ab"[number // 5] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (60, 40), 20 * number).save(place)
    return tmp_path / "set"


@pytest.fixture
def cell(qtbot: QtBot, qapp, folder: Path) -> CellImages:
    """Three images of the folder, read at once."""
    theme.apply(qapp, "light")
    images = CellImages()
    qtbot.addWidget(images)
    images.wanted.connect(
        lambda experiment, ids, large, answer: answer(images_of(experiment, ids, large)(lambda: False))
    )
    images.resize(400, 300)
    images.show()
    experiment = Experiment(dataset=DatasetChoice(name="folder", path=str(folder)))
    images.ask("True a, predicted b: 3 images", experiment, np.array([1, 2, 3]))
    return images


def test_one_image_is_shown_large_and_whole_and_the_arrow_keys_go_on(
    qtbot: QtBot, cell: CellImages, folder: Path
) -> None:
    strip = cell.strip
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip.accessibleDescription().startswith("Example 2 of 3: a/2.png")
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    dialog = cell.dialog
    qtbot.waitExposed(dialog)
    assert dialog.classes.text() == "True a, predicted b: 3 images"
    assert dialog.place.text() == f"2 of 3: {folder / 'a' / '2.png'}"
    assert (dialog.picture.image.width(), dialog.picture.image.height()) == (60, 40)  # not cut to a square
    assert dialog.picture.image.pixelColor(0, 0).red() == 40
    assert dialog.folder.isEnabled()
    for key, shown in ((Qt.Key.Key_Right, 3), (Qt.Key.Key_Right, 3), (Qt.Key.Key_Left, 2), (Qt.Key.Key_Left, 1)):
        qtbot.keyClick(dialog.after if shown == 3 else dialog, key)  # a button with the focus does not keep them
        assert dialog.place.text().startswith(f"{shown} of 3: ")
        assert dialog.picture.accessibleDescription().endswith(dialog.place.text())
    assert not dialog.before.isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert strip.current == 0  # the last one looked at


def test_a_double_click_and_the_menu_mean_the_image_under_the_mouse(qtbot: QtBot, cell: CellImages) -> None:
    strip = cell.strip
    third = strip._places()[2].center()
    qtbot.mouseDClick(strip, Qt.MouseButton.LeftButton, pos=third)
    assert cell.dialog.index == 2
    cell.dialog.reject()
    qtbot.mouseClick(strip, Qt.MouseButton.RightButton, pos=strip._places()[1].center())  # as its menu opens
    large, folder = strip.menu.actions()
    assert (large.text(), folder.text(), folder.isEnabled()) == ("Show large", "Show in folder", True)
    large.trigger()
    assert cell.dialog.index == 1
    cell.dialog.reject()


def test_images_without_files_offer_no_folder(qtbot: QtBot, cell: CellImages) -> None:
    cell.ask("True 0, predicted 1: 1 image", Experiment(dataset=DatasetChoice(name="digits")), np.array([0]))
    assert not cell.strip.folder.isEnabled()
    cell.strip.opened.emit(0)
    assert cell.dialog.place.text() == "1 of 1: digit 0, image 1"
    assert not cell.dialog.folder.isEnabled()
    cell.dialog.reject()


@pytest.mark.parametrize("away", [False, True])
def test_images_that_are_read_late_scroll_nobody_back(qtbot: QtBot, away: bool) -> None:
    images, above, body, area = CellImages(), QWidget(), QWidget(), QScrollArea(widgetResizable=True)
    above.setFixedHeight(2000)
    in_column(above, images, owner=body)
    area.setWidget(body)
    keep_in_sight(images, area)
    qtbot.addWidget(area)
    area.resize(400, 300)
    area.show()
    bar = area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 1000)
    answers: list[Callable[[list[Found]], None]] = []
    images.wanted.connect(lambda *given: answers.append(given[-1]))
    images.ask("True circle, predicted square", Experiment(), np.arange(1))
    qtbot.waitUntil(lambda: bar.value() > 1000)
    if away:
        bar.setValue(0)
    answers[0]([Found(np.zeros((4, 4, 1), np.uint8), "7")])
    if not away:
        qtbot.waitUntil(lambda: images.strip.visibleRegion().boundingRect() == images.strip.rect())
    qtbot.wait(50)
    assert images.strip.isVisibleTo(body)
    assert (bar.value() == 0) == away
