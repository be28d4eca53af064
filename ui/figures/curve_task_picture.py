"""One curve task: the truth, the points that are given, the prediction before and after each inner step (pale to bold),
and a band where the method says how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import number
from ui import theme
from ui.figures.curve_reading import CurveTask, Prediction, Values, after_words, curve_task_of, error_words, shown
from ui.figures.line_chart import fill_between
from ui.figures.painted import PaintedFigure, draw_elided, line_height
from ui.figures.painted_axes import Axis, Plot, paint_axes, plot_in

TITLE = "Prediction of a curve"
PALEST, BAND = 0.3, 0.18  # opacity of the first prediction and of the band
NORMAL = 1.96  # standard deviations on both sides of a 95 % band
DOT = 4.0
SWATCH, EDGE = 18.0, 4.0
LEVELS = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 6.0, 10.0)  # where the vertical axis may end


class CurveTaskPicture(PaintedFigure):
    """`show_task` draws a task of the gallery; None empties the picture."""

    usual, least = QSize(360, 240), QSize(200, 150)

    def __init__(self, parent: QWidget | None = None, legend: bool = True) -> None:
        super().__init__(TITLE, parent)
        self.legend = legend
        self._task: CurveTask | None = None
        self._plot: Plot | None = None

    def show_task(self, task: dict[str, Any] | None) -> None:
        """task: {"x", "truth", "support_x", "support_y", "predictions"}; KeyError where a part is missing."""
        self._task = None if task is None else curve_task_of(task)
        self._plot = None
        self.setAccessibleDescription("" if self._task is None else description(self._task))
        self.update()

    def figure_size(self) -> QSize:
        return self.size().expandedTo(QSize(480, 340))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        task = self._task
        if task is None:
            return [], []
        heads, columns = ["x", "truth"], [task.x, task.truth]
        for one in task.predictions:
            heads.append(after_words(one.steps))
            columns.append(one.y)
            if one.deviation is not None:
                heads.append(f"deviation {after_words(one.steps)}")
                columns.append(one.deviation)
        return heads, [[float(value) for value in row] for row in np.stack(columns, axis=1)]

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        task = self._task
        if task is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.translate(EDGE, EDGE)
        width, height = size.width() - 2 * EDGE, size.height() - 2 * EDGE
        top = paint_legend(painter, width, task) if self.legend else 0.0
        painter.translate(0, top)
        plot = plot_in(width, height - top, Axis(float(task.x[0]), float(task.x[-1])), heights(task))
        paint_axes(painter, plot, "x")
        paint_task(painter, plot, task)
        painter.restore()
        self._plot = Plot(plot.area.translated(EDGE, top + EDGE), plot.x, plot.y)

    def words_at(self, at: QPointF) -> str:
        """The numbers at this place, "" outside the curves."""
        if self._task is None or self._plot is None or not self._plot.area.contains(at):
            return ""
        area, task = self._plot.area, self._task
        x = self._plot.x.value((at.x() - area.left()) / area.width())
        place = int(np.abs(task.x - x).argmin())
        lines = [f"x {number(float(task.x[place]))}", f"truth {number(float(task.truth[place]), 2)}"]
        alone = len(task.predictions) == 1
        lines += [
            f"{'prediction' if alone else after_words(one.steps)} {value_words(one, place)}"
            for one in shown(task.predictions)
        ]
        return "\n".join(lines)


def value_words(one: Prediction, place: int) -> str:
    """ "1.52", or "1.52 (1.12 to 1.92)" (95 %) with a deviation."""
    value = float(one.y[place])
    if one.deviation is None:
        return number(value, 2)
    half = NORMAL * float(one.deviation[place])
    return f"{number(value, 2)} ({number(value - half, 2)} to {number(value + half, 2)})"


def description(task: CurveTask) -> str:
    """E.g. "5 points given; squared error 3.12 → 0.41 after 10 steps"."""
    return f"{len(task.support_x)} points given; {error_words(task)}"


def heights(task: CurveTask) -> Axis:
    """The same above and below 0: room for the truth and the points, and a half more for predictions beyond them."""
    known = float(np.abs(np.concatenate([task.truth, task.support_y])).max())
    wanted = np.abs(np.concatenate([one.y for one in task.predictions])) if task.predictions else np.array([known])
    most = max(1.05 * known, min(float(np.nanmax(wanted, initial=0.0)), 1.5 * known))
    end = next((level for level in LEVELS if level >= most), most)
    return Axis(-end, end)


def paint_task(painter: QPainter, plot: Plot, task: CurveTask) -> None:
    """Band, truth, predictions from pale to bold, and the given points on top, inside the plot."""
    painter.save()
    painter.setClipRect(plot.area.adjusted(-DOT, 0, DOT, 0))
    paint_band(painter, plot, task)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(truth_pen())
    painter.drawPath(path(plot, task.x, task.truth))
    drawn = shown(task.predictions)
    for place, one in enumerate(drawn):
        painter.setPen(prediction_pen(place, len(drawn)))
        painter.drawPath(path(plot, task.x, one.y))
    painter.setPen(QPen(theme.colour("card"), 1.5))
    painter.setBrush(theme.colour("text"))
    for x, y in zip(task.support_x, task.support_y, strict=True):
        painter.drawEllipse(plot.point(float(x), float(y)), DOT, DOT)
    painter.restore()


def paint_band(painter: QPainter, plot: Plot, task: CurveTask) -> None:
    """Where the truth lies with 95 % certainty, says the last prediction."""
    last = task.predictions[-1] if task.predictions else None
    if last is None or last.deviation is None or not np.isfinite(last.y + last.deviation).all():
        return
    above, below = last.y + NORMAL * last.deviation, last.y - NORMAL * last.deviation
    upper = [plot.point(float(x), float(y)) for x, y in zip(task.x, above, strict=True)]
    lower = [plot.point(float(x), float(y)) for x, y in zip(task.x, below, strict=True)]
    fill_between(painter, upper, lower, theme.curve_colour(0), BAND)


def truth_pen() -> QPen:
    return QPen(theme.colour("faint"), 1.5, Qt.PenStyle.DashLine)


def prediction_pen(place: int, count: int) -> QPen:
    """The pen of a prediction: the first pale and thin, the last bold."""
    share = 1.0 if count == 1 else place / (count - 1)
    colour = QColor(theme.curve_colour(0))
    colour.setAlphaF(PALEST + (1 - PALEST) * share**1.5)
    return QPen(colour, 2.4 if share == 1.0 else 1.3)


def path(plot: Plot, x: Values, y: Values) -> QPainterPath:
    """A line with gaps where y is not a number."""
    line, joined = QPainterPath(), False
    for across, up in zip(x, y, strict=True):
        if not np.isfinite(up):
            joined = False
            continue
        at = plot.point(float(across), float(np.clip(up, -1e6, 1e6)))
        if joined:
            line.lineTo(at)
        else:
            line.moveTo(at)
        joined = True
    return line


def paint_legend(painter: QPainter, width: float, task: CurveTask) -> float:
    """What the lines are, as many as fit in one row, and the errors in another; returns the height used."""
    painter.setFont(theme.font("small", tabular=True))
    metrics = QFontMetricsF(painter.font())
    line = line_height("small")
    painter.setPen(theme.colour("muted"))
    words = error_words(task).capitalize()
    if metrics.horizontalAdvance(words) > width:
        words = words.partition(" after")[0]
    draw_elided(painter, 0, metrics.ascent(), width, words)
    left, middle = 0.0, 1.5 * line + 2
    for words, pen in legend(task):
        room = SWATCH + 4 + metrics.horizontalAdvance(words) + 12
        if left + room - 12 > width:
            break
        paint_swatch(painter, QRectF(left, middle - line / 2, SWATCH, line), pen)
        painter.setPen(theme.colour("muted"))
        painter.drawText(QPointF(left + SWATCH + 4, middle + metrics.capHeight() / 2), words)
        left += room
    return 2 * line + 4


def legend(task: CurveTask) -> list[tuple[str, QPen | None]]:
    """(words, pen) of each line, the most telling first; the pen of the given points is None."""
    drawn = shown(task.predictions)
    named = [(after_words(one.steps), prediction_pen(place, len(drawn))) for place, one in enumerate(drawn)]
    if len(named) == 1:
        named = [("prediction", named[0][1])]
    ends = named if len(named) < 2 else [named[0], named[-1]]
    return [("truth", truth_pen()), *reversed(ends), ("given", None)]


def paint_swatch(painter: QPainter, box: QRectF, pen: QPen | None) -> None:
    """A piece of the line, or one of the points."""
    if pen is None:
        painter.setPen(QPen(theme.colour("card"), 1.5))
        painter.setBrush(theme.colour("text"))
        painter.drawEllipse(box.center(), DOT, DOT)
        return
    painter.setPen(pen)
    painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.right(), box.center().y()))
