"""On an encoder that was pretrained on texts methods begin with small steps and word pieces that stay, in sight."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.backbones import catalog
from engine.experiment import BackboneChoice
from engine.method import ENCODERS
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
    page.backbone.fill(BackboneChoice(name="minilm", weights="random"))
    wait_until_checked(qtbot, page)
    assert page.method.presets.findText(ENCODERS) >= 0
