"""Runs: what is learnt without labels shows whether it is alive, and the loss of a network that says the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from engine import metrics
from engine.events import EpochCompleted, Event, Metrics, RunFinished, RunStarted
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from storage.store import RunStore
from storage.workspace import Workspace
from tests.ui.runs.recorded import finished, save
from ui.figures.curve_axes import StepScale
from ui.growing_curve import GrowingCurve
from ui.pages.runs import RunsPage
from ui.runs.content import expects_accuracy, lines_of

Open = Callable[[], RunsPage]


def looked_at() -> Iterator[Event]:
    yield RunStarted(10, 5, 16, {"classes": 4})
    for epoch, spread in ((1, 0.4), (2, 0.7)):
        yield Metrics(5 * epoch, {"train/loss": 2.0 / epoch})
        values = {"val/neighbours": 0.5, "val/spread": spread, "val/rank": 20.0 * epoch, "collapsed/loss": 3.4}
        yield Metrics(5 * epoch, values)
        yield EpochCompleted(epoch, 5 * epoch)
    yield RunFinished(10)


def test_whether_it_is_alive_is_drawn_of_what_learns_without_labels_alone(
    qtbot: QtBot, open_page: Open, workspace: Workspace
) -> None:
    with RunStore(workspace) as store:
        unlabelled = save(store, looked_at(), "Unlabelled")
        labelled = save(store, finished(), "Labelled")
    page = open_page()
    page.choose(labelled.id)
    qtbot.waitUntil(lambda: page.is_settled() and bool(page.detail.curves.loss.given))
    assert page.detail.curves.alive.isHidden()
    page.choose(unlabelled.id)
    curves = page.detail.curves
    qtbot.waitUntil(lambda: page.is_settled() and bool(curves.spread.given))
    assert not curves.alive.isHidden()
    lines = {line.label: line for line in curves.loss.given}
    assert np.allclose(lines["collapsed"].y, 3.4)
    assert lines["collapsed"].dashed
    assert np.allclose(curves.spread.given[0].y, [0.4, 0.7])
    assert np.allclose(curves.rank.given[0].y, [20, 40])
    page.choose(labelled.id)
    qtbot.waitUntil(lambda: page.is_settled() and curves.alive.isHidden())


def test_neighbours_are_drawn_beside_the_question_and_its_answers_are_not_taken_for_theirs() -> None:
    """Puzzles are solved by a share too: 80 % of them says nothing of classes."""
    curves = {
        "train/loss": saved([1.0, 0.5]), "train/accuracy": saved([0.4, 0.8]), "val/neighbours": saved([0.3, 0.6]),
    }  # fmt: skip
    assert metrics.measured(curves) == "neighbours"
    lines = {line.label: line for line in lines_of("neighbours", curves, "step", StepScale(1, 1, True), 0)}
    assert np.allclose(lines["validation"].y, [0.3, 0.6])
    assert np.allclose(lines["its question"].y, [0.4, 0.8])
    assert metrics.measured(["train/accuracy", "train/loss"]) == "accuracy"


def test_no_room_is_kept_for_what_never_comes(tmp_path: Path) -> None:
    data, nothing = DatasetChoice(name="digits"), DatasetChoice(name="unlabelled", path=str(tmp_path))
    judged = MethodChoice(name="simclr", hyperparameters={"judged": "no labels"})
    assert expects_accuracy(Experiment(dataset=data, method=MethodChoice(name="simclr")))
    assert not expects_accuracy(Experiment(dataset=data, method=judged))
    assert not expects_accuracy(Experiment(dataset=nothing, method=MethodChoice(name="simclr")))


def saved(values: list[float]) -> GrowingCurve:
    return GrowingCurve.from_arrays(np.arange(len(values)), np.arange(len(values), dtype=float), np.array(values))
