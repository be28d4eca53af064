"""The list of runs with what decides what it shows: the filter, and ticks for runs of studies and the archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from storage.rows import RunRow
from ui.listing.finding import TAG, known_tags
from ui.listing.restart import Restart
from ui.listing.views_button import Views
from ui.listing.word_field import complete_words
from ui.parts import Parts
from ui.runs.run_delegate import RunListView
from ui.runs.run_list import RunOrder
from ui.runs.study_fold import archive_fold, study_fold
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text


class RunColumn(QWidget):
    """filtered: other runs may be listed now."""

    filtered = Signal()

    def __init__(self, order: RunOrder, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order = order
        self.filter = QLineEdit(placeholderText="Filter: words, tag:x (Ctrl+F)", clearButtonEnabled=True)
        self.filter.setAccessibleName("Filter runs by words and tags")
        self._completer = complete_words(self.filter)
        self.views = Views(self, parts, "runs", self.spec, self.apply_spec)
        self.restart = Restart(self, parts)
        self.studies, self.archived = study_fold(order), archive_fold(order)
        self.none = Text("", role="muted")
        self.none.hide()
        self.list = RunListView()
        self.list.setModel(order)
        self._lay_out()
        self.filter.textChanged.connect(order.set_filter)
        for signal in (self.filter.textChanged, self.studies.toggled, self.archived.toggled):
            signal.connect(lambda _: self._tell())

    def _lay_out(self) -> None:
        tools = in_row(self.views.button, self.restart.button, ..., gap=4)
        in_column(
            self.filter, tools, self.studies, self.archived, self.none, (self.list, 1), owner=self, gap=8,
            edges=(16, 12, 8, 16),
        )  # fmt: skip
        self.setMinimumWidth(200)

    def find(self) -> None:  # type: ignore[override]
        """Type into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def take_rows(self, rows: Sequence[RunRow]) -> None:
        """These are all runs there are."""
        for fold in (self.studies, self.archived):
            fold.count(rows)
        self._completer.set_words(TAG + tag for tag in known_tags(rows))
        self._say_none()

    def spec(self) -> dict[str, Any]:
        """What is listed, for a saved view."""
        ticks = {"studies": self.studies.isChecked(), "archived": self.archived.isChecked()}
        return {"words": self.filter.text(), **ticks}

    def apply_spec(self, spec: dict[str, Any]) -> None:
        """Show a saved view."""
        self.filter.setText(str(spec.get("words", "")))
        for key, box in (("studies", self.studies), ("archived", self.archived)):
            box.setChecked(spec.get(key) is True)

    def reveal(self, row: RunRow) -> None:
        """Let this run be listed, whatever was filtered."""
        self.filter.clear()
        self.archived.setChecked(self.archived.isChecked() or row.archived)
        self._order.keep(row.id)

    def _tell(self) -> None:
        self._say_none()
        self.filtered.emit()

    def _say_none(self) -> None:
        nothing = bool(self._order.runs.rowCount()) and not self._order.rowCount()
        self.none.setVisible(nothing)
        if nothing:
            self.none.setText(none_words(self.filter.text().strip(), *self._order.count_away()))


def none_words(typed: str, of_studies: int, archived: int) -> str:
    """Why the list is empty, and what shows something."""
    what = [f"{n:,} {words}" for n, words in ((of_studies, "of studies"), (archived, "in the archive")) if n]
    if not what:
        return f"No run matches “{typed}”. Clear the filter to see all of them."
    first = f"No listed run matches “{typed}”, but" if typed else "No run is listed, but there are"
    return f"{first} {' and '.join(what)}{' do' if typed else ''}: tick the box above to see them."
