"""Weights of one's own: the match is shown before it is used, what is refused is said, insisting is a choice."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from engine.backbones.kept import kept
from engine.backbones.networks import random_backbone
from engine.experiment import BackboneChoice
from ui.new_experiment.own_weights_dialog import OwnWeightsDialog, open_own_weights
from ui.window.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> OwnWeightsDialog:
    opened = open_own_weights(window.parts, "conv4", lambda choice: window.__dict__.update(chosen=choice))
    qtbot.waitUntil(opened.isVisible)
    return opened


def saved(path: Path, without: str = "") -> Path:
    state = random_backbone("conv4", 5).state_dict()
    for key, value in state.items():
        if "running_var" in key:
            value.add_(0.1)
    torch.save(
        {"model": {f"module.{key}": value for key, value in state.items() if without not in key or not without}}, path
    )
    return path


def cells(dialog: OwnWeightsDialog) -> list[list[str]]:
    table = dialog.table
    return [[table.item(row, column).text() for column in range(4)] for row in range(table.rowCount())]


def test_a_dropped_file_is_matched_shown_and_used(
    window: MainWindow, dialog: OwnWeightsDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    file = saved(tmp_path / "mine.pth")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    drop = (QPointF(5, 5), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    assert not dialog.use.isEnabled()
    dialog.dropEvent(QDropEvent(*drop))
    qtbot.waitUntil(dialog.use.isEnabled)
    assert "mine.pth as Conv-4, from “model” in the file: 24 of 24 tensors, 100 % of the network" in dialog.words.text()
    assert cells(dialog)[0][:2] == ["", "module.head.weight"]  # what is left over stands first
    assert ["blocks.conv1.0.weight", "module.blocks.conv1.0.weight", "64×1×3×3", "by name"] in cells(dialog)
    qtbot.mouseClick(dialog.use, LEFT)
    qtbot.waitUntil(lambda: "chosen" in window.__dict__)
    (one,) = kept("conv4")
    assert window.__dict__["chosen"] == BackboneChoice(name="conv4", weights=one.name)


def test_too_little_is_refused_unless_a_person_insists(dialog: OwnWeightsDialog, qtbot: QtBot, tmp_path: Path) -> None:
    dialog.network.setCurrentIndex(dialog.network.findData("conv4"))
    dialog.read(str(saved(tmp_path / "half.pth", without="conv3")))
    qtbot.waitUntil(dialog.problem.isVisible)
    assert dialog.problem.text.text() == "Only 67 % of Conv-4 was found in half.pth, less than 80 %."
    assert (dialog.use.isEnabled(), cells(dialog)[0][3]) == (False, "missing")
    dialog.insist.click()
    assert dialog.use.isEnabled()
    dialog.network.setCurrentIndex(dialog.network.findData("resnet18"))
    qtbot.waitUntil(lambda: "ResNet-18" in dialog.problem.text.text())
    assert not dialog.insist.isChecked()


@pytest.mark.parametrize("spoilt", [b"", b"<html>", bytes(300)])
def test_what_is_no_file_of_weights_is_said(
    spoilt: bytes, dialog: OwnWeightsDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "odd.pth").write_bytes(spoilt)
    dialog.read(str(tmp_path / "odd.pth"))
    qtbot.waitUntil(dialog.problem.isVisible)
    assert dialog.problem.text.text().startswith("odd.pth is damaged, or no file of weights.")
    assert not dialog.use.isEnabled()
    assert not kept()
