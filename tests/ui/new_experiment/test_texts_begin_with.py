"""On an encoder that was pretrained on texts methods begin with small steps and word pieces that stay, in sight."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.backbones import catalog
from engine.data.sources import dataset
from engine.experiment import BackboneChoice, Experiment, MethodChoice
from engine.method import ENCODERS
from engine.methods.tuning.lp_ft import LPFT
from engine.registry import complete
from tests.ui.conftest import wait_until_checked
from ui.pages.new_experiment import NewExperimentPage

LEFT = Qt.MouseButton.LeftButton
STAYS = {"embeddings": {"rate": 0.0}}


@pytest.fixture
def _minilm_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "begins", lambda backbone, rather: rather or backbone)


@pytest.mark.usefixtures("_minilm_is_here")
def test_methods_on_minilm_begin_with_the_values_for_encoders(qtbot: QtBot, page: NewExperimentPage) -> None:
    qtbot.mouseClick(page.data.cards["clinc150"], LEFT)
    wait_until_checked(qtbot, page)
    method = page.method
    assert page.experiment().backbone.name == "minilm"
    assert (method.presets.currentText(), method.layers.edits()) == (ENCODERS, STAYS)
    assert method.layers.changes.text() == "1 cell changed"
    method.choose("full_ft")
    wait_until_checked(qtbot, page)
    assert method.presets.currentText() == ENCODERS
    assert page.experiment().method.hyperparameters["layers"] == STAYS | {"head": {"rate": 20.0}}
    assert "left behind" not in method.layers.note.text()  # nobody had changed anything
    method.presets.setCurrentText("Usual values")
    method.presets.activated.emit(method.presets.currentIndex())
    assert method.layers.edits() == {}
    qtbot.mouseClick(method.reset, LEFT)
    assert method.presets.currentText() == ENCODERS
    method.choose("linear_probe")
    assert method.presets.currentText() == "Usual values"


def test_networks_of_images_are_not_offered_values_for_texts(qtbot: QtBot, page: NewExperimentPage) -> None:
    wait_until_checked(qtbot, page)
    titles = [page.method.presets.itemText(place) for place in range(page.method.presets.count())]
    assert "Usual values" in titles
    assert ENCODERS not in titles
    qtbot.mouseClick(page.data.cards["clinc150"], LEFT)
    page.backbone.fill(BackboneChoice(name="minilm", weights="sentences"))
    wait_until_checked(qtbot, page)
    assert page.method.presets.findText(ENCODERS) >= 0


def shown(qtbot: QtBot, page: NewExperimentPage, name: str, weights: str) -> tuple[str, dict[str, object]]:
    """The preset in use and the layer table once the form starts from these weights."""
    page.backbone.fill(BackboneChoice(name=name, weights=weights))
    wait_until_checked(qtbot, page)
    return page.method.presets.currentText(), page.method.choice().hyperparameters["layers"]


@pytest.mark.usefixtures("_minilm_is_here")
def test_usual_values_follow_the_network_and_its_weights_and_ones_own_stay(
    qtbot: QtBot, page: NewExperimentPage
) -> None:
    qtbot.mouseClick(page.data.cards["clinc150"], LEFT)
    wait_until_checked(qtbot, page)
    assert shown(qtbot, page, "minilm", "random") == ("Usual values", {})
    assert shown(qtbot, page, "minilm", "sentences") == (ENCODERS, STAYS)
    assert shown(qtbot, page, "text_transformer", "random") == ("Usual values", {})
    shown(qtbot, page, "minilm", "sentences")
    page.method.form.rows["epochs"].set_value(3)
    page.method.layers.fill(STAYS | {"layer1": {"rate": 0.5}})
    page.method._note_change()
    wait_until_checked(qtbot, page)
    assert shown(qtbot, page, "minilm", "random") == ("Own values", {"layer1": {"rate": 0.5}})
    values = page.method.choice().hyperparameters
    assert (values["epochs"], values["schedule"]) == (3, LPFT.Hyperparameters().schedule)


def test_episodes_of_clinc150_have_twenty_classes_until_a_person_says_otherwise(
    qtbot: QtBot, page: NewExperimentPage
) -> None:
    page.method.choose("protonet")
    assert page.method.choice().hyperparameters["way"] == 5
    qtbot.mouseClick(page.data.cards["clinc150"], LEFT)
    page.method.choose("protonet")
    wait_until_checked(qtbot, page)
    assert page.method.choice().hyperparameters["way"] == 20
    assert page.method.presets.currentText() != "Own values"
    page.method.form.rows["way"].set_value(7)
    page.method.choose("maml")
    assert page.method.choice().hyperparameters["way"] == 20
    qtbot.mouseClick(page.data.cards["glyphs"], LEFT)
    page.method.choose("ridge")
    assert page.method.choice().hyperparameters["way"] == 5


def test_a_run_that_is_filled_in_keeps_its_values_where_others_are_usual(qtbot: QtBot, page: NewExperimentPage) -> None:
    own = complete(Experiment(
        dataset=dataset("clinc150").Choice(name="clinc150", labels_per_class=2),
        backbone=BackboneChoice(name="minilm", weights="sentences"), method=MethodChoice(name="full_ft"),
    ))  # fmt: skip
    page.fill(own)
    wait_until_checked(qtbot, page)
    assert page.method.choice() == own.method
    assert page.method.presets.currentText() == "Usual values"
