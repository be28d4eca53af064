"""A sheet of paper to draw on with mouse or pen: black ink on white, in the dark too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QTabletEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme

PAPER, INK = QColor("white"), QColor("black")
LEAST, USUAL = 120, 220  # pixels on a side of the paper
LIGHTEST = 0.3  # of a stroke's width, where the pen hardly touches

Point = tuple[float, float, float]  # x and y as shares of the paper's side, and the pressure
Line = tuple[Point, ...]


class DrawingPad(QWidget):
    """drawn: a stroke is done, or taken back. strokes: from the first to the last. width: of one, as a share of the
    paper's side."""

    drawn = Signal()

    def __init__(self, width: float) -> None:
        super().__init__()
        self.strokes: list[Line] = []
        self._width, self._now = width, list[Point]()
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumSize(LEAST, LEAST)
        self.setAccessibleName("Drawing pad")
        self.setAccessibleDescription("Draw with mouse or pen. Ctrl+Z takes the last stroke back, Delete all of them.")

    @property
    def is_empty(self) -> bool:
        return not self.strokes

    def undo(self) -> None:
        """Take the last stroke back."""
        if self.strokes:
            self.strokes.pop()
            self._say()

    def clear(self) -> None:
        if self.strokes:
            self.strokes.clear()
            self._say()

    def ink(self, side: int) -> np.ndarray:
        """uint8 [side, side]: what is drawn, black on white, with smooth edges."""
        image = QImage(side, side, QImage.Format.Format_Grayscale8)
        image.fill(PAPER)
        painter = QPainter(image)
        self._paint_strokes(painter, QRectF(0, 0, side, side))
        painter.end()
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(side, image.bytesPerLine())
        return rows[:, :side].copy()

    # Drawing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._begin(event.position(), 1.0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_on(event.position(), 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._end()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen's pressure makes a stroke wider; one that tells none draws as a mouse."""
        pressure = event.pressure() or 1.0
        match event.type():
            case QTabletEvent.Type.TabletPress:
                self._begin(event.position(), pressure)
            case QTabletEvent.Type.TabletMove if self._now:
                self._go_on(event.position(), pressure)
            case QTabletEvent.Type.TabletRelease:
                self._end()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Z and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.undo()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        else:
            super().keyPressEvent(event)

    def _begin(self, at: QPointF, pressure: float) -> None:
        self._now = [self._point(at, pressure)]
        self.update()

    def _go_on(self, at: QPointF, pressure: float) -> None:
        if self._now:
            self._now.append(self._point(at, pressure))
            self.update()

    def _end(self) -> None:
        if self._now:
            self.strokes.append(tuple(self._now))
            self._now = []
            self._say()

    def _say(self) -> None:
        self.update()
        self.drawn.emit()

    def _point(self, at: QPointF, pressure: float) -> Point:
        paper = self._paper()
        return ((at.x() - paper.left()) / paper.width(), (at.y() - paper.top()) / paper.width(), pressure)

    # Looks

    def sizeHint(self) -> QSize:
        return QSize(USUAL, USUAL)

    def heightForWidth(self, width: int) -> int:
        return width

    def _paper(self) -> QRectF:
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, paper = QPainter(self), self._paper()
        painter.fillRect(paper, PAPER)
        painter.setClipRect(paper)
        self._paint_strokes(painter, paper)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("accent" if self.hasFocus() else "border"), 1))
        painter.drawRect(paper.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_strokes(self, painter: QPainter, paper: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for stroke in (*self.strokes, tuple(self._now)):
            for one, other in pieces(stroke):
                width = self._width * paper.width() * (LIGHTEST + (1 - LIGHTEST) * other[2])
                pen = QPen(INK, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
                painter.setPen(pen)
                if one is other:
                    painter.drawPoint(placed(one, paper))
                else:
                    painter.drawLine(placed(one, paper), placed(other, paper))


def pieces(stroke: Line) -> Iterator[tuple[Point, Point]]:
    """Straight pieces; of a single point the point itself, which is a dot."""
    return iter(zip(stroke, stroke, strict=True)) if len(stroke) == 1 else pairwise(stroke)


def placed(point: Point, paper: QRectF) -> QPointF:
    return QPointF(paper.left() + point[0] * paper.width(), paper.top() + point[1] * paper.width())
