"""The test images of a compared run: read when they are looked at, those of the run that is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from storage.store import RunRow
from tests.ui.comparison.saved_runs import figure, ids
from ui.comparison.confusion_view import SHOWN, ConfusionView
from ui.comparison.report_parts import matrices
from ui.comparison.sides import ComparedRun, compare
from ui.exploring.confusion_matrix import ConfusionMatrix
from ui.figures.figure_export import Figure
from ui.pages.compare import ComparePage

Saved = dict[str, list[RunRow]]


def test_nothing_is_read_until_the_section_is_opened(
    qtbot: QtBot, open_page: Callable[[], ComparePage], saved: Saved
) -> None:
    page = open_page()
    page.choose(ids(saved["lp_ft"] + saved["scratch"]))
    qtbot.waitUntil(page.is_settled)
    section = page.pane.explored
    assert section.isVisible()
    assert section.run.count() == 5
    assert section.explorer.isHidden()
    qtbot.mouseClick(section.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(section.explorer.isVisible)
    assert section.explorer.errors.isEnabled()  # three seeds
    assert section.explorer.matrix.values.sum() == 120
    last = section.run.itemData(4)
    section.run.setCurrentIndex(4)
    qtbot.waitUntil(lambda: bool(section.explorer._run and section.explorer._run.run_id == last))
    assert section.explorer.table.figures[0].n == 30


def test_many_classes_are_folded_alike_in_all_three_matrices(qtbot: QtBot, saved: Saved) -> None:
    """Those are shown that both sides together mistake most; a folded cell holds all of its images."""
    names = tuple(f"class {number}" for number in range(30))
    truth = np.arange(120) % 30
    runs = []
    for row, wrong in ((saved["lp_ft"][0], 5), (saved["scratch"][0], 40)):
        guess = np.where(np.arange(120) < wrong, (truth + 1) % 30, truth)
        result = replace(figure(0), truth=truth, predicted=guess, class_names=names)
        runs.append(ComparedRun(row, result, (result,)))
    found = compare(runs)
    assert found is not None
    view = ConfusionView()
    qtbot.addWidget(view)
    view.show_comparison(found)
    assert {len(matrix.names) for matrix in view.matrices} == {SHOWN + 1}
    assert sorted(matrix.values.sum() for matrix in view.matrices) == [0, 120, 120]
    assert view.changes.model().rowCount() == 30  # where each class stands by itself
    drawn = list[ConfusionMatrix]()

    def picture(figure: Figure) -> str:
        assert isinstance(figure, ConfusionMatrix)
        drawn.append(figure)
        return ""

    matrices(found, picture)
    assert [len(one.names) for one in drawn] == [21, 21]
    assert [one.values.sum() for one in drawn] == [120, 120]
    view.matrices[0].cell_chosen.emit(SHOWN, SHOWN)
    assert "18 others" in view.images.words.text()
