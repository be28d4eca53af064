"""The dialog that tests saved runs on another folder: real runs, real files, a real thread."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.comparison.examined import ALL
from engine.metrics import TEST_SET
from main import main
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.terminal.test_other_sets import fresh
from tests.terminal.test_predict import LINEAR, drawn
from ui.exploring.reading import OWN
from ui.listing.other_sets_dialog import OtherSetsDialog
from ui.pages.runs import RunsPage
from ui.window.main_window import MainWindow


@pytest.fixture
def runs(tmp_path: Path, workspace: Workspace) -> list[RunRow]:
    """Two candidates that learnt from drawn bars."""
    photos = drawn(tmp_path / "photos", False)
    for epochs in (1, 2):
        words = ["run", "--data", photos, *LINEAR[:-1], f"epochs={epochs}", "--workspace", workspace.root]
        assert main([str(word) for word in words]) == 0
    with RunStore(workspace) as store:
        return [store.run(1), store.run(2)]


def opened(qtbot: QtBot, window: MainWindow, rows: list[RunRow]) -> OtherSetsDialog:
    dialog = OtherSetsDialog(window.parts, rows, window)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: len(dialog.table.cells.rows) == len(rows))
    return dialog


def drop(dialog: OtherSetsDialog, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(dialog, QDragEnterEvent(QPoint(9, 9), *how))
    QApplication.sendEvent(dialog, QDropEvent(QPointF(9, 9), *how))


def test_a_dropped_folder_becomes_a_column(
    qtbot: QtBot, window: MainWindow, runs: list[RunRow], tmp_path: Path, workspace: Workspace
) -> None:
    dialog = opened(qtbot, window, runs)
    assert dialog.table.cells.heads == ["Run", "Its own test"]
    drop(dialog, fresh(tmp_path / "new"))
    qtbot.waitUntil(lambda: len(dialog.table.cells.heads) == 3)
    assert dialog.table.cells.heads[2] == f"⚠ {tmp_path.name}/new"
    assert "2 candidates were tested on these images" in dialog.told.text()
    with RunStore(workspace) as store:
        kept = [store.tested_on([run.id])[0] for run in runs]
    told = [row[2].words for row in dialog.table.cells.rows]
    assert told == [f"{100 * one.value:.1f} % ({100 * one.low:.1f} to {100 * one.high:.1f})" for one in kept]


def test_what_does_not_serve_is_told_and_another_try_is_open(
    qtbot: QtBot, window: MainWindow, runs: list[RunRow], tmp_path: Path
) -> None:
    dialog = opened(qtbot, window, runs)
    (tmp_path / "empty").mkdir()
    drop(dialog, tmp_path / "empty")
    qtbot.waitUntil(lambda: "empty" in dialog.told.text())
    assert dialog.folder.isEnabled()
    drop(dialog, tmp_path / "empty", tmp_path / "photos")
    assert "one folder" in dialog.told.text()


def test_closing_or_cancelling_in_the_middle_keeps_nothing_half(
    qtbot: QtBot, window: MainWindow, runs: list[RunRow], tmp_path: Path, workspace: Workspace
) -> None:
    dialog = opened(qtbot, window, runs)
    dialog.test(str(fresh(tmp_path / "new")))
    dialog.test(str(tmp_path / "photos"))  # a second one waits for nobody: it is not taken
    dialog.cancel.click()
    qtbot.waitUntil(lambda: "Cancelled" in dialog.told.text())
    assert dialog.folder.isEnabled()
    dialog.test(str(tmp_path / "new"))
    dialog.close()
    with RunStore(workspace) as store:
        assert all(len({one.title for one in store.tested_on([run.id])}) <= 1 for run in runs)


def test_a_run_without_weights_is_told_beside_those_that_have_them(
    qtbot: QtBot, window: MainWindow, runs: list[RunRow], tmp_path: Path, workspace: Workspace
) -> None:
    for file in (workspace.runs / runs[0].uid).glob("*.safetensors"):
        file.unlink()
    dialog = opened(qtbot, window, runs)
    drop(dialog, fresh(tmp_path / "new"))
    qtbot.waitUntil(lambda: len(dialog.table.cells.heads) == 3)
    assert "has no weights" in dialog.told.text()
    assert [row[2].words == "–" for row in dialog.table.cells.rows] == [True, False]


def test_a_click_on_a_figure_leads_to_its_images_and_mistakes(
    qtbot: QtBot, window: MainWindow, runs: list[RunRow], tmp_path: Path, workspace: Workspace
) -> None:
    """The explorer of the run's own test, also for a folder of one class; its own test stays one choice away."""
    new = fresh(tmp_path / "new")
    dialog = opened(qtbot, window, runs)
    drop(dialog, new / "slant")
    qtbot.waitUntil(lambda: len(dialog.table.cells.heads) == 3)
    dialog.table.clicked.emit(dialog.table.cells.index(0, 1))  # its own test: nothing further stands there
    dialog.table.clicked.emit(dialog.table.cells.index(1, 2))
    page = window.page("runs")
    assert isinstance(page, RunsPage)
    view = page.detail.explorer
    qtbot.waitUntil(lambda: view._run is not None and view._run.on is not None)
    assert view._run is not None
    assert (view._run.run_id, view.on.currentText()) == (runs[1].id, "new/slant")
    with RunStore(workspace) as store:
        (kept,) = (one for one in store.results(runs[1].id) if TEST_SET in one.at)
    assert view.matrix.values.sum() == 12
    assert view.worst.isEnabled()  # how sure it was is known
    with qtbot.waitSignal(view.shown):
        view.bar.choose(None, ALL)
    assert len(view.grid.order) == 12
    assert [mark.right for mark in view.grid.marks] == (kept.truth == kept.predicted).tolist()  # type: ignore[union-attr]
    view.grid.choose(3)
    view.grid.opened.emit(3)
    qtbot.waitUntil(lambda: view.dialog.picture.image.width() == 28)
    assert str(new / "slant") in view.dialog.place.text()
    view.dialog.close()
    view.on.set_key(OWN)
    qtbot.waitUntil(lambda: view._run is not None and view._run.on is None)
    (new / "slant" / "0.png").unlink()
    view.on.setCurrentIndex(1)
    qtbot.waitUntil(lambda: view._run is not None and view._run.on is not None)
    with qtbot.waitSignal(view.shown):
        view.bar.choose(None, ALL)
    assert "others than when the run was tested on them" in view.note.text()
    dialog.close()
