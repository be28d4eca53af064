"""Notes on single cells of a run's line and on its figures: written in a small dialog, listed by time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QListWidgetItem, QPlainTextEdit, QWidget

from storage.rows import RunRow
from ui.comparison.run_columns import COLUMNS
from ui.comparison.run_figures import date_text
from ui.parts import Parts
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column
from ui.widgets.place import fit
from ui.widgets.text import Elided, Text

CELL = ("Note on a cell…", "Shift+N", "edit", "Write a note on one cell of this line; Notes lists them and leads back")
FIGURE = ("Note on a figure…", "Shift+N", "edit", "Write a note on one of this run's figures; Compare lists them all")
PLACE = Qt.ItemDataRole.UserRole
FIGURES = {"figure loss": "Loss curve", "figure accuracy": "Accuracy curve", "figure blocks": "How far blocks moved",
           "figure matrix": "Confusion matrix", "figure tasks": "Tasks"}  # fmt: skip


def places() -> dict[str, str]:
    """What each cell and each figure is called."""
    return {column.key: column.called for column in COLUMNS} | FIGURES


def title(place: str) -> str:
    """What a place is called; one of another version by its key."""
    return places().get(place, place)


class NoteDialog(QDialog):
    """`place()` and `text()` are what was written. places: those to choose from, by key."""

    def __init__(self, row: RunRow, places: Mapping[str, str], place: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Note")
        self._row = row
        self.where = Choice(list(places.items()))
        self.where.setAccessibleName("What the note is about")
        self.where.set_key(place)
        self.field = QPlainTextEdit()
        self.field.setAccessibleName("Note")
        self.field.setTabChangesFocus(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        in_column(Elided(f"About “{row.name}”"), self.where, self.field, buttons, owner=self, gap=8, edges=None)
        self.where.currentIndexChanged.connect(lambda _: self._show())
        fit(self, 440, 260)
        self._show()
        self.field.setFocus()

    def _show(self) -> None:
        note = self._row.cell_notes.get(self.place())
        self.field.setPlainText(note.text if note else "")

    def place(self) -> str:
        return str(self.where.key())

    def text(self) -> str:
        return self.field.toPlainText().strip()


def ask_note(page: QWidget, parts: Parts, row: RunRow, places: Mapping[str, str], place: str) -> None:
    """Let the person write a note about one of the places of this run; an empty one is taken away."""
    dialog = NoteDialog(row, places, place, page)
    if dialog.exec() == QDialog.DialogCode.Accepted:
        where, text = dialog.place(), dialog.text()
        parts.library.write(lambda store: store.note_cell(row.id, where, text), runs=[row.id])
    dialog.deleteLater()


class NotesDialog(QDialog):
    """Every note on a cell or figure, the newest first; `chosen` is (run id, place) of the one to be led to."""

    def __init__(self, rows: Iterable[RunRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Notes on cells and figures")
        self.chosen: tuple[int, str] | None = None
        self.list = QListWidget()
        self.list.setAccessibleName("Notes, the newest first")
        self.list.setWordWrap(True)
        found = [(note, place, row) for row in rows for place, note in row.cell_notes.items()]
        for note, place, row in sorted(found, key=lambda one: one[0].time, reverse=True):
            item = QListWidgetItem(f"{date_text(note.time)} · {row.name} · {title(place)}\n{note.text}", self.list)
            item.setData(PLACE, (row.id, place))
        self.list.setCurrentRow(0)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        words = "Click a note, or press Return, to see its cell." if found else (
            "No notes yet. Right-click a cell of the table, or press Shift+N, to write one.")  # fmt: skip
        in_column(Text(words, role="muted"), (self.list, 1), owner=self, gap=8, edges=None)
        self.list.setVisible(bool(found))
        fit(self, 560, 420 if found else 120)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen = item.data(PLACE)
        self.accept()
