"""Loss or accuracy on the straight line between two networks, with the chord that a barrier rises above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.comparison.intervals import Interval
from engine.comparison.wording import number, percent
from engine.landscape.barriers import PARTS, LossLine
from ui import theme
from ui.figures.drawing import arm_pen
from ui.figures.line_chart import ChartLine, LineChart
from ui.figures.painted import PaintedFigure, line_height
from ui.figures.painted_axes import Axis, Plot, around

TITLES = {"train": "Training examples", "test": "Test examples"}
BETWEEN = (0.0, 1.0)


class LineFigure(PaintedFigure):
    """`show_line` draws what is known of it so far."""

    usual, least = QSize(640, 340), QSize(300, 220)

    def __init__(self) -> None:
        super().__init__("The line between two networks")
        self.line: LossLine | None = None
        self.figure = "loss"
        self.setMouseTracking(True)

    def show_line(self, line: LossLine | None, figure: str) -> None:
        """figure: "loss" or "accuracy"."""
        self.line, self.figure = line, figure
        if line is not None:
            self.title = f"From {line.titles[0]} to {line.titles[1]}"
            self.setAccessibleName(self.title)
        self.update()

    def values(self, part: str) -> np.ndarray:
        assert self.line is not None
        return self.line.loss(part) if self.figure == "loss" else self.line.accuracy(part)

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        heads = ["alpha", *(f"{part} {figure}" for part in PARTS for figure in ("loss", "accuracy"))]
        if self.line is None:
            return heads, []
        columns = [kind(part) for part in PARTS for kind in (self.line.loss, self.line.accuracy)]
        return heads, zip(self.line.alphas.tolist(), *(column.tolist() for column in columns), strict=True)

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        self.marks = []
        if self.line is None or not self.line.known.any():
            return
        heading = line_height("small") + 4
        chart = self._chart(self.line)
        inner = QSizeF(size.width(), size.height() - heading)
        painter.translate(0, heading)
        plot = chart.plot(inner)
        self._paint_ends(painter, plot, self.line)
        marks = chart.paint(painter, inner)
        self._paint_chord(painter, plot)
        self.marks = [(box.translated(0, heading), words) for box, words in marks]

    def _chart(self, line: LossLine) -> LineChart:
        known = np.concatenate([self.values(part)[line.known] for part in PARTS])
        y = around(known.tolist(), share=self.figure == "accuracy", low=0.0)
        x = Axis(float(line.alphas[0]), float(line.alphas[-1]))
        lines = [self._line(line, part, place) for place, part in enumerate(PARTS)]
        up = "accuracy" if self.figure == "accuracy" else "loss (cross-entropy)"
        return LineChart(lines, x, y, "α, the share of the second network", up)

    def _line(self, line: LossLine, part: str, place: int) -> ChartLine:
        form = percent if self.figure == "accuracy" else _loss
        points = [
            (float(alpha), _bare(value), f"α = {alpha:g}: {form(value)} on {TITLES[part].lower()}")
            for alpha, value in zip(line.alphas, self.values(part).tolist(), strict=True)
            if np.isfinite(value)
        ]
        return ChartLine(TITLES[part], arm_pen(place), points, square=part == "test")

    def _paint_chord(self, painter: QPainter, plot: Plot) -> None:
        """The straight line between the ends, for each part."""
        assert self.line is not None
        for place, part in enumerate(PARTS):
            ends = [float(self.values(part)[np.argmin(np.abs(self.line.alphas - end))]) for end in BETWEEN]
            if np.isfinite(ends).all():
                pen = QPen(arm_pen(place).color(), 1, Qt.PenStyle.DashLine)
                painter.setPen(pen)
                painter.drawLine(plot.point(0.0, ends[0]), plot.point(1.0, ends[1]))

    def _paint_ends(self, painter: QPainter, plot: Plot, line: LossLine) -> None:
        """Where the two networks are, with their names above."""
        painter.setFont(theme.font("small"))
        metrics, middle = QFontMetricsF(painter.font()), plot.point(0.5, plot.y.low).x()
        for end, title in zip(BETWEEN, line.titles, strict=True):
            x = plot.point(end, plot.y.low).x()
            painter.setPen(QPen(theme.colour("muted"), 1))
            painter.drawLine(QPointF(x, plot.area.top()), QPointF(x, plot.area.bottom()))
            top = plot.area.top() - 2.5 * metrics.height() - 4  # above what the axis is called
            room = 2 * (middle - x if end == 0 else x - middle) - 12
            said = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, max(20.0, room))
            painter.setPen(theme.colour("text"))
            box = QRectF(x - room / 2, top, room, metrics.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), said)


def _loss(value: float) -> str:
    return number(value, 3)


def _bare(value: float) -> Interval:
    return Interval(value, np.nan, np.nan, 1)
