"""The backbone of the recipe: listed, chosen by hand and by flag, trained, saved and opened again."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

import engine.backbones.nets
from engine.artifacts.saved import SavedModel
from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.backbones.backbone import parameter_count
from engine.events import RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice
from engine.preflight.problems import problems
from tests.recipes import among, recipe
from tests.ui.conftest import wait_until_checked
from ui.command.arguments import parse
from ui.command.flags import plan_from
from ui.terminal.listing import list_backbones
from ui.window.main_window import MainWindow


@pytest.fixture
def new_backbone(tmp_path: Path) -> Iterator[None]:
    """The file among the backbones, for the time of one test."""
    nets, forget = engine.backbones.nets, catalog.backbones.cache_clear
    with among(nets, tmp_path / "nets", forget, conv2=recipe("backbone")):
        yield


@pytest.mark.usefixtures("new_backbone")
def test_it_is_listed_last_with_what_it_says_of_itself() -> None:
    listed = list_backbones(Namespace())
    assert listed.rows[-1] == ("conv2", "Conv-2", "4,896", "28 px", "random")
    info = catalog.backbone("conv2")
    model = build_backbone(BackboneChoice(name="conv2"), None, 0)
    assert [parameter_count(block) for name, block in model.named_blocks() if name != "head"] == [192, 4704]
    assert info.block_names == model.block_names == ("conv1", "conv2", "head")


@pytest.mark.usefixtures("new_backbone")
def test_it_is_typed_trained_and_opened_again(tmp_path: Path) -> None:
    typed = ["run", "--backbone", "conv2", "--data", "digits", "--method", "full_ft", "--set", "epochs=1"]
    (wanted,) = plan_from(parse(typed)).experiments
    assert problems(wanted) == []
    events = list(execute(wanted, tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    saved = SavedModel.open(tmp_path / "run", wanted)
    assert saved.network.block_names == ("conv1", "conv2", "head")


def test_the_form_has_it(qtbot: QtBot, new_backbone: None, request: pytest.FixtureRequest) -> None:
    window: MainWindow = request.getfixturevalue("window")
    page = window.show_page("new_experiment")
    wait_until_checked(qtbot, page)
    qtbot.mouseClick(page.backbone.rows["conv2 random"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    found = page.experiment()
    assert found.backbone == BackboneChoice(name="conv2", weights="random")
    assert problems(found) == []
    view = page.method.layers.view
    assert view is not None
    assert [*view.table] == ["conv1", "conv2", "head"]
