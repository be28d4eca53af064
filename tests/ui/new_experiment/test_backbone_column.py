"""The backbone column with mouse and keyboard: image size, weights of saved runs, and their heads."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.events import Evaluated, RunFinished, RunStarted
from engine.experiment import BackboneChoice, DatasetChoice, Experiment
from storage.record import record
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.conftest import wait_until_checked
from tests.ui.new_experiment.acting import click, type_number
from tests.ui.window.test_window import photos
from ui.new_experiment.backbone_section import OWN_SHOWN
from ui.pages.new_experiment import NewExperimentPage
from ui.widgets.choice_list import ChoiceRow
from ui.window.main_window import MainWindow


def save_runs(workspace: Workspace, number: int, file: str = "best.safetensors") -> list[str]:
    """Finished runs of Conv-4 at 32 pixels with a weights file; their keys, oldest first."""
    experiment = Experiment(dataset=DatasetChoice(name="digits"), backbone=BackboneChoice(image_size=32))
    keys = []
    with RunStore(workspace) as store:
        for seed in range(number):
            run = store.create(new_run(experiment.with_seed(seed), f"Source {seed}"))
            store.directory(run).mkdir(parents=True, exist_ok=True)
            (store.directory(run) / file).write_bytes(b"weights")
            tested = Evaluated("test/accuracy", 0.875, 0.8, 0.9, 40, "images")
            list(record(store, run.id, iter([RunStarted(1, 1, 1), tested, RunFinished(1)])))
            keys.append(f"run:{run.uid}")
    return keys


def test_the_backbones_own_size_is_shown_and_another_can_be_typed(qtbot: QtBot, page: NewExperimentPage) -> None:
    size = page.backbone.image_size
    assert (size.field.text(), page.experiment().backbone.image_size) == ("28 px", None)
    type_number(qtbot, size.field, "48")
    assert page.experiment().backbone.image_size == 48
    qtbot.keyClick(size.field, Qt.Key.Key_Up)
    assert page.experiment().backbone.image_size == 64
    type_number(qtbot, size.field, "28")
    assert page.experiment().backbone.image_size is None
    click(qtbot, page.backbone.cards["resnet18"])
    assert (size.field.text(), page.experiment().backbone.image_size) == ("224 px", None)


def test_a_size_that_does_not_fit_is_told_beside_the_backbone(qtbot: QtBot, page: NewExperimentPage) -> None:
    click(qtbot, page.backbone.cards["vit_b_16"])
    type_number(qtbot, page.backbone.image_size.field, "24")
    wait_until_checked(qtbot, page)
    qtbot.waitUntil(lambda: "of 32 pixels and more" in page.backbone.problem.text.text())
    assert not page.launch.start_button.isEnabled()


@pytest.mark.parametrize("file", ["best.safetensors", "last.safetensors"])
def test_a_finished_run_can_be_started_from_and_its_head_kept(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, workspace: Workspace, file: str
) -> None:
    (key,) = save_runs(workspace, 1, file)
    window.parts.library.changed.emit(frozenset())
    qtbot.waitUntil(lambda: key in page.backbone.weights)
    assert page.backbone.weights[key].facts.text() == "Trained on Handwritten digits at 32 px, 87.5 % in its test"
    keep = page.backbone.keep_head
    assert not keep.isVisibleTo(page)
    click(qtbot, page.backbone.weights[key])
    assert keep.isVisibleTo(page)
    keep.box.click()
    assert page.experiment().backbone == BackboneChoice(name="conv4", weights=key, head="kept")
    page.method.choose("scratch")
    assert page.experiment().backbone.head == "new"
    page.method.choose("full_ft")
    click(qtbot, page.backbone.weights["random"])
    assert page.experiment().backbone == BackboneChoice(name="conv4", weights="random")
    assert not keep.isVisibleTo(page)


def test_a_clone_brings_size_and_head(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, workspace: Workspace
) -> None:
    (key,) = save_runs(workspace, 1)
    chosen = BackboneChoice(name="conv4", weights=key, head="kept", image_size=40)
    window.parts.navigator.open("new_experiment", Experiment(dataset=DatasetChoice(name="digits"), backbone=chosen))
    qtbot.waitUntil(lambda: key in page.backbone.weights)
    wait_until_checked(qtbot, page)
    assert page.experiment().backbone == chosen
    assert page.backbone.image_size.field.text() == "40 px"
    assert page.backbone.keep_head.is_kept()


def test_older_runs_are_listed_when_asked_for(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, workspace: Workspace
) -> None:
    keys = save_runs(workspace, OWN_SHOWN + 2)
    window.parts.library.changed.emit(frozenset())
    qtbot.waitUntil(lambda: keys[-1] in page.backbone.weights)
    assert keys[1] not in page.backbone.weights
    assert page.backbone.more.text() == "Show 2 older runs"
    click(qtbot, page.backbone.more)
    qtbot.waitUntil(lambda: keys[0] in page.backbone.weights)
    assert not page.backbone.more.isVisibleTo(page)


def test_what_suits_the_images_comes_first(qtbot: QtBot, page: NewExperimentPage, tmp_path: Path) -> None:
    def order() -> list[str]:
        return [row.key for row in page.backbone.rows.in_order() if isinstance(row, ChoiceRow)]

    everything = sorted(order())
    assert order()[:2] == ["conv4", "resnet_small"]  # glyphs, 28 pixels in grey
    wanted = {"regions": ["bands_cnn"], "sinusoid": ["sine_mlp"]}
    for name, first in wanted.items():
        click(qtbot, page.data.cards[name])
        wait_until_checked(qtbot, page)
        assert order()[: len(first)] == first
    page.receive(photos(tmp_path / "photos", 2, 3, (300, 260)))
    qtbot.waitUntil(lambda: page.data.choice().path is not None)
    wait_until_checked(qtbot, page)
    assert order()[:3] == ["efficientnet_lite0", "resnet18", "squeezenet1_0"]
    cards, rows = page.backbone.cards, page.backbone.rows
    assert all(cards[name].isVisibleTo(page) for name in order()[:3])
    assert not cards["conv4"].isVisibleTo(page)
    assert "28 px" in cards["conv4"].toolTip()  # the reason
    click(qtbot, rows.rest)
    assert cards["conv4"].isVisibleTo(page)
    assert sorted(order()) == everything
