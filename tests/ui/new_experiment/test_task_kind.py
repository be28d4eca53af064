"""Choosing curves as data brings a network and a method for them, and choosing images brings the old ones back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.experiment import BackboneChoice, DatasetChoice, Experiment
from engine.preflight.problems import problems
from tests.ui.conftest import wait_until_checked
from tests.ui.window.test_window import photos
from ui.new_experiment.task_kind import usual
from ui.pages.new_experiment import NewExperimentPage


def test_what_is_usual_for_each_kind_can_be_run() -> None:
    sinusoids, glyphs = DatasetChoice(name="sinusoid"), DatasetChoice(name="glyphs")
    backbone, method = usual(sinusoids)
    curves = Experiment(dataset=sinusoids, backbone=backbone, method=method)
    assert problems(curves) == []
    assert method.hyperparameters["inner_rate"] == 0.01
    backbone, method = usual(glyphs)
    images = backbone.model_copy(update={"weights": "random"})
    assert problems(Experiment(dataset=glyphs, backbone=images, method=method)) == []


def test_curves_bring_what_fits_them_and_images_theirs(page: NewExperimentPage, qtbot: QtBot) -> None:
    before = page.experiment()
    qtbot.mouseClick(page.data.cards["sinusoid"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    curves = page.experiment()
    assert (curves.backbone.name, curves.method.name, curves.dataset.classes) == ("sine_mlp", "maml", None)
    assert page.launch.start_button.isEnabled()
    page.data.settings.own["sinusoid"].rows["vary_frequency"].input.setChecked(True)
    assert page.experiment().dataset.vary_frequency
    qtbot.mouseClick(page.data.cards["glyphs"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    assert page.experiment().backbone == before.backbone
    assert page.experiment().method.name == before.method.name


def test_curves_are_set_in_points_and_without_classes(page: NewExperimentPage, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.data.cards["sinusoid"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    form = page.method.form
    assert form is not None
    assert (form.rows["way"].isHidden(), form.rows["shot"].isHidden()) == (True, False)
    assert form.rows["shot"].input.text() == "5 points"  # type: ignore[attr-defined]
    assert form.folds["Regularisation"].isHidden()  # batch norm alone, and the network has none
    assert page.data.preview.tasks.part_choice.isHidden()
    qtbot.mouseClick(page.data.cards["glyphs"], Qt.MouseButton.LeftButton)
    page.method.choose("maml")
    form = page.method.form
    assert form is not None
    assert (form.rows["way"].isHidden(), form.rows["shot"].input.text()) == (False, "1 image")  # type: ignore[attr-defined]


def test_regions_bring_their_network_and_no_more_classes_than_they_have(page: NewExperimentPage, qtbot: QtBot) -> None:
    page.method.choose("matching")
    page.method.choose("protonet")  # learns from 20 classes at a time, and a region has 6
    qtbot.mouseClick(page.data.cards["regions"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    regions = page.experiment()
    assert (regions.backbone.name, regions.method.name, regions.dataset.classes) == ("bands_cnn", "protonet", None)
    assert regions.method.hyperparameters["training_way"] == 5
    assert page.data.settings.classes.isHidden()
    assert page.launch.start_button.isEnabled()
    qtbot.mouseClick(page.data.cards["glyphs"], Qt.MouseButton.LeftButton)
    assert (page.experiment().backbone.name, page.experiment().dataset.classes) == ("conv4", 40)
    assert page.experiment().method.hyperparameters["training_way"] == 20


def test_photos_bring_the_photo_network_once_and_small_grey_images_theirs(
    page: NewExperimentPage, qtbot: QtBot, tmp_path: Path
) -> None:
    def chosen() -> tuple[str, str]:
        backbone = page.experiment().backbone
        return backbone.name, backbone.weights

    page.receive(photos(tmp_path / "photos", 2, 4, (90, 80)))
    qtbot.waitUntil(lambda: chosen() == ("efficientnet_lite0", "imagenet"))
    wait_until_checked(qtbot, page)
    page.backbone.fill(BackboneChoice(name="conv4", weights="random"))  # what a person chooses stays
    page.data.settings.split_seed.setValue(3)
    wait_until_checked(qtbot, page)
    assert chosen() == ("conv4", "random")
    page.backbone.fill(BackboneChoice(name="efficientnet_lite0", weights="imagenet"))
    qtbot.mouseClick(page.data.cards["glyphs"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: chosen() == ("conv4", "omniglot-supervised"))
    page.receive(Experiment(dataset=page.data.choice(), backbone=BackboneChoice(name="efficientnet_lite0")))
    wait_until_checked(qtbot, page)
    assert chosen() == ("efficientnet_lite0", "random")  # as it came


def test_texts_without_labels_begin_with_a_question_of_texts(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("\n".join(f"a text {place} of mine" for place in range(40)))
    mine = DatasetChoice.model_validate({"name": "texts", "path": str(tmp_path), "labels": "nowhere"})
    backbone, method = usual(mine)
    assert method.name == "text_contrast"
    assert problems(Experiment(dataset=mine, backbone=backbone, method=method)) == []


def test_pretraining_on_texts_begins_with_a_question_of_texts(page: NewExperimentPage, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.data.cards["clinc150"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    page.method.choices.family_wanted.emit("pretrain")
    assert page.experiment().method.name == "text_contrast"
    page.method.choose("masked_words")
    page.method.choices.family_wanted.emit("finetune")
    page.method.choices.family_wanted.emit("pretrain")
    assert page.experiment().method.name == "masked_words"
    qtbot.mouseClick(page.data.cards["digits"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    page.method.choices.family_wanted.emit("finetune")
    page.method.choices.family_wanted.emit("pretrain")
    assert page.experiment().method.name == "simclr"
