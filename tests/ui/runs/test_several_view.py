"""The picture of conflicts and the curves of each task, from curves worked out on paper."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from engine.bench.figures import figures, is_bench
from engine.events import Evaluated
from engine.metrics import HEAD, TASK
from engine.multitask.testing import PROBE
from ui.figures.curve_axes import StepScale
from ui.growing_curve import GrowingCurve
from ui.runs.conflict_picture import MOST, conflict_rows, shade, share
from ui.runs.result_card import ResultCard
from ui.runs.several_view import SeveralView

BLOCKS = {"conv1": "Convolution 1", "conv2": "Convolution 2", "head": "Head"}


def curve(steps: list[int], values: list[float]) -> GrowingCurve:
    return GrowingCurve.from_arrays(np.array(steps), np.zeros(len(steps)), np.array(values))


def test_a_row_tells_the_share_of_steps_that_oppose_each_other() -> None:
    curves = {
        "conflict/conv2": curve([1, 11, 21, 31], [0.5, -0.5, -0.1, 0.1]), "conflict/conv1": curve([1, 31], [1.0, 1.0]),
        "train/loss": curve([1], [2.0]),
    }  # fmt: skip
    rows = conflict_rows(curves, BLOCKS)
    assert [row.title for row in rows] == ["Convolution 1", "Convolution 2"]
    assert rows[1].below == 0.5
    assert share(rows[1]) == "2 of 4"
    assert rows[1].mean == pytest.approx(0.0)
    assert rows[1].means.tolist() == [0.5, -0.5, -0.1, 0.1]
    assert rows[0].means.tolist() == [1.0, 1.0]


def test_a_long_curve_is_drawn_in_so_many_stretches_and_pairs_are_named() -> None:
    steps = list(range(1, 1001))
    rows = conflict_rows({"conflict/conv1: a, b": curve(steps, [-1.0] * 500 + [1.0] * 500)}, BLOCKS)
    assert rows[0].title == "Convolution 1: a, b"
    assert len(rows[0].means) == MOST
    assert rows[0].means[0] == -1
    assert rows[0].means[-1] == 1
    assert rows[0].below == 0.5
    assert share(rows[0]) == "50 %"


def test_it_is_there_for_several_tasks_alone(qtbot: QtBot, tmp_path: object) -> None:
    view = SeveralView(QSettings(f"{tmp_path}/settings.ini", QSettings.Format.IniFormat))
    qtbot.addWidget(view)
    scale = StepScale(10, 32, True)
    view.show_curves({"train/loss": curve([1], [1.0])}, BLOCKS, "step", scale, False)
    assert view.isHidden()
    curves = {f"task accuracy/{name}": curve([10, 20], [0.5, 0.9]) for name in ("First half", "Second half")}
    view.show_curves(curves, BLOCKS, "step", scale, False)
    assert not view.isHidden()
    assert view.section.isHidden()
    assert [line.label for line in view.tasks.plot.given] == ["First half", "Second half"]
    view.show_curves({**curves, "conflict/conv1": curve([1, 11], [-0.5, 0.5])}, BLOCKS, "step", scale, False)
    assert not view.section.isHidden()
    assert "Convolution 1: 50 % of 2 measured steps below 0" in view.conflicts.accessibleDescription()
    view.resize(900, 400)
    assert not view.grab().isNull()
    assert view.conflicts.marks
    heads, rows = view.conflicts.figure_table()
    assert len(heads) == len(next(iter(rows)))


def test_agreement_and_conflict_have_colours_of_their_own(qtbot: QtBot) -> None:
    assert shade(-1.0) != shade(1.0)
    assert shade(0.0) not in (shade(-0.4), shade(0.4))


def test_figures_of_a_new_head_are_no_cells_of_a_head_bench(qtbot: QtBot) -> None:
    told = Evaluated("test/accuracy", 0.9, 0.8, 0.95, 270, "images", {TASK: "First half", HEAD: PROBE})
    assert not is_bench(told)
    assert figures([told]) == []
    card = ResultCard()
    qtbot.addWidget(card)
    card.show_results([Evaluated("test/accuracy", 0.5, 0.4, 0.6, 539, "images"), told])
    assert any("new head" in label.text() for label in card.findChildren(QLabel))
