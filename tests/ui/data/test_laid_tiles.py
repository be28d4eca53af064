"""Cards of texts in the grid: laid out once, a few at a time, and always as they would be painted anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.data.sources import load, resolve
from tests.ui.data.test_sample_grid import fill, on_screen, seen
from ui import theme
from ui.background import Background
from ui.data import laid_tiles
from ui.data.laid_tiles import LaidTiles
from ui.data.sample_grid import AT_A_TIME, SampleGrid
from ui.widgets.text_tile import draw_text_tile, text_image

ODD = ["مرحبا بالعالم " * 9, "👋🏽 hello", "word " * 2_000, "x" * 500, "e\u0301" * 90, "one\nline\tand more", "a"]


@pytest.fixture
def laid(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each text was laid out."""
    counted = Counter[str]()

    def count(painter: QPainter, text: str, place: QRect) -> None:
        counted[text] += 1
        draw_text_tile(painter, text, place)

    monkeypatch.setattr(laid_tiles, "draw_text_tile", count)
    return counted


@pytest.fixture
def grid(qtbot: QtBot, tmp_path: Path, laid: Counter[str]) -> Iterator[SampleGrid]:
    path = tmp_path / "texts.csv"
    rows = [f'"{number} {ODD[number % len(ODD)]}",{"abc"[number % 3]}' for number in range(200)]
    path.write_text("\n".join(["text,label", *rows]), "utf-8")
    background = Background(2)
    made = SampleGrid(background)
    made.resize(540, 420)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.show_set(load(resolve(path)))
    yield made
    background.close()
    background.wait()


def all_laid(qtbot: QtBot, grid: SampleGrid) -> None:
    fill(qtbot, grid)
    ratio = grid.devicePixelRatioF()
    for place in seen(grid):
        image = grid.thumbnails.get(int(grid.order[place]))
        qtbot.waitUntil(
            lambda image=image, place=place: grid._laid.get(image, grid.rows.rect(place), ratio) is not None
        )
    qtbot.wait(20)


def test_a_text_is_laid_out_once_however_it_is_scrolled(qtbot: QtBot, grid: SampleGrid, laid: Counter[str]) -> None:
    all_laid(qtbot, grid)
    for value in (*range(0, 700, 35), *range(700, 0, -70), grid.verticalScrollBar().maximum(), 0):
        grid.verticalScrollBar().setValue(value)
        all_laid(qtbot, grid)
    assert set(laid.values()) == {1}
    assert on_screen(grid) == grid.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def test_one_painting_lays_out_no_more_than_a_few(qtbot: QtBot, grid: SampleGrid, laid: Counter[str]) -> None:
    all_laid(qtbot, grid)
    grid._laid.clear()
    laid.clear()
    assert len(seen(grid)) > 2 * AT_A_TIME - 8
    grid.viewport().repaint()
    assert laid.total() == min(AT_A_TIME, len(seen(grid)))
    all_laid(qtbot, grid)  # the others follow by themselves
    assert laid.total() == len(seen(grid))


def test_cards_follow_the_colours(qtbot: QtBot, grid: SampleGrid, qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    all_laid(qtbot, grid)
    light = on_screen(grid)
    theme.apply(qapp, "dark")
    all_laid(qtbot, grid)
    dark = on_screen(grid)
    theme.apply(qapp, "light")
    all_laid(qtbot, grid)
    assert dark != light
    assert on_screen(grid) == light


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_card_is_what_the_painter_would_paint_and_stays_in_its_place(
    qapp: QApplication, text: str, ratio: float
) -> None:
    place = QRect(10, 20, 96, 96)
    tiles, image = LaidTiles(), text_image(text)
    assert tiles.get(image, place, ratio) is None
    drawn = tiles.lay(image, place, ratio)
    assert (drawn.width(), drawn.height()) == (96 * ratio, 96 * ratio)
    assert tiles.get(image, place.translated(QPoint(5, 5)), ratio) is drawn
    assert tiles.get(image, place, ratio + 1) is None
    direct = QImage(drawn.size(), QImage.Format.Format_ARGB32_Premultiplied)
    direct.setDevicePixelRatio(ratio)
    direct.fill(0)
    painter = QPainter(direct)
    painter.setClipRect(QRect(0, 0, 96, 96))
    draw_text_tile(painter, text, QRect(0, 0, 96, 96))
    painter.end()
    assert drawn.toImage().convertToFormat(direct.format()) == direct


def test_the_oldest_cards_make_room(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laid_tiles, "KEPT_BYTES", 5 * 96 * 96 * 4)
    tiles, place = LaidTiles(), QRect(0, 0, 96, 96)
    images = [text_image(f"text {number}") for number in range(8)]
    for image in images:
        tiles.lay(image, place, 1.0)
    assert [tiles.get(image, place, 1.0) is not None for image in images] == [False] * 3 + [True] * 5
