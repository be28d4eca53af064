"""Choosing curves as data brings a network and a method for them, and choosing images brings the old ones back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.experiment import DatasetChoice, Experiment
from engine.preflight import problems
from tests.ui.conftest import wait_until_checked
from ui.pages.new_experiment import NewExperimentPage
from ui.pages.task_kind import usual


def test_what_is_usual_for_each_kind_can_be_run() -> None:
    backbone, method = usual(True)
    curves = Experiment(dataset=DatasetChoice(name="sinusoid"), backbone=backbone, method=method)
    assert problems(curves) == []
    assert method.hyperparameters["inner_rate"] == 0.01
    backbone, method = usual(False)
    images = backbone.model_copy(update={"weights": "random"})
    assert problems(Experiment(dataset=DatasetChoice(name="glyphs"), backbone=images, method=method)) == []


def test_curves_bring_what_fits_them_and_images_theirs(page: NewExperimentPage, qtbot: QtBot) -> None:
    before = page.experiment()
    qtbot.mouseClick(page.data.cards["sinusoid"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    curves = page.experiment()
    assert (curves.backbone.name, curves.method.name, curves.dataset.classes) == ("sine_mlp", "maml", None)
    assert page.launch.start_button.isEnabled()
    page.data.settings.frequency.setChecked(True)
    assert page.experiment().dataset.vary_frequency
    qtbot.mouseClick(page.data.cards["glyphs"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    assert page.experiment().backbone == before.backbone
    assert page.experiment().method.name == before.method.name
