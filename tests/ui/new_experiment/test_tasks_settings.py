"""Which tasks are learnt together, as the form says it."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from engine.data.sources import datasets
from engine.experiment import HALVES, DatasetChoice, TaskChoice
from ui.new_experiment.tasks_settings import TasksSettings, other_images, questions


def shown(qtbot: QtBot) -> TasksSettings:
    form = TasksSettings()
    qtbot.addWidget(form)
    form.show()
    return form


def test_it_begins_with_the_halves_which_are_told_by_nothing(qtbot: QtBot) -> None:
    form = shown(qtbot)
    assert [field.key() for field in form.fields] == [*HALVES, None]
    assert form.choice() == ()
    with qtbot.waitSignal(form.changed):
        form.fields[1].set_key(TaskChoice(labels="which half"))
    assert form.choice() == (HALVES[0], TaskChoice(labels="which half"))
    form.hide()
    assert form.choice() == (), "another family has no tasks"


def test_few_labels_hold_for_other_images_too_unless_these_said_their_own(qtbot: QtBot) -> None:
    form, digits = shown(qtbot), DatasetChoice(name="digits")
    form.fill((TaskChoice(), TaskChoice(dataset=digits)))
    assert form.choice() == (TaskChoice(), TaskChoice(dataset=digits))
    five = TaskChoice(dataset=DatasetChoice(name="digits", labels_per_class=5))
    assert form.choice(5) == (TaskChoice(), five)
    form.fill((TaskChoice(), five), 5)
    assert form.choice(5) == (TaskChoice(), five)
    assert form.choice() == (TaskChoice(), TaskChoice(dataset=digits))
    form.fill((TaskChoice(), TaskChoice(dataset=digits)), 5)  # as a run of before had it
    assert form.choice(5) == (TaskChoice(), TaskChoice(dataset=digits))


def test_what_was_filled_comes_back_also_what_the_form_does_not_offer(qtbot: QtBot) -> None:
    form = shown(qtbot)
    folder = TaskChoice(labels="first half", dataset=DatasetChoice(name="folder", path="/nowhere/birds"))
    given = (TaskChoice(), folder, TaskChoice(labels="which half"), TaskChoice(labels="second half"))
    form.fill(given)
    assert form.choice() == given
    assert form.fields[1].currentText() == "birds: first half"
    form.set_data(DatasetChoice(name="digits"), datasets())
    assert form.choice() == given


def test_groups_are_asked_of_data_that_have_them_and_other_sets_are_offered() -> None:
    assert "Which alphabet" in [words for _, words in questions(DatasetChoice(name="omniglot"))]
    assert "Which alphabet" not in [words for _, words in questions(DatasetChoice(name="digits"))]
    others = [words for _, words in other_images(DatasetChoice(name="digits"), datasets())]
    assert "Glyphs" in others
    assert not {"Digits", "Sinusoids", "Point-mass goals"} & set(others)
