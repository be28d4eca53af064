"""The loss of a learning-rate range test, with a marker that is dragged, clicked or moved with the arrow keys."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from engine.advice.rate_range import HIGHEST, LOWEST, RatePoint
from ui import theme
from ui.figures.painted import PaintedFigure
from ui.figures.painted_axes import Axis, Plot, around, brief, paint_axes, plot_in

RATES = Axis(LOWEST, HIGHEST, log=True)
KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
PER_KEY = 0.05  # decades that an arrow key moves the marker
WILD = 2.0  # times the first loss, above which the figure does not follow


class RateFigure(PaintedFigure):
    """picked(rate): the person chose a rate. The marker stays where `set_rate` puts it."""

    picked = Signal(float)

    usual, least = QSize(520, 260), QSize(320, 200)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss against learning rate", parent)
        self._points: Sequence[RatePoint] = ()
        self.rate: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def set_points(self, points: Sequence[RatePoint]) -> None:
        self._points = points
        self.update()

    def set_rate(self, rate: float | None) -> None:
        self.rate = rate
        self.setAccessibleDescription(f"Chosen rate {brief(rate)}" if rate else "No rate is chosen.")
        self.update()

    def plot(self, size: QSizeF) -> Plot:
        top = WILD * self._points[0].smoothed if self._points else math.inf
        values = [min(value, top) for point in self._points for value in (point.loss, point.smoothed)]
        return plot_in(size.width(), size.height(), RATES, around(values), "Loss")

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        plot = self.plot(size)
        paint_axes(painter, plot, "Learning rate")
        painter.save()
        painter.setClipRect(plot.area.adjusted(0, -2, 0, 2))
        colour = theme.curve_colour(0)
        painter.setPen(QPen(theme.colour("faint"), 1))
        painter.drawPath(path_of([plot.point(point.rate, point.loss) for point in self._points]))
        painter.setPen(QPen(colour, 2))
        painter.drawPath(path_of([plot.point(point.rate, point.smoothed) for point in self._points]))
        painter.restore()
        if self.rate is not None:
            self._paint_marker(painter, plot, self.rate)

    def _paint_marker(self, painter: QPainter, plot: Plot, rate: float) -> None:
        x = plot.point(min(max(rate, LOWEST), HIGHEST), plot.y.low).x()
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawLine(QPointF(x, plot.area.top()), QPointF(x, plot.area.bottom()))
        painter.setBrush(theme.colour("accent"))
        painter.drawEllipse(QPointF(x, plot.area.top()), 5, 5)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        rows = [[point.rate, point.loss, point.smoothed] for point in self._points]
        return ["learning rate", "loss", "smoothed loss"], rows

    # The marker

    def _pick(self, x: float) -> None:
        area = self.plot(QSizeF(self.size())).area
        share = min(max((x - area.left()) / area.width(), 0.0), 1.0)
        self._choose(RATES.value(share))

    def _choose(self, rate: float) -> None:
        rate = float(f"{min(max(rate, LOWEST), HIGHEST):.2g}")
        self.set_rate(rate)
        self.picked.emit(rate)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._pick(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._pick(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = KEYS.get(Qt.Key(event.key()))
        if way is None or self.rate is None:
            super().keyPressEvent(event)
        else:
            self._choose(self.rate * 10 ** (way * PER_KEY))


def path_of(points: Sequence[QPointF]) -> QPainterPath:
    """A line through these points."""
    path = QPainterPath()
    for place, point in enumerate(points):
        (path.lineTo if place else path.moveTo)(point)
    return path
