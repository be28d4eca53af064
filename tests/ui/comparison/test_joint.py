"""Runs of several tasks beside runs of the same tasks alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.comparison.joint import Gain
from engine.events import Evaluated, RunState
from engine.experiment import Experiment, MethodChoice
from engine.metrics import HEAD, TASK, TESTED
from engine.multitask.titles import BEFORE, WHEN
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


def seen(value: float, ids: range, names: tuple[str, ...] = ("x", "y"), **at: str) -> Evaluated:
    """Of as many images as ids; so many of them are answered right."""
    truth = np.arange(len(ids)) % 2
    said = np.where(np.arange(len(ids)) < round(value * len(ids)), truth, 1 - truth)
    conditions = {"data": "d", **({TASK: at[TASK]} if at else {})}
    return Evaluated(
        "test/accuracy", value, value, value, len(ids), "images", at, conditions, ids=np.array(ids), truth=truth,
        predicted=said, class_names=names,
    )  # fmt: skip


def beside(plain: Evaluated, number: int) -> list[ComparedRun]:
    """A run of two tasks, and one that learnt nothing but what `plain` was tested on."""
    row = replace(BOTH.row, id=10 + number, experiment=BOTH.row.experiment.with_seed(number))
    known = Evaluated("test/accuracy", 0.7, 0.7, 0.7, 20, "images", {}, {"data": "both", TASK: "a, b"})
    several = ComparedRun(row, known, (known, seen(0.9, range(10), task="a"), seen(0.5, range(10, 20), task="b")))
    single = Experiment(method=MethodChoice(name="scratch"), seed=number)
    own = RunRow(20 + number, f"s{number}", "Plain", RunState.FINISHED, "scratch", single, single.group_hash(), 30.0)
    return [several, ComparedRun(own, plain, (plain,))]


def test_a_run_of_several_tasks_is_told_against_a_plain_one_by_the_task_that_both_learnt() -> None:
    comparison = compare([one for seed in range(3) for one in beside(seen(0.6, range(10)), seed)])
    assert comparison is not None
    (found,) = comparison.verdicts.values()
    assert abs(found.difference) == pytest.approx(0.3)
    assert "on “a”" in found.sentence
    assert "same 10 test images" in found.sentence


@pytest.mark.parametrize("plain", [seen(0.6, range(20)), seen(0.6, range(10), ("x", "z")), seen(0.6, range(5, 15))])
def test_what_no_task_of_the_other_asks_is_said_to_be_another_task(plain: Evaluated) -> None:
    comparison = compare(beside(plain, 0))
    assert comparison is not None
    (found,) = comparison.verdicts.values()
    assert found.kind == "not comparable"
    assert "learnt a, b" in found.sentence
    assert "one task of its own" in found.sentence
