"""A dialog that tests saved runs on another folder of images and shows runs by test sets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QProgressBar, QWidget

from storage.rows import RunRow
from ui.figures.plain_table import FigureTable
from ui.listing.other_sets import TestGrid, read_grid, test_all
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.drops import copying
from ui.widgets.layouts import in_column, in_row
from ui.widgets.picking import ZIPS, pick_file, pick_folder
from ui.widgets.place import fit
from ui.widgets.text import Elided, Text

if TYPE_CHECKING:
    from engine.using.other_sets import Tested

WIDEST, LEAST = 360, 480
ABOUT = (
    "Drop a folder with one folder per class, the folder of one class, or a zip. Classes are matched by name; images "
    "that a run learnt from are left out. It says most when the images are of another day or another camera."
)


class Progressing(QObject):
    """Speaks from the thread of a test, also when nobody listens any more."""

    said = Signal(str, float)

    def say(self, words: str, share: float) -> None:
        self.said.emit(words, share)


class OtherSetsDialog(QDialog):
    """Stays open while the window is used; closing it cancels the test under way."""

    def __init__(self, parts: Parts, rows: Sequence[RunRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts, self._rows = parts, tuple(rows)
        self._grid: TestGrid | None = None
        self._closed, self._key = False, f"other sets {id(self)}"  # another such dialog works on
        self.setWindowTitle("Test on other images")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.table = FigureTable("Runs by test sets")
        self.about = Text(ABOUT, role="muted")
        self.told, self.status = Text(role="muted"), Elided(role="muted")
        self.bar = QProgressBar(minimum=0, maximum=1000, textVisible=False)
        self._build()
        self.table.clicked.connect(self._look)
        self.table.activated.connect(self._look)
        self._read()

    def _build(self) -> None:
        self.folder = button("Choose a folder…", "folder", clicked=self._ask_folder)
        self.zip = button("Choose a zip…", "folder", clicked=self._ask_zip)
        self.cancel = button("Cancel", "close", clicked=self._cancel)
        self.close_button = button("Close", clicked=self.reject)
        busy = self._busy = QWidget()
        in_row((self.status, 1), self.bar, self.cancel, owner=busy, gap=8)
        in_column(
            self.about, in_row(self.folder, self.zip, ..., gap=8), self.table, self.told, ..., busy,
            in_row(..., self.close_button), owner=self, gap=12, edges=16,
        )  # fmt: skip
        for one in (self.about, self.told):
            one.setMinimumWidth(LEAST)  # else room is made for them in one narrow column
        busy.hide()
        fit(self, 720, 420)

    # What was measured

    def _read(self, lines: Sequence[str] = ()) -> None:
        """Show what is saved, and say these lines under it."""
        self._parts.library.read(read_grid(self._rows), lambda grid: None if self._closed else self._show(grid, lines))

    def _show(self, grid: TestGrid, lines: Sequence[str]) -> None:
        self._grid = grid
        self.table.show_cells(grid.heads, grid.cells)
        self.table.fit_columns(WIDEST)
        self._tell(lines)

    def _tell(self, lines: Sequence[str]) -> None:
        """What has to be said of the last test, and of sets that were looked at often."""
        self.told.setText("\n".join([*lines, *(self._grid.warnings if self._grid else [])]))

    def _look(self, index: QModelIndex) -> None:
        """The images behind a figure, on page Runs."""
        found = self._grid.at(index.row(), index.column()) if self._grid is not None else None
        if found is not None:
            self._parts.navigator.open("runs", found)

    # A test

    def test(self, path: str) -> None:
        """Start, unless one is under way or nothing was chosen."""
        if not path or self._grid is None or not self._busy.isHidden():
            return
        self._tell([])
        self._set_busy(True)
        voice = Progressing()
        voice.said.connect(self._say)
        work = test_all(self._grid.runs, path, voice.say, partial(keep, self._parts))
        failed = self._parts.background.saying(self._refuse, "The test failed.")
        self._parts.background.run(work, self._done, failed, self._key, long=True)

    def _say(self, words: str, share: float) -> None:
        self.status.setText(words)
        self.bar.setValue(round(1000 * share))

    def _done(self, lines: list[str]) -> None:
        if not self._closed:
            self._set_busy(False)
            self._read(lines)

    def _refuse(self, words: str) -> None:
        if not self._closed:
            self._set_busy(False)
            self._tell([words])

    def _cancel(self) -> None:
        self._parts.background.cancel(self._key)
        self._set_busy(False)
        self._read(["Cancelled. Runs that were tested before keep their figures."])

    def _set_busy(self, on: bool) -> None:
        self._busy.setVisible(on)
        for one in (self.folder, self.zip):
            one.setEnabled(not on)

    def done(self, result: int) -> None:
        self._closed = True
        self._parts.background.cancel(self._key)
        super().done(result)

    # What is chosen

    def _ask_folder(self) -> None:
        self.test(pick_folder(self, "Folder with one folder per class"))

    def _ask_zip(self) -> None:
        self.test(pick_file(self, "Zip of images", ZIPS))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            copying(event)

    def dropEvent(self, event: QDropEvent) -> None:
        copying(event)
        paths = [url.toLocalFile() for url in event.mimeData().urls()]
        if len(paths) == 1 and paths[0]:
            self.test(paths[0])
        else:
            self._tell(["Drop one folder, or one zip file, of this machine."])


def keep(parts: Parts, run_id: int, found: Tested) -> None:
    """Save a run's figures; called in the thread of the test."""
    parts.library.write(lambda store: store.keep_tested(run_id, found.figures), runs=[run_id])
