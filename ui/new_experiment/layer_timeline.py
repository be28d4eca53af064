"""Which block learns in which epoch at which rate: one lane per block over the whole training."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.comparison.wording import count
from ui import theme
from ui.figures.block_picture import treatment_colour
from ui.new_experiment.layer_view import LayerView
from ui.widgets.text import Pointed

LANE, NAMES, PEAKS, AXIS = 22, 132, 120, 22
DECADES = 4.0  # from the highest rate down to the foot of a lane


class LayerTimeline(Pointed):
    """Heights are logarithmic: a lane's foot is a ten-thousandth of the highest rate in the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: LayerView | None = None
        self._lanes: dict[str, list[tuple[float, float]]] = {}
        self.setFont(theme.font("small", tabular=True))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("When each block learns")

    def show_view(self, view: LayerView) -> None:
        self._view = view
        self._lanes = {block: view.lane(block) for block in view.table}
        said = (f"{view.titles[block]}: {self._words(block)}" for block in view.table)
        self.setAccessibleDescription("; ".join(said))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(560, len(self._lanes) * LANE + AXIS)

    minimumSizeHint = sizeHint

    def _words(self, block: str) -> str:
        """ "from epoch 5 of 40, learning rate 0.001"."""
        assert self._view is not None
        lane = self._lanes[block]
        if not lane:
            return "never learns"
        return f"from epoch {int(lane[0][0]) + 1} of {self._view.epochs}, learning rate {self._view.rate_words(block)}"

    def paintEvent(self, event: QPaintEvent) -> None:
        view = self._view
        if view is None or not view.epochs:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = max((rate for lane in self._lanes.values() for _, rate in lane), default=1.0)
        for number, block in enumerate(view.table):
            self._paint_lane(painter, block, number * LANE, top)
        self._paint_axis(painter, len(view.table) * LANE)

    def _x(self, epoch: float) -> float:
        assert self._view is not None
        return NAMES + (self.width() - NAMES - PEAKS) * epoch / self._view.epochs

    def _paint_lane(self, painter: QPainter, block: str, y: int, top: float) -> None:
        assert self._view is not None
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        lane, box = self._lanes[block], QRectF(NAMES, y + 2, self.width() - NAMES - PEAKS, LANE - 4)
        painter.setPen(theme.colour("text" if lane else "muted"))
        short = self.fontMetrics().elidedText(self._view.titles[block], Qt.TextElideMode.ElideRight, NAMES - 8)
        painter.drawText(QRectF(0, y, NAMES - 8, LANE), middle, short)
        painter.setPen(theme.colour("text" if lane else "faint"))
        words = self._view.rate_words(block) if lane else "frozen"
        painter.drawText(QRectF(self.width() - PEAKS + 8, y, PEAKS - 8, LANE), middle, words)
        painter.setPen(QPen(theme.colour("grid"), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        if lane:
            self._paint_area(painter, box, lane, top, treatment_colour(self._view.treatments[block]))

    def _paint_area(
        self, painter: QPainter, box: QRectF, lane: list[tuple[float, float]], top: float, hue: QColor
    ) -> None:
        line = [QPointF(self._x(epoch), box.bottom() - box.height() * height(rate, top)) for epoch, rate in lane]
        foot = [QPointF(line[-1].x(), box.bottom()), QPointF(line[0].x(), box.bottom())]
        tint = QColor(hue)
        tint.setAlphaF(0.28)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        painter.drawPolygon(QPolygonF([*line, *foot]))
        painter.setPen(QPen(hue, 1.5))
        painter.drawPolyline(QPolygonF([foot[1], *line]))

    def _paint_axis(self, painter: QPainter, y: int) -> None:
        """Epochs at the ends and where a stage begins."""
        assert self._view is not None
        ends, first = [0], 0
        for stage in self._view.method.stages():
            first += stage.epochs
            ends.append(first)
        painter.setPen(QPen(theme.colour("faint"), 1, Qt.PenStyle.DashLine))
        for end in ends[1:-1]:
            painter.drawLine(QPointF(self._x(end), 0), QPointF(self._x(end), y))
        painter.setPen(theme.colour("muted"))
        for end in ends:
            text = count(end, "epochs") if end == ends[-1] else str(end)
            width = self.fontMetrics().horizontalAdvance(text) + 4
            left = min(max(self._x(end) - width / 2, NAMES - 4.0), self.width() - width)
            painter.drawText(QRectF(left, y + 2, width, AXIS - 2), Qt.AlignmentFlag.AlignCenter, text)

    def words_at(self, at: QPointF) -> str:
        number = int(at.y()) // LANE
        if self._view is None or not 0 <= number < len(self._lanes):
            return ""
        block = list(self._lanes)[number]
        return f"{self._view.titles[block]}: {self._words(block)}"


def height(rate: float, top: float) -> float:
    """0..1 of a lane for this rate: 1 at the highest one, 0 at a ten-thousandth of it and below."""
    if rate <= 0 or top <= 0:
        return 0.0
    return min(1.0, max(0.0, 1 + math.log10(rate / top) / DECADES))
