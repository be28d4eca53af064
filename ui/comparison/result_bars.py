"""Test results side by side: a point with its 95 % interval, each seed as a small mark, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.comparison.intervals import Interval
from engine.comparison.wording import ACCURACY, is_share
from engine.metrics import of as metric_of
from engine.metrics import title
from engine.metrics import words as metric_words
from ui import theme
from ui.comparison.sides import Comparison, Side
from ui.figures.painted import PaintedFigure, draw_elided, line_height
from ui.figures.painted_axes import Axis, Plot, around

SIDE_MARGIN = 10.0
STRIP = 22.0  # height of the line with the interval
GAP = 12.0  # between two sides
APART = 70.0  # pixels from one tick to the next


class ResultBars(PaintedFigure):
    """The test figures of a comparison."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Results on the test set", parent)
        self._comparison: Comparison | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_comparison(self, comparison: Comparison) -> None:
        self._comparison = comparison
        said = "; ".join(f"{side.title} {value_text(side)}, {side.basis}, {side.protocol}" for side in comparison.sides)
        self.setAccessibleDescription(said)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        count = len(self._comparison.sides) if self._comparison else 1
        return QSize(320, round(bars_height(count)))

    def minimumSizeHint(self) -> QSize:
        return QSize(260, self.sizeHint().height())

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        if self._comparison is not None:
            paint_bars(painter, size.width(), self._comparison)

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        metric = shared_metric(self._comparison) if self._comparison else ACCURACY
        heads = ["side", metric_words(metric), "low", "high", "interval", "seeds", "rests on", "protocol"]
        return heads, [row_of(side) for side in self._comparison.sides] if self._comparison else []

    def words_at(self, at: QPointF) -> str:
        """In full what may be cut in the line below a bar."""
        sides, place = self._comparison.sides if self._comparison else (), int(at.y() // row_height())
        return tip(sides[place]) if place < len(sides) else ""


def row_of(side: Side) -> list[object]:
    """One line of the numbers behind the figure."""
    shown = side.interval or Interval(float("nan"), float("nan"), float("nan"), 0)
    seeds = " ".join(str(run.row.experiment.seed) for run, _ in side.tested)
    about = side.arm.basis if side.tested else ""
    return [side.title, shown.value, shown.low, shown.high, about, seeds, side.basis, side.protocol]


def tip(side: Side) -> str:
    """Everything a bar says, one fact per line."""
    return "\n".join([f"{side.title}: {value_text(side)}", *side.basis.split(" · "), *side.protocol.split(" · ")])


def value_text(side: Side) -> str:
    return side.figure or "not tested"


def shared_metric(comparison: Comparison) -> str:
    """What the axis shows: errors where any side has one, else accuracy."""
    found = [side.metric for side in comparison.sides if side.tested]
    return next((metric for metric in found if not is_share(metric)), found[0] if found else ACCURACY)


def figure_heading(comparison: Comparison) -> str:
    """ "Test accuracy" or "Test error"."""
    return title(shared_metric(comparison))


def row_height() -> float:
    """Pixels one side takes: its name, its line, what it rests on."""
    return line_height(bold=True) + STRIP + 2 * line_height("small") + GAP


def bars_height(count: int) -> float:
    """Pixels for so many sides and the axis below."""
    return count * row_height() + line_height("small") + 8


def shared_plot(comparison: Comparison, width: float) -> Plot:
    """From just below the lowest to just above the highest of all intervals and seeds, inside 0 and 1 for shares."""
    values = [value for side in comparison.sides for value in extent(side)]
    measured = metric_of(shared_metric(comparison))
    across = around(values, measured.is_share, measured.limits[0])
    area = QRectF(SIDE_MARGIN, 0, width - 2 * SIDE_MARGIN, len(comparison.sides) * row_height())
    return Plot(area, across, Axis(0.0, 1.0))


def extent(side: Side) -> list[float]:
    """Everything the scale has to show of one side."""
    if side.interval is None:
        return []
    ends = [side.interval.low, side.interval.high] if side.interval.known else []
    return ends + [result.value for _, result in side.tested]


def paint_bars(painter: QPainter, width: float, comparison: Comparison) -> None:
    """All sides under each other over one axis, from the painter's origin."""
    plot = shared_plot(comparison, width)
    paint_grid(painter, plot)
    for place, side in enumerate(comparison.sides):
        paint_side(painter, plot, place * row_height(), width, side, side is comparison.base)


def paint_grid(painter: QPainter, plot: Plot) -> None:
    painter.setFont(theme.font("small", tabular=True))
    metrics, bottom = QFontMetricsF(painter.font()), plot.area.bottom()
    for share, words in plot.x.ticks(plot.area.width(), APART):
        x, half = plot.across(share), metrics.horizontalAdvance(words) / 2
        painter.setPen(QPen(theme.colour("grid"), 1))
        painter.drawLine(QPointF(x, 0), QPointF(x, bottom))
        painter.setPen(theme.colour("muted"))
        x = min(max(x, half), plot.area.right() + SIDE_MARGIN - half)
        painter.drawText(QPointF(x - half, bottom + metrics.ascent() + 4), words)


def paint_side(painter: QPainter, plot: Plot, top: float, width: float, side: Side, is_base: bool) -> None:
    """Name and figure on the first line, the interval on the second, what it rests on on the third."""
    bold = theme.font(bold=True, tabular=True)
    value, metrics = value_text(side), QFontMetricsF(bold)
    painter.setFont(bold)
    painter.setPen(theme.colour("text"))
    room = metrics.horizontalAdvance(value)
    painter.drawText(QPointF(width - room, top + metrics.ascent()), value)
    title = side.title + (" (base)" if is_base else "")
    draw_elided(painter, 0, top + metrics.ascent(), width - room - 12, title, name=True)
    paint_interval(painter, plot, top + metrics.height() + STRIP / 2, side)
    painter.setFont(theme.font("small", tabular=True))
    painter.setPen(theme.colour("muted"))
    below = top + metrics.height() + STRIP + QFontMetricsF(painter.font()).ascent()
    draw_elided(painter, 0, below, width, side.basis)
    draw_elided(painter, 0, below + line_height("small"), width, side.protocol)


def paint_interval(painter: QPainter, plot: Plot, y: float, side: Side) -> None:
    """The interval as a line with ends, each seed as a hollow mark, the mean as a filled point."""
    painter.setPen(QPen(theme.colour("grid"), 1))
    painter.drawLine(QPointF(plot.area.left(), y), QPointF(plot.area.right(), y))
    if side.interval is None or not isfinite(side.interval.value):
        return
    colour = theme.curve_colour(side.colour)
    if side.interval.known:
        shown = side.interval.within(plot.x.low, plot.x.high)
        left, right = (plot.across(plot.x.share(end)) for end in (shown.low, shown.high))
        style = Qt.PenStyle.DashLine if side.dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, 2, style))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        painter.setPen(QPen(colour, 2))
        for end in (left, right):
            painter.drawLine(QPointF(end, y - 5), QPointF(end, y + 5))
    if len(side.tested) > 1:
        painter.setPen(QPen(colour, 1))
        painter.setBrush(theme.colour("page"))
        for result in (result for _, result in side.tested if isfinite(result.value)):
            painter.drawEllipse(QPointF(plot.across(plot.x.share(result.value)), y), 3, 3)
    painter.setPen(QPen(theme.colour("page"), 1.5))
    painter.setBrush(colour)
    point = QPointF(plot.across(plot.x.share(side.interval.value)), y)
    if side.dashed:
        painter.drawRect(QRectF(point.x() - 5, point.y() - 5, 10, 10))
    else:
        painter.drawEllipse(point, 6, 6)
