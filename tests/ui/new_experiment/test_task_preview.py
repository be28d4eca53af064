"""Sampled tasks in New experiment, and the list of meta-learners in groups."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine import registry
from tests.ui.conftest import wait_until_checked
from ui.new_experiment.method_choices import list_of
from ui.new_experiment.tasks_preview import COUNT
from ui.pages.new_experiment import NewExperimentPage

LEFT = Qt.MouseButton.LeftButton


def said(page: NewExperimentPage) -> list[str]:
    return [picture.accessibleDescription() for picture in page.data.preview.tasks.pictures]


def test_several_tasks_are_sampled_and_sampled_again(qtbot: QtBot, page: NewExperimentPage) -> None:
    qtbot.mouseClick(page.method.families["meta"], LEFT)
    tasks = page.data.preview.tasks
    qtbot.waitUntil(lambda: said(page)[0].startswith("20 classes"))  # what the method trains with
    page.method.choose("maml")
    qtbot.waitUntil(lambda: said(page)[0].startswith("5 classes"))
    wait_until_checked(qtbot, page)
    first = said(page)
    assert len(set(first)) == COUNT == len(first)
    qtbot.mouseClick(tasks.again, LEFT)
    qtbot.waitUntil(lambda: said(page) != first)
    second = said(page)
    tasks.part_choice.set_key("test")
    tasks.part_choice.activated.emit(tasks.part_choice.currentIndex())
    qtbot.waitUntil(lambda: said(page) != second)
    assert not any("turned" in words for words in said(page))  # test classes are not turned
    page.method.form.rows["way"].input.setValue(60)  # more than the classes of a part
    qtbot.waitUntil(lambda: bool(tasks.fault))
    assert "60" in tasks.problem.text.text()
    assert not tasks.pictures[0].isVisibleTo(page)


def test_curves_are_sampled_where_tasks_are_curves(qtbot: QtBot, page: NewExperimentPage) -> None:
    page.method.choose("maml")
    qtbot.mouseClick(page.data.cards["sinusoid"], LEFT)
    tasks = page.data.preview.tasks
    qtbot.waitUntil(lambda: tasks.curves[0].isVisibleTo(page))
    page.method.form.rows["shot"].input.setValue(7)
    qtbot.waitUntil(lambda: tasks.titles[0].text() == "Task 1: 7 points given")
    page.method.form.rows["shot"].input.setValue(1)
    qtbot.waitUntil(lambda: tasks.titles[0].text() == "Task 1: 1 point given")
    assert page.data.cards["sinusoid"].facts.startswith("Regression:")  # it has no images to count


def test_every_method_is_listed_once_under_its_group(page: NewExperimentPage) -> None:
    for family, shown in page.method.choices.lists.items():
        listed = [row.key for _, rows in shown.groups.values() for row in rows]
        assert sorted(listed) == sorted(method.name for method in registry.methods() if list_of(method) == family)
    titles = list(page.method.choices.lists["meta"].groups)
    assert titles[:2] == ["Gradient-based", "Metric"]
    page.method.choose("protonet")
    opened = [title for title, (heading, _) in page.method.list.groups.items() if heading.isChecked()]
    assert opened == ["Metric"]
    page.method.choose("as_is")  # the baselines of the other family
    assert page.method.choices.lists["finetune"].isVisibleTo(page)
    assert not page.method.choices.lists["meta"].isVisibleTo(page)
