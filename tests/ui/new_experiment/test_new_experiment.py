"""New experiment with mouse and keyboard: choices, form, picture, problems, clone, and a real run from Start."""

import json
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine import registry
from engine.events import RunState
from engine.experiment import BackboneChoice, Experiment
from engine.machine.warm import load_torch
from engine.method import are_trained
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.conftest import wait_until_checked
from tests.ui.late import stored_late
from tests.ui.new_experiment.acting import click, type_number
from ui.figures.block_picture import LOOKS
from ui.new_experiment.first_run import FirstRun
from ui.pages.new_experiment import NewExperimentPage
from ui.widgets.fields import CountOrAll, FloatField, IntField, next_round, previous_round
from ui.window.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton


def turn_wheel(widget: QWidget) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle, widget.mapToGlobal(middle), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def test_it_opens_ready_to_start(page: NewExperimentPage) -> None:
    experiment = page.experiment()
    assert (experiment.dataset.name, experiment.dataset.labels_per_class) == ("glyphs", 2)
    assert experiment.method.name == "lp_ft"
    assert page.launch.start_button.isEnabled()


def test_every_method_has_a_form_a_picture_and_its_defaults(page: NewExperimentPage) -> None:
    """Each after all others, as a person looks through them."""
    for method in registry.methods():
        try:
            has_a_form_a_picture_and_its_defaults(page, method.name)
        except Exception as error:
            error.add_note(f"of {method.name}")
            raise


def has_a_form_a_picture_and_its_defaults(page: NewExperimentPage, name: str) -> None:
    page.method.choose(name)
    fields = registry.fields(registry.method(name), page.backbone.info().block_names)
    form = page.method.form
    assert form is not None
    assert list(form.rows) == [field.name for field in fields]
    kind, chosen = registry.method(name), page.method.choice().hyperparameters
    trained = are_trained(page.experiment().backbone.weights)
    assert kind.Hyperparameters(**chosen) == kind.Hyperparameters(**kind.usual(trained))
    assert not kind.unused & chosen.keys()
    for field in fields:
        row = form.rows[field.name]
        assert row.help.text() == field.help
        assert row.input.accessibleName().startswith(field.label)
        assert field.help in row.input.accessibleDescription()
    words = {treatment for (treatment, _), _ in page.method.layers.picture.legend()}
    assert words <= set(LOOKS)
    assert words


def test_the_wheel_changes_nothing(page: NewExperimentPage) -> None:
    before = page.experiment()
    assert page.method.form is not None
    for row in page.method.form.rows.values():
        row.input.setFocus()
        turn_wheel(row.input)
    for field in (page.data.settings.labels, page.data.settings.split, page.launch.device, page.launch.seeds):
        field.setFocus()
        turn_wheel(field)
    assert page.experiment() == before


def test_values_presets_and_reset(qtbot: QtBot, page: NewExperimentPage) -> None:
    form = page.method.form
    assert form is not None
    type_number(qtbot, form.rows["learning_rate"].input, "3e-4")
    assert form.values()["learning_rate"] == pytest.approx(3e-4)
    assert page.method.presets.currentText() == "Own values"
    click(qtbot, page.method.reset)
    assert form.values()["learning_rate"] == pytest.approx(1e-4)
    assert page.method.presets.currentText() == "Usual values"
    page.method.presets.setCurrentText("Quick look")
    page.method.presets.activated.emit(page.method.presets.currentIndex())
    assert form.values()["epochs"] == 5


def test_meta_learning_shows_an_episode(qtbot: QtBot, page: NewExperimentPage) -> None:
    click(qtbot, page.method.families["meta"])
    page.method.choose("maml")
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: page.data.preview.tasks.pictures[0].accessibleDescription() != "")
    assert page.data.preview.tasks.pictures[0].accessibleDescription().startswith("5 classes")
    assert not page.data.settings.labels.isVisible()
    assert page.experiment().dataset.labels_per_class is None
    assert page.method.form is not None
    type_number(qtbot, page.method.form.rows["way"].input, "3")
    qtbot.waitUntil(lambda: page.data.preview.tasks.pictures[0].accessibleDescription().startswith("3 classes"))


def test_too_many_labels_are_named_beside_the_data(qtbot: QtBot, page: NewExperimentPage) -> None:
    type_number(qtbot, page.data.settings.labels, "5000")
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: not page.launch.start_button.isEnabled())
    assert "5000" in page.data.problem.text.text()
    assert "5000" in page.launch.reason.text()
    page.start()
    assert "Not started" in page.parts.toasts.shown()[-1].label.text()


def test_a_folder_with_one_class_is_refused_in_words(qtbot: QtBot, page: NewExperimentPage, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "only").mkdir(parents=True)
    Image.new("RGB", (20, 20)).save(tmp_path / "pictures" / "only" / "a.png")
    page.receive(tmp_path / "pictures")
    qtbot.waitUntil(lambda: page.data.choice().name == "folder")
    wait_until_checked(qtbot, page)
    assert page.data.problem.text.text()
    assert not page.launch.start_button.isEnabled()


def test_what_is_no_folder_is_told(qtbot: QtBot, page: NewExperimentPage, tmp_path: Path) -> None:
    page.receive(tmp_path / "nowhere")
    qtbot.waitUntil(lambda: bool(page.parts.toasts.shown()))
    assert page.data.choice().name == "glyphs"


def test_from_scratch_ignores_the_weights(page: NewExperimentPage) -> None:
    page.method.choose("scratch")
    assert page.experiment().backbone.weights == "random"
    assert page.backbone.scratch_words.isVisibleTo(page)


def test_clone_of_a_run_whose_weights_are_gone_says_so(qtbot: QtBot, window: MainWindow, page) -> None:
    lost = Experiment(backbone=BackboneChoice(weights="run:zzzz"))
    window.parts.navigator.open("new_experiment", lost)
    qtbot.waitUntil(lambda: page.backbone.list.marked() == "conv4 run:zzzz")
    assert page.backbone.chosen.badge.text() == "missing"
    (way,) = [deed for deed in page.backbone.chosen.ways if deed.isVisibleTo(page)]
    assert way.text() == "Use Conv-4"


def test_number_fields() -> None:
    assert [next_round(value) for value in (0.001, 0.002, 0.003, 0.005, 0)] == [0.002, 0.005, 0.005, 0.01, 1e-6]
    assert [previous_round(value) for value in (0.001, 0.002, 0.01, 1e-6)] == [0.0005, 0.001, 0.005, 0.0]


def test_fields_show_numbers_as_people_write_them(qtbot: QtBot) -> None:
    rate, images, some = FloatField(1e-6, 1, log=True), IntField(1, 50), CountOrAll(2)
    for field in (rate, images, some):
        qtbot.addWidget(field)
    rate.setValue(1e-5)
    assert rate.text() == "1e-5"
    qtbot.keyClick(rate, Qt.Key.Key_Up)
    assert rate.value() == pytest.approx(2e-5)
    images.set_unit("images")
    assert images.text() == "1 image"
    images.setValue(2)
    assert images.text() == "2 images"
    assert some.count() is None
    qtbot.keyClick(some, Qt.Key.Key_Up)
    assert some.count() == 2
    qtbot.keyClick(some, Qt.Key.Key_Down)
    assert some.text() == "All"


def test_start_trains_saves_and_shows_the_run(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, workspace: Workspace
) -> None:
    """The whole way with the mouse: digits, linear probe, three seeds, Start; then the store has three tested runs."""
    load_torch()
    window.parts.live.engine_ready.emit()
    click(qtbot, page.data.cards["digits"])
    page.data.settings.labels.set_count(10)
    page.data.settings.classes.set_count(None)
    click(qtbot, page.method.list.groups["Frozen features"][0])  # methods are listed under the headings of their groups
    click(qtbot, page.method.cards["linear_probe"])
    assert page.method.form is not None
    type_number(qtbot, page.method.form.rows["epochs"].input, "5")
    type_number(qtbot, page.launch.seeds, "3")
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: page.launch.start_button.isEnabled())
    qtbot.waitUntil(lambda: page.launch.cost.values["Time in all"].text() != "–")
    states: list[tuple[int, RunState]] = []
    window.parts.live.state.connect(lambda run_id, state: states.append((run_id, state)))
    click(qtbot, page.launch.start_button)
    qtbot.waitUntil(lambda: window.stack.currentWidget() is window.pages.get("runs"))
    qtbot.waitUntil(lambda: [s for _, s in states].count(RunState.FINISHED) == 3, timeout=120_000)
    rows = saved(workspace)
    assert [row.experiment.seed for row in rows] == [2, 1, 0]
    assert len({row.group for row in rows}) == 1
    assert all(row.test is not None and row.test.value > 0.3 for row in rows)
    live = window.parts.live.buffer(rows[0].id)
    assert live is not None
    assert live.progress() == 1.0
    assert list(live.curves["train/loss"].values)
    assert json.loads((workspace.runs / rows[0].uid / "experiment.json").read_text())["seed"] == 2
    own = f"run:{rows[0].uid}"
    window.show_page("new_experiment")
    qtbot.waitUntil(lambda: f"conv4 {own}" in page.backbone.rows)
    click(qtbot, page.launch.queue_button)
    numbers = ", ".join(str(row.id) for row in reversed(rows))
    said = "expect the same figures from the same version and machine."
    known = f"The same settings and seeds as runs {numbers}: {said}"
    qtbot.waitUntil(lambda: any(known in toast.accessibleName() for toast in window.parts.toasts.shown()))
    assert window.rail.buttons["runs"].accessibleDescription() == "3 active"  # those that wait count too


def saved(workspace: Workspace) -> list[RunRow]:
    with RunStore(workspace) as store:
        return store.runs()


def test_start_before_anything_is_read_waits_for_it(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    monkeypatch.setattr(window.parts, "submit", lambda experiments, name="", then=None: given.extend(experiments))
    page = NewExperimentPage(window.parts)
    qtbot.addWidget(page)
    page.start()
    assert not given
    page.show()
    qtbot.waitUntil(lambda: len(given) == 1)
    assert page.is_settled()


def test_a_double_click_starts_one_run(qtbot: QtBot, page: NewExperimentPage) -> None:
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: page.launch.start_button.isEnabled())
    page.launch.started.disconnect(page.start)
    asked: list[bool] = []
    page.launch.started.connect(asked.append)
    for _ in range(2):
        qtbot.mouseClick(page.launch.start_button, Qt.MouseButton.LeftButton)
    assert asked == [False]
    qtbot.waitUntil(lambda: not page.launch._pressed.isActive())
    qtbot.mouseClick(page.launch.queue_button, Qt.MouseButton.LeftButton)
    assert asked == [False, True]
    qtbot.waitUntil(lambda: not page.launch._pressed.isActive())


def test_a_newcomer_finds_the_example_until_there_is_a_run(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, workspace: Workspace
) -> None:
    welcome = page.welcome
    qtbot.waitUntil(welcome.isVisible)
    with RunStore(workspace) as store:
        store.create(new_run(page.experiment(), "one"))
    welcome.look()
    qtbot.waitUntil(lambda: not welcome.card.isVisible())
    window.parts.navigator.open("runs")
    window.parts.navigator.open("new_experiment")
    qtbot.waitUntil(lambda: not welcome.isVisible())  # the next time its place is gone too


@pytest.mark.parametrize("before", [0, 1])
def test_nothing_moves_from_the_first_paint_on(qtbot: QtBot, workspace: Workspace, before: int) -> None:
    """Neither for a newcomer, for whom the welcome comes, nor the next time."""
    for _ in range(before):
        began = begin(qtbot, workspace)
        qtbot.waitUntil(began.page("new_experiment").welcome.isVisible)
        wait_until_checked(qtbot, began.page("new_experiment"))
        began.close()
        began.parts.background.wait()
    made = begin(qtbot, workspace)
    page = made.page("new_experiment")
    controls = (page.welcome, page.data, *page.data.cards.values(), page.data.all_sets, page.data.settings.labels,
                page.data.settings.shift, page.data.settings.fold, page.backbone,
                *page.backbone.list.in_order(), page.backbone.chosen, page.backbone.image_size, page.method.choices,
                page.method.layers, page.method.form, page.launch.cost, page.launch.seeds, page.launch.start_button,
                page.launch.queue_button)  # fmt: skip
    assert {"glyphs", "digits"} <= page.data.cards.keys()
    first = [one.mapTo(made, QPoint(0, 0)) for one in controls]
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(page.welcome.isVisible)
    assert [one.mapTo(made, QPoint(0, 0)) for one in controls] == first
    made.close()
    made.parts.background.wait()


def begin(qtbot: QtBot, workspace: Workspace) -> MainWindow:
    """A window of its own, as soon as its first page is painted."""
    made = MainWindow(workspace)
    qtbot.addWidget(made, before_close_func=lambda shown: shown.closing.decide_to_quit())
    made.resize(1280, 800)
    made.show()
    qtbot.waitUntil(lambda: bool(made.pages) and made.page("new_experiment")._has_painted)
    return made


def test_no_late_answer_brings_the_welcome_back(qtbot: QtBot, page: NewExperimentPage) -> None:
    welcome = page.welcome
    qtbot.waitUntil(welcome.isVisible)
    with stored_late(qtbot, page.parts.library):
        welcome.look()
        welcome.put_away.click()
    assert not welcome.isVisible()


def test_the_welcome_stays_away(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    qtbot.waitUntil(page.welcome.isVisible)
    start = page.method.families["finetune"]
    place = start.mapTo(page, QPoint())
    click(qtbot, page.welcome.put_away)
    later = FirstRun(window.parts)
    qtbot.addWidget(later)
    with stored_late(qtbot, window.parts.library):
        later.look()
        window.parts.library.changed.emit(())
    assert not later.isVisible()
    assert not page.welcome.isVisible()
    qtbot.waitUntil(lambda: start.mapTo(page, QPoint()).y() < place.y())  # no empty band stays in its place
