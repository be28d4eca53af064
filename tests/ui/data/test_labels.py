"""Labels that may be wrong, in the window: a real network judges real files."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.errors import DataError
from engine.machine.warm import load_torch
from tests.ui.data.conftest import open_folder
from ui.data import labels_view
from ui.data.labels_view import LabelsView
from ui.pages.data import DataPage
from ui.window.main_window import MainWindow


@pytest.fixture
def strokes(tmp_path: Path) -> Path:
    """Bars across and bars down, thirty each; one of each lies in the other's folder."""
    for name in ("across", "down"):
        (tmp_path / "strokes" / name).mkdir(parents=True)
        for place in range(30):
            pixels = np.full((28, 28), 255, np.uint8)
            at, begin = 5 + place % 15, 4 + place // 15 * 2
            across = (name == "across") != (place == 7)
            pixels[(slice(at, at + 3), slice(begin, 24)) if across else (slice(begin, 24), slice(at, at + 3))] = 0
            Image.fromarray(pixels).save(tmp_path / "strokes" / name / f"{place:02}.png")
    return tmp_path / "strokes"


def judged(qtbot: QtBot, page: DataPage, window: MainWindow) -> LabelsView:
    page.detail.show_tab("Labels")
    load_torch()
    window.parts.live.engine_ready.emit()
    view = page.labels
    qtbot.waitUntil(lambda: view.network.count() > 0)
    assert view.network.set_key("conv4 omniglot-supervised")
    view.look.click()
    qtbot.waitUntil(lambda: view.found is not None and page.is_settled())
    return view


def test_the_two_that_lie_in_the_other_folder_are_listed(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_folder(qtbot, page, strokes)
    view = judged(qtbot, page, window)
    assert view.found is not None
    assert page.detail.data is not None
    names = {page.detail.data.image_name(index) for index in view.found.ids}
    assert names == {"across/07.png", "down/07.png"}
    assert view.words.text().startswith("2 labels may be wrong. The head took 96.7 % of 60 images for their label.")
    assert set(view.grid.names) == {"“across”, maybe “down”", "“down”, maybe “across”"}
    view.grid.choose(0)
    assert "07.png" in view.pointed.text()
    monkeypatch.setattr(labels_view, "ask_where", lambda *_: tmp_path / "list.csv")
    view.save.click()
    qtbot.waitUntil((tmp_path / "list.csv").is_file)
    with (tmp_path / "list.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == names
    assert all(float(row["its probability"]) > float(row["probability of the label"]) for row in rows)
    monkeypatch.setattr(labels_view, "ask_where", lambda *_: tmp_path / "list.csv" / "in a file.csv")
    view.save.click()
    qtbot.waitUntil(lambda: any("cannot be written" in toast.label.text() for toast in window.parts.toasts.shown()))


def test_another_set_or_a_stop_shows_nothing_of_the_one_before(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path, photos: Path
) -> None:
    open_folder(qtbot, page, strokes)
    view = judged(qtbot, page, window)
    view.look.click()
    view.stop_button.click()
    assert view.words.text() == "Nothing was looked at to the end."
    assert view.look.isEnabled()
    view.look.click()
    open_folder(qtbot, page, photos)
    assert view.found is None
    assert view.save.isHidden()
    assert not view.is_looking


def test_a_press_before_the_networks_are_listed_counts(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path
) -> None:
    open_folder(qtbot, page, strokes)
    view = page.labels
    page.detail.show_tab("Labels")
    qtbot.mouseClick(view.look, Qt.MouseButton.LeftButton)
    assert not view.look.isEnabled()
    assert view.stop_button.isVisibleTo(view)
    load_torch()
    window.parts.live.engine_ready.emit()
    qtbot.waitUntil(lambda: view.found is not None and page.is_settled())


def test_a_double_click_begins_and_does_not_stop(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path
) -> None:
    open_folder(qtbot, page, strokes)
    view = page.labels
    page.detail.show_tab("Labels")
    load_torch()
    window.parts.live.engine_ready.emit()
    place = view.look.mapTo(window, view.look.rect().center())
    for press in (qtbot.mouseClick, qtbot.mouseDClick):
        under = window.childAt(place)
        press(under, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, under.mapFrom(window, place))
        QApplication.processEvents()
    qtbot.waitUntil(lambda: view.found is not None and page.is_settled())


def test_networks_that_could_not_be_listed_are_listed_when_asked_again(
    qtbot: QtBot, page: DataPage, window: MainWindow, strokes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*given: object) -> list[object]:
        raise DataError("The weights cannot be read.", "Look at the disk.")

    with monkeypatch.context() as now:
        now.setattr(labels_view, "networks", cannot)
        open_folder(qtbot, page, strokes)
        page.detail.show_tab("Labels")
        view = page.labels
        qtbot.waitUntil(lambda: "cannot be read" in view.words.text())
    load_torch()
    window.parts.live.engine_ready.emit()
    view.look.click()
    qtbot.waitUntil(lambda: view.found is not None and page.is_settled())
