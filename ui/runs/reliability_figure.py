"""How often answers are right against how sure they were: before and after the temperature, with counts per bin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.comparison.reliability import BINS, Reliability
from engine.comparison.wording import count, percent, with_interval
from ui import theme
from ui.figures.painted import PaintedFigure, line_height
from ui.figures.painted_axes import Axis, Plot, paint_axes, plot_in

GAP, HISTOGRAM, BESIDE = 12.0, 26.0, 10.0  # pixels between the plots, of the counts above, right of each for words
FEW = 10  # images of a bin below which its share is drawn pale
BEFORE, AFTER = "As the network gives it", "Calibrated"


class ReliabilityFigure(PaintedFigure):
    """Two plots beside each other: bars on the diagonal say what is true. Above each how many images a bin holds."""

    usual, least = QSize(560, 280), QSize(300, 240)

    def __init__(self) -> None:
        super().__init__("Share that is right by how sure the answer was")
        self._shown: tuple[tuple[str, Reliability], ...] = ()
        self._run_id = 0
        self.setMouseTracking(True)

    def show_values(self, before: Reliability, after: Reliability, run_id: int) -> None:
        self._shown, self._run_id = ((BEFORE, before), (AFTER, after)), run_id
        said = (f"{title}: calibration error {with_interval(one.error)}" for title, one in self._shown)
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def figure_size(self) -> QSize:
        return super().figure_size().expandedTo(QSize(640, 340))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        heads = ["probabilities", "above", "up to", "examples", "mean confidence", "share right"]
        rows = [
            [title, place / BINS, (place + 1) / BINS, int(one.counts[place]), *shares(one, place)]
            for title, one in self._shown
            for place in range(BINS)
        ]
        return heads, rows

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        self.marks = []
        width = (size.width() - GAP) / 2
        for place, (title, one) in enumerate(self._shown):
            painter.save()
            left = place * (width + GAP)
            painter.translate(left, 0)
            self._paint_one(painter, QSizeF(width, size.height()), title, one, left)
            painter.restore()

    def _paint_one(self, painter: QPainter, size: QSizeF, title: str, one: Reliability, left: float) -> None:
        heading = line_height("small") + 6
        painter.setFont(theme.font("small", bold=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(0, 0, size.width(), heading), int(Qt.AlignmentFlag.AlignLeft), title)
        above = heading + HISTOGRAM
        painter.translate(0, above)
        percents = Axis(0.0, 1.0, percent=True)
        plot = plot_in(size.width() - BESIDE, size.height() - above, percents, percents, "right")
        paint_axes(painter, plot, "how sure")
        self._paint_bars(painter, plot, one, QPointF(left, above))
        painter.setPen(QPen(theme.colour("muted"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(plot.point(0.0, 0.0), plot.point(1.0, 1.0))

    def _paint_bars(self, painter: QPainter, plot: Plot, one: Reliability, origin: QPointF) -> None:
        """Each bin's share that is right, its mean confidence as a line across, above the plot its count."""
        most = max(1, int(one.counts.max()))
        for place in map(int, one.counts.nonzero()[0]):
            colour, images = theme.run_colour(self._run_id), int(one.counts[place])
            colour.setAlphaF(0.3 if images < FEW else 0.75)
            start, end = plot.point(place / BINS, float(one.right[place])), plot.point((place + 1) / BINS, 0.0)
            bar = QRectF(start, end).adjusted(1, 0, -1, 0)
            painter.fillRect(bar, colour)
            level = plot.height(float(one.confidence[place]))
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.drawLine(QPointF(bar.left(), level), QPointF(bar.right(), level))
            high = max(1.0, (HISTOGRAM - 4) * images / most)
            painter.fillRect(QRectF(bar.left(), -2 - high, bar.width(), high), theme.colour("faint"))
            box = QRectF(bar.left(), -HISTOGRAM, bar.width(), plot.area.bottom() + HISTOGRAM)
            self.marks.append((box.translated(origin), said(one, place)))


def shares(one: Reliability, place: int) -> tuple[float | str, float | str]:
    """Mean confidence and share that is right of a bin; empty where it holds no image."""
    return (float(one.confidence[place]), float(one.right[place])) if one.counts[place] else ("", "")


def said(one: Reliability, place: int) -> str:
    """ "Above 80 % up to 87 %: 53 test images, 71.7 % of them right; on average they were 84.1 % sure"."""
    ends = f"Above {percent(place / BINS, 0)} up to {percent((place + 1) / BINS, 0)}"
    images = count(int(one.counts[place]), "examples", "test ")
    right, sure = percent(float(one.right[place])), percent(float(one.confidence[place]))
    return f"{ends}: {images}, {right} right; on average {sure} sure"
