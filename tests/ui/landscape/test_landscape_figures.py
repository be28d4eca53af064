"""Lines and planes as pictures: equal scales, no gaps, numbers that are those of what is drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from engine.landscape.barriers import LossLine
from engine.landscape.grids import LossPlane, Trail
from ui.figures.figure_export import csv_text, picture, svg
from ui.landscape.contours import BANDS, BandScale, image_of, scale_of, smooth
from ui.landscape.line_figure import LineFigure
from ui.landscape.plane_figure import PlaneFigure, beside

LONG = "Run 3: a name that is much too long for the picture it stands in " * 2
SIDE = 25


def plane(height: float = 1.0, known: int = SIDE * SIDE, random: bool = False) -> LossPlane:
    """A bowl of losses around (1, 0)."""
    axis = np.linspace(-2, 2, SIDE)
    bowl = height * (0.1 + (axis[None, :] - 1) ** 2 + axis[:, None] ** 2)
    mask = np.full((SIDE, SIDE), False)
    mask[::3, ::3] = True
    if known == SIDE * SIDE:
        mask[:] = True
    values = np.where(mask, bowl, np.nan)
    accuracy = np.where(mask, np.exp(-bowl), np.nan)
    corners = np.array([[0.0, 0.0]]) if random else np.array([[0.0, 0.0], [1.0, 0.0], [1.9, 1.0]])
    titles = ("A",) if random else ("A", LONG, "C")
    ends = {(figure, part): np.ones(len(titles)) for figure in ("loss", "accuracy") for part in ("train", "test")}
    trail = Trail("abc", ("start", "best epoch"), np.array([[0.0, 0.0], [0.5, 0.5]]), np.zeros(2))
    both = dict.fromkeys(("train", "test"), values), dict.fromkeys(("train", "test"), accuracy)
    return LossPlane(random, titles, corners, axis, axis, *both, ends, "8 test images", 4, () if random else (trail,))


def line(count: int = 5) -> LossLine:
    alphas = np.array([-0.5, 0, 0.5, 1, 1.5])
    losses = np.repeat(np.array([3.0, 1, 2, 1, 4])[:, None], 8, 1)
    losses[count:] = np.nan
    right = np.where(np.isnan(losses), np.nan, (losses < 1.5).astype(float))
    parts = dict.fromkeys(("train", "test"), losses), dict.fromkeys(("train", "test"), right)
    return LossLine(("start of run 1", LONG), alphas, *parts, 3.0, (3.0, 4.0), "8 test images", 4)


@pytest.mark.parametrize("known", [81, SIDE * SIDE])
@pytest.mark.parametrize("figure", ["loss", "accuracy"])
@pytest.mark.parametrize("several", [False, True])
def test_planes_fill_their_square(known: int, figure: str, several: bool, qtbot: QtBot) -> None:
    shown = PlaneFigure()
    qtbot.addWidget(shown)
    shown.resize(700, 480)
    planes = [plane(known=known), plane(3.0, known)][: 1 + several]
    shown.show_planes(planes, figure, "test")
    image = picture(shown, 1.0)
    colours = {QColor(image.pixel(x, y)).name() for x in range(0, 700, 4) for y in range(0, 480, 4)}
    assert len(colours) > BANDS
    assert len(shown.marks) == 5 * len(planes)
    corners = [words for _, words in shown.marks if "loss" in words]
    ways = [words for _, words in shown.marks if "away from this plane" in words]
    assert len(corners) == 3 * len(planes)
    assert ways == ["start, 0 away from this plane", "best epoch, 0 away from this plane"] * len(planes)
    assert b"<svg" in svg(shown)
    rows = csv_text(shown).splitlines()
    assert rows[0].startswith("plane,x,y,train loss")
    assert len(rows) == 1 + len(planes) * SIDE * SIDE


def test_two_planes_have_one_scale() -> None:
    one, other = plane(), plane(3.0)
    both = scale_of([one, other], "loss", "test")
    assert both is not None
    assert both.low == pytest.approx(min(one.loss["test"].min(), other.loss["test"].min()))
    assert both.high > scale_of([one], "loss", "test").high  # type: ignore[union-attr]
    assert scale_of([], "loss", "test") is None


def test_a_plane_without_any_number_is_drawn_and_said(qtbot: QtBot) -> None:
    """Beside one that has numbers it is all of the worst band."""
    broken = replace(plane(), loss=dict.fromkeys(("train", "test"), np.full((SIDE, SIDE), np.nan)))
    shown = PlaneFigure()
    qtbot.addWidget(shown)
    shown.resize(700, 480)
    shown.show_planes([plane(), broken], "loss", "test")
    assert len({QColor(picture(shown, 1.0).pixel(x, 200)).name() for x in range(0, 700, 4)}) > BANDS / 2
    shown.show_planes([broken], "loss", "test")
    words = picture(shown, 1.0)
    shown.show_planes([], "loss", "test")
    assert words != picture(shown, 1.0)


def test_bands_are_of_equal_ratios() -> None:
    scale = BandScale(0.1, 0.1 * 2.0**BANDS, log=True)
    assert scale.bands(0.1 * 2.0 ** np.array([0.5, 3.5, 40, -2])).tolist() == [0, 3, BANDS - 1, 0]
    assert scale.bands(np.array([np.inf, np.nan])).tolist() == [BANDS - 1, BANDS - 1]
    assert [scale.edge(number) for number in (0, 1, BANDS)] == pytest.approx([0.1, 0.2, scale.high])
    light, dark = scale.colour(0).lightness(), scale.colour(BANDS - 1).lightness()
    assert light > dark
    assert replace(scale, high_is_light=True).colour(0).lightness() == dark


def test_a_plane_is_smooth_and_the_right_way_up() -> None:
    values = np.array([[0.0, 1.0], [2.0, 3.0]])
    fine = smooth(values, log=False)
    assert fine[0, 0] == 0
    assert fine[-1, 0] == 2
    assert fine[8, 8] == pytest.approx(1.5)
    image = image_of(np.array([[1.0, 1.0], [9.0, 9.0]]), BandScale(1.0, 9.0, log=True))
    assert QColor(image.pixel(3, 0)).lightness() < QColor(image.pixel(3, image.height() - 1)).lightness()
    assert np.isfinite(smooth(np.array([[1.0, np.inf], [np.nan, 2.0]]), log=True)).all()


@pytest.mark.parametrize("count", [0, 2, 3, 5])
@pytest.mark.parametrize("figure", ["loss", "accuracy"])
def test_a_line_is_drawn_as_far_as_it_is_known(count: int, figure: str, qtbot: QtBot) -> None:
    shown = LineFigure()
    qtbot.addWidget(shown)
    shown.resize(600, 320)
    shown.show_line(line(count), figure)
    picture(shown, 1.0)
    assert len(shown.marks) == 2 * count
    rows = csv_text(shown).splitlines()
    assert rows[0] == "alpha,train loss,train accuracy,test loss,test accuracy"
    assert len(rows) == 6
    if count == 5:
        assert any("α = 0.5: 2.000 on test examples" in words for _, words in shown.marks) == (figure == "loss")


def test_nothing_is_drawn_of_nothing(qtbot: QtBot) -> None:
    for shown in (LineFigure(), PlaneFigure()):
        qtbot.addWidget(shown)
        assert not picture(shown, 1.0).isNull()


@pytest.mark.parametrize("x", [5.0, 50.0, 95.0])
@pytest.mark.parametrize("y", [5.0, 50.0, 95.0])
def test_a_title_lies_in_the_plane_and_hides_no_other_dot(x: float, y: float) -> None:
    area = QRectF(0, 0, 100, 100)
    for across, down in ((20.0, 0.0), (-20.0, 0.0), (0.0, 12.0)):
        other = QRectF(x + across - 7, y + down - 7, 14, 14)
        box = beside(QPointF(x, y), QSizeF(30, 10), area, [QRectF(x - 7, y - 7, 14, 14), other])
        assert area.contains(box)
        assert not box.intersects(other)
