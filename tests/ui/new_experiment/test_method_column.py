"""The method's column on the real page: layer table, clone, block choices, time limit, augmentation preview."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine import registry
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice
from engine.machine.warm import load_torch
from tests.ui.conftest import wait_until_checked
from ui.new_experiment.augmentation_preview import AugmentationPreview
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
CHANGED = Experiment(
    dataset=DatasetChoice(name="digits", labels_per_class=5),
    backbone=BackboneChoice(name="resnet_small", weights="random"),
    method=MethodChoice(name="full_ft", hyperparameters={"layers": {"stage1": {"rate": 0.0, "anchor": 0.5}}}),
    budget=Budget(minutes=1.5, instead_of_epochs=True),
)


def pixels_of(images: list[QImage]) -> list[bytes]:
    return [bytes(image.constBits()) for image in images]


def test_a_clone_brings_its_layer_table_and_its_time(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    window.parts.navigator.open("new_experiment", CHANGED)
    wait_until_checked(qtbot, page)
    assert page.experiment() == registry.complete(CHANGED)
    layers = page.method.layers
    assert layers.changes.text() == "2 cells changed"
    assert page.method.presets.currentText() == "Own values"
    assert page.method.form is not None
    assert not page.method.form.rows["epochs"].input.isEnabled()
    assert page.method.curve.words() == "cosine: peak 0.001 over 1.5 min"
    page.launch.minutes.setValue(0)
    assert page.experiment().budget == Budget()
    assert page.method.form.rows["epochs"].input.isEnabled()
    qtbot.mouseClick(page.method.reset, LEFT)  # the usual values have the method's own table
    assert page.experiment().method.hyperparameters["layers"] == {}
    assert page.method.presets.currentText() == "Usual values"


def test_a_block_the_network_does_not_have_turns_start_off(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    method = MethodChoice(name="full_ft", hyperparameters={"layers": {"fire9": {"rate": 0.0}}})
    window.parts.navigator.open("new_experiment", CHANGED.model_copy(update={"method": method}))
    wait_until_checked(qtbot, page)
    said = "This backbone has no block called “fire9”."
    assert said in page.method.layers.problem.text.text()
    assert said in page.launch.reason.text()
    assert not page.launch.start_button.isEnabled()
    qtbot.mouseClick(page.method.layers.reset_button, LEFT)
    wait_until_checked(qtbot, page)
    assert page.launch.start_button.isEnabled()
    for block in ("stem", "stage1", "stage2", "stage3", "head"):
        page.method.layers.picture.pressed.emit(block)
    wait_until_checked(qtbot, page)
    assert "every block is frozen" in page.method.layers.problem.text.text()
    assert not page.launch.start_button.isEnabled()


def test_a_block_to_learn_is_chosen_among_those_of_the_network(qtbot: QtBot, page: NewExperimentPage) -> None:
    page.method.choose("surgical")
    form = page.method.form
    assert form is not None
    block = form.rows["block"].input
    assert [block.itemText(i) for i in range(block.count())][-4:] == [f"Convolution {n}" for n in (1, 2, 3, 4)]
    block.set_key("conv2")
    assert page.method.layers.picture.legend()[1] == (("trained", "trained"), ["Convolution 2"])
    qtbot.mouseClick(page.backbone.rows["resnet_small omniglot-supervised"], LEFT)
    assert "Small ResNet has no block “conv2”" in page.method.layers.note.text()
    assert page.experiment().method.hyperparameters["block"] == "first"


def test_augmented_images_are_shown_and_drawn_again(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    load_torch()
    window.parts.live.engine_ready.emit()
    preview = page.method.augmented
    assert preview.isHidden()
    assert page.method.form is not None
    page.method.form.rows["augmentation"].input.set_key("shift and turn")
    qtbot.waitUntil(lambda: len(preview.after._images) == 8)
    before, after = pixels_of(preview.before._images), pixels_of(preview.after._images)
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert np.frombuffer(after[0], np.uint8).max() > 0
    qtbot.mouseClick(preview.again, LEFT)
    qtbot.waitUntil(lambda: pixels_of(preview.after._images) != after)
    assert pixels_of(preview.before._images) == before
    page.method.choose("full_ft")
    assert preview.isHidden()


def test_views_that_cannot_be_drawn_say_why_and_are_drawn_when_they_can(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, tmp_path: Path
) -> None:
    """A folder that is gone is named; the same choice is drawn once it is back."""
    folder, preview = (
        tmp_path / "photos",
        AugmentationPreview(page.method.augmented._parts),
    )  # the page asks its own for other views
    qtbot.addWidget(preview)
    gone = DatasetChoice(name="folder", path=str(folder))
    asked = gone, BackboneChoice(name="conv4"), MethodChoice(name="simclr")
    load_torch()
    window.parts.live.engine_ready.emit()
    wait_until_checked(qtbot, page)
    preview.show_choice(*asked)
    qtbot.waitUntil(lambda: str(folder) in preview.words.text() or folder.name in preview.words.text())
    assert preview.before.isHidden()
    assert preview.again.parentWidget().isHidden()
    for number in range(2):
        for index in range(4):
            place = folder / f"class{number}" / f"{index}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((28, 28), 40 * index + number, np.uint8)).save(place)
    preview.show_choice(*asked)
    qtbot.waitUntil(lambda: not preview.before.isHidden())
    assert not preview.words.text()
    assert not preview.other.isHidden()


def of_alone(head: str, data: str, network: str) -> Experiment:
    method = MethodChoice(name="head_bench", hyperparameters={"heads": head})
    choice = DatasetChoice(name=data, labels_per_class=5)
    return registry.complete(Experiment(dataset=choice, backbone=BackboneChoice(name=network), method=method))


def test_what_asks_no_network_is_offered_for_its_kind_of_data(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    """Pixels of images, words of texts; clones of both come whole, one after the other."""

    def offered() -> list[str]:
        heads = page.method.form.rows["heads"].input
        return [words for place in range(heads.count()) if "no network" in (words := heads.itemText(place))]

    pixels = of_alone("Raw pixels, no network", "digits", "conv4")
    words = of_alone("Counted words, no network", "clinc150", "text_transformer")
    for given in (pixels, words, pixels):
        window.parts.navigator.open("new_experiment", given)
        wait_until_checked(qtbot, page)
        assert page.experiment() == given
        assert offered() == [given.method.hyperparameters["heads"]]
        assert page.method.layers.note.text() == ""
        assert page.method.layers.picture.legend() == [(("new", "new"), ["Head"])]  # no block of a network is asked
