"""The table of the Compare page: sorting, filter, groups, and what is done to its lines."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.comparison.acting import NAME, Saved, click, header_click, settle, texts, tick
from tests.ui.comparison.saved_runs import experiment, ids, save
from ui.comparison.run_columns import PLACES
from ui.pages.compare import ComparePage


def test_sorting_puts_missing_values_last_in_both_directions(qtbot: QtBot, page: ComparePage) -> None:
    header_click(qtbot, page, "test")
    first = texts(page, "test")
    header_click(qtbot, page, "test")
    second = texts(page, "test")
    assert first[-1] == second[-1] == ""
    assert first[0] != second[0]
    numbers = [float(text.split()[0]) for text in second[:-1]]
    assert numbers in (sorted(numbers), sorted(numbers, reverse=True))


def test_every_column_sorts(page: ComparePage) -> None:
    for column in PLACES.values():
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            page.table.set_grouped(True)
            page.table.runs.sort(column, order)
            assert page.table.runs.rowCount() == 4
            page.table.set_grouped(False)
            assert page.table.runs.rowCount() == 9


def test_the_filter_finds_words_in_any_column(qtbot: QtBot, page: ComparePage) -> None:
    page.find()
    assert page.bar.filter.hasFocus()
    qtbot.keyClicks(page.bar.filter, "scratch finished")
    qtbot.waitUntil(lambda: page.table.runs.rowCount() == 2)
    assert page.bar.said.text().startswith("2 of 9 runs")
    qtbot.keyClick(page.bar.filter, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: page.table.runs.rowCount() == 9)


def test_grouping_shows_the_mean_and_opens_to_its_seeds(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    qtbot.mouseClick(page.bar.grouped, Qt.MouseButton.LeftButton, pos=QPoint(8, page.bar.grouped.height() // 2))
    model = page.table.runs
    assert model.rowCount() == 4
    line = next(row for row in range(4) if model.index(row, NAME).data().startswith("LP-FT"))
    group = model.index(line, 0)
    assert model.rowCount(group) == 3
    assert group.siblingAtColumn(PLACES["seed"]).data() == "3"
    # 90.00, 89.17, 88.33 %; the interval over seeds and test images, which the comparison shows, needs the images
    assert group.siblingAtColumn(PLACES["test"]).data() == "89.2 %, seeds 88.3 to 90.0"
    page.table.setCurrentIndex(group)
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert page.table.isExpanded(group)


def test_choices_and_selection_survive_grouping_sorting_and_filtering(page: ComparePage, saved: Saved) -> None:
    wanted = set(ids(saved["lp_ft"]))
    page.table.tick(wanted)
    page.table.setCurrentIndex(page.table.runs.index_of(saved["scratch"][0].id))
    page.table.runs.sort(PLACES["seed"], Qt.SortOrder.AscendingOrder)
    page.table.runs.list_only(words="digits")
    assert page.table.runs.chosen == wanted
    assert page.table.selected_runs() == [saved["scratch"][0]]


def test_a_star_is_clicked_and_undone(qtbot: QtBot, page: ComparePage, saved: Saved, workspace: Workspace) -> None:
    run = saved["lp_ft"][0]
    click(qtbot, page, run.id, "star")
    qtbot.waitUntil(lambda: bool(page.table.runs.row(run.id).starred))
    with RunStore(workspace) as store:
        assert store.run(run.id).starred
        assert store.undo() is not None


def test_a_run_is_renamed_and_gets_a_note_from_the_keyboard(
    qtbot: QtBot, page: ComparePage, saved: Saved, workspace: Workspace
) -> None:
    run = saved["lp_ft"][0]
    click(qtbot, page, run.id)
    opened = QSignalSpy(page.table.opened)
    for key, text in ((Qt.Key.Key_F2, "My best"), (Qt.Key.Key_N, "for the paper")):
        qtbot.keyClick(page.table, key)
        editor = page.table.findChild(QLineEdit)
        assert editor is not None
        editor.selectAll()
        qtbot.keyClicks(editor, text)
        qtbot.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda text=text: text in {page.table.runs.row(run.id).name, page.table.runs.row(run.id).note})
        settle(qtbot, page)
    with RunStore(workspace) as store:
        assert (store.run(run.id).name, store.run(run.id).note) == ("My best", "for the paper")
    assert opened.count() == 0  # Enter was for the words


def test_the_table_stays_where_it_was_under_a_note_a_scroll_and_a_comparison(
    qtbot: QtBot, page: ComparePage, saved: Saved
) -> None:
    table = page.table
    sideways = table.horizontalScrollBar()
    last = table.runs.index(table.runs.rowCount() - 1, NAME)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(last).center())
    high = table.visualRect(last).height()
    qtbot.keyClick(table, Qt.Key.Key_N)
    assert sideways.value() > 0
    qtbot.keyClick(table.findChild(QLineEdit), Qt.Key.Key_Escape)
    assert sideways.value() == 0
    sideways.setValue(sideways.maximum())
    table.doItemsLayout()
    assert table.visualRect(last).height() == high  # the boxes to tick are out of sight
    table.setCurrentIndex(table.runs.index(0, NAME))
    page.choose(ids(saved["scratch"]))
    tick(qtbot, page, saved["lp_ft"][0].id)
    last = table.runs.index_of(saved["lp_ft"][0].id)
    assert table.runs.chosen == {*ids(saved["scratch"]), saved["lp_ft"][0].id}
    sideways.setValue(sideways.maximum())
    tall, right = table.viewport().height(), sideways.value()
    table.window().resize(table.window().width(), 560)
    qtbot.waitUntil(lambda: page.halves.comparing and table.viewport().height() < tall)
    assert 0 <= table.visualRect(last).center().y() < table.viewport().height()
    assert sideways.value() == right


def test_deleted_runs_come_back_from_the_toast(
    qtbot: QtBot, page: ComparePage, saved: Saved, workspace: Workspace
) -> None:
    click(qtbot, page, saved["scratch"][0].id)
    click(qtbot, page, saved["scratch"][1].id, key=Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: page.table.runs.rowCount() == 7)
    toast = page.parts.toasts.shown()[-1]
    assert toast.accessibleName() == "Deleted 2 runs."
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.table.runs.rowCount() == 9)


def test_cloning_and_showing_a_run_ask_the_window(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    run = saved["full_ft"][1]
    click(qtbot, page, run.id)
    with qtbot.waitSignal(page.parts.navigator.opened) as cloned:
        qtbot.keyClick(page.table, Qt.Key.Key_C)
    assert cloned.args == ["new_experiment", run.experiment]
    with qtbot.waitSignal(page.parts.navigator.opened) as shown:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert shown.args == ["runs", run.id]


def test_a_run_saved_meanwhile_appears_and_updates_the_comparison(
    qtbot: QtBot, page: ComparePage, saved: Saved, workspace: Workspace
) -> None:
    page.choose(ids(saved["lp_ft"]))
    settle(qtbot, page)
    with RunStore(workspace) as store:
        row = save(store, experiment("linear_probe"), 20)
    page.parts.library.announce([row.id])
    qtbot.waitUntil(lambda: page.table.runs.rowCount() == 10)
    page.receive([row.id, saved["lp_ft"][0].id])
    settle(qtbot, page)
    assert page.pane.comparison is not None
    assert {side.title for side in page.pane.comparison.sides} == {"Linear probe", "LP-FT"}
