"""A small curve of the learning rate over the whole training: the schedule in each stage, with its peak."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.comparison.wording import compact, count
from engine.tuning.method import Stage
from engine.tuning.schedules import preview
from ui import theme

HEAD, ROOM, FOOT = 16, 44, 16
LEAST = 0.2  # of the width, so that a short stage can still be seen


class ScheduleCurve(QWidget):
    """Each stage fills the height with its own peak, which stands above it; below are the epochs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stages: tuple[Stage, ...] = ()
        self._schedule, self._minutes = "constant", 0.0
        self.setFont(theme.font("small", tabular=True))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Learning rate over the training")

    def show_schedule(self, schedule: str, stages: Sequence[Stage], minutes: float = 0.0) -> None:
        """minutes: the last stage goes on until they are over, whatever its epochs; 0 when the epochs count."""
        self._schedule, self._stages, self._minutes = schedule, tuple(stages), minutes
        words = self.words()
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.setVisible(bool(stages))
        self.update()

    def words(self) -> str:
        """ "cosine: peak 0.01 over 100 epochs, then peak 0.0001 over 20 epochs"."""
        lengths = [count(stage.epochs, "epochs") for stage in self._stages]
        if self._minutes and lengths:
            lengths[-1] = f"what is left of {self._minutes:g} min" if len(lengths) > 1 else f"{self._minutes:g} min"
        parts = [f"peak {compact(s.learning_rate, 3)} over {n}" for s, n in zip(self._stages, lengths, strict=True)]
        return f"{self._schedule}: {', then '.join(parts)}"

    def sizeHint(self) -> QSize:
        return QSize(200, HEAD + ROOM + FOOT)

    minimumSizeHint = sizeHint

    def shares(self) -> list[float]:
        """How much of the width each stage takes."""
        total = sum(stage.epochs for stage in self._stages)
        parts = [max(LEAST, stage.epochs / total) for stage in self._stages]
        return [part / sum(parts) for part in parts]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, first = 0.0, 0
        for stage, share in zip(self._stages, self.shares(), strict=True):
            box = QRectF(left, HEAD, share * (self.width() - 1), ROOM)
            self._paint_stage(painter, box, stage)
            if first:
                painter.setPen(QPen(theme.colour("faint"), 1, Qt.PenStyle.DashLine))
                painter.drawLine(box.topLeft(), box.bottomLeft())
            self._write(painter, QPointF(left, HEAD + ROOM + 1), str(first) if first else "Epoch 0", first > 0)
            left, first = box.right(), first + stage.epochs
        last = f"{self._minutes:g} min" if self._minutes else str(first)
        width = self.fontMetrics().horizontalAdvance(last)
        self._write(painter, QPointF(self.width() - width, HEAD + ROOM + 1), last)

    def _paint_stage(self, painter: QPainter, box: QRectF, stage: Stage) -> None:
        values = preview(self._schedule, max(2, int(box.width())))
        step = box.width() / (len(values) - 1)
        line = [QPointF(box.left() + i * step, box.bottom() - v * (ROOM - 2)) for i, v in enumerate(values)]
        painter.setPen(QPen(theme.colour("grid"), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.setPen(QPen(theme.curve_colour(0), 1.75))
        painter.drawPolyline(QPolygonF(line))
        room = QRectF(box.left() + 3, 0, box.width() - 4, HEAD)
        painter.setPen(theme.colour("text"))
        words = f"peak {compact(stage.learning_rate, 3)}"
        if self.fontMetrics().horizontalAdvance(words) > room.width():
            words = compact(stage.learning_rate, 3)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)

    def _write(self, painter: QPainter, at: QPointF, text: str, centred: bool = False) -> None:
        width = self.fontMetrics().horizontalAdvance(text)
        painter.setPen(theme.colour("muted"))
        left = at.x() - width / 2 if centred else at.x()
        painter.drawText(QRectF(left, at.y(), width + 2, FOOT), Qt.AlignmentFlag.AlignVCenter, text)
