"""A painted chart of lines: where its marks are, bands or whiskers, and which words have room."""

from __future__ import annotations

import re
from dataclasses import replace
from math import nan

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from pytestqt.qtbot import QtBot

from engine.comparison.intervals import Interval
from ui import theme
from ui.figures.figure_export import svg
from ui.figures.line_chart import ChartLine, LineChart, Marks
from ui.figures.painted import PaintedFigure
from ui.figures.painted_axes import Axis, around

SIZE = QSizeF(400, 240)
RED = QPen(QColor("#ff0000"), 2)


def chart(bands: bool = True, named: tuple[tuple[float, str], ...] = ()) -> LineChart:
    """One line from 0.4 at 1 to 0.6 at 100, its interval 0.2 to both sides."""
    points = [(x, Interval(y, y - 0.2, y + 0.2, 3), f"{x:g}: {y}") for x, y in ((1.0, 0.4), (100.0, 0.6))]
    across = Axis(1.0, 100.0, log=True, named=named or ((1.0, "1"), (100.0, "100")))
    return LineChart([ChartLine("Arm", RED, points)], across, Axis(0.0, 1.0), "Labels", bands=bands)


def painted(drawn: LineChart, wide: int = 400) -> tuple[QImage, Marks]:
    size = QSizeF(wide, 240)
    image = QImage(size.toSize(), QImage.Format.Format_RGB32)
    image.fill(theme.colour("page"))
    painter = QPainter(image)
    marks = drawn.paint(painter, size)
    painter.end()
    plot = drawn.plot(size)
    assert [box.center() for box, _ in marks[:2]] == [plot.point(1.0, 0.4), plot.point(100.0, 0.6)]
    return image, marks


@pytest.mark.parametrize("bands", [True, False])
def test_marks_say_their_points_and_intervals_are_bands_or_whiskers(qtbot: QtBot, bands: bool) -> None:
    image, marks = painted(chart(bands))
    assert [words for _, words in marks] == ["1: 0.4", "100: 0.6"]
    plot = chart(bands).plot(SIZE)
    inside = image.pixelColor(plot.point(10.0, 0.63).toPoint())  # between both points, above the line
    assert (inside.red() > inside.green() + 10) is bands
    end = image.pixelColor(plot.point(1.0, 0.3).toPoint())  # on the whisker of the first point, or in the band
    assert end.red() > end.green() + 10


def test_a_named_value_without_room_is_left_out_from_the_left(qtbot: QtBot) -> None:
    class Figure(PaintedFigure):
        def paint(self, painter: QPainter, size: QSizeF) -> None:
            chart(named=((1.0, "1"), (99.0, "ninety-nine"), (100.0, "all, 100"))).paint(painter, size)

    figure = Figure("Chart")
    qtbot.addWidget(figure)
    figure.resize(SIZE.toSize())
    words = re.findall(r">([^<>]+)</text>", svg(figure).decode())
    assert {"1", "all, 100", "Arm", "Labels"} <= set(words)
    assert "ninety-nine" not in words


def test_a_wide_chart_says_long_names_whole_and_a_narrow_one_keeps_its_lines(qtbot: QtBot) -> None:
    long = "Omniglot, supervised, of all its alphabets, frozen"
    named = chart()
    (line,) = named.lines
    drawn = replace(named, lines=[replace(line, title=long)])

    class Figure(PaintedFigure):
        def paint(self, painter: QPainter, size: QSizeF) -> None:
            drawn.paint(painter, size)

    figure = Figure("Chart")
    qtbot.addWidget(figure)
    for wide in (300, 400, 1600):
        figure.resize(wide, 240)
        words = re.findall(r">([^<>]+)</text>", svg(figure).decode())
        assert (long in words) is (wide == 1600)
        names = wide - drawn.plot(QSizeF(wide, 240)).area.right() - 10
        assert names <= wide / 3
        cut = [box for box, words in painted(drawn, wide)[1] if words == long]
        assert [box.right() <= wide and box.left() > wide / 2 for box in cut] == [True] * (wide < 1600)


def test_what_an_axis_is_stands_whole_below_a_narrow_plot(qtbot: QtBot) -> None:
    drawn = replace(chart(), across="Labels per class (logarithmic), of all")
    image, *_ = painted(drawn, 240)
    plot = drawn.plot(QSizeF(240, 240))
    beside = range(round(plot.area.left()) - 8)
    below = range(round(plot.area.bottom()) + 20, 240)
    ground = theme.colour("page")
    assert any(image.pixelColor(x, y) != ground for x in beside for y in below)


def test_an_axis_around_values_keeps_inside_what_can_be() -> None:
    share = around([0.5, 1.2, nan, -0.1], share=True)
    assert (share.low, share.high, share.percent) == (0.0, 1.0, True)
    error = around([2.0, 4.0], low=0.0)
    assert error.low == pytest.approx(1.88)  # 0.06 of the range of 2
    assert error.high == pytest.approx(4.12)
    alone = around([0.5], share=True)
    assert (alone.low, alone.high) == pytest.approx((0.49, 0.51))
