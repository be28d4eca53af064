"""The button where something is offered: a real card of New experiment, from its click to weights that can be used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.backbones import catalog, download, located
from engine.downloads import hosts
from engine.downloads.remote import Remote
from tests.bad_server import BadServer, connections
from tests.ui.conftest import wait_until_checked
from ui.downloads.consent import KNOWN
from ui.downloads.line import DownloadLine
from ui.new_experiment.backbone_section import BackboneSection
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow

BODY = bytes(range(256)) * 4000
KEY = "weights:resnet18:imagenet"


@pytest.fixture
def way(host: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the host gives the weights of ResNet-18; torchvision's cache is empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    name, chosen = Path(catalog.weights("resnet18")[1].file).name, ["good"]
    host.files[name] = BODY
    digest = f"sha256:{hashlib.sha256(BODY).hexdigest()}"
    monkeypatch.setattr(download, "remote", lambda *_: Remote(host.address(chosen[0], name), name, digest=digest))
    return chosen


@pytest.fixture
def line(qtbot: QtBot, way: list[str], window: MainWindow, page: NewExperimentPage) -> DownloadLine:
    window.parts.settings.setValue(KNOWN, "127.0.0.1")
    section = window.findChild(BackboneSection)
    assert section is not None
    section.load()
    qtbot.waitUntil(lambda: "not here" in section.rows["resnet18 imagenet"].accessibleDescription())
    section.rows["resnet18 imagenet"].click()
    found = section.chosen.download
    assert found is not None
    return found


def test_a_click_fetches_them_and_the_card_says_that_they_are_here(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, line: DownloadLine
) -> None:
    section = window.findChild(BackboneSection)
    assert section is not None
    assert line.button.text() == "Download 47 MB"
    with connections() as connected:
        qtbot.wait(20)
        assert connected == [], "nothing is asked before the click"
        line.button.click()
        qtbot.waitUntil(lambda: section.chosen.badge.text() == "on this machine")
    assert {address[1] for address in connected if isinstance(address, tuple)} == {
        int(download.remote("resnet18", "imagenet").url.split(":")[2].split("/")[0])
    }
    assert (located.hub_checkpoints() / Path(catalog.weights("resnet18")[1].file).name).read_bytes() == BODY
    wait_until_checked(qtbot, page)


def test_it_is_cancelled_gone_on_with_and_tried_again(
    qtbot: QtBot, host: BadServer, way: list[str], line: DownloadLine, window: MainWindow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(hosts, "PATIENCE", 30.0)  # until it is cancelled, however busy the machine is
    way[0] = "held"
    line.button.click()
    qtbot.waitUntil(lambda: line.bar.isVisibleTo(line) and line.bar.value() > 0)
    assert line.button.text() == "Cancel"
    line.button.click()
    qtbot.waitUntil(lambda: line.button.text() == "Go on")
    window.parts.downloads.remove(KEY)
    qtbot.waitUntil(lambda: line.button.text().startswith("Download"))
    way[0] = "flipped"
    line.button.click()
    qtbot.waitUntil(lambda: line.button.text() == "Try again")
    assert "arrived damaged" in line.button.toolTip()
    assert not list(located.hub_checkpoints().glob("*.pth"))


def test_offline_it_is_greyed_with_the_reason(line: DownloadLine, window: MainWindow) -> None:
    window.menus.actions["offline"].trigger()
    assert not line.button.isEnabled()
    assert "works offline" in line.button.toolTip()
    window.menus.actions["offline"].trigger()
    assert line.button.isEnabled()
    assert line.button.toolTip() == ""
