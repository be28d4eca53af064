"""A run of several tasks, task by task: the matrix, the classes and the images of each, also of other images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, TaskChoice
from engine.multitask.titles import titles
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.engine.multitask.test_run import SIDE, written
from tests.new_runs import new_run
from ui.exploring.explorer import NOT_OF_TASKS, Explorer
from ui.exploring.reading import ExaminedRun, read_examined, set_of


@pytest.fixture
def given(tmp_path: Path) -> Experiment:
    """The classes of one folder, and which half those of another are in."""
    data = DatasetChoice(name="folder", path=str(written(tmp_path / "stripes")))
    other = DatasetChoice(name="folder", path=str(written(tmp_path / "turned", turned=True)))
    return Experiment(
        dataset=data, backbone=BackboneChoice(name="conv4", image_size=SIDE),
        method=MethodChoice(name="equal", hyperparameters={"epochs": 1, "batch_size": 6}),
        tasks=(TaskChoice(), TaskChoice(labels="which half", dataset=other)),
    )  # fmt: skip


def examined(workspace: Workspace, experiment: Experiment, name: str = "", **values: object) -> ExaminedRun:
    """Runs it and reads what it said."""
    method = experiment.method
    method = method.model_copy(update={"hyperparameters": method.hyperparameters | values})
    experiment = experiment.model_copy(update={"method": method})
    with RunStore(workspace) as store:
        row = store.create(new_run(experiment, "several"))
        for _ in record(store, row.id, execute(experiment, store.directory(row))):
            pass
        found = read_examined(store, row.id, name)
    assert found is not None
    return found


def test_each_task_has_its_matrix_and_its_own_images(
    qtbot: QtBot, explorer: Explorer, workspace: Workspace, given: Experiment
) -> None:
    run = examined(workspace, given)
    assert [one.title for one in run.tests] == list(titles(given))
    explorer.show_run(run)
    assert explorer.on.count() == 2
    assert explorer.on.currentText() == titles(given)[0]
    assert len(explorer.matrix.names) == 6
    assert explorer.note.text() == NOT_OF_TASKS
    with qtbot.waitSignal(explorer.wanted) as asked:
        explorer.on.setCurrentIndex(1)
    with RunStore(workspace) as store:
        second = read_examined(store, *asked.args)
    assert second is not None
    explorer.show_run(second)
    assert explorer.on.currentText() == titles(given)[1]
    assert len(explorer.matrix.names) == 2
    shown = set_of(second)(lambda: False).data
    assert second.examined.data == shown.fingerprint != run.examined.data
    with qtbot.waitSignal(explorer.shown):
        explorer.table.chosen.emit(0)
    assert not explorer.grid.isHidden()
    assert explorer.grid.size() != QSize(0, 0)


def test_what_was_forgotten_can_be_looked_at(workspace: Workspace, given: Experiment) -> None:
    run = examined(workspace, given, order="one after the other")
    first, _ = titles(given)
    words = [one.title for one in run.tests]
    assert words[:2] == list(titles(given))
    assert {f"{first}, after its first stage", f"{first}, new head"} <= set(words)
    assert run.on is not None
    assert run.on.title == first


def test_a_task_that_was_learnt_alone_shows_its_own_images(workspace: Workspace, given: Experiment) -> None:
    run = examined(workspace, given, order="last alone")
    assert [one.title for one in run.tests] == ["Its own test"]
    assert len(run.examined.names) == 2
    assert np.array_equal(set_of(run)(lambda: False).data.fingerprint, run.examined.data)
