"""The adviser names a download worth trying for photos, asks nobody before its click, and looks again afterwards."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.advice.worth_fetching import Fetch
from engine.backbones import download
from engine.downloads.remote import Remote
from tests.bad_server import BadServer, host
from ui.downloads.consent import KNOWN
from ui.new_experiment.download_advice import DownloadAdvice
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow

__all__ = ["host"]
BODY = bytes(range(256)) * 400


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    draws = np.random.default_rng(0)
    for name in ("oak", "elm"):
        (tmp_path / "trees" / name).mkdir(parents=True)
        for number in range(6):
            pixels = draws.integers(0, 255, (128, 128, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "trees" / name / f"{number}.png")
    return tmp_path / "trees"


@pytest.fixture
def given(host: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BadServer:
    """A host of this machine that gives any weights; torchvision's cache is empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    listed = download.remote

    def remote(backbone: str, weights: str) -> Remote | None:
        found = listed(backbone, weights)
        if found is None:
            return None
        host.files[found.name] = BODY
        digest = f"sha256:{hashlib.sha256(BODY).hexdigest()}"
        return Remote(host.address("good", found.name), found.name, digest=digest)

    monkeypatch.setattr(download, "remote", remote)
    return host


def test_a_download_is_named_for_photos_and_asked_for_by_its_click_alone(
    qtbot: QtBot, given: BadServer, photos: Path, window: MainWindow, page: NewExperimentPage
) -> None:
    advice = page.adviser.download
    window.parts.settings.setValue(KNOWN, "127.0.0.1")
    qtbot.waitUntil(lambda: page.adviser.advice is not None)
    assert not advice.isVisibleTo(page)  # small grey characters: photos' weights would not help
    page.data.use_path(str(photos))
    qtbot.waitUntil(lambda: advice.isVisibleTo(page))
    first = found(advice)
    assert advice.line is not None
    assert first.row.title in advice.words.text()
    assert "would be worth a download" in advice.words.text()
    assert window.parts.downloads.entries() == ()
    assert advice.line.button in page.adviser.tab_order()
    window.parts.downloads.offline = True
    assert not advice.line.button.isEnabled()
    window.parts.downloads.offline = False
    qtbot.mouseClick(advice.line.button, Qt.MouseButton.LeftButton)
    key = download.key(first.row.backbone, first.row.weights)
    qtbot.waitUntil(lambda: (one := window.parts.downloads.entry(key)) is not None and one.state == "done")
    qtbot.waitUntil(lambda: advice.found is None or advice.found.row.title != first.row.title)
    page.data._choose("glyphs")
    qtbot.waitUntil(lambda: not advice.isVisibleTo(page))


def found(advice: DownloadAdvice) -> Fetch:
    assert advice.found is not None
    return advice.found
