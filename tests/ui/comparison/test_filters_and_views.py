"""Filters of single columns as chips, and saved views of the table and of the list of runs."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from engine.experiment import DatasetChoice, Experiment
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.comparison.acting import Saved, texts
from ui.comparison.filter_dialog import WORD, FilterDialog
from ui.comparison.run_columns import COLUMNS, PLACES, Quantity
from ui.comparison.run_filters import Bounds, Filter, OneOf, as_json, from_json, passes, range_of, values_of, words
from ui.pages.compare import ComparePage

OK = QDialogButtonBox.StandardButton.Ok


def test_the_bar_gives_up_its_words_where_there_is_no_room(qtbot: QtBot, page: ComparePage) -> None:
    """And the page is as narrow as it was before there was room for them."""
    buttons = [page.bar.views.button, page.bar.notes, *page.bar.buttons.values()]

    def fits(width: int) -> bool:
        inside = [button.geometry().right() < page.bar.width() <= page.width() for button in buttons]
        return page.width() <= width and all(inside) and not cut()

    def cut() -> list[str]:
        return [button.accessibleName() for button in buttons if button.width() < button.sizeHint().width()]

    for width in (1400, 640, 1000, 640):
        page.resize(width, 600)
        qtbot.waitUntil(lambda width=width: fits(width), timeout=5000)


def test_every_column_but_names_is_filtered(page: ComparePage) -> None:
    assert {column.key for column in COLUMNS if column.filtered is None} == {"name", "code"}


def test_each_value_and_each_bound_keeps_what_has_it(page: ComparePage) -> None:
    rows = page.table.runs.rows()
    for column in COLUMNS:
        key, by = column.key, column.filtered
        if isinstance(by, Quantity):
            low, high = range_of(rows, by) or (0.0, 0.0)
            with_value = [row for row in rows if by.value(row) is not None]
            assert [row for row in rows if passes(row, {key: Bounds(round(low, 6), round(high, 6))})] == with_value
            assert not any(passes(row, {key: Bounds(high + 1, None)}) for row in rows)
        elif by:
            values = values_of(rows, by)
            for word, number in values:
                assert sum(passes(row, {key: OneOf(frozenset([word]))}) for row in rows) == number, (key, word)
            assert sum(number for _, number in values) >= len(rows)


@pytest.mark.parametrize("damage", [
    None, [], 3, {"unknown": ["a"]}, {"test": ["a", "b"]}, {"test": [None, None]}, {"test": [1]}, {"method": [1]},
    {"method": []}, {"test": [True, 2]}, {"seed": [float("nan"), 1]},
])  # fmt: skip
def test_filters_of_another_version_or_damaged_ones_are_left_out(damage: object) -> None:
    assert from_json(damage) == {}


def test_filters_survive_json_and_have_words() -> None:
    filters: dict[str, Filter] = {
        "test": Bounds(80, None), "seed": Bounds(None, 3), "took": Bounds(1.5, 60),
        "method": OneOf(frozenset("edcba")), "tags": OneOf(frozenset(["x"])),
    }  # fmt: skip
    assert from_json(json.loads(json.dumps(as_json(filters)))) == filters
    assert [words(key, one) for key, one in filters.items()] == [
        "Test at least 80 %", "Seed at most 3", "Time taken 1.5 to 60 s", "Method: a, b, c and 2 more", "Tags: x",
    ]  # fmt: skip


def test_the_dialog_filters_several_columns_and_chips_remove_them(qtbot: QtBot, page: ComparePage) -> None:
    rows = page.table.runs.rows()
    dialog = FilterDialog(rows, {}, "test", page)
    dialog.bounds.low.setText("many")
    dialog.bounds.low.textEdited.emit("many")
    assert not dialog.buttons.button(OK).isEnabled()
    assert "not a number" in dialog.problem.text.text()
    dialog.bounds.low.setText("88,5 %")
    dialog.column.set_key("method")
    assert dialog.filters == {"test": Bounds(88.5, None)}
    dialog.values.tick_all(False)
    assert "at least one" in dialog.problem.text.text()
    lp_ft = next(
        item for item in map(dialog.values.item, range(dialog.values.count())) if item.data(WORD).startswith("LP")
    )
    lp_ft.setCheckState(Qt.CheckState.Checked)
    dialog.accept()
    page.bar.set_filters(dialog.filters)
    assert page.table.runs.rowCount() == 2  # 90.0 and 89.2 %, not 88.3 %
    assert [chip.accessibleName() for chip in page.bar.chips.chips.values()] == [
        "Remove the filter Test at least 88.5 %", f"Remove the filter Method: {lp_ft.data(WORD)}",
    ]  # fmt: skip
    qtbot.mouseClick(page.bar.chips.chips["test"], Qt.MouseButton.LeftButton)
    assert page.table.runs.rowCount() == 3
    page.bar.filter.setText("nothing")
    page.bar.chips.clear_all.click()
    assert (page.table.runs.rowCount(), page.bar.chips.isVisible(), page.bar.filter.text()) == (9, False, "")


def test_an_error_of_regression_is_filtered_as_it_is_shown(page: ComparePage, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        run = store.create(new_run(Experiment(dataset=DatasetChoice(name="sinusoid"))))
    assert not passes(run, {"test": Bounds(0, 100)})
    assert passes(run, {"data": OneOf(frozenset(texts(page, "data")) | {COLUMNS[PLACES["data"]].text(run)})})


def test_a_view_is_saved_shown_renamed_updated_and_deleted(
    qtbot: QtBot, page: ComparePage, workspace: Workspace, saved: Saved
) -> None:
    views, bar, table = page.bar.views, page.bar, page.table
    first = bar.spec()
    bar.set_filters({"method": OneOf(frozenset(texts(page, "method")[1:2]))})
    bar.grouped.setChecked(True)
    table.columns.show_column(PLACES["device"], True)
    table.columns.show_column(PLACES["data"], False)
    table.header().moveSection(table.header().visualIndex(PLACES["test"]), 2)
    table.header().setSortIndicator(PLACES["test"], Qt.SortOrder.AscendingOrder)
    kept = bar.spec()
    views.save(" Best   ones ")
    qtbot.waitUntil(lambda: views.current == "Best ones")
    views.show("", {})
    assert bar.spec() == first
    views.fill()
    views.menu.actions()[0].trigger()
    assert bar.spec() == kept
    assert table.runs.rowCount() == 1
    views.rename("Better")
    qtbot.waitUntil(lambda: views.current == "Better")
    bar.filter.setText("lp")
    views.save(views.current)
    qtbot.waitUntil(lambda: views.views[0].spec["words"] == "lp")
    views.fill()
    menu = [action.text() for action in views.menu.actions() if action.text()]
    assert menu == [
        "Better", "As at first", "Save as a new view…", "Update “Better”", "Rename “Better”…", "Delete “Better”",
    ]  # fmt: skip
    views.delete()
    qtbot.waitUntil(lambda: not views.views)
    with RunStore(workspace) as store:
        assert store.views("compare") == []


@pytest.mark.parametrize("spec", [
    {}, {"columns": [["a"], "test", "gone"], "sort": ["gone", 1]}, {"columns": 3, "sort": [["test"], True]},
    {"sort": ["test"], "grouped": "yes", "filters": 3, "words": None},
])  # fmt: skip
def test_a_view_of_another_version_is_shown_as_far_as_it_is_known(page: ComparePage, spec: dict[str, object]) -> None:
    page.bar.apply_spec(spec)
    assert not page.table.isColumnHidden(PLACES["name"])
    assert not page.bar.grouped.isChecked()
    QApplication.processEvents()
