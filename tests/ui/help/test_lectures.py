"""The page of the lectures' questions: each answer opens what it says, by mouse and by keyboard, and fits a small
screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from engine.experiment import Experiment
from engine.preflight.problems import problems
from engine.studies.study import Study, completed, study_presets
from ui.help.lectures import SECTIONS, SINUSOIDS, LecturesDialog
from ui.parts import Navigator
from ui.window.main_window import MainWindow

ENTRIES = [one for section in SECTIONS.values() for one in section]


def buttons(page: LecturesDialog) -> list[QPushButton]:
    return [one for one in page.findChildren(QPushButton) if one.text() == "Try it"]


def test_every_answer_can_be_started_as_it_is_opened() -> None:
    for one in ENTRIES:
        if isinstance(one.opens, Experiment):
            assert problems(one.opens) == [], one.question
        else:
            assert completed(next(study for study in study_presets() if study.name == one.opens))


def test_every_study_that_comes_with_the_program_answers_a_question_or_is_of_other_data() -> None:
    told = {one.opens for one in ENTRIES if isinstance(one.opens, str)}
    others = {
        "error-against-size-glyphs",
        "land-cover-eurosat",
        "multi-task-omniglot",
    }  # the same questions of other data
    assert {study.name for study in study_presets()} - told <= others


@pytest.mark.parametrize("place", range(len(ENTRIES)))
def test_each_opens_what_it_says_by_keyboard(place: int, qtbot: QtBot) -> None:
    navigator = Navigator()
    page = LecturesDialog(navigator)
    page.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(page)
    page.show()
    act, one = buttons(page)[place], ENTRIES[place]
    assert one.question in act.accessibleName()
    with qtbot.waitSignal(navigator.opened) as opened:
        act.setFocus()
        qtbot.keyClick(act, Qt.Key.Key_Space)
    name, request = opened.args
    if isinstance(one.opens, Experiment):
        assert (name, request) == ("new_experiment", one.opens)
    else:
        assert isinstance(request, Study)
        assert (name, request.name) == ("studies", one.opens)
        assert request.title in act.toolTip()
    assert not page.isVisible()


def test_nothing_is_cut_where_there_is_little_room(qtbot: QtBot) -> None:
    page = LecturesDialog(Navigator())
    qtbot.addWidget(page)
    page.resize(420, 260)
    page.show()
    qtbot.waitExposed(page)
    assert page.area.widget().width() <= page.area.viewport().width()
    last, view = buttons(page)[-1], page.area.viewport()
    last.setFocus(Qt.FocusReason.TabFocusReason)
    page.area.ensureWidgetVisible(last)
    qtbot.waitUntil(lambda: view.rect().contains(last.mapTo(view, last.rect().center())))


def test_there_is_one_page_however_often_it_is_asked_for_and_escape_closes_it(qtbot: QtBot, window: MainWindow) -> None:
    def pages() -> list[LecturesDialog]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, LecturesDialog) and one.isVisible()]

    for _ in range(2):
        window.menus.actions["lectures"].trigger()
        (page,) = pages()
    qtbot.waitUntil(page.isActiveWindow)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert pages() == []


def test_the_menu_opens_the_page_and_an_answer_fills_in_new_experiment(qtbot: QtBot, window: MainWindow) -> None:
    window.menus.actions["lectures"].trigger()
    page = next(one for one in QApplication.topLevelWidgets() if isinstance(one, LecturesDialog))
    place = next(place for place, one in enumerate(ENTRIES) if one.opens is SINUSOIDS)
    qtbot.mouseClick(buttons(page)[place], Qt.MouseButton.LeftButton)
    new = window.page("new_experiment")
    qtbot.waitUntil(lambda: new.isVisible())
    assert window.parts.navigator.current is not None
    assert window.parts.navigator.current().method.name == "maml"
