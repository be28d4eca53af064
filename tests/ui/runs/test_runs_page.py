"""The Runs page with recorded runs: list, filter, what is shown of each, every deed."""

import platform
import statistics
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from engine.events import Event, Metrics, RunFinished, RunStarted, RunState
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.runs.acting import Open, Saved, chosen, names, show
from tests.ui.runs.recorded import experiment, finished, long, save
from ui import theme
from ui.runs.run_list import NOW


def test_an_empty_page_says_what_to_do(qtbot: QtBot, open_page: Open) -> None:
    page = open_page()
    assert page.stack.currentWidget() is page.empty
    assert page.empty.example.text() == "Run the one-minute example"
    with qtbot.waitSignal(page.parts.navigator.opened) as asked:
        qtbot.mouseClick(page.empty.own, Qt.MouseButton.LeftButton)
    assert asked.args == ["new_experiment", None]


def test_the_newest_is_first_and_shown_with_all_that_was_recorded(open_page: Open, saved: Saved) -> None:
    page = open_page()
    assert names(page) == ["Warm start", "Stopped early", "Crashed", "Out of memory"]
    detail = page.detail
    assert detail.header.name.text() == "Warm start"
    assert detail.header.state.text() == "Finished"
    assert "epoch 6 of 6" in detail.header.facts.text()
    assert "CPU" in detail.header.facts.text()
    assert (
        detail.header.settings.text()
        == "LP-FT · Conv-4, random weights · Handwritten digits · 2 labels per class · seed 0"
    )
    labels = [line.label for line in detail.curves.accuracy.given]
    assert labels == ["training", "validation"]
    assert len(detail.curves.loss.given[0].x) == 30
    assert detail.messages.toPlainText().endswith("Using the bundled weights.")
    assert detail.block_curves.isVisible()


def test_the_result_is_never_without_what_it_takes_to_believe_it(open_page: Open, saved: Saved) -> None:
    card = open_page().detail.result
    assert card.value.text() == "90.0 %"
    assert card.interval.text() == "Test accuracy · 95 % interval 76.9 to 96.0 % · 40 test images"
    assert "Split: stratified, 50/20/30 % of each class · Batch norm: running statistics" in card.protocol.text()


def test_a_narrow_page_stacks_what_stood_beside_each_other(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    """Down to half a small screen nothing scrolls sideways, neither the run nor the list; a wide one is as before."""
    page = open_page()
    detail, curves = page.detail, page.detail.curves
    for width, across in ((1100, True), (930, True), (600, False), (1600, True)):
        page.window().resize(width, 560)
        qtbot.waitUntil(lambda: page.window().width() == width)  # noqa: B023
        qtbot.waitUntil(lambda: (curves.loss.x() < curves.accuracy.x()) is across)  # noqa: B023
        qtbot.waitUntil(lambda: detail.horizontalScrollBar().maximum() == 0)
        assert page.list.horizontalScrollBar().maximum() == 0
        assert detail.widget().width() == detail.viewport().width()
        inside = detail.header.rect()
        assert all(inside.contains(one.geometry()) for one in detail.header.buttons.values() if one.isVisible())
    detail.explorer._sets.show()  # as of a run of several tasks, or that was tested on further sets
    parts = [one for one in detail.widget().children() if isinstance(one, QWidget)]
    assert len(parts) > 10
    wide = {type(one).__name__: one.minimumSizeHint().width() for one in parts}  # also what this run does not show
    assert max(wide.values()) <= 350, f"{wide}: it scrolls sideways at 200 % on 1440 pixels"


def test_the_list_keeps_no_place_for_a_bar_that_it_does_not_need(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    runs, window = page.list, page.window()

    def fills() -> bool:
        return runs.viewport().width() == runs.width() - 2 * runs.frameWidth()

    qtbot.waitUntil(fills)
    window.resize(window.width(), window.minimumSizeHint().height())
    page.column.setFixedHeight(260)
    qtbot.waitUntil(lambda: runs.verticalScrollBar().maximum() > 0 and not fills())


def test_the_best_epoch_is_marked_in_both_plots(open_page: Open, saved: Saved) -> None:
    curves = open_page().detail.curves
    curves.controls.axis.set_key("epoch")
    for plot in (curves.loss, curves.accuracy):
        line = next(line for line in plot.given if line.label == "validation")
        assert line.best is not None
        assert line.x[line.best] == 4
    assert curves.accuracy._caption.text() == "best 80.0 % at epoch 4"


def test_the_axis_is_chosen_and_remembered(open_page: Open, saved: Saved) -> None:
    page = open_page()
    controls, loss = page.detail.curves.controls, page.detail.curves.loss
    ends = {}
    for axis in ("step", "epoch", "examples", "time"):
        controls.axis.set_key(axis)
        ends[axis] = loss.given[0].x[-1]
    assert (ends["step"], ends["epoch"], ends["examples"]) == (30, 6, 480)
    assert ends["time"] > 30
    controls.log.setChecked(True)
    assert loss.log
    controls.smoothing.setValue(0)
    assert loss.lines[0].raw is None
    assert page.parts.settings.value("runs/axis") == "time"


def test_a_cell_of_the_confusion_matrix_shows_its_images(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    view, matrix = page.detail.explorer, page.detail.explorer.matrix
    assert matrix.isVisible()
    assert np.array_equal(np.diag(matrix.values), [9, 9, 9, 9])
    assert matrix.values.sum() == 40
    assert matrix.name_room(300) > 0  # "a" to "d" stand beside it
    assert matrix.name_room(60) == 0
    matrix.setFocus()
    with qtbot.waitSignal(view.shown):
        for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
            qtbot.keyClick(matrix, key)
    assert view.grid.names == ("True a, taken for b",)
    assert view.words.text() == "True a, taken for b: 1 example"
    assert view.grid.order.tolist() == [0]
    page._read_content()
    qtbot.waitUntil(page.is_settled)
    assert view.grid.order.tolist() == [0]  # the same run, read again
    show(qtbot, page, saved["stopped"])
    qtbot.waitUntil(page.is_settled)
    assert not view.grid.isVisible()


def test_both_plots_have_the_same_horizontal_range_and_begin_at_the_start(
    qtbot: QtBot, open_page: Open, workspace: Workspace
) -> None:
    with RunStore(workspace) as store:
        row = save(store, uneven(), "Uneven")
    page = open_page()
    show(qtbot, page, row)
    curves = page.detail.curves
    for axis in ("step", "epoch"):
        curves.controls.axis.set_key(axis)
        ranges = [plot.canvas().box.viewRange()[0] for plot in (curves.loss, curves.accuracy)]
        assert ranges[0] == pytest.approx(ranges[1])
        assert ranges[0][0] == 0


def uneven() -> Iterator[Event]:
    """Losses of every step, accuracies only until the fifth."""
    yield RunStarted(20, 5, 16)
    for step in range(1, 21):
        yield Metrics(step, {"train/loss": 1 / step} | ({"train/accuracy": 0.5} if step <= 5 else {}))
    yield RunFinished(20)


def test_what_will_never_come_takes_no_room(qtbot: QtBot, open_page: Open, workspace: Workspace, saved: Saved) -> None:
    """Accuracies of a run whose tasks ask for numbers, before its first step; messages where there are none."""
    sinusoids = Experiment(
        dataset=DatasetChoice(name="sinusoid"), backbone=BackboneChoice(name="sine_mlp", weights="random"),
        method=MethodChoice(name="maml"),
    )  # fmt: skip
    with RunStore(workspace) as store:
        row = store.create(new_run(sinusoids, "Waits"))
    page = open_page()
    show(qtbot, page, row)
    assert page.detail.curves.loss.isVisible()
    assert not page.detail.curves.accuracy.isVisible()
    assert not page.detail.messages.isVisible()
    show(qtbot, page, saved["finished"])
    assert page.detail.curves.accuracy.isVisible()
    assert page.detail.messages.isVisible()


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED])
@pytest.mark.parametrize("method", ["lp_ft", "maml", "head_bench"])
def test_a_run_that_never_made_a_step_stands_at_the_top_of_its_page(
    qtbot: QtBot, open_page: Open, workspace: Workspace, method: str, state: RunState
) -> None:
    with RunStore(workspace) as store:
        row = store.create(new_run(experiment(method)))
        store.set_state(row.id, state)
    page = open_page()
    show(qtbot, page, row)
    detail, section = page.detail, page.detail._blocks_section
    above = detail.trouble if detail.trouble.isVisible() else detail.header
    assert above.height() <= above.sizeHint().height()
    assert section.mapTo(detail.widget(), QPoint()).y() - above.geometry().bottom() <= 16
    assert detail.blocks.isVisible()
    assert section.heading.height() == section.heading.sizeHint().height()
    assert detail.blocks.geometry().top() - section.heading.geometry().bottom() <= 8


def test_what_the_run_was_made_with_is_told_under_a_fold(open_page: Open, saved: Saved) -> None:
    fold = open_page().detail.made_with
    said = fold.accessibleDescription()
    for words in (f"Python {platform.python_version()}, torch ", " CPU cores", "Data fingerprint: ", "Seeds: 0 of the"):
        assert words in said
    assert not fold.content.isVisible()
    fold.button.click()
    assert fold.content.isVisible()


def test_a_failed_run_says_what_happened_and_what_to_do(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    show(qtbot, page, saved["failed"])
    trouble = page.detail.trouble
    assert trouble.message.text() == "Out of memory: the step needs 3.1 GB."
    assert trouble.advice.text() == "Retry with batch 16 or use the CPU."
    assert not page.detail.result.isVisible()
    qtbot.mouseClick(trouble.copy, Qt.MouseButton.LeftButton)
    assert '"labels_per_class": 2' in QGuiApplication.clipboard().text()
    show(qtbot, page, saved["crashed"])
    qtbot.mouseClick(trouble.copy, Qt.MouseButton.LeftButton)
    assert "Traceback: x.py" in QGuiApplication.clipboard().text()
    show(qtbot, page, saved["finished"])
    assert not trouble.isVisible()


def test_an_interrupted_run_offers_to_run_again(open_page: Open, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        row = store.create(new_run(experiment()))
        store.set_state(row.id, RunState.RUNNING)
        store.set_state(row.id, RunState.INTERRUPTED)
    page = open_page()
    assert page.detail.trouble.message.text().startswith("Interrupted before its first step")
    assert page.detail.trouble.again.isVisible()
    assert not page.detail.trouble.copy.isVisible()


def test_the_filter_finds_by_every_word_of_name_note_and_settings(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    page.find()
    qtbot.keyClicks(page.filter, "full_ft digits")
    assert names(page) == ["Stopped early"]
    page.filter.setText("nothing like this")
    assert names(page) == []
    assert page.column.none.isVisible()
    assert "nothing like this" in page.column.none.text()
    show(qtbot, page, saved["failed"])
    assert page.filter.text() == ""
    assert chosen(page).name == "Out of memory"


def test_a_run_of_another_window_is_followed_but_not_controlled(
    qtbot: QtBot, open_page: Open, workspace: Workspace
) -> None:
    with RunStore(workspace) as store:
        row = store.create(new_run(experiment(), "Elsewhere"))
        store.set_state(row.id, RunState.RUNNING)
        page = open_page()
        assert page.deeds.actions["pause"].toolTip().startswith("This run belongs to another window")
        assert not page.deeds.actions["delete"].isEnabled()
        store.set_state(row.id, RunState.STOPPED)
    qtbot.waitUntil(lambda: chosen(page).state is RunState.STOPPED)


def test_the_newest_choice_wins_while_answers_are_under_way(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    for row in [*saved.values()] * 5:
        page.choose(row.id)
    assert chosen(page).id == saved["finished"].id
    qtbot.waitUntil(page.is_settled)
    assert page.detail.header.name.text() == "Warm start"
    assert len(page.detail.curves.loss.given[0].x) == 30


def test_two_hundred_runs_with_long_names_stay_fluent(open_page: Open, workspace: Workspace) -> None:
    long_name = "A name of eighty characters, as one writes it to remember what it was all about."
    with RunStore(workspace) as store:
        rows = [store.create(new_run(experiment(seed=seed), long_name)) for seed in range(200)]
        for row in rows:
            store.set_state(row.id, RunState.STOPPED)
    page = open_page()
    assert len(names(page)) == 200
    seconds = []
    for _ in range(20):
        start = time.process_time()
        for row in rows[:3]:
            page.model.touch(row.id)
        page.list.viewport().repaint()
        seconds.append(time.process_time() - start)
    assert statistics.median(seconds) < 0.05
    assert page.detail.header.name.toolTip().startswith(long_name)
    assert page.list.horizontalScrollBar().maximum() == 0


def test_a_run_of_many_points_is_drawn_by_the_pixel(qtbot: QtBot, open_page: Open, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        save(store, long(8_000), "Long")
    page = open_page()
    plot = page.detail.curves.loss
    qtbot.waitUntil(lambda: bool(plot.given) and plot.given[0].whole is not None)
    whole = plot.given[0].whole
    assert whole is not None
    assert whole.count == 8_000
    drawn_x, _ = plot.canvas().drawn["training"].line.getData()
    assert len(drawn_x) < 3 * plot.width()


def test_all_is_said_to_a_screen_reader(open_page: Open, saved: Saved) -> None:
    page = open_page()
    spoken = page.order.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("Warm start, Finished, ")
    assert spoken.endswith("test accuracy 90.0 %")
    assert page.order.index(0, 0).data(NOW).value() == ("test", "90.0 %")
    values = [page.order.index(place, 0).data(NOW).value() for place in range(page.order.rowCount())]
    assert ("val", "60.0 %") in values  # it failed after two epochs, before its test
    assert page.order.index(0, 0).data(NOW).best.epoch == 4
    assert page.list.accessibleName() == "Runs"
    for button in page.detail.header.buttons.values():
        assert button.toolTip()
        assert button.focusPolicy() != Qt.FocusPolicy.NoFocus


def test_colours_change_with_the_palette(qapp, open_page: Open, saved: Saved) -> None:
    page = open_page()
    theme.apply(qapp, "dark")
    qapp.processEvents()
    picture = page.grab().toImage()
    theme.apply(qapp, "light")
    for x, y in ((30, 700), (700, 20), (640, 400)):
        assert picture.pixelColor(x, y).lightness() < 90


def test_discard_asks_and_escape_keeps_training(qtbot: QtBot, open_page: Open, saved: Saved) -> None:
    page = open_page()
    asked: list[str] = []

    def answer() -> None:
        box = page.findChild(QMessageBox)
        asked.append(box.defaultButton().text())
        qtbot.keyClick(box, Qt.Key.Key_Escape)

    QTimer.singleShot(200, page, answer)
    now = page.now()
    assert now is not None
    assert page.deeds._confirm(now) is False
    assert asked == ["Keep training"]


def test_a_run_that_ended_while_discard_was_asked_is_kept_in_a_sentence(
    qtbot: QtBot, open_page: Open, saved: Saved
) -> None:
    page = open_page()
    show(qtbot, page, saved["finished"])

    def answer() -> None:
        box = page.findChild(QMessageBox)
        qtbot.mouseClick(next(one for one in box.buttons() if one.text() == "Discard"), Qt.MouseButton.LeftButton)

    QTimer.singleShot(200, page, answer)
    name, rows = page.now().row.name, page.model.rowCount()
    page.deeds.discard()
    said = page.parts.toasts.shown()[-1].label.text()
    assert said == f"“{name}” ended before it was discarded, so that it is kept. Delete removes it."
    assert page.model.rowCount() == rows


def test_a_small_window_scrolls_instead_of_squeezing(qtbot: QtBot, open_page: Open, saved: Saved, qapp) -> None:
    page = open_page()
    page.window().resize(1100, 700)
    show(qtbot, page, saved["failed"])
    qapp.processEvents()
    detail = page.detail
    plot = detail.block_curves.plot
    bottom = plot.mapTo(detail.widget(), plot.rect().bottomLeft()).y()
    top = detail.messages.mapTo(detail.widget(), detail.messages.rect().topLeft()).y()
    assert plot.height() >= 170
    assert detail.curves.height() >= 280
    assert bottom < top
    assert detail.verticalScrollBar().maximum() > 0


def test_ended_runs_are_listed_by_when_they_ended(open_page: Open, workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        rows = [save(store, finished(), f"Run {number}") for number in range(3)]
    page = open_page()
    assert names(page) == [row.name for row in reversed(rows)]


def test_a_run_that_another_window_purges_leaves_the_list(
    qtbot: QtBot, saved: Saved, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that was changed there is shown, and what cannot be shown any more is no longer chosen."""
    monkeypatch.setattr("ui.library.LOOK_EVERY", 0.05)
    page = open_page()
    page.choose(saved["finished"].id)
    qtbot.waitUntil(lambda: page.now() is not None and page.now().row.id == saved["finished"].id)
    toasts: list[object] = []
    page.parts.library.failed.connect(toasts.append)
    with RunStore(page.parts.workspace) as other:
        other.rename(saved["stopped"].id, "renamed elsewhere")
        other.purge([saved["finished"].id])
    qtbot.waitUntil(lambda: page.model.now(saved["finished"].id) is None)
    assert page.model.now(saved["stopped"].id).row.name == "renamed elsewhere"
    qtbot.waitUntil(page.is_settled)
    assert page.now() is not None
    assert page.now().row.id != saved["finished"].id
    assert toasts == []
