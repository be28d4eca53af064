"""The page about data sets over folders of real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from ui.pages.data import DataPage
from ui.window.main_window import MainWindow


def write_photos(root: Path, classes: tuple[str, ...] = ("cat", "dog"), each: int = 12) -> Path:
    """A folder of class folders; every image of its own grey, 40 x 30 px, the first of each class 60 x 80."""
    for number, name in enumerate(classes):
        (root / name).mkdir(parents=True, exist_ok=True)
        for place in range(each):
            size = (60, 80) if place == 0 else (40, 30)
            shade = (20 * number + 5 * place, 7 * place, 100)
            Image.new("RGB", size, shade).save(root / name / f"{place}.png")
    return root


@pytest.fixture
def first_page() -> str:
    return "data"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_photos(tmp_path / "photos")


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> DataPage:
    shown = window.show_page("data")
    assert isinstance(shown, DataPage)
    qtbot.waitUntil(shown.is_settled)
    return shown


def open_folder(qtbot: QtBot, page: DataPage, path: Path) -> None:
    """Open a folder, and wait until all of it is read and seen."""
    page.open_path(str(path))
    qtbot.waitUntil(lambda: (now := page.list.current()) is not None and now.key.endswith(f":{path}"))
    qtbot.waitUntil(page.is_settled)
