"""A note on a cell: a mark, words in the tooltip, and a list that leads back to it, whatever is filtered."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.comparison.acting import Saved, settle
from ui.comparison.cell_notes import FIGURES, NoteDialog, NotesDialog, places
from ui.comparison.run_columns import PLACES
from ui.comparison.run_filters import OneOf
from ui.comparison.run_model import NOTED
from ui.pages.compare import ComparePage


def answering(page: ComparePage, kind: type, answer: Callable[[], None], deed: Callable[[], object]) -> None:
    """Do what opens a dialog of this kind, and answer it."""

    def when_open() -> None:
        answer(next(one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()))

    QTimer.singleShot(50, page, when_open)
    deed()


def test_a_note_is_written_on_the_cell_that_is_current(
    qtbot: QtBot, page: ComparePage, saved: Saved, workspace: Workspace
) -> None:
    run = saved["lp_ft"][1]
    cell = page.table.runs.index_of(run.id).siblingAtColumn(PLACES["test"])
    page.table.setCurrentIndex(cell)
    asked: list[str] = []

    def write(dialog: NoteDialog) -> None:
        asked.append(dialog.place())
        dialog.field.setPlainText(" odd\nlook again ")
        dialog.accept()

    before = page.table.viewport().grab(page.table.visualRect(cell)).toImage()
    answering(page, NoteDialog, write, page.actions_of_runs.actions["cell"].trigger)
    assert asked == ["test"]
    qtbot.waitUntil(lambda: bool(page.table.runs.index_of(run.id).siblingAtColumn(PLACES["test"]).data(NOTED)))
    cell = page.table.runs.index_of(run.id).siblingAtColumn(PLACES["test"])
    assert "odd\nlook again" in cell.data(Qt.ItemDataRole.ToolTipRole)
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole).startswith(cell.data())
    assert not cell.siblingAtColumn(PLACES["date"]).data(NOTED)
    assert page.table.viewport().grab(page.table.visualRect(cell)).toImage() != before
    with RunStore(workspace) as store:
        assert store.undo() == f"Change a note on “{run.name}”"


def test_the_list_leads_back_to_the_cell_whatever_is_filtered(
    qtbot: QtBot, page: ComparePage, saved: Saved, workspace: Workspace
) -> None:
    old, new = saved["lp_ft"][0], saved["scratch"][1]
    with RunStore(workspace) as store:
        store.note_cell(old.id, "device", "first")
        store.note_cell(new.id, "figure loss", "second")
        store.note_cell(new.id, "of a later version", "third")
        store.archive([old.id])
    page._note_change(frozenset())
    settle(qtbot, page)
    lines: list[str] = []
    page.bar.set_filters({"method": OneOf(frozenset(["nothing"]))})
    page.bar.grouped.setChecked(True)

    def choose(dialog: NotesDialog) -> None:
        lines.extend(dialog.list.item(place).text() for place in range(dialog.list.count()))
        qtbot.keyClick(dialog.list, Qt.Key.Key_End)
        qtbot.keyClick(dialog.list, Qt.Key.Key_Return)

    answering(page, NotesDialog, choose, page.bar.notes.click)
    assert [line.splitlines()[1] for line in lines] == ["third", "second", "first"]
    assert "Loss curve" in lines[1]
    current = page.table.currentIndex()
    assert page.table.selected_runs()[0].id == old.id
    assert (current.column(), page.table.isColumnHidden(PLACES["device"])) == (PLACES["device"], False)
    assert page.table.visualRect(current).isValid()
    shown: list[int] = []
    page.parts.navigator.opened.connect(lambda _, run: shown.append(run))
    page.bar.go_to(new.id, "figure loss")
    assert shown == [new.id]


def test_another_place_of_the_line_is_chosen_in_the_dialog(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    dialog = NoteDialog(saved["lp_ft"][0], places(), "name")
    qtbot.addWidget(dialog)
    dialog.where.set_key("figure matrix")
    dialog.field.setPlainText("x")
    assert (dialog.place(), dialog.text()) == ("figure matrix", "x")
    assert set(FIGURES) <= set(places())
