"""The figure of two tasks, and what a study of them is made of."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.families import MULTITASK, family
from engine.studies.cells import cells, task_titles
from engine.studies.columns import task_figure
from engine.studies.joint import joint_gains
from engine.studies.study import Study, study_presets
from engine.studies.table import CellOutcome, study_table
from ui.studies.against import places_of
from ui.studies.figure import StudyFigure
from ui.studies.view import View

NAMES = ("multi-task-digits", "multi-task-omniglot")


def found(name: str) -> Study:
    return next(one for one in study_presets() if one.name == name)


def outcome(study: Study, order: str, shift: float) -> CellOutcome:
    """As a run of this order tells it."""
    a, b = task_titles(study)
    name = "test/accuracy"
    tests = {name: 0.9 + shift}
    tests |= {} if order == "last alone" else {task_figure(name, a): 0.8 + shift}
    tests |= {} if order == "first alone" else {task_figure(name, b): 0.7 + shift}
    tests |= {task_figure(name, a, before=True): 0.95 + shift} if order == "one after the other" else {}
    return CellOutcome(tests)


@pytest.mark.parametrize("name", NAMES)
def test_every_arm_learns_the_tasks_of_the_study(name: str) -> None:
    study = found(name)
    grid = cells(study)
    assert len(grid) == 7 * 5
    assert all(family(cell.experiment) is MULTITASK and cell.experiment.tasks == study.tasks for cell in grid)
    titles = {"multi-task-digits": ("First half", "Second half"), "multi-task-omniglot": ("Alphabet", "Class")}
    assert task_titles(study) == titles[name]
    assert Study.model_validate_json(study.model_dump_json()) == study


def test_the_figure_has_lines_dots_and_arrows(qtbot: QtBot) -> None:
    study = found(NAMES[0])
    outcomes = {
        cell.key: outcome(study, cell.experiment.method.hyperparameters["order"], 0.01 * cell.seed)
        for cell in cells(study)
    }
    table = study_table(study, outcomes)
    a, b = table.tasks
    assert [column.title for column in table.columns] == [
        a, b, f"{a}, after its first stage", f"{b}, after its first stage",
    ]  # fmt: skip
    assert all(lead is None for lead in table.leads[2:])
    view = View(table)
    assert view.kind == "tasks"
    places = {study.arms[one.arm].title: one for one in places_of(view)}
    assert places["a alone"].up is None
    assert places["b alone"].across is None
    assert places["a then b"].before[0] is not None
    assert places["Both at once"].before == (None, None)
    figure = StudyFigure()
    qtbot.addWidget(figure)
    figure.show_view(view)
    image = QImage(700, 420, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    figure.paint(painter, QSizeF(700, 420))
    painter.end()
    said = [words for _, words in figure.marks]
    assert len(said) == len(study.arms)
    assert any("after its first stage" in words for words in said)
    joint = [one for one in joint_gains(table) if one.title == "Both at once"]
    assert [one.against for one in joint] == [("a alone", "b alone")]
    assert joint[0].share.value == 0
    assert any(joint[0].sentence in words for words in said)
    assert View(study_table(study, {})).kind == "tasks"


def test_studies_without_tasks_are_as_they_were() -> None:
    plain = next(one for one in study_presets() if one.name not in NAMES)
    assert "tasks" not in plain.model_dump(mode="json")
    assert task_titles(plain) == ()
