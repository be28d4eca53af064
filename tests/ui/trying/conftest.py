"""The page Try it over a workspace with two real runs of small images, closed with all its threads after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from main import main
from storage.workspace import Workspace
from ui import theme
from ui.pages.trying import TryingPage
from ui.window.main_window import build_parts

BARS = ("across", "down", "slant")
LEARN = ("--method", "linear_probe", "--labels-per-class", "3", "--set", "epochs=2")


def bars(folder: Path, each: int = 12) -> Path:
    """Three classes of images: bars of another direction."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(BARS):
        (folder / name).mkdir(parents=True)
        for index in range(each):
            y, x = np.mgrid[:28, :28]
            light = np.sin((x, y, x + y)[number] / 2 + rng.uniform(0, 6)) * 0.4 + 0.5 + rng.normal(0, 0.05, (28, 28))
            Image.fromarray(np.clip(255 * light, 0, 255).astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A workspace whose runs 1 and 2 learnt the bars, and the folder of the bars."""
    root, photos = tmp_path_factory.mktemp("learnt"), bars(tmp_path_factory.mktemp("bars") / "photos")
    for seed in ("0", "1"):
        at = ("--workspace", str(root), "--seed", seed)
        assert main(["run", "--data", str(photos), *LEARN, *at]) == 0
    return root, photos


@pytest.fixture
def photos(learnt: tuple[Path, Path]) -> Path:
    return learnt[1]


@pytest.fixture
def open_page(qtbot: QtBot, qapp, learnt: tuple[Path, Path]) -> Iterator[Callable[..., TryingPage]]:
    """Over the runs that learnt, or another workspace."""
    theme.apply(qapp, "light")
    made: list[TryingPage] = []

    def opened(workspace: Workspace | None = None) -> TryingPage:
        window = QMainWindow()
        qtbot.addWidget(window)
        page = TryingPage(build_parts(workspace or Workspace(learnt[0]).open(), window))
        window.setCentralWidget(page)
        window.resize(1280, 800)
        window.show()
        made.append(page)
        qtbot.waitUntil(page.is_settled)
        return page

    yield opened
    for page in made:
        parts = page.parts
        parts.settings.remove("trying/exported")  # of the workspace that other tests open too
        page.leave()
        parts.live.stop()
        parts.queue.close("abandon", 60)
        parts.library.close()
        parts.background.close()
        parts.background.wait()
        page.window().close()
