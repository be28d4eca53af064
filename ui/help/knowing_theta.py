"""What it means to know θ: the tasks' φ are independent then, and each is known better before its task is met."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.help.drawing import Variable, paint_arrow, paint_node, paint_words
from ui.help.views import WIDTH, Drawing

OPEN = "θ is not known: the path between φ₁ and φ₂ is open, one task tells about the other."
CLOSED = "θ is known: the path is closed, φ₁ and φ₂ are independent."


class Unrolled(Drawing):
    """Two tasks beside each other. known: whether θ is given."""

    height_needed = 190.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Two tasks", OPEN, parent)
        self.known = False

    def set_known(self, known: bool) -> None:
        self.known = known
        self.setAccessibleDescription(CLOSED if known else OPEN)
        self.update()

    def draw(self, painter: QPainter) -> None:
        theta = Variable(QPointF(WIDTH / 2, 30), "θ", seen=self.known)
        ink = theme.colour("faint") if self.known else theme.colour("accent")
        for place, across in ((1, -105.0), (2, 105.0)):
            phi = Variable(QPointF(WIDTH / 2 + across, 106), "φ", str(place))
            paint_arrow(painter, theta.at, phi.at, ink, 1.6 if self.known else 3.0)
            if self.known:
                self._bar(painter, theta.at, phi.at)
            paint_node(painter, phi)
        paint_node(painter, theta)
        paint_words(painter, QRectF(20, 144, WIDTH - 40, 44), CLOSED if self.known else OPEN, "text")

    def _bar(self, painter: QPainter, start: QPointF, end: QPointF) -> None:
        """A stroke across the arrow: nothing passes here."""
        middle = (start + end) / 2
        painter.setPen(QPen(theme.colour("bad"), 3))
        across = QPointF(-(end.y() - start.y()), end.x() - start.x()) * 0.09
        painter.drawLine(middle - across, middle + across)


class Entropies(Drawing):
    """What is known of φ before its task is met, without θ and with it: a wide curve and a narrow one."""

    height_needed = 190.0

    def __init__(self, parent: QWidget | None = None) -> None:
        said = "The distribution of phi is wide without theta and narrow with it: its entropy is lower."
        super().__init__("Entropy of φ", said, parent)

    def draw(self, painter: QPainter) -> None:
        base = 126.0
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawLine(QPointF(24, base), QPointF(WIDTH - 24, base))
        self._bell(painter, base, 190.0, 70.0, 34.0, theme.curve_colour(4))
        self._bell(painter, base, 218.0, 20.0, 104.0, theme.curve_colour(0))
        paint_words(painter, QRectF(248, 26, 110, 18), "p(φ | θ)", "text", bold=True)
        paint_words(painter, QRectF(40, 74, 90, 18), "p(φ)", "text", bold=True)
        words = "Knowing θ lowers the entropy: H(φ | θ) < H(φ). Fewer examples are then enough to find φ."
        paint_words(painter, QRectF(20, 144, WIDTH - 40, 44), words, "text")

    def _bell(self, painter: QPainter, base: float, at: float, width: float, height: float, colour: QColor) -> None:
        x = np.linspace(24, WIDTH - 24, 120)
        y = base - height * np.exp(-0.5 * ((x - at) / width) ** 2)
        points = [QPointF(float(across), float(up)) for across, up in zip(x, y, strict=True)]
        fill = QColor(colour)
        fill.setAlphaF(0.18)
        painter.setPen(QPen(colour, 2))
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([QPointF(24, base), *points, QPointF(WIDTH - 24, base)]))
