"""An exported folder on Try it: dropped or opened, it answers as on the terminal, and says what it cannot do."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from main import main
from storage.workspace import Workspace
from tests.ui.trying.test_answers import Open, hand_in, said_in_terminal, tick
from ui.pages.trying import TryingPage
from ui.trying.run_choice import key_of
from ui.trying.run_line import FACTS


@pytest.fixture(scope="session")
def exported(learnt: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run 1, taken elsewhere."""
    folder = tmp_path_factory.mktemp("exported") / "bars model"
    assert main(["export", "1", "--to", str(folder), "--workspace", str(learnt[0])]) == 0
    return folder


def opened(qtbot: QtBot, page: TryingPage, folder: Path) -> None:
    page.images.reading.open_folder(str(folder))
    qtbot.waitUntil(page.is_settled)


def test_a_folder_answers_as_on_the_terminal_and_beside_its_run(
    qtbot: QtBot, open_page: Open, learnt: tuple[Path, Path], exported: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root, photos = learnt
    page = open_page()
    opened(qtbot, page, exported)
    hand_in(qtbot, page, photos)
    (run,) = page.images.work.book.runs
    names = page.images.work.book.names
    known = said_in_terminal(root, exported, photos, capfd)
    assert {name: run.best(place) for place, name in enumerate(names)} == known
    tick(qtbot, page, 1, exported)
    one, other = page.images.work.book.runs
    assert (one.key, other.key) == (1, exported)
    assert other.title == f"Exported: {one.title}"
    page.images.table.setCurrentIndex(page.images.table.answers.index(0, 0))
    detail = page.images.detail
    qtbot.waitUntil(lambda: not detail.seen[0].picture.image.isNull())
    assert len([part for part in detail.seen if part.isVisibleTo(detail)]) == 1  # both see the same
    assert np.array_equal(one.shares.rows, other.shares.rows, equal_nan=True)
    assert np.array_equal(one.places.rows, other.places.rows)


def test_a_folder_is_listed_again_when_the_window_is_opened_anew(
    qtbot: QtBot, open_page: Open, exported: Path, tmp_path: Path, learnt: tuple[Path, Path]
) -> None:
    """Unless it has gone or was edited; nothing is ticked by it."""
    root = tmp_path / "workspace"
    shutil.copytree(learnt[0], root)
    here, gone, edited = (tmp_path / name for name in ("here", "gone", "edited"))
    page = open_page(Workspace(root).open())
    for folder in (here, gone, edited):
        shutil.copytree(exported, folder)
        opened(qtbot, page, folder)
    shutil.rmtree(gone)
    (edited / "labels.txt").write_text("other\n")
    page.parts.settings.sync()
    again = open_page(Workspace(root).open())
    qtbot.waitUntil(lambda: bool(again.images.runs.model.folders))
    assert [one.key for one in again.images.runs.model.folders] == [here]
    assert again.images.runs.model.ticked == ()
    assert [key_of(one) for one in again.images.runs.model.found] == [here, 2, 1]


def test_what_is_dropped_together_is_told_apart(qtbot: QtBot, open_page: Open, photos: Path, exported: Path) -> None:
    """A folder that was exported answers; images beside it are answered."""
    page = open_page()
    both = QMimeData()
    both.setUrls([QUrl.fromLocalFile(str(photos / "down")), QUrl.fromLocalFile(str(exported))])
    QApplication.clipboard().setMimeData(both)
    page.images.handing.paste()
    qtbot.waitUntil(lambda: page.images.runs.model.ticked == (exported,))
    qtbot.waitUntil(lambda: len(page.images.work.book) == 12)
    qtbot.waitUntil(page.is_settled)
    assert "Exported · 3 classes · " in page.images.runs.model.index(0).data(FACTS)
    page.images.runs.field.setText("bars model conv")
    assert [key_of(one) for one in page.images.runs.model.found] == [exported]


def test_what_a_folder_cannot_do_it_says(qtbot: QtBot, open_page: Open, photos: Path, exported: Path) -> None:
    page = open_page()
    opened(qtbot, page, exported)
    hand_in(qtbot, page, photos)
    pane, view = page.images, page.images.detail.reasons
    view.fold.button.setChecked(True)
    qtbot.waitUntil(lambda: "stayed with the run" in view.said.text())
    assert not view.alike.isVisibleTo(pane.detail)
    assert view.part.isVisibleTo(pane.detail)
    assert not view.part.picture.image.isNull()
    assert not pane.deeds.actions["export"].isEnabled()
    pane.labels.say(0, "down")
    pane.deeds.actions["again"].trigger()
    qtbot.waitUntil(lambda: "stayed with the run" in pane.problem.text.text())
    pane.deeds.actions["least"].trigger()
    qtbot.waitUntil(lambda: len(pane.work.book.picked) == 20)


def test_a_folder_that_was_edited_or_is_none_is_a_sentence(
    qtbot: QtBot, open_page: Open, photos: Path, exported: Path, tmp_path: Path
) -> None:
    page = open_page()
    copy = shutil.copytree(exported, tmp_path / "copy")
    (copy / "labels.txt").write_text("a\nb\nc\n")
    for folder, words in ((copy, "was edited: labels.txt"), (photos, "no exported folder")):
        opened(qtbot, page, folder)
        assert words in page.images.problem.text.text()
    assert page.images.runs.model.folders == ()
    assert page.images.runs.model.ticked == ()


def test_it_needs_no_run_of_ones_own(
    qtbot: QtBot, open_page: Open, own_workspace: Path, photos: Path, exported: Path
) -> None:
    page = open_page(Workspace(own_workspace).open())
    assert page.images.stack.currentWidget() is page.images.no_runs
    opened(qtbot, page, photos)
    assert any("no exported folder" in one.label.text() for one in page.parts.toasts.shown())
    opened(qtbot, page, exported)
    assert page.images.stack.currentWidget() is page.images.splitter
    hand_in(qtbot, page, photos)
    assert len(page.images.work.book) == 36
    page.images.reading.refresh()
    qtbot.waitUntil(page.is_settled)
    assert page.images.runs.model.ticked == (exported,)
