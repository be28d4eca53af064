"""Runs of several tasks beside runs of the same tasks alone."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.comparison.joint import Gain
from engine.events import Evaluated, RunState
from engine.experiment import Experiment, MethodChoice
from engine.metrics import HEAD, TESTED
from engine.multitask.titles import BEFORE, TASK, WHEN
from storage.store import RunRow
from ui.comparison.joint import joint_gains
from ui.comparison.sides import ComparedRun, compare, make_sides, sentences
from ui.comparison.verdict_card import VerdictCard
from ui.widgets.text import Text


def figure(task: str, value: float, **at: str) -> Evaluated:
    conditions = {TASK: task, TESTED: f"images of {task}"}
    return Evaluated("test/accuracy", value, value, value, 100, "images", {TASK: task, **at}, conditions)


def run(number: int, order: str, seed: int, **values: float) -> ComparedRun:
    """With the mean it is known by, and a figure of each task."""
    method = MethodChoice(name="equal", hyperparameters={"order": order})
    settings = Experiment(method=method, seed=seed)
    each = tuple(figure(task, value) for task, value in values.items())
    mean = sum(values.values()) / len(values)
    known = Evaluated("test/accuracy", mean, mean, mean, 100, "images")
    row = RunRow(number, f"u{number}", order, RunState.FINISHED, "multitask", settings, settings.group_hash(), number)
    return ComparedRun(row, known, (known, *each))


def gained(runs: list[ComparedRun]) -> list[Gain]:
    return joint_gains({side.title: side.figures for side in make_sides(runs)})


ALONE = [run(1, "first alone", 0, a=0.8), run(2, "last alone", 0, b=0.5)]
BOTH = run(3, "all at once", 0, a=0.72, b=0.5)


def test_a_run_of_both_is_told_against_each_alone(qtbot: QtBot) -> None:
    (found,) = gained([*ALONE, BOTH])
    assert found.share.value == pytest.approx(-0.05)
    comparison = compare([*ALONE, BOTH])
    assert comparison is not None
    assert found.sentence in sentences(comparison)
    assert "5.0 % worse than each task alone, on average over 2 tasks" in found.sentence
    card = VerdictCard()
    qtbot.addWidget(card)
    card.show_comparison(comparison)
    assert found.sentence in [one.text() for one in card.findChildren(Text)]


def test_nothing_is_said_where_a_task_was_not_learnt_alone_or_was_asked_of_other_images() -> None:
    assert gained([ALONE[0], BOTH]) == []
    other = run(4, "last alone", 0, c=0.5)
    assert gained([ALONE[0], other, BOTH]) == []


def test_figures_before_others_were_learnt_and_of_new_heads_do_not_count() -> None:
    before = figure("a", 0.9, **{WHEN: BEFORE})
    fresh = figure("a", 0.9, **{HEAD: "new head"})
    both = ComparedRun(BOTH.row, BOTH.result, (*BOTH.figures, before, fresh))
    (found,) = gained([*ALONE, both])
    assert found.share.value == pytest.approx(-0.05)
