"""The line above the run table: filter, grouping, columns, how many there are, and the deeds used most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from engine.comparison.wording import count
from ui import icons
from ui.comparison.cell_notes import NotesDialog
from ui.comparison.filter_dialog import FilterDialog
from ui.comparison.run_actions import RunActions
from ui.comparison.run_columns import PLACES
from ui.comparison.run_filters import Filter, as_json, from_json, words
from ui.comparison.run_table import RunTable
from ui.listing.filter_chips import FilterChips
from ui.listing.finding import TAG, known_tags
from ui.listing.tool_buttons import deed_button, text_button
from ui.listing.views_button import Views
from ui.listing.word_field import complete_words
from ui.parts import Parts
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

AS_BUTTONS = {"clone": "Clone", "again": "Run again", "study": "Study", "star": "Star", "tag": "Tags",
              "archive": "Archive", "delete": "Delete"}  # fmt: skip
WITHOUT_DEEDS = 480  # pixels that the filter and what chooses lines and columns take
WITH_WORDS, LEAST_WIDTH, LEAST_FILTER = 720, 560, 150  # pixels from which they have words; at least, and of the filter
WAIT_MS = 120  # after the last key before the filter works


class WordFilter(QLineEdit):
    """Esc empties it, Down goes to the table."""

    def __init__(self, table: RunTable) -> None:
        super().__init__()
        self._table = table
        self.setPlaceholderText("Filter: words, tag:x (Ctrl+F)")
        self.setToolTip("Show only runs that contain every word; tag:x finds those with the tag x")
        self.setAccessibleName("Filter the runs")
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(LEAST_FILTER)
        self.setMaximumWidth(360)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return):
            self._table.setFocus()
        else:
            super().keyPressEvent(event)


class RunBar(QWidget):
    """`page_actions` are the table's ways of looking, for the page's menu."""

    def __init__(self, table: RunTable, deeds: RunActions, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table, self._parts, self._settings = table, parts, parts.settings
        self.filter = WordFilter(table)
        self.grouped = QCheckBox("Group seeds")
        self.grouped.setToolTip("One line per configuration with the mean over its seeds (Ctrl+G)")
        self.studies = QCheckBox("Runs of studies")
        self.studies.setToolTip("Also list the runs that belong to studies")
        self.studies.toggled.connect(self._show_studies)
        self.archived = QCheckBox("Archived")
        self.archived.setToolTip("Also list the runs that were put into the archive (A)")
        self.archived.toggled.connect(self._show_archive)
        self.said = Text("", "small", "muted", wrap=False)
        self.buttons = {key: deed_button(deeds.actions[key], words) for key, words in AS_BUTTONS.items()}
        self.columns = text_button("columns", "Columns", "Which columns the table has", self._show_columns)
        tip = "What a column may say: two bounds for numbers, a list for words"
        self.filter_columns = text_button("filter", "Filter", tip, lambda: self.ask_filter("method"))
        self.notes = text_button("edit", "Notes", "All notes on cells, by time (Ctrl+Shift+N)", self.show_notes)
        self.chips = FilterChips()
        self.views = Views(self, parts, "compare", self.spec, self.apply_spec)
        self._completer = complete_words(self.filter)
        self._wait = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._wait.timeout.connect(self._apply_filter)
        self._build()
        self._connect()
        self.page_actions = [self._group_action(), self._filter_action(), self._notes_action(), self._columns_action()]

    def _build(self) -> None:
        ways = (self.views.button, self.filter_columns, self.columns, self.notes)
        first = in_row((self.filter, 1), *ways, ..., *self.buttons.values(), gap=4)
        second = in_row(self.grouped, self.archived, self.studies, ..., self.said, gap=16)
        in_column(first, second, self.chips, owner=self, gap=4)

    def minimumSizeHint(self) -> QSize:
        """Of icons alone, which is what is shown where there is no room for words."""
        return QSize(LEAST_WIDTH, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words beside the icons where there is room for all of them."""
        super().resizeEvent(event)
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        for button in (self.views.button, self.filter_columns, self.columns, self.notes):
            button.setToolButtonStyle(beside if event.size().width() >= WITH_WORDS else alone)
        needed = sum(self.buttons[key].room_with_words() for key in self.buttons) + WITHOUT_DEEDS
        for button in self.buttons.values():
            button.show_words(needed <= event.size().width())

    def _connect(self) -> None:
        self.filter.textChanged.connect(lambda _: self._wait.start())
        self.chips.removed.connect(self._remove_filter)
        self.chips.cleared.connect(self.clear_filters)
        self._table.columns.filter_wanted.connect(self.ask_filter)
        self.grouped.toggled.connect(self._group)
        self.grouped.setChecked(str(self._settings.value("compare/grouped", "false")) == "true")

    def _group_action(self) -> QAction:
        action = QAction("Group seeds", self, shortcut=QKeySequence("Ctrl+G"), checkable=True)
        action.setChecked(self.grouped.isChecked())
        action.toggled.connect(self.grouped.setChecked)
        self.grouped.toggled.connect(action.setChecked)
        return action

    def _filter_action(self) -> QAction:
        action = QAction(icons.icon("filter"), "Filter a column…", self, shortcut=QKeySequence("Ctrl+Shift+F"))
        action.triggered.connect(lambda _=False: self.ask_filter("method"))
        return action

    def _notes_action(self) -> QAction:
        action = QAction(icons.icon("edit"), "Notes on cells…", self, shortcut=QKeySequence("Ctrl+Shift+N"))
        action.triggered.connect(lambda _=False: self.show_notes())
        return action

    def show_notes(self) -> None:
        """List all notes, and go where the chosen one was written."""
        dialog = NotesDialog(self._table.runs.rows(), self)
        if dialog.exec() == NotesDialog.DialogCode.Accepted and dialog.chosen is not None:
            self.go_to(*dialog.chosen)
        dialog.deleteLater()

    def go_to(self, run_id: int, place: str) -> None:
        """Show a cell, whatever was filtered, or the run whose figure it is."""
        row = self._table.runs.row(run_id)
        if row is None or place not in PLACES:
            self._parts.navigator.open("runs", run_id)
            return
        if not self._table.runs.index_of(run_id).isValid():
            self.clear_filters()
            self._apply_filter()
            self.studies.setChecked(self.studies.isChecked() or row.study_id is not None)
            self.archived.setChecked(self.archived.isChecked() or row.archived)
        self._table.show_cell(run_id, PLACES[place])

    # Filters of columns, and views

    def ask_filter(self, key: str) -> None:
        """Let the person choose what this column, and perhaps others, may say."""
        dialog = FilterDialog(self._table.runs.rows(), self._table.runs.kept.filters, key, self)
        if dialog.exec() == FilterDialog.DialogCode.Accepted:
            self.set_filters(dialog.filters)
        dialog.deleteLater()

    def set_filters(self, filters: Mapping[str, Filter]) -> None:
        self._table.runs.list_only(filters=filters)
        self.chips.show_filters({key: words(key, wanted) for key, wanted in filters.items()})
        self.say_count()

    def _remove_filter(self, key: str) -> None:
        self.set_filters({other: one for other, one in self._table.runs.kept.filters.items() if other != key})

    def clear_filters(self) -> None:
        self.filter.clear()
        self.set_filters({})

    def spec(self) -> dict[str, Any]:
        """What is shown, for a saved view."""
        return {
            "words": self.filter.text(), "filters": as_json(self._table.runs.kept.filters),
            "grouped": self.grouped.isChecked(), "studies": self.studies.isChecked(),
            "archived": self.archived.isChecked(), **self._table.columns.spec(),
        }  # fmt: skip

    def apply_spec(self, spec: dict[str, Any]) -> None:
        """Show a saved view."""
        self.filter.setText(str(spec.get("words", "")))
        self._apply_filter()
        self.set_filters(from_json(spec.get("filters")))
        for key, box in (("grouped", self.grouped), ("studies", self.studies), ("archived", self.archived)):
            box.setChecked(spec.get(key) is True)
        self._table.columns.apply(spec)

    def _columns_action(self) -> QAction:
        action = QAction(icons.icon("columns"), "Columns…", self)
        action.triggered.connect(lambda _=False: self._show_columns())
        return action

    def _show_columns(self) -> None:
        self._table.columns.menu().popup(self.columns.mapToGlobal(self.columns.rect().bottomLeft()))

    def focus_filter(self) -> None:
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def _group(self, on: bool) -> None:
        self._settings.setValue("compare/grouped", "true" if on else "false")
        self._table.set_grouped(on)
        self.say_count()

    def _show_studies(self, on: bool) -> None:
        self._table.runs.list_only(studies=on)
        self.say_count()

    def _show_archive(self, on: bool) -> None:
        self._table.runs.list_only(archive=on)
        self.say_count()

    def _apply_filter(self) -> None:
        self._table.runs.list_only(words=self.filter.text())
        self.say_count()

    def say_count(self) -> None:
        """ "128 runs", "12 of 128 runs · 3 chosen"."""
        self._completer.set_words(TAG + tag for tag in known_tags(self._table.runs.rows()))
        self.studies.setVisible(any(row.study_id for row in self._table.runs.rows()))
        shown, total = self._table.runs.count_shown(), len(self._table.runs.rows())
        words = count(total, "runs") if shown == total else f"{shown:,} of {count(total, 'runs')}"
        chosen = len(self._table.chosen_runs())
        self.said.setText(words + (f" · {chosen} chosen" if chosen else ""))
