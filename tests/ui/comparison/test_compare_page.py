"""The Compare page with real mouse and keyboard events over a real database."""

from __future__ import annotations

import csv
import html
import platform
import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSizeF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from engine.work.thread import Place
from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.comparison.acting import NAME, Saved, settle, texts, tick
from tests.ui.comparison.saved_runs import ids
from ui import theme
from ui.comparison.report import drawing
from ui.comparison.run_columns import PLACES
from ui.pages.compare import ComparePage


def test_an_empty_page_says_what_to_do(
    qtbot: QtBot, workspace: Workspace, open_page: Callable[[], ComparePage]
) -> None:
    page = open_page()
    assert page.full.currentWidget() is page.nothing_saved
    with qtbot.waitSignal(page.parts.navigator.opened) as asked:
        qtbot.mouseClick(page.nothing_saved.button, Qt.MouseButton.LeftButton)
    assert asked.args == ["new_experiment", None]


def test_every_saved_run_is_a_line_with_its_figures(page: ComparePage, saved: Saved) -> None:
    assert page.table.runs.rowCount() == 9
    line = texts(page, "name").index(saved["lp_ft"][0].name)
    assert texts(page, "method")[line] == "LP-FT"
    assert texts(page, "test")[line] == "90.0 % (83.3 to 94.2)"  # Wilson, 108 of 120
    assert texts(page, "labels")[line] == "2"
    assert texts(page, "state")[texts(page, "name").index("A run that failed")] == "failed"
    assert not page.halves.comparing


def test_ticking_two_runs_puts_them_side_by_side_with_a_verdict(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    for row in (saved["lp_ft"][0], saved["scratch"][0]):
        tick(qtbot, page, row.id)
    settle(qtbot, page)
    shown = page.pane.comparison
    assert shown is not None
    assert page.halves.comparing
    assert shown.base.title == "From scratch"
    verdict = shown.verdicts[saved["lp_ft"][0].group]
    assert (verdict.kind, verdict.pairs) == ("one seed", 1)
    assert verdict.difference == pytest.approx(0.4)  # 12 against 60 wrong of 120
    assert "1 seed, same 120 test images" in page.pane.verdict.accessibleDescription()
    assert [row.label for row in shown.differences][:2] == ["Pretrained weights", "Method"]
    assert {line.label for line in page.pane.curves.plot.lines} == {"LP-FT", "From scratch"}


def test_the_table_has_the_height_until_runs_are_compared(
    qtbot: QtBot, page: ComparePage, saved: Saved, open_page: Callable[[], ComparePage]
) -> None:
    tall, few = page.halves.sizes()
    assert tall > 3 * few
    page.choose([saved["lp_ft"][0].id, saved["scratch"][0].id])
    settle(qtbot, page)
    usual = page.halves.sizes()
    assert usual[1] > usual[0]
    page.halves.setSizes([usual[0] - 60, usual[1] + 60])
    chosen = page.halves.sizes()
    page.table.clear_choice()
    qtbot.waitUntil(lambda: abs(page.halves.sizes()[0] - tall) <= 2)
    kept = page.halves.saveState()
    page.choose([saved["lp_ft"][0].id, saved["scratch"][0].id])
    settle(qtbot, page)
    qtbot.waitUntil(lambda: page.halves.sizes() == pytest.approx(chosen, abs=2))
    again = open_page()
    again.halves.restoreState(kept)  # as the window does when it opens
    qtbot.waitUntil(lambda: abs(again.halves.sizes()[0] - tall) <= 2)
    again.choose([saved["lp_ft"][0].id, saved["scratch"][0].id])
    settle(qtbot, again)
    qtbot.waitUntil(lambda: again.halves.sizes() == pytest.approx(chosen, abs=2))


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
    assert not page.halves.comparing


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
    assert curves.plot.unit == "number"
    assert curves.plot.lines[-1].y.tolist() == pytest.approx([1.5, 0.75, 0.5])


def test_missing_seeds_are_put_in_line_for_the_side_that_lacks_them(
    qtbot: QtBot, page: ComparePage, saved: Saved, workspace: Workspace
) -> None:
    page.choose(ids(saved["lp_ft"] + saved["scratch"]))
    settle(qtbot, page)
    button = next(b for b in page.pane.verdict.findChildren(QPushButton) if "missing" in b.text())
    before = {row.id for row in page.table.runs.rows()}
    page.parts.queue._lines.join(Place("", "cpu"))  # the device is taken, so that what is put in line waits
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    with RunStore(workspace) as store:
        qtbot.waitUntil(lambda: len(store.runs()) >= 9 + 5)
        asked = {(r.experiment.method.name, r.experiment.seed) for r in store.runs() if r.id not in before}
    # two pairs are not enough: seed 2 is missing from scratch, 3 and 4 from both
    assert asked == {("scratch", 2), ("scratch", 3), ("scratch", 4), ("lp_ft", 3), ("lp_ft", 4)}
    qtbot.waitUntil(lambda: sum(row.is_live for row in page.table.runs.rows()) == 5)
    qtbot.mouseClick(next(b for b in page.pane.verdict.findChildren(QPushButton) if "missing" in b.text()),
                     Qt.MouseButton.LeftButton)  # fmt: skip
    assert page.parts.toasts.shown()[-1].label.text() == "These seeds are in line already."
    with RunStore(workspace) as store:
        assert len(store.runs()) == len(before) + 5


def test_one_configuration_alone_is_said_to_be_seeds(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    page.choose(ids(saved["lp_ft"]))
    settle(qtbot, page)
    shown = page.pane.comparison
    assert shown is not None
    assert shown.verdicts == {}
    assert shown.summary.startswith("These are 3 seeds of one configuration (LP-FT): 89.2 % (")


def test_a_cell_of_the_confusion_matrix_lists_its_images(qtbot: QtBot, page: ComparePage, saved: Saved) -> None:
    page.choose([saved["lp_ft"][0].id, saved["scratch"][0].id])
    settle(qtbot, page)
    matrix = page.pane.confusion.matrices[1]
    assert matrix.values.sum() == 120
    box = matrix.grid(QSizeF(matrix.size()))
    spot = QPoint(round(box.left() + 1.5 * box.width() / 4), round(box.top() + 0.5 * box.height() / 4))
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=spot)
    # of the 12 images LP-FT gets wrong, 0, 4 and 8 are circles called squares
    said = page.pane.confusion.images.words.text()
    assert "True circle, predicted square: From scratch 15 examples, LP-FT 3 examples" in said
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    assert matrix.cell == (1, 1)
    assert "true square, predicted square: 27" in matrix.accessibleDescription()
    strip = page.pane.confusion.images.strip
    qtbot.waitUntil(strip.isVisible)
    qtbot.waitUntil(lambda: strip.visibleRegion().boundingRect() == strip.rect())  # scrolled to


def test_classes_that_change_are_told_with_paired_counts_and_lead_to_their_images(
    qtbot: QtBot, page: ComparePage, saved: Saved
) -> None:
    """From scratch 60 of 120 are wrong, with LP-FT 12 of these: of each class 15 and 3 of 30."""
    page.choose([saved["lp_ft"][0].id, saved["scratch"][0].id])
    settle(qtbot, page)
    view = page.pane.confusion
    _, rows = view.changes.figure_table()
    circle = next(row for row in rows if row[0] == "circle")
    assert circle[:6] == ("circle", 30, 0.5, 0.9, 12, 0)
    assert circle[6] == pytest.approx(4 * 2 / 2**12)  # a coin that falls 12 times the same way, four classes
    cells = next(row for row in view.changes.cells.rows if row[0].words == "circle")
    assert [cell.words for cell in cells] == ["circle", "30", "50.0", "90.0", "+40.0", "12", "0"]
    assert cells[4].bold
    view.changes.sortByColumn(0, Qt.SortOrder.DescendingOrder)  # star, square, cross, circle
    view.changes.clicked.emit(view.changes.model().index(3, 0))
    assert view.images.words.text().startswith("circle, where From scratch and LP-FT differ")
    qtbot.waitUntil(view.images.strip.isVisible)
    assert len(view.images._ids) == 12


def test_columns_hide_and_stay_hidden(
    qtbot: QtBot, page: ComparePage, saved: Saved, open_page: Callable[[], ComparePage]
) -> None:
    menu = page.table.columns.menu()
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
    assert text.count("data:image/svg+xml;base64,") == 4  # results, curves, a confusion matrix of each side
    words = html.unescape(re.sub("<[^>]*>", "|", text))
    assert "|circle||square||15|" in words  # from scratch: 60 and 62 wrong of 120, a quarter of them circles
    for said in (f"Python {platform.python_version()}", "torch ", " CPU cores", "0, split 0", "|Code||Made with|"):
        assert said in words
    assert metadata.version("warmstart") in words
    assert saved["lp_ft"][0].uid not in words
    page.write_report(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
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


def test_a_report_is_dark_on_white_in_every_theme(qtbot: QtBot, qapp, page: ComparePage, saved: Saved) -> None:
    page.choose([saved["lp_ft"][0].id, saved["scratch"][0].id])
    settle(qtbot, page)
    figures = [page.pane.bars, page.pane.curves.plot, *page.pane.confusion.matrices]
    QApplication.processEvents()
    light = [drawing(figure) for figure in figures]
    theme.apply(qapp, "dark")
    QApplication.processEvents()
    assert [drawing(figure) for figure in figures] == light
    theme.apply(qapp, "light")


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
