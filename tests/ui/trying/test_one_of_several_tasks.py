"""A run of several tasks on Try it: each task stands for itself, but for what would have to be learnt together."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.artifacts.saved import SavedModel
from engine.errors import InvalidExperiment, WeightsError
from main import main
from storage.store import RunStore
from storage.workspace import Workspace
from ui.trying.run_choice import facts
from ui.trying.triable import TaskOfRun, TriableTask, read_one, read_triable


def test_each_task_answers_and_none_is_learnt_again_without_the_others(tmp_path: Path) -> None:
    small = ("--data", "digits", "--labels-per-class", "2", "--set", "epochs=1", "--workspace", str(tmp_path / "ws"))
    assert main(["run", "--method", "equal", *small]) == 0
    with RunStore(Workspace(tmp_path / "ws").open()) as store:
        found = read_triable(store).runs
        tasks = [read_one(store, one.key) for one in found if isinstance(one, TaskOfRun)]
        folder = store.directory(store.run(1))
    assert len(tasks) == len(found) == 2
    assert [facts(one).split(" · ")[0] for one in found] == ["First half", "Second half"]
    for task in tasks:
        assert isinstance(task, TriableTask)
        network = task.unmeasured()
        assert len(network.classes) >= 2
        with pytest.raises(InvalidExperiment, match="together with others") as refused:
            next(task.learnt_from(network))
        assert "as a data set" in refused.value.advice
    with pytest.raises(WeightsError, match="several tasks") as whole:
        SavedModel.open(folder)
    assert "predict and export have --task" in whole.value.advice
