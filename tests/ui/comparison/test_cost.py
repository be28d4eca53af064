"""Accuracy against what an answer costs: who stands where, who is left out and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from pytestqt.qtbot import QtBot

from engine.comparison.cost import RunCost, frontier, time_of_image
from storage.store import RunRow
from tests.ui.comparison.saved_runs import figure
from ui.comparison.cost_figure import CostFigure, clear_of_each_other, words_of
from ui.comparison.cost_points import FILE, PARAMETERS, TIME, cost_points
from ui.comparison.cost_view import CostView
from ui.comparison.sides import ComparedRun, Comparison, compare

Saved = dict[str, list[RunRow]]
HERE = "this machine"


def cost(milliseconds: list[float], parameters: int = 1000, machine: str = HERE, octets: int = 4_000_000) -> RunCost:
    return RunCost(np.array(milliseconds) * 64 / 1000, 64, parameters, octets, machine)


def test_a_time_is_a_mean_with_student_s_interval() -> None:
    """Batches 2 and 4 ms: 3 ± 12.706 · 1. Three runs of 2, 3 and 4 ms: 3 ± 4.3027 / sqrt(3)."""
    few = time_of_image([cost([2, 4])])
    assert few is not None
    assert (few.value, few.low, few.high) == pytest.approx((3, 3 - 12.706205, 3 + 12.706205))
    many = time_of_image([cost([one, one]) for one in (2, 3, 4)])
    assert many is not None
    assert (many.value, many.half) == pytest.approx((3, 4.302653 / 3**0.5))
    assert time_of_image([cost([])]) is None


def test_the_frontier_is_whatever_none_beats() -> None:
    assert frontier([(1, 0.5), (2, 0.7), (3, 0.6), (2, 0.7)]) == [True, True, False, True]


@pytest.fixture
def comparison(saved: Saved) -> Comparison:
    """LP-FT here and slow, full fine-tuning here and fast, from scratch on another machine."""
    costs = {"lp_ft": cost([4, 5]), "full_ft": cost([1, 2]), "scratch": cost([1, 1], machine="another")}
    runs = []
    for method, one in costs.items():
        for seed, row in enumerate(saved[method]):
            found = figure({"lp_ft": 10, "full_ft": 20, "scratch": 60}[method], seed)
            runs.append(ComparedRun(row, found, (found,), cost=one))
    made = compare(runs)
    assert made is not None
    return made


def test_only_what_was_timed_on_one_machine_is_held_against_each_other(comparison: Comparison) -> None:
    found = cost_points(comparison, TIME)
    assert [one.best for one in found.points] == [True, True]
    assert [why for _, why in found.left_out] == ["it was timed on another machine"]
    assert "batches of 64, on this machine" in found.basis
    size = cost_points(comparison, PARAMETERS)
    assert len(size.points) == 3
    assert [one.best for one in size.points] == [True, False, False]
    assert size.left_out == ()
    assert cost_points(comparison, FILE).points[0].cost.value == 4.0


def test_runs_tested_otherwise_are_left_out_with_the_reason(comparison: Comparison) -> None:
    other = next(side for side in comparison.sides if "scratch" in side.title)
    runs = tuple(replace(run, result=replace(result, ids=np.asarray(result.ids) + 1000))
                 for run, result in other.tested)  # fmt: skip
    elsewhere = replace(other, runs=runs)
    sides = tuple(elsewhere if side is other else side for side in comparison.sides)
    found = cost_points(replace(comparison, sides=sides), PARAMETERS)
    assert len(found.points) == 2
    assert found.left_out[0][1].startswith("it was tested otherwise than the base")


def test_runs_of_before_say_that_they_were_not_timed(comparison: Comparison) -> None:
    for side in comparison.sides:
        object.__setattr__(side, "runs", tuple(replace(run, cost=cost([])) for run in side.runs))
        vars(side).pop("counted", None)
        vars(side).pop("tested", None)
    found = cost_points(comparison, TIME)
    assert found.points == ()
    assert all("not measured" in why for _, why in found.left_out)


def test_a_click_on_a_point_leads_to_its_run(qtbot: QtBot, comparison: Comparison) -> None:
    view = CostView()
    qtbot.addWidget(view)
    view.show_comparison(comparison)
    view.resize(700, 420)
    view.show()
    shown: CostFigure = view.figure
    qtbot.waitUntil(lambda: len(shown.marks) == 2)
    assert "Left out: From scratch" in view.left_out.text()
    box, words = shown.marks[0]
    assert words == words_of(shown.points[0], TIME)
    assert shown.words_at(QPointF(box.center())) == words
    with qtbot.waitSignal(shown.chosen) as chosen:
        qtbot.mouseClick(shown, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert chosen.args == [shown.points[0].side.tested[0][0].row.id]
    heads, rows = shown.figure_table()
    assert all(len(row) == len(heads) for row in rows)
    view.axis.set_key(PARAMETERS)
    assert len(shown.points) == 3


def test_names_of_points_that_lie_together_stand_below_each_other() -> None:
    boxes = [QRectF(10, top, 80, 14) for top in (30, 22, 24, 90, 40)] + [QRectF(200, 24, 80, 14)]
    placed = clear_of_each_other(boxes)
    pairs = [(a, b) for place, a in enumerate(placed) for b in placed[:place]]
    assert not any(a.intersects(b) for a, b in pairs)
    assert [box.top() for box in placed] == [50, 22, 36, 90, 64, 24]
    assert clear_of_each_other([]) == []
