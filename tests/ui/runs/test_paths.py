"""The ways to goals of a run that learnt a policy: from the run's folder to the picture and its words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine.backbones import catalog
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from ui.figures.path_picture import PathPicture
from ui.new_experiment.fitting import Seen, misfit
from ui.runs.task_reading import shown_tasks
from ui.runs.tasks_view import TasksView

SHORT = {"meta_batch": 5, "tries": 5, "validation_goals": 10, "test_goals": 10, "steps": 2, "validate_every": 2}
POLICY = Experiment(
    dataset=DatasetChoice(name="point_mass"), backbone=BackboneChoice(name="policy_mlp"),
    method=MethodChoice(name="policy_maml", hyperparameters=SHORT),
)  # fmt: skip
TASK = {
    "goal": [0.4, 0.0],
    "paths": [
        {"steps": 0, "return": -3.2, "x": [0.0, 0.0, 0.0], "y": [0.0, 0.1, 0.2]},
        {"steps": 1, "return": -0.5, "x": [0.0, 0.1, 0.2], "y": [0.0, 0.0, 0.0]},
    ],
}


def test_a_run_s_file_is_drawn_goal_by_goal(qtbot: QtBot, tmp_path: Path) -> None:
    list(execute(POLICY, tmp_path))
    found = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    view = TasksView()
    qtbot.addWidget(view)
    view.start_run(POLICY, live=True)
    assert not view.paths.isHidden()
    assert view.images.isHidden()
    view.show_tasks(shown_tasks(1, found, POLICY, {}, lambda: False))
    for task, picture in zip(found["tasks"], view.paths.pictures, strict=True):
        words = picture.accessibleDescription()
        assert words.startswith("Return −")
        assert words.count("after") == 3
        heads, rows = picture.figure_table()
        assert list(heads) == ["inner steps", "move", "x", "y", "return"]
        assert len(list(rows)) == 4 * 21
        assert not picture.grab().isNull()
        assert task["goal"] == pytest.approx([picture.goal.x(), picture.goal.y()])


def test_each_place_says_what_it_is(qtbot: QtBot) -> None:
    picture = PathPicture()
    qtbot.addWidget(picture)
    picture.resize(300, 320)
    picture.show_task(TASK)
    picture.grab()
    plot = picture._plot
    assert plot is not None
    assert plot.area.width() == plot.area.height()
    assert picture.words_at(plot.point(0.4, 0.0)) == "goal"
    assert picture.words_at(plot.point(0.0, 0.0)) == "start"
    assert picture.words_at(plot.point(0.2, 0.0)) == "after 1 step, move 2\nreturn −0.50"
    assert picture.words_at(plot.point(-0.4, -0.4)) == ""
    assert picture.words_at(QPointF(1, 1)) == ""
    assert picture.words() == "Return −3.20 before, −0.50 after 1 step"
    picture.show_task(None)
    assert picture.words() == ""


@pytest.mark.parametrize("kind,fitting", [("numbers", "sine_mlp"), ("states", "policy_mlp")])
def test_only_networks_that_read_such_tasks_suit_them(kind: str, fitting: str) -> None:
    suited = {info.name for info in catalog.backbones() if not misfit(info, Seen(0, 0, kind))}
    assert suited == {fitting}
    assert misfit(catalog.backbone(fitting), Seen(28, 1)).endswith("these are images.")
