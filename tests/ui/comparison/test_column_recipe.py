"""The column of CONTRIBUTING.md's recipe: shown, sorted, filtered, noted on, copied, part of a saved view."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from storage.store import RunStore
from storage.workspace import Workspace
from tests.recipes import recipe
from tests.ui.comparison.acting import Saved, header_click, texts
from ui.comparison import run_columns
from ui.comparison.cell_notes import places
from ui.comparison.filter_dialog import FilterDialog
from ui.comparison.run_columns import COLUMNS, PLACES, RunField
from ui.pages.compare import ComparePage


@pytest.fixture
def column(saved: Saved) -> Iterator[RunField]:
    """The recipe's entry at the end of the list, as a program that was started with it has it."""
    made: RunField = eval(recipe("run column"), vars(run_columns))
    COLUMNS.append(made)
    PLACES[made.key] = len(COLUMNS) - 1
    yield made
    COLUMNS.pop()
    del PLACES[made.key]


def test_a_new_column_is_shown_sorted_copied_and_noted_on(qtbot: QtBot, column: RunField, page: ComparePage) -> None:
    table = page.table
    steps = [row.step for row in table.runs.rows()]
    assert not table.isColumnHidden(PLACES[column.key])
    assert sorted(texts(page, column.key)) == sorted(f"{step:,}" for step in steps)
    header = table.header()
    header.moveSection(header.visualIndex(PLACES[column.key]), 1)  # into sight
    header_click(qtbot, page, column.key)
    assert texts(page, column.key) == [f"{step:,}" for step in sorted(steps)]
    table.selectionModel().select(
        table.runs.index(0, 0), QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    )
    table.copy_lines()
    heading, line = (text.split("\t") for text in QApplication.clipboard().text().splitlines()[:2])
    assert (heading[0], line[0]) == ("Steps", f"{min(steps):,}")
    assert places()[column.key] == "Steps"


def test_a_new_column_is_filtered_and_part_of_a_saved_view(
    qtbot: QtBot, column: RunField, page: ComparePage, workspace: Workspace
) -> None:
    rows, bar = page.table.runs.rows(), page.bar
    middle = sorted(row.step for row in rows)[len(rows) // 2]
    dialog = FilterDialog(rows, {}, column.key, page)
    dialog.bounds.low.setText(str(middle))
    dialog.accept()
    first = bar.spec()
    bar.set_filters(dialog.filters)
    page.table.header().setSortIndicator(PLACES[column.key], Qt.SortOrder.AscendingOrder)
    assert page.table.runs.rowCount() == sum(row.step >= middle for row in rows)
    assert [chip.accessibleName() for chip in bar.chips.chips.values()] == [
        f"Remove the filter Steps at least {middle:g} steps"
    ]
    kept = bar.spec()
    bar.views.save("Long ones")
    qtbot.waitUntil(lambda: bar.views.current == "Long ones")
    bar.apply_spec(first)
    with RunStore(workspace) as store:
        (view,) = store.views("compare")
    bar.apply_spec(view.spec)
    assert bar.spec() == kept
