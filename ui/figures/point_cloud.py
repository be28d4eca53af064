"""Points of a plane by class: thousands, to be looked at closely, pointed at, walked through and caught in a loop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)  # fmt: skip
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.figures.part_of_plane import PartOfPlane
from ui.figures.stamped import as_image, four_bytes, stamped
from ui.widgets.text import Pointed

RADIUS, REACH, DRAG = 3.2, 12.0, 5.0  # pixels: of a point; from which it is hit; a click moves less
FAINT, NOTCH, STEP = 48, 1.2, 1.25  # alpha of what is not looked at; enlargement of a wheel's notch and of a key
SIDES = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip


class PointCloud(Pointed):
    """chosen(place): a point was chosen, -1 for none. caught: other points are in the loop, see `inside`.

    near: places of points that belong to the chosen one. marked: bool [n], with a ring. looked_at: classes that are not
    faint, all where it is empty. say: what is told of a point.
    """

    chosen = Signal(int)
    caught = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points, self.labels = np.zeros((0, 2), np.float32), np.zeros(0, np.int64)
        self.marked, self.inside = np.zeros(0, bool), np.zeros(0, bool)
        self.near: np.ndarray = np.zeros(0, np.int64)
        self.looked_at: frozenset[int] = frozenset()
        self.current = -1
        self.say: Callable[[int], str] = lambda place: ""
        self._colours: list[QColor] = []
        self._part, self._is_whole = PartOfPlane(), True
        self._layer: QImage | None = None
        self._loop: list[QPointF] = []
        self._drag: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)

    def sizeHint(self) -> QSize:
        return QSize(480, 400)

    # What is shown

    def show_points(self, points: np.ndarray, labels: np.ndarray, colours: list[QColor]) -> None:
        """Others than before, all of them in sight. colours: by class."""
        self.points, self.labels, self._colours = points, labels, colours
        self.marked, self.inside = np.zeros(len(points), bool), np.zeros(len(points), bool)
        self.near, self.current, self.looked_at = np.zeros(0, np.int64), -1, frozenset()
        self.show_whole()

    def move_points(self, points: np.ndarray) -> None:
        """The same points elsewhere; all stays in sight unless the person looks closer."""
        self.points = points
        if self._is_whole:
            self._part = PartOfPlane.whole(points, self._size())
        self.redraw()

    def show_whole(self) -> None:
        self._part, self._is_whole = PartOfPlane.whole(self.points, self._size()), True
        self.redraw()

    def look_at(self, classes: frozenset[int]) -> None:
        if classes != self.looked_at:
            self.looked_at = classes
            self.redraw()

    def choose(self, place: int) -> None:
        """-1 for none."""
        self.current = place
        self.near = np.zeros(0, np.int64)
        self.setAccessibleDescription(self.say(place) if place >= 0 else "")
        self.chosen.emit(place)
        self.update()

    def catch(self, inside: np.ndarray) -> None:
        """inside: bool [n]."""
        self.inside = inside
        self.redraw()
        self.caught.emit()

    def redraw(self) -> None:
        self._layer = None
        self.update()

    def at(self, point: QPointF) -> int:
        """The point that is seen there, -1 for none; of those that are looked at where some are."""
        if not len(self.points):
            return -1
        away = np.hypot(*(self.seen() - (point.x(), point.y())).T)
        away[~self._is_looked_at()] += REACH / 2
        found = int(away.argmin())
        return found if away[found] <= REACH else -1

    def seen(self) -> np.ndarray:
        """Where the points are, in pixels, [n, 2]."""
        return self._part.pixels(self.points, self._size())

    def words_at(self, at: QPointF) -> str:
        place = self.at(at)
        return self.say(place) if place >= 0 else ""

    def _size(self) -> QSizeF:
        return QSizeF(self.size())

    def _is_looked_at(self) -> np.ndarray:
        if not self.looked_at:
            return np.ones(len(self.labels), bool)
        return np.isin(self.labels, list(self.looked_at))

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("card"))
        if self._layer is None:
            self._layer = self._draw_points()
        painter.drawImage(0, 0, self._layer)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_chosen(painter)
        if len(self._loop) > 1:
            painter.setPen(QPen(theme.colour("accent"), 1.5, Qt.PenStyle.DashLine))
            painter.drawPolygon(QPolygonF(self._loop))
        painter.setPen(theme.colour("accent" if self.hasFocus() else "border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _draw_points(self) -> QImage:
        ratio = self.devicePixelRatioF()
        pixels = np.zeros((max(1, round(self.height() * ratio)), max(1, round(self.width() * ratio)), 4), np.uint8)
        if len(self.points):
            at, looked_at = self.seen() * ratio, self._is_looked_at()
            colours = four_bytes(self._colours)[self.labels]
            faint = colours.copy()
            faint[:, 3] = FAINT
            stamped(pixels, at[~looked_at], faint[~looked_at], RADIUS * ratio)
            for which, role, wider in ((self.marked & looked_at, "text", 1.8), (self.inside, "accent", 2.6)):
                ring = np.repeat(four_bytes([theme.colour(role)]), int(which.sum()), 0)
                stamped(pixels, at[which], ring, (RADIUS + wider) * ratio)
            stamped(pixels, at[looked_at], colours[looked_at], RADIUS * ratio)
        return as_image(pixels, ratio)

    def _draw_chosen(self, painter: QPainter) -> None:
        if self.current < 0:
            return
        seen = self.seen()
        here = QPointF(*seen[self.current])
        painter.setPen(QPen(theme.colour("muted"), 1))
        for place in self.near.tolist():
            painter.drawLine(here, QPointF(*seen[place]))
        painter.setPen(QPen(theme.colour("accent"), 2.5))
        painter.drawEllipse(QRectF(here - QPointF(8, 8), QSizeF(16, 16)))

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag = event.position()
        self._loop = [event.position()] if event.button() == Qt.MouseButton.LeftButton else []

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            return
        if self._loop:
            self._loop.append(event.position())
        else:
            self._part, self._is_whole = self._part.moved(event.position() - self._drag), False
            self._drag = event.position()
            self._layer = None
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        loop, self._loop, begun, self._drag = self._loop, [], self._drag, None
        if begun is None or not loop:
            return
        if max((point - begun).manhattanLength() for point in loop) < DRAG:
            self.choose(self.at(event.position()))
            return
        more = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        found = self._within(QPolygonF(loop))
        self.catch(self.inside | found if more else found)

    def _within(self, loop: QPolygonF) -> np.ndarray:
        """bool [n]: which points of those looked at are in a loop of pixels."""
        seen, around = self.seen(), loop.boundingRect()
        low, high = (around.left(), around.top()), (around.right(), around.bottom())
        found = ((seen >= low) & (seen <= high)).all(1) & self._is_looked_at()
        for place in np.flatnonzero(found).tolist():
            found[place] = loop.containsPoint(QPointF(*seen[place]), Qt.FillRule.OddEvenFill)
        return found

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_whole()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(NOTCH ** (event.angleDelta().y() / 120), event.position())

    def zoom(self, times: float, at: QPointF | None = None) -> None:
        """at: pixels that stay where they are, the chosen point or the middle where nothing is said."""
        if at is None:
            at = QPointF(*self.seen()[self.current]) if self.current >= 0 else QPointF(self.rect().center())
        whole = PartOfPlane.whole(self.points, self._size()).scale
        self._part, self._is_whole = self._part.zoomed(times, at, self._size(), whole), False
        self.redraw()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in SIDES and len(self.points):
            self.choose(self._beside(*SIDES[key]))
        elif event.text() in ("+", "="):
            self.zoom(STEP)
        elif event.text() == "-":
            self.zoom(1 / STEP)
        elif event.text() == "0" or key == Qt.Key.Key_Home:
            self.show_whole()
        elif key == Qt.Key.Key_Space and self.current >= 0:
            self._turn_over(self.current)
        elif key == Qt.Key.Key_A and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.catch(self._is_looked_at())
        elif key == Qt.Key.Key_Escape and (self.current >= 0 or self.inside.any()):
            self.choose(-1)
            self.catch(np.zeros(len(self.points), bool))
        else:
            super().keyPressEvent(event)

    def _turn_over(self, place: int) -> None:
        inside = self.inside.copy()
        inside[place] = not inside[place]
        self.catch(inside)

    def _beside(self, across: int, down: int) -> int:
        """The point that the chosen one leads to on that side: the nearest in a quarter turn; the same at the edge."""
        seen = self.seen()
        if self.current < 0:
            middle = self.rect().center()
            return int(np.hypot(*(seen - (middle.x(), middle.y())).T).argmin())
        away = seen - seen[self.current]
        ahead, aside = away @ (across, down), np.abs(away @ (down, across))
        cost = np.where((ahead > 0) & (aside <= ahead) & self._is_looked_at(), ahead + aside, np.inf)
        found = int(cost.argmin())
        return found if np.isfinite(cost[found]) else self.current

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_whole:
            self._part = PartOfPlane.whole(self.points, self._size())
        self._layer = None

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.redraw()
