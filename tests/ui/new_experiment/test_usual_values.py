"""What is usual for a method follows the weights that it starts from; what a person chose stays."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from tests.ui.conftest import wait_until_checked
from tests.ui.new_experiment.acting import click, type_number
from ui.new_experiment.hyperparameter_form import FieldRow
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow

RANDOM, TRAINED = BackboneChoice(weights="random"), BackboneChoice(weights="omniglot-supervised")
FROM_RANDOM, GOING_ON = 2e-3, 2e-4


def opened(window: MainWindow, backbone: BackboneChoice, **values: float) -> None:
    method = MethodChoice(name="simclr", hyperparameters=values)
    experiment = Experiment(dataset=DatasetChoice(name="digits"), backbone=backbone, method=method)
    window.parts.navigator.open("new_experiment", experiment)


def field(page: NewExperimentPage) -> FieldRow:
    return page.method.form.rows["learning_rate"]


def test_the_usual_rate_follows_the_weights(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    opened(window, RANDOM)
    wait_until_checked(qtbot, page)
    for backbone, usual in ((RANDOM, FROM_RANDOM), (TRAINED, GOING_ON), (RANDOM, FROM_RANDOM)):
        page.backbone.fill(backbone)
        assert field(page).value() == usual
        assert not field(page).mark.is_modified()
        assert page.method.presets.currentText() == "Characters"
        assert page.experiment().method.hyperparameters["learning_rate"] == usual


def test_a_persons_own_rate_stays(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    opened(window, TRAINED)
    wait_until_checked(qtbot, page)
    type_number(qtbot, field(page).input, "0.01")
    page.backbone.fill(RANDOM)
    page.backbone.fill(TRAINED)
    assert field(page).value() == 0.01
    assert page.method.presets.currentText() == "Own values"
    click(qtbot, field(page).mark)
    assert field(page).value() == GOING_ON


@pytest.mark.parametrize("before", [MethodChoice(name="simclr"), MethodChoice(name="scratch"), MethodChoice()])
def test_a_saved_run_is_repeated_at_its_rate(
    before: MethodChoice, qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    """Those of earlier versions took that of random weights from all."""
    for backbone in (RANDOM, TRAINED):
        begun = Experiment(dataset=DatasetChoice(name="digits"), backbone=backbone, method=before)
        window.parts.navigator.open("new_experiment", begun)
        wait_until_checked(qtbot, page)
        opened(window, TRAINED, learning_rate=FROM_RANDOM)
        wait_until_checked(qtbot, page)
        assert page.experiment().method.hyperparameters["learning_rate"] == FROM_RANDOM
        assert field(page).mark.is_modified()


def test_undo_brings_the_rate_back(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    opened(window, RANDOM)
    wait_until_checked(qtbot, page)
    page.history.take()
    page.backbone.fill(TRAINED)
    page.history.take()
    page.history.undo()
    assert (page.backbone.choice().weights, field(page).value()) == ("random", FROM_RANDOM)
    page.history.redo()
    assert (page.backbone.choice().weights, field(page).value()) == (TRAINED.weights, GOING_ON)
