"""New experiment remembers: Ctrl+Z goes back step by step, another day begins where this one ended, and the line that
is copied is what is set up."""

import random
import shlex
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine import registry
from engine.events import RunState
from engine.families import FAMILIES
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.random_experiments import valid
from tests.ui.conftest import wait_until_checked
from tests.ui.new_experiment.test_new_experiment import click, type_number
from tests.ui.window.test_window import photos
from ui.command.arguments import parse, program
from ui.command.flags import plan_from
from ui.new_experiment.form_history import FormState
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow


def is_for_the_field(field: QWidget) -> bool:
    """Whether it keeps Ctrl+Z for what is typed into it."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    event.ignore()
    QApplication.sendEvent(field, event)
    return event.isAccepted()


def press(window: MainWindow, key: str = "undo") -> str:
    """Ctrl+Z, or Ctrl+Shift+Z; what the window says then."""
    window.menus.actions[key].trigger()
    return window.parts.toasts.shown()[-1].label.text()


def step(page: NewExperimentPage) -> FormState:
    """A person pauses, longer than it takes to look weights up; what is set up then."""
    for _ in range(1000):
        if (state := page.state()) is not None:
            break
        QTest.qWait(10)
    page.history.take()
    assert state is not None
    return state


def test_every_kind_of_change_is_undone_and_done_again(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, tmp_path: Path
) -> None:
    form = page.method.form
    assert form is not None
    folder = photos(tmp_path / "photos")
    deeds = (
        lambda: type_number(qtbot, form.rows["learning_rate"].input, "3e-4"),
        lambda: type_number(qtbot, page.data.settings.labels, "7"),
        lambda: type_number(qtbot, page.launch.seeds, "3"),
        lambda: page.launch.search.on.click(),
        lambda: page.method.layers.picture.pressed.emit("conv2"),
        lambda: click(qtbot, page.method.cards["full_ft"]),
        lambda: click(qtbot, page.data.cards["digits"]),
        lambda: click(qtbot, page.data.cards["sinusoid"]),  # which brings a backbone and a method
        lambda: page.data.fill(page.data.choice().model_copy(update={"name": "folder", "path": str(folder)})),
    )
    states = [step(page)]
    for deed in deeds:
        deed()
        states.append(step(page))
    assert len({state.as_json() for state in states}) == len(states)
    for state in reversed(states[:-1]):
        assert press(window).startswith("Undone: ")
        assert step(page) == state
    assert "nothing to undo" in press(window)
    for state in states[1:]:
        assert press(window, "redo").startswith("Done again: ")
        assert step(page) == state
    wait_until_checked(qtbot, page)


def test_steps_have_names_and_typing_is_undone_first(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    form = page.method.form
    assert form is not None
    step(page)
    type_number(qtbot, form.rows["epochs"].input, "7")
    step(page)
    field = form.rows["batch_size"].input
    assert not is_for_the_field(field)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "16")
    assert is_for_the_field(field)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert not is_for_the_field(field)
    type_number(qtbot, page.data.settings.labels, "3")
    assert press(window) == "Undone: labels per class and “Batch size”."
    assert press(window) == "Undone: “Epochs”."
    assert form.values()["epochs"] == 20
    assert form is page.method.form  # and keeps the keyboard


def test_cells_of_the_layer_table_are_undone_in_its_dialog(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    step(page)
    page.method.layers.open()
    dialog = page.method.layers.dialog
    assert dialog is not None
    edits = []
    for rate in (2.0, 3.0):
        dialog.table.edited.emit("conv1", "rate", rate)
        edits.append(step(page).experiment.method.hyperparameters["layers"])
    dialog.undo.emit()
    assert page.method.layers.edits() == edits[0] == {"conv1": {"rate": 2.0}}
    dialog.redo.emit()
    dialog.accept()
    assert page.method.layers.edits() == edits[1]
    window.menus.actions["undo"].trigger()
    window.menus.actions["undo"].trigger()
    assert page.method.layers.edits() == {}


def test_deleted_runs_come_back_where_runs_are(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, workspace: Workspace
) -> None:
    with RunStore(workspace) as store:
        run = store.create(new_run(page.experiment(), "one"))
        store.set_state(run.id, RunState.STOPPED)
        store.delete([run.id])
    step(page)
    type_number(qtbot, page.launch.seeds, "3")
    window.show_page("runs")
    window.menus.actions["undo"].trigger()
    qtbot.waitUntil(lambda: any("one" in toast.label.text() for toast in window.parts.toasts.shown()))
    assert page.launch.seeds.value() == 3
    with RunStore(workspace) as store:
        assert [row.name for row in store.runs()] == ["one"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_next_start_shows_what_was_set_up(qtbot: QtBot, workspace: Workspace, family: str) -> None:
    draw = random.Random(f"starts, {family}")
    method = draw.choice([method for method in registry.methods() if method.family == family])
    given = FormState(valid(draw, method, 1)[0].with_seed(7), 4)
    states = []
    for wanted in (given, None):
        window = MainWindow(workspace)
        qtbot.addWidget(window)
        window.show()
        page = window.page("new_experiment")
        if wanted is not None:
            page.show_state(wanted)
        wait_until_checked(qtbot, page)
        states.append(page.state())
        window.close()
        window.parts.background.wait()
    assert states == [given, given]


def test_what_cannot_be_restored_is_left(qtbot: QtBot, workspace: Workspace) -> None:
    for text in ("", "{", "[]", '{"seeds": 1}', '{"seeds": 1, "experiment": {"method": {"name": "gone"}}}'):
        window = MainWindow(workspace)
        qtbot.addWidget(window)
        window.memory.set_form(text)
        assert window.page("new_experiment").experiment().dataset.name == "glyphs"
        window.close()
        window.parts.background.wait()


def test_copy_as_command_is_what_is_set_up(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    type_number(qtbot, page.launch.seeds, "2")
    page.launch.name.setText("it's -mine")
    click(qtbot, page.launch.copy_button)
    words = shlex.split(QApplication.clipboard().text())[len(program().split()) :]
    chosen = parse(words)
    assert list(plan_from(chosen).experiments) == page.experiments()
    assert (chosen.name, Path(chosen.workspace)) == ("it's -mine", window.parts.workspace.root)
    assert "Copy as command" in [action.text() for action in page.actions()]


def test_start_over_is_what_a_newcomer_meets_and_can_be_undone(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    first = step(page)
    click(qtbot, page.data.cards["digits"])
    page.method.choose("scratch")
    second = step(page)
    page.start_over()
    qtbot.waitUntil(page.backbone.is_settled)
    assert step(page) == first
    window.menus.actions["undo"].trigger()
    assert page.state() == second
    wait_until_checked(qtbot, page)
