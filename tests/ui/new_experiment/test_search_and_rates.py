"""New experiment: a search is set up and cloned; the learning-rate finder opens, is cancelled, and writes its value."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QSizeF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, RangeChoice, SearchChoice
from engine.preflight.problems import problems
from ui.new_experiment.rate_dialog import RateDialog
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow

LONG = 200_000


def test_a_search_is_set_up_with_the_methods_own_ranges(page: NewExperimentPage) -> None:
    search = page.launch.search
    assert page.experiment().search is None
    assert not search.rows, "made for a search that nobody asked for"
    search.on.setChecked(True)
    assert page.experiment().search == SearchChoice()
    assert {name for name, box in search.boxes.items() if box.isChecked()} == {"learning_rate", "probe_weight_decay"}
    assert "1e-6 to 0.01, by equal ratios" in search.boxes["learning_rate"].toolTip()
    search.trials.setValue(7)
    search.boxes["probe_weight_decay"].setChecked(False)
    assert page.experiment().search == SearchChoice(trials=7, parameters=("learning_rate",))
    page.data.settings.labels.set_count(2)
    assert search.work.text() == "Leave-one-out, one example of every class at a time: 2 folds; up to 14 trainings."
    page.data.settings.labels.set_count(10)
    search.pruning.setChecked(False)
    assert search.work.text() == "5 stratified folds of the training examples; 35 trainings."
    search.pruning.setChecked(True)
    search.boxes["learning_rate"].setChecked(False)
    with pytest.raises(InvalidExperiment, match="nothing to choose"):
        page.experiment()


def test_a_sweep_counts_its_combinations_and_ranges_are_narrowed(page: NewExperimentPage) -> None:
    search = page.launch.search
    page.data.settings.labels.set_count(10)
    search.on.setChecked(True)
    search.strategy.set_key("sweep")
    assert search.combinations.text() == "9 combinations"
    assert search.trials.isHidden()
    assert not search.combinations.isHidden()
    row = search.rows["learning_rate"]
    row.values.setValue(5)
    row.low.setValue(1e-5)
    row.log.setChecked(False)
    assert search.combinations.text() == "15 combinations"
    assert search.work.text().endswith("up to 75 trainings.")
    wanted = {"learning_rate": RangeChoice(low=1e-5, log=False, values=5)}
    assert page.experiment().search == SearchChoice(strategy="sweep", ranges=wanted)
    row.high.setValue(1e-6)
    assert search.combinations.text() == ""
    assert "from 1e-5 to 1e-6" in problems(page.experiment())[0].message
    search.strategy.set_key("random")
    search.minutes.setValue(2.5)
    row.fill(None, ticked=True)
    assert page.experiment().search == SearchChoice(strategy="random", minutes=2.5)
    assert not search.trials.isHidden()
    assert row.values.isHidden()
    row.box.setChecked(False)
    assert row.fields.isHidden()


def test_a_method_without_a_search_hides_it(page: NewExperimentPage) -> None:
    search = page.launch.search
    search.on.setChecked(True)
    page.method.choose("protonet")
    assert search.isHidden()
    assert page.experiment().search is None
    page.method.choose("linear_probe")
    assert not search.isHidden()
    assert page.experiment().search == SearchChoice()
    assert "weight_decay" in search.boxes


def test_a_cloned_search_is_shown_and_comes_back(page: NewExperimentPage) -> None:
    wanted = SearchChoice(trials=3, folds=4, parameters=("learning_rate", "label_smoothing"), pruning=False)
    page.fill(
        Experiment(
            dataset=DatasetChoice(name="digits"), backbone=BackboneChoice(),
            method=MethodChoice(name="full_ft"), search=wanted,
        )
    )  # fmt: skip
    assert page.experiment().search == wanted
    assert page.launch.search.others.button.isChecked()
    page.fill(page.experiment().model_copy(update={"search": None}))
    assert page.experiment().search is None


def opened(qtbot: QtBot, page: NewExperimentPage) -> RateDialog:
    assert page.rates.button is not None
    dialog = page.rates.open()
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    return dialog


@pytest.mark.timeout(300)
def test_the_finder_draws_suggests_and_writes_its_value(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    page.parts.live.engine_ready.emit()  # as when torch is imported
    page.fill(
        Experiment(
            dataset=DatasetChoice(name="digits", classes=3, labels_per_class=10),
            method=MethodChoice(name="linear_probe", hyperparameters={"batch_size": 10}),
        )
    )
    dialog = opened(qtbot, page)
    qtbot.waitUntil(lambda: dialog.words.text().startswith("Suggested:"), timeout=LONG)
    assert dialog.use.isEnabled()
    assert 1e-6 <= dialog.rate.value() <= 1
    _, rows = dialog.figure.figure_table()
    assert len(list(rows)) > 50
    place = dialog.figure.plot(QSizeF(dialog.figure.size())).point(3e-4, 1.0)
    QTest.mouseClick(dialog.figure, Qt.MouseButton.LeftButton, pos=QPoint(round(place.x()), 60))
    assert dialog.rate.value() == pytest.approx(3e-4, rel=0.1)
    QTest.keyClick(dialog.figure, Qt.Key.Key_Right)
    assert dialog.rate.value() > 3e-4
    chosen = dialog.rate.value()
    qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    assert page.experiment().method.hyperparameters["learning_rate"] == chosen


@pytest.mark.timeout(300)
def test_the_finder_is_cancelled_at_any_time_and_waits_for_runs(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    early = opened(qtbot, page)
    assert "still being loaded" in early.problem.text.text()
    early.reject()
    page.parts.live.engine_ready.emit()
    before = page.experiment()
    dialog = opened(qtbot, page)
    dialog.cancel.click()
    assert page.experiment() == before
    slow = Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=2),
        method=MethodChoice(name="scratch", hyperparameters={"epochs": 2000}),
    )
    with qtbot.waitSignal(page.parts.live.state, timeout=LONG):
        page.parts.submit([slow])
    busy = opened(qtbot, page)
    assert "A run is training" in busy.problem.text.text()
    assert not busy.use.isEnabled()
    busy.reject()


def test_methods_that_do_not_learn_by_rate_have_no_finder(page: NewExperimentPage) -> None:
    page.method.choose("protonet")
    assert page.rates.button is None
    page.method.choose("full_ft")
    assert page.rates.button is not None
    assert page.rates.button.toolTip() == "Find a learning rate…"


def test_the_help_of_precision_says_what_each_choice_is(page: NewExperimentPage) -> None:
    precision = page.launch.precision
    choices = {precision.itemText(place) for place in range(precision.count())}
    assert choices == {"float32", "bfloat16", "Automatic"}
    for words in (precision.toolTip(), precision.accessibleDescription()):
        assert all(choice in words for choice in choices - {"float32"}), "float32 is the usual one"


def test_weights_along_the_way_are_asked_for_where_they_can_be_kept(page: NewExperimentPage) -> None:
    page.method.choose("full_ft")
    kept = page.launch.kept
    assert not kept.isHidden()
    kept.set_key("along the way")
    assert page.experiment().checkpoints == "along the way"
    page.method.choose("protonet")
    assert kept.isHidden()
    assert page.experiment().checkpoints == "best and last"
    page.method.choose("full_ft")
    assert page.experiment().checkpoints == "along the way"
