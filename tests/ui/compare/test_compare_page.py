"""The Compare page with real mouse and keyboard events over a real database."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSizeF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.ui.compare.saved_runs import experiment, ids, save
from ui import theme
from ui.comparison.run_columns import PLACES
from ui.pages.compare import ComparePage

Saved = dict[str, list[RunRow]]
NAME = PLACES["name"]


def texts(page: ComparePage, column: str) -> list[str]:
    """What the lines of the table say in a column, top down."""
    model = page.table.runs
    return [model.index(row, PLACES[column]).data() for row in range(model.rowCount())]


NO_KEY = Qt.KeyboardModifier.NoModifier


def click(
    qtbot: QtBot, page: ComparePage, run_id: int, column: str = "name", key: Qt.KeyboardModifier = NO_KEY
) -> None:
    """Click a cell of the table, with a key held down."""
    index = page.table.runs.index_of(run_id).siblingAtColumn(PLACES[column])
    page.table.scrollTo(index)
    spot = page.table.visualRect(index).center()
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, key, spot)


def tick(qtbot: QtBot, page: ComparePage, run_id: int) -> None:
    """Click a run's check box."""
    index = page.table.runs.index_of(run_id).siblingAtColumn(NAME)
    page.table.scrollTo(index)
    cell = page.table.visualRect(index)
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(cell.left() + 10, cell.center().y()))


def settle(qtbot: QtBot, page: ComparePage) -> None:
    qtbot.waitUntil(page.is_settled)


def header_click(qtbot: QtBot, page: ComparePage, column: str) -> None:
    header = page.table.header()
    spot = QPoint(header.sectionViewportPosition(PLACES[column]) + 12, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def test_an_empty_page_says_what_to_do(
    qtbot: QtBot, workspace: Workspace, open_page: Callable[[], ComparePage]
) -> None:
    page = open_page()
    assert page.full.currentWidget() is page.nothing_saved
    with qtbot.waitSignal(page.parts.navigator.page) as asked:
        qtbot.mouseClick(page.nothing_saved.button, Qt.MouseButton.LeftButton)
    assert asked.args == ["New experiment"]


def test_every_saved_run_is_a_line_with_its_figures(page: ComparePage, saved: Saved) -> None:
    assert page.table.runs.rowCount() == 9
    line = texts(page, "name").index(saved["lp_ft"][0].name)
    assert texts(page, "method")[line] == "LP-FT"
    assert texts(page, "test")[line] == "90.0 (83.3 to 94.2) %"  # Wilson, 108 of 120
    assert texts(page, "labels")[line] == "2"
    assert texts(page, "state")[texts(page, "name").index("A run that failed")] == "failed"
    assert page.below.currentWidget() is page.nothing_chosen


def test_ticking_two_runs_puts_them_side_by_side_with_a_verdict(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    for row in (saved["lp_ft"][0], saved["scratch"][0]):
        tick(qtbot, page, row.id)
    settle(qtbot, page)
    shown = page.pane.comparison
    assert shown is not None
    assert page.below.currentWidget() is page.pane
    assert shown.base.title == "From scratch"
    verdict = shown.verdicts[saved["lp_ft"][0].group]
    assert (verdict.kind, verdict.pairs) == ("better", 1)
    assert verdict.difference == pytest.approx(0.4)  # 12 against 60 wrong of 120
    assert "1 seed, same 120 test images" in page.pane.verdict.accessibleDescription()
    assert [row.label for row in shown.differences][:2] == ["Pretrained weights", "Method"]
    assert {line.label for line in page.pane.curves.plot.lines} == {"LP-FT", "From scratch"}


def test_selecting_with_the_keyboard_compares_and_space_ticks(qtbot: QtBot, page: ComparePage) -> None:
    page.table.setFocus()
    page.table.setCurrentIndex(page.table.runs.index(0, 0))
    qtbot.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert len(page.table.selected_runs()) == 2
    qtbot.keyClick(page.table, Qt.Key.Key_Space)
    assert len(page.table.runs.chosen) == 2
    settle(qtbot, page)
    assert page.pane.comparison is not None
    qtbot.keyClick(page.table, Qt.Key.Key_Escape)
    assert not page.table.runs.chosen
    assert page.below.currentWidget() is page.nothing_chosen


def test_seeds_become_one_side_with_a_band_and_the_base_can_be_chosen(
    qtbot: QtBot, page: ComparePage, saved: Saved
) -> None:
    page.choose(ids(saved["lp_ft"] + saved["full_ft"] + saved["scratch"]))
    settle(qtbot, page)
    shown = page.pane.comparison
    assert shown is not None
    assert [len(side.tested) for side in shown.sides] == [3, 3, 2]
    lp_ft = next(line for line in page.pane.curves.plot.lines if line.label == "LP-FT")
    assert lp_ft.style == "band"
    assert lp_ft.x.tolist() == [1, 2, 3]  # epochs
    assert shown.best_two is not None
    assert shown.best_two[2].kind == "too close"
    page.pane.base.setFocus()
    page.pane.base.set_key(saved["full_ft"][0].group)
    assert page.pane.comparison is not None
    assert page.pane.comparison.base.title == "Full fine-tuning"
    assert "(base)" in page.pane.table.model().headerData(1, Qt.Orientation.Horizontal)


def test_the_axis_the_metric_and_the_members_change_the_curves(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    page.choose(ids(saved["lp_ft"] + saved["full_ft"]))
    settle(qtbot, page)
    curves = page.pane.curves
    curves.axis.set_key("examples")
    assert curves.plot.lines[0].x.tolist() == [16, 32, 48]  # 8 images a step, 2 steps an epoch
    curves.members.setChecked(True)
    assert "LP-FT, seed 2" in {line.label for line in curves.plot.lines}
    curves.metric_choice.set_key("val/loss")
    settle(qtbot, page)
    assert curves.plot is curves.plain
    assert curves.plot.lines[-1].y.tolist() == pytest.approx([1.5, 0.75, 0.5])


def test_missing_seeds_are_put_in_line_for_the_side_that_lacks_them(
    qtbot: QtBot, page: ComparePage, saved: Saved, workspace: Workspace
) -> None:
    page.choose(ids(saved["lp_ft"] + saved["scratch"]))
    settle(qtbot, page)
    button = next(b for b in page.pane.verdict.findChildren(QPushButton) if "missing" in b.text())
    before = {row.id for row in page.table.runs.rows()}
    page.parts.queue._lines["cpu"] = [-1]  # the device is taken, so that what is put in line waits
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    with RunStore(workspace) as store:
        qtbot.waitUntil(lambda: len(store.runs()) >= 9 + 5)
        asked = {(r.experiment.method.name, r.experiment.seed) for r in store.runs() if r.id not in before}
    # two pairs are not enough: seed 2 is missing from scratch, 3 and 4 from both
    assert asked == {("scratch", 2), ("scratch", 3), ("scratch", 4), ("lp_ft", 3), ("lp_ft", 4)}


def test_one_configuration_alone_is_said_to_be_seeds(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    page.choose(ids(saved["lp_ft"]))
    settle(qtbot, page)
    shown = page.pane.comparison
    assert shown is not None
    assert shown.verdicts == {}
    assert shown.summary.startswith("These are 3 seeds of one configuration (LP-FT): 89.2 ± ")


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
    # 90.00, 89.17, 88.33 %: mean 89.17, deviation 0.8333, times 4.3027 / sqrt(3)
    assert group.siblingAtColumn(PLACES["test"]).data() == "89.2 ± 2.1 %"
    page.table.setCurrentIndex(group)
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert page.table.isExpanded(group)


def test_choices_and_selection_survive_grouping_sorting_and_filtering(page: ComparePage, saved: Saved) -> None:
    wanted = set(ids(saved["lp_ft"]))
    page.table.tick(wanted)
    page.table.setCurrentIndex(page.table.runs.index_of(saved["scratch"][0].id))
    page.table.runs.sort(PLACES["seed"], Qt.SortOrder.AscendingOrder)
    page.table.runs.set_filter("digits")
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
    with qtbot.waitSignal(page.parts.navigator.clone) as cloned:
        qtbot.keyClick(page.table, Qt.Key.Key_C)
    assert cloned.args == [run.experiment]
    with qtbot.waitSignal(page.parts.navigator.show_run) as shown:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert shown.args == [run.id]


def test_a_run_saved_meanwhile_appears_and_updates_the_comparison(
    qtbot: QtBot, page: ComparePage, saved: Saved, workspace: Workspace
) -> None:
    page.choose(ids(saved["lp_ft"]))
    settle(qtbot, page)
    with RunStore(workspace) as store:
        row = save(store, experiment("linear_probe"), 20)
    page.parts.library.announce([row.id])
    qtbot.waitUntil(lambda: page.table.runs.rowCount() == 10)
    page.parts.navigator.compare.emit([row.id, saved["lp_ft"][0].id])
    settle(qtbot, page)
    assert page.pane.comparison is not None
    assert {side.title for side in page.pane.comparison.sides} == {"Linear probe", "LP-FT"}


def test_a_cell_of_the_confusion_matrix_lists_its_images(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    page.choose([saved["lp_ft"][0].id, saved["scratch"][0].id])
    settle(qtbot, page)
    matrix = page.pane.confusion.matrices[1]
    assert matrix.values.sum() == 120
    box = matrix.grid(QSizeF(matrix.size()))
    spot = QPoint(round(box.left() + 1.5 * box.width() / 4), round(box.top() + 0.5 * box.height() / 4))
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=spot)
    # of the 12 images LP-FT gets wrong, 0, 4 and 8 are circles called squares
    assert "True circle, predicted square: From scratch 15 images, LP-FT 3 images" in page.pane.confusion.detail.text()
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    assert matrix.cell == (1, 1)
    assert "true square, predicted square: 27" in matrix.accessibleDescription()
    qtbot.waitUntil(page.pane.confusion.images.isVisible, timeout=20_000)


def test_columns_hide_and_stay_hidden(
    qtbot: QtBot, page: ComparePage, saved: Saved, open_page: Callable[[], ComparePage]
) -> None:
    menu = page.table.column_menu()
    next(action for action in menu.actions() if action.text() == "Backbone").trigger()
    page.table.header().resizeSection(NAME, 321)
    menu.close()
    page.parts.settings.sync()
    again = open_page()
    assert again.table.isColumnHidden(PLACES["backbone"])
    assert again.table.columnWidth(NAME) == 321


def test_the_report_and_the_figures_are_saved(qtbot: QtBot, page: ComparePage, saved: Saved, tmp_path: Path) -> None:
    page.choose(ids(saved["lp_ft"] + saved["scratch"]))
    settle(qtbot, page)
    page.write_report(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "LP-FT is better than From scratch by" in text
    assert text.count("data:image/svg+xml;base64,") == 2
    assert "http://" not in text.replace("http://www.w3.org", "")
    for figure in (page.pane.bars, page.pane.table, page.pane.confusion.matrices[2]):
        for suffix in ("png", "svg", "csv"):
            figure._exports.write(tmp_path / f"{type(figure).__name__}.{suffix}")
    with (tmp_path / "ResultBars.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["side"] for row in rows] == ["From scratch", "LP-FT"] or len(rows) == 2
    assert (tmp_path / "ConfusionMatrix.png").stat().st_size > 1000
    page.pane.bars._exports.copy_numbers()
    assert QGuiApplication.clipboard().text().startswith("side\ttest accuracy")


def test_a_report_that_cannot_be_written_is_said(qtbot: QtBot, page: ComparePage, saved: Saved, tmp_path: Path) -> None:
    page.choose(ids(saved["lp_ft"] + saved["scratch"]))
    settle(qtbot, page)
    page.write_report(tmp_path / "nowhere" / "report.html")
    assert "could not be written" in page.parts.toasts.shown()[-1].accessibleName()


def ground(page: ComparePage) -> int:
    """How light the figure of the results is at its lower right corner, where nothing is drawn."""
    image = page.pane.bars.grab().toImage()
    return image.pixelColor(image.width() - 2, image.height() - 2).lightness()


def test_colours_follow_the_theme(qtbot: QtBot, qapp, page: ComparePage, saved: Saved) -> None:
    page.choose(ids(saved["lp_ft"] + saved["scratch"]))
    settle(qtbot, page)
    assert ground(page) > 200
    theme.apply(qapp, "dark")
    qtbot.waitUntil(lambda: ground(page) < 60)
    theme.apply(qapp, "light")
    qtbot.waitUntil(lambda: ground(page) > 200)


def test_everything_has_a_name_for_screen_readers(page: ComparePage) -> None:
    for widget in (page.table, page.bar.filter, page.bar.columns, page.pane.base, page.pane.bars, page.pane.table,
                   page.pane.curves.metric_choice, page.pane.curves.axis, page.pane.curves.smoothing):  # fmt: skip
        assert widget.accessibleName(), widget
