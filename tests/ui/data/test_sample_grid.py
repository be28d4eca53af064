"""The grid of images paints what comes into sight and no more, and what is moved is as if it were painted anew."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.data.sources import load, resolve
from tests.ui.data.conftest import write_photos
from ui.background import Background
from ui.data.grid_rows import HEAD
from ui.data.sample_grid import SampleGrid

CLASSES = ("ant", "bee", "cat", "dog", "elk")


@pytest.fixture
def grid(qtbot: QtBot, tmp_path: Path) -> Iterator[SampleGrid]:
    background = Background(2)
    made = SampleGrid(background)
    made.resize(540, 420)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.show_set(load(resolve(write_photos(tmp_path / "photos", CLASSES, 23))))
    yield made
    background.close()
    background.wait()


def fill(qtbot: QtBot, grid: SampleGrid) -> None:
    """Until every image that is seen is painted."""
    qtbot.waitUntil(lambda: all(grid.thumbnails.get(int(grid.order[place])) is not None for place in seen(grid)))
    qtbot.wait(20)


def test_a_mistake_in_what_makes_pictures_is_said_and_holds_up_no_others(qtbot: QtBot, grid: SampleGrid) -> None:
    def picture(data: object, index: int, side: int) -> QImage:
        if index % 2:
            raise ZeroDivisionError
        return QImage(side, side, QImage.Format.Format_RGB32)

    said: list[str] = []
    grid.thumbnails.failed.connect(said.append)
    fill(qtbot, grid)
    grid.thumbnails.show_set(grid.thumbnails._data, 50, picture)
    grid.viewport().update()
    fill(qtbot, grid)
    assert set(said) == {"Some of them cannot be shown because of a mistake."}


def seen(grid: SampleGrid) -> list[int]:
    top = grid.verticalScrollBar().value()
    return [*grid.rows.places(top, top + grid.viewport().height())]


def on_screen(grid: SampleGrid) -> QImage:
    """What stands in the window now; `grab` would paint it anew."""
    view = grid.viewport()
    at = view.mapTo(grid, QPoint(0, 0))
    shown = grid.screen().grabWindow(grid.winId(), at.x(), at.y(), view.width(), view.height())
    return shown.toImage().convertToFormat(QImage.Format.Format_RGB32)


def test_what_was_scrolled_is_as_if_it_were_painted_anew(qtbot: QtBot, grid: SampleGrid) -> None:
    fill(qtbot, grid)
    grid.choose(3)
    draws, bar = random.Random(1), grid.verticalScrollBar()
    for _ in range(40):
        jump = draws.choice((1, 7, 35, 104, 300, 419, 420, 900)) * draws.choice((1, 1, -1))
        bar.setValue(min(max(bar.value() + jump, 0), bar.maximum()))
        qtbot.wait(1)
        if draws.random() < 0.3:
            grid.choose(draws.choice(seen(grid)))
        fill(qtbot, grid)
        anew = grid.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        assert on_screen(grid) == anew, bar.value()


def test_a_step_paints_the_tiles_that_come_into_sight_alone(
    qtbot: QtBot, grid: SampleGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(qtbot, grid)
    grid.verticalScrollBar().setValue(200)
    fill(qtbot, grid)
    painted, paint = list[int](), SampleGrid._paint_tiles

    def count(self: SampleGrid, painter: object, tiles: Mapping[int, QRect]) -> None:
        painted.append(len(tiles))
        paint(self, painter, tiles)

    monkeypatch.setattr(SampleGrid, "_paint_tiles", count)
    step, rows_of_heading = 35, -(-HEAD // grid.rows.step) + 1
    for _ in range(12):
        painted.clear()
        grid.verticalScrollBar().setValue(grid.verticalScrollBar().value() + step)
        qtbot.waitUntil(lambda: bool(painted))
        assert painted[0] <= grid.rows.columns * (1 + rows_of_heading + 1), (
            "one row below, and what the heading is over"
        )
        assert painted[0] < len(seen(grid))
        fill(qtbot, grid)


def test_other_reading_makes_way_while_it_is_scrolled(qtbot: QtBot, grid: SampleGrid) -> None:
    fill(qtbot, grid)
    asked = list[int]()

    def read(cancelled: object) -> str:
        while not cancelled():  # type: ignore[operator]
            asked.append(1)
        return ""

    background = grid._background
    background.run(read, lambda _: None, key="reading")
    qtbot.waitUntil(lambda: bool(asked))
    grid.verticalScrollBar().setValue(40)
    background._way_until += 3600  # as if it were scrolled on and on
    before = len(asked)
    qtbot.wait(100)
    assert len(asked) <= before + 2  # it was in the middle of a step, and goes on with one every two seconds
    background.cancel("reading")
