"""The real dialog that asks where a file goes: the kind chosen is written, nothing is replaced without a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, QStandardPaths, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from ui.figures.curve_line import CurveLine
from ui.figures.curve_plot import CurvePlot
from ui.widgets import picking, saving
from ui.widgets.picking import ZIPS, pick_file, pick_files, pick_folder
from ui.widgets.saving import FileKind, FolderMemory, ask_where, last_folder, remember_folders

PAGE, PDF = FileKind("Web page", "html"), FileKind("PDF document", "pdf")
STANDARD = QMessageBox.StandardButton


@pytest.fixture(autouse=True)
def own_dialogs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Qt's own dialog, not the desktop's, and no folder remembered from elsewhere."""
    attribute = Qt.ApplicationAttribute.AA_DontUseNativeDialogs
    before = QApplication.testAttribute(attribute)
    QApplication.setAttribute(attribute)
    monkeypatch.setattr(FolderMemory, "settings", None)
    monkeypatch.setattr(saving, "SAVED", FolderMemory("save/folder"))
    monkeypatch.setattr(picking, "PICKED", FolderMemory("pick/folder"))
    yield
    QApplication.setAttribute(attribute, before)


class Person:
    """Types a name, chooses a kind, presses Save; answers each question about replacing with `replace`, and gives up
    when the dialog comes back."""

    def __init__(self, typed: str, kind: FileKind | None = None, replace: STANDARD = STANDARD.No) -> None:
        self.typed, self.kind, self.replace = typed, kind, replace
        self.asked: list[str] = []
        self.opened_in, self.offered = "", ""
        self._tries = 0
        self._timer = QTimer(singleShot=True, interval=15)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        self._timer.start()  # also while what follows waits for an answer
        shown = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
        if box := next((widget for widget in shown if isinstance(widget, QMessageBox)), None):
            self.asked.append(box.text())
            box.button(self.replace).click()
        elif dialog := next((widget for widget in shown if isinstance(widget, QFileDialog)), None):
            self._tries += 1
            if self._tries > 1:
                dialog.reject()
            else:
                self._save(dialog)

    def _save(self, dialog: QFileDialog) -> None:
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        self.opened_in, self.offered = dialog.directory().absolutePath(), line.text()
        if self.kind is not None:
            dialog.selectNameFilter(self.kind.entry)
            dialog.filterSelected.emit(self.kind.entry)
        line.setText(self.typed)
        dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save).click()

    def rest(self) -> None:
        self._timer.stop()


@pytest.mark.parametrize(
    "typed, kind, written",
    [
        ("kept", None, "kept.html"),
        ("kept", PDF, "kept.pdf"),
        ("lr 0.001", None, "lr 0.001.html"),
        ("lr 0.001", PDF, "lr 0.001.pdf"),
        ("v1.2 final", None, "v1.2 final.html"),
        ("page.HTML", None, "page.HTML"),
        ("report.pdf", None, "report.pdf"),
        ("numbers.csv", None, "numbers.csv.html"),
        (".hidden", None, ".hidden.html"),
        ("Größe 5 %", PDF, "Größe 5 %.pdf"),
    ],
)
def test_the_kind_decides_and_an_existing_file_is_asked_about(
    qtbot: QtBot, tmp_path: Path, typed: str, kind: FileKind | None, written: str
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    wanted = tmp_path / written
    person = Person(str(tmp_path / typed), kind)
    assert ask_where(parent, "Save", "comparison", [PAGE, PDF]) == wanted
    person.rest()
    assert person.asked == []
    wanted.write_text("precious")
    for answer, gives in ((STANDARD.No, None), (STANDARD.Yes, wanted)):
        person = Person(str(tmp_path / typed), kind, replace=answer)
        assert ask_where(parent, "Save", "comparison", [PAGE, PDF]) == gives
        person.rest()
        assert len(person.asked) == 1
        assert wanted.read_text() == "precious"


def test_the_first_folder_is_that_of_documents_and_then_the_last_one(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    papers = tmp_path / "papers"
    papers.mkdir()
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: str(papers))
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    remember_folders(settings)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    person = Person(str(elsewhere / "a"))
    ask_where(parent, "Save", "Loss / steps: 5?", [PAGE])
    person.rest()
    assert (person.opened_in, person.offered) == (str(papers), "Loss - steps- 5-.html")
    assert last_folder() == str(elsewhere)
    settings.sync()
    remember_folders(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    assert last_folder() == str(elsewhere)
    elsewhere.rmdir()
    assert last_folder() == str(papers)


@pytest.mark.parametrize(
    "kind, suffix, begins",
    [
        ("PNG picture", ".png", b"\x89PNG"),
        ("SVG drawing", ".svg", b"<?xml"),
        ("Comma-separated values", ".csv", b"Step"),
    ],
)
@pytest.mark.parametrize("typed", ["loss", "lr 0.001", "loss.png", "loss.svg", "loss.csv", "loss.jpg"])
def test_a_figure_is_saved_as_what_was_chosen(
    qtbot: QtBot, tmp_path: Path, kind: str, suffix: str, begins: bytes, typed: str
) -> None:
    plot = CurvePlot("Loss")
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.set_curves([CurveLine("a", np.arange(4.0), np.arange(4.0), "#000000")])
    person = Person(str(tmp_path / typed))
    plot._figure.ask_and_save(kind, suffix)
    person.rest()
    (file,) = tmp_path.iterdir()
    assert file.name == (typed if typed.endswith(suffix) else typed + suffix)
    assert file.read_bytes().startswith(begins)


def pick_zip(parent: QWidget, title: str) -> str:
    return pick_file(parent, title, ZIPS)


@pytest.mark.parametrize("pick", [pick_folder, pick_files, pick_zip])
def test_what_is_picked_is_looked_for_where_the_last_was(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pick: Callable[[QWidget, str], object]
) -> None:
    """Whatever was picked last: a folder's neighbours, a file's."""
    (tmp_path / "shelf" / "one").mkdir(parents=True)
    begun: list[str] = []

    def picked(parent: QWidget, title: str, begin: str, *kinds: str) -> tuple[list[str], str]:
        begun.append(begin)
        return [str(tmp_path / "shelf" / "one")], ""

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: picked(*given)[0][0])
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", picked)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given: (picked(*given)[0][0], ""))
    asked = QWidget()
    qtbot.addWidget(asked)
    assert pick(asked, "Images")
    for again in (pick_folder, pick_files, pick_zip):
        again(asked, "Images")
    assert begun == [saving.documents(), *[str(tmp_path / "shelf")] * 3]
    assert last_folder() == saving.documents()  # where things are saved is another place
