"""What is chosen from the long lists in New experiment, with real clicks."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.backbones import located
from engine.data.sources import dataset
from engine.machine.places import data_home
from tests.ui.conftest import wait_until_checked
from ui.pages.new_experiment import NewExperimentPage
from ui.shelf.picker import Picker


def opened(qtbot: QtBot) -> Picker:
    def find() -> Picker | None:
        shown = QApplication.activeModalWidget()
        return shown if isinstance(shown, Picker) and shown.table.list.lines.all() else None

    qtbot.waitUntil(lambda: find() is not None)
    found = find()
    assert found is not None
    return found


def test_resnet_50_v2_is_chosen_and_stands_on_top_of_the_networks(
    qtbot: QtBot, page: NewExperimentPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    file = located.hub_checkpoints() / "resnet50-11ad3fa6.pth"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    qtbot.mouseClick(page.backbone.all_weights, Qt.MouseButton.LeftButton)
    picker = opened(qtbot)
    qtbot.keyClicks(picker.search, "resnet-50 v2")
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    column = page.backbone
    assert (column.choice().name, column.choice().weights) == ("resnet50", "imagenet_v2")
    row = column.rows["resnet50 imagenet_v2"]
    assert row.isChecked()
    assert "224 px in colour" in row.note  # and glyphs are 28 px in grey
    qtbot.waitUntil(lambda: column.chosen.badge.text() == "on this machine")
    assert column.image_size.isVisible()
    wait_until_checked(qtbot, page)


def test_an_experiment_with_any_listed_network_can_be_filled_in(qtbot: QtBot, page: NewExperimentPage) -> None:
    experiment = page.experiment()
    backbone = experiment.backbone.model_copy(update={"name": "mobilenet_v3_small", "weights": "random"})
    page.receive(experiment.model_copy(update={"backbone": backbone}))
    assert page.backbone.rows["mobilenet_v3_small random"].isChecked()
    assert page.experiment().backbone == backbone
    wait_until_checked(qtbot, page)


def test_cards_are_of_the_sets_that_are_here_and_of_the_chosen_one(qtbot: QtBot, page: NewExperimentPage) -> None:
    column = page.data
    bundled = set(column.cards)
    assert "eurosat" not in bundled
    page.receive(page.experiment().model_copy(update={"dataset": dataset("eurosat").Choice(name="eurosat")}))
    qtbot.waitUntil(lambda: "eurosat" in column.cards and column.cards["eurosat"].isChecked())
    wait_until_checked(qtbot, page)
    (data_home() / "eurosat").mkdir(parents=True)
    page.parts.downloads.arrived.emit("data:eurosat")
    qtbot.waitUntil(lambda: "on this machine" in column.cards["eurosat"].toolTip())
    wait_until_checked(qtbot, page)
    assert set(column.cards) == bundled | {"eurosat"}


def test_a_data_set_is_chosen_from_all_of_them(qtbot: QtBot, page: NewExperimentPage) -> None:
    qtbot.mouseClick(page.data.all_sets, Qt.MouseButton.LeftButton)
    picker = opened(qtbot)
    qtbot.keyClicks(picker.search, "handwritten small scans")
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert page.data.choice().name == "digits"
    assert page.data.cards["digits"].isChecked()
    wait_until_checked(qtbot, page)
