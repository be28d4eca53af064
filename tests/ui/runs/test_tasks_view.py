"""Runs of meta-learners: their tasks with the answers before and after adapting, and the curves before adapting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.events import CheckpointSaved, EpochCompleted, Evaluated, Event, Metrics, RunFinished, RunStarted
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from engine.metrics import STEPS
from storage.record import record
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.runs.recorded import finished, save
from ui.pages.runs import RunsPage
from ui.runs.result_card import ResultCard, beside_words, protocol_words
from ui.runs.task_drawing import heading, left_out, mistakes_first, shape_of
from ui.runs.task_reading import ImageTask

Open = Callable[[], RunsPage]
WAY, QUERY = 5, 3


def task(before: bool = True, right: int = 2) -> dict:
    """Class w has images 30 w, …; the first `right` query images of each class are right, others go to slot 0."""
    slots = np.arange(WAY)[:, None] * np.ones(QUERY, int)
    after = np.where(np.arange(QUERY) < right, slots, 0)
    return {
        "classes": list(range(WAY)),
        "turns": [0, 1, 2, 3, 0],
        "support": (30 * np.arange(WAY)[:, None]).tolist(),
        "query": (30 * np.arange(WAY)[:, None] + np.arange(1, QUERY + 1)).tolist(),
        "before": np.zeros((WAY, QUERY), int).tolist() if before else None,
        "after": after.tolist(),
        "sure": np.full((WAY, QUERY), 0.75).tolist(),
        "entropy": np.full((WAY, QUERY), 0.5).tolist(),
    }


def write(folder: Path, step: int, right: int = 2, kind: str = "images", tasks: list | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    found = {"step": step, "split": "validation", "kind": kind, "tasks": tasks or [task(right=right)] * 4}
    (folder / "tasks.json").write_text(json.dumps(found))


def learned() -> Iterator[Event]:
    """Two validations of ten steps; a test after 0 to 3 inner steps."""
    yield RunStarted(20, 10, 40, {})
    for step in (10, 20):
        accuracies = {"train/accuracy": 0.8, "train/accuracy before adaptation": 0.2, "train/loss": 1.0}
        yield Metrics(step, accuracies)
        yield Metrics(step, {"val/accuracy": 0.7, "val/accuracy before adaptation": 0.25, "rate/head": 0.4})
        yield EpochCompleted(step // 10, step)
        yield CheckpointSaved("tasks", "tasks.json", step)
    said = {"batch norm": "transductive (query batch)", "split": "classes"}
    notes = {"median": "64.0 %", "diverged": "1 of 600"}
    yield Evaluated("test/accuracy", 0.6, 0.55, 0.65, 600, "episodes", {}, said, {**notes, STEPS: 1})
    for steps in (0, 2, 3):
        value, own = 0.2 + 0.1 * steps, {**notes, STEPS: steps}
        yield Evaluated("test/accuracy", value, 0.1, 0.9, 600, "episodes", {STEPS: steps}, said, own)
    yield RunFinished(20)


def saved_run(workspace: Workspace, data: str = "glyphs") -> RunRow:
    values = {"way": WAY, "query": QUERY}
    wanted = Experiment(dataset=DatasetChoice(name=data), method=MethodChoice(name="maml", hyperparameters=values))
    clock = count(1_700_000_000)
    with RunStore(workspace) as store:
        row = store.create(new_run(wanted, "A meta-learner"))
        for _ in record(store, row.id, learned(), clock=lambda: float(next(clock))):
            pass
        return store.run(row.id)


@pytest.fixture
def page(qtbot: QtBot, workspace: Workspace, open_page: Open) -> RunsPage:
    row = saved_run(workspace)
    write(workspace.runs / row.uid, 20)
    opened = open_page()
    qtbot.waitUntil(lambda: opened.detail.tasks.shown is not None)
    return opened


def test_the_tasks_of_a_saved_run_say_what_each_image_was_taken_for(qtbot: QtBot, page: RunsPage) -> None:
    view = page.detail.tasks
    assert view.isVisible()
    picture = view.images
    assert picture.accessibleDescription().startswith("Validation task 1: 20 % right before adapting, 73 % after")
    shown = view.shown
    assert shown is not None
    assert len(shown.images) == WAY * (1 + QUERY)
    picture.grab()
    said = [words for box, words in picture._drawings[0].places if picture.words_at(QPointF(box.center())) == words]
    assert max(box.right() for one in picture._drawings for box, _ in one.places) == picture.width()  # of a heading
    assert any("glyph" in words and "turned 90°" in words for words in said)
    assert any(words.endswith("Certainty 75 %\nEntropy 0.50 of at most 1.61 nats") for words in said)
    heads, rows = picture.figure_table()
    assert len(heads) == len(rows[0])
    assert len(rows) == 4 * WAY * QUERY


def test_a_heading_over_all_images_says_how_many_are_shown_and_mistakes_come_first(qapp: QApplication) -> None:
    """72 % right over ten images that are all right would contradict itself."""
    after = np.tile(np.arange(5)[:, None], 5)
    after[:4, 3:] = 4  # the fourth and fifth image of four classes are taken for the last one
    none = np.zeros((5, 5))
    task = ImageTask(np.zeros((5, 1), int), none.astype(int), np.zeros(5, int), after, none, none)
    shape = shape_of(5, 1, 5, False, room=2000)
    assert heading(task, 3, "test") == "Test task 4: 68 % right"
    assert left_out(task, shape) == "10 of 25 queries, mistakes first"
    assert mistakes_first(task)[:, :2].tolist() == [[3, 4]] * 4 + [[0, 1]]
    assert left_out(task, shape_of(5, 1, 1, False, room=2000)).startswith("5 of 25")
    small = ImageTask(task.support, task.query[:, :2], task.turns, after[:, :2], none, none)
    assert left_out(small, shape) == ""


def test_a_validation_redraws_the_tasks_without_moving_anything(
    qtbot: QtBot, page: RunsPage, workspace: Workspace
) -> None:
    view, now = page.detail.tasks, page.now()
    assert now is not None
    before = view.shown
    height = view.images.height()
    write(workspace.runs / now.row.uid, 30, right=3)
    page.tasks.hear(now, [CheckpointSaved("best", "best.safetensors", 30)])
    page.tasks.hear(now, [CheckpointSaved("tasks", "tasks.json", 30)])
    qtbot.waitUntil(lambda: view.shown is not before)
    assert view.shown is not None
    assert view.shown.step == 30
    assert "100 % after" in view.images.accessibleDescription()
    assert view.images.height() == height
    assert before is not None
    assert all(view.shown.images[place] is image for place, image in before.images.items())  # none decoded again


def test_other_runs_have_no_tasks(qtbot: QtBot, page: RunsPage, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        other = save(store, finished(), "Warm start")
    page.choose(other.id)
    qtbot.waitUntil(lambda: page.is_settled() and page.now() is not None and page.now().row.id == other.id)
    assert not page.detail.tasks.isVisible()
    assert not page.detail.adaptation.isVisible()


def test_a_run_without_epochs_is_drawn_against_its_steps(qtbot: QtBot, page: RunsPage, workspace: Workspace) -> None:
    qtbot.waitUntil(lambda: page.is_settled() and bool(page.detail.curves.accuracy.given))
    curves = page.detail.curves
    assert curves.controls.axis.findData("epoch") < 0
    assert curves.loss.x_axis == "step"
    assert curves.accuracy._caption.text().startswith("best 70.0 % at step 10")
    curves.controls.smoothing.setValue(10)
    with RunStore(workspace) as store:
        other = save(store, finished(), "Warm start")
    page.choose(other.id)
    qtbot.waitUntil(lambda: page.is_settled() and page.now() is not None and page.now().row.id == other.id)
    assert (curves.controls.axis.key(), curves.loss.x_axis) == ("epoch", "epoch")


def test_a_figure_of_queries_classified_together_says_so_beside_it() -> None:
    said = {
        "median": "64.0 %",
        "batch norm": "running statistics",
        "query images": "classified together (transductive)",
    }
    result = Evaluated("test/accuracy", 0.6, 0.5, 0.7, 600, "episodes", notes=said)
    words = "Median 64.0 % · queries classified together (transductive) · batch norm: running statistics"
    assert beside_words(result) == words
    assert "Query images" not in protocol_words(result)


def test_what_the_other_query_images_bring_stands_beside_the_twin(qtbot: QtBot) -> None:
    said = {"gained by the others": "3.0 points, 95 % interval 2.7 to 3.4"}
    own = Evaluated("test/accuracy", 0.95, 0.945, 0.955, 600, "episodes")
    at = {"method": "inductive twin"}
    twin = Evaluated("test/accuracy", 0.92, 0.914, 0.926, 600, "episodes", at, notes=said)
    card = ResultCard()
    qtbot.addWidget(card)
    card.show_results([own, twin])
    last = card.others.text().splitlines()[-1]
    assert last.startswith("Test accuracy, inductive twin 92.0 %")
    assert last.endswith("600 episodes; the other queries bring 3.0 points, 95 % interval 2.7 to 3.4")


def test_one_figure_is_told_and_the_others_are_a_curve(qtbot: QtBot, page: RunsPage) -> None:
    qtbot.waitUntil(lambda: page.is_settled() and page.detail.result.isVisible())
    card = page.detail.result
    figures = "Median 64.0 % · 1 of 600 diverged · 1 inner step"
    assert card.beside.text() == f"{figures} · batch norm: transductive (query batch)"
    assert "inner steps" not in card.protocol.text()
    figure = page.detail.adaptation.figures["inner steps"]
    assert figure.isVisible()
    assert figure.lines[0].curve.x.tolist() == [0, 1, 2, 3]
    assert not page.detail.adaptation.sections["shots"].isVisible()


def test_curves_before_adapting_are_dashed_on_training_and_validation(qtbot: QtBot, page: RunsPage) -> None:
    qtbot.waitUntil(lambda: bool(page.detail.curves.accuracy.given))
    lines = {line.label: (line.style, line.dashed) for line in page.detail.curves.accuracy.given}
    assert lines == {
        "training": ("train", False),
        "validation": ("validation", False),
        "training, before": ("train", True),
        "validation, before": ("validation", True),
    }
    assert page.detail.block_curves.plot.accessibleName() == "Inner rate curves"


def test_curves_of_a_regression_run_take_the_place_of_images(
    qtbot: QtBot, workspace: Workspace, open_page: Open
) -> None:
    row = saved_run(workspace, "sinusoid")
    x = np.linspace(-5, 5, 9)
    one = {"x": x.tolist(), "truth": np.sin(x).tolist(), "support_x": [0.0], "support_y": [0.0],
           "predictions": [{"steps": 0, "y": (0 * x).tolist(), "deviation": None}]}  # fmt: skip
    write(workspace.runs / row.uid, 20, kind="curves", tasks=[one] * 4)
    page = open_page()
    qtbot.waitUntil(lambda: page.detail.tasks.shown is not None)
    assert page.detail.tasks.curves.isVisible()
    assert not page.detail.tasks.images.isVisible()
    assert page.detail.tasks.curves.pictures[3].accessibleDescription().startswith("1 points given")


@pytest.mark.parametrize(("unit", "said"), [("images", True), ("texts", False)])
def test_batch_norm_is_not_spoken_of_where_no_network_has_any(unit: str, said: bool) -> None:
    found = Evaluated("test/accuracy", 0.9, 0.8, 1.0, 30, unit, conditions={"batch norm": "running statistics"})
    assert ("Batch norm" in protocol_words(found)) == said
