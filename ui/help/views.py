"""Two drawings of learning to learn: as a graphical model with plates, and as a network that reads a data set."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.figures.painted import PaintedFigure
from ui.help.drawing import RADIUS, Variable, paint_arrow, paint_node, paint_plate, paint_symbol, paint_words

HEIGHT = 340.0
WIDTH = 380.0  # pixels the drawings are laid out for; they are centred in what there is
TILE, TILE_STEP = 26.0, 32.0


class Drawing(PaintedFigure):
    """A figure of fixed height, centred in its width."""

    height_needed = HEIGHT

    def __init__(self, title: str, description: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.setAccessibleDescription(description)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(round(WIDTH), round(self.height_needed))

    minimumSizeHint = sizeHint

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.translate(max(0.0, (size.width() - WIDTH) / 2), 0)
        self.draw(painter)
        painter.restore()

    def draw(self, painter: QPainter) -> None:
        """From the origin, `WIDTH` pixels wide."""


class GraphicalModel(Drawing):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Graphical model",
            "Theta, shared by all tasks, has an arrow to phi of task i. Phi and each x have arrows to y, in the "
            "support set, where x and y are seen, and in the test set, where y is not.",
            parent,
        )

    def draw(self, painter: QPainter) -> None:
        theta = Variable(QPointF(WIDTH / 2, 28), "θ")
        phi = Variable(QPointF(WIDTH / 2, 110), "φ", "i")
        paint_plate(painter, QRectF(4, 72, WIDTH - 8, HEIGHT - 78), "task i", "card")
        self._paint_set(painter, phi, QRectF(18, 152, 164, 154), "support, datapoint j", True)
        self._paint_set(painter, phi, QRectF(WIDTH - 182, 152, 164, 154), "test, datapoint j", False)
        paint_arrow(painter, theta.at, phi.at)
        for node in (theta, phi):
            paint_node(painter, node)
        paint_words(painter, QRectF(theta.at.x() + 34, 14, 150, 40), "shared by all tasks", align=LEFT)
        paint_words(painter, QRectF(phi.at.x() + 34, 96, 140, 40), "what task i needs besides", align=LEFT)

    def _paint_set(self, painter: QPainter, phi: Variable, box: QRectF, words: str, seen: bool) -> None:
        """A plate with x → y, and φ → y."""
        paint_plate(painter, box, words)
        x = Variable(QPointF(box.left() + 38, box.top() + 96), "x", "ij", True)
        y = Variable(QPointF(box.right() - 38, box.top() + 60), "y", "ij", seen)
        if box.left() > WIDTH / 2:
            x = Variable(QPointF(box.right() - 38, x.at.y()), "x", "ij", True)
            y = Variable(QPointF(box.left() + 38, y.at.y()), "y", "ij", seen)
        paint_arrow(painter, phi.at, y.at)
        paint_arrow(painter, x.at, y.at)
        for node in (x, y):
            paint_node(painter, node)


LEFT = Qt.AlignmentFlag.AlignLeft


class MechanisticView(Drawing):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Mechanistic view",
            "A network with the weights theta reads the support set D train with its labels and a new x, and gives y.",
            parent,
        )

    def draw(self, painter: QPainter) -> None:
        network = QRectF(WIDTH / 2 - 80, 168, 160, 64)
        self._paint_support(painter, QPointF(20, 40))
        self._paint_new(painter, QPointF(WIDTH - 92, 56))
        paint_arrow(painter, QPointF(106, 120), QPointF(network.left() + 44, network.top()), gap=(0, 0))
        paint_arrow(painter, QPointF(WIDTH - 72, 100), QPointF(network.right() - 36, network.top()), gap=(0, 0))
        painter.setPen(QPen(theme.colour("accent"), 1.8))
        painter.setBrush(theme.colour("card"))
        painter.drawRoundedRect(network, 8, 8)
        paint_words(painter, network.adjusted(4, 12, -4, 0), "network", "text", bold=True)
        paint_symbol(painter, network.center() + QPointF(0, 14), "θ")
        end = QPointF(WIDTH / 2, 296)
        paint_arrow(painter, QPointF(WIDTH / 2, network.bottom()), end, gap=(0, RADIUS))
        paint_node(painter, Variable(end, "y", "test"))

    def _paint_support(self, painter: QPainter, at: QPointF) -> None:
        """Labelled images: a tile of each class with its slot's colour."""
        paint_words(painter, QRectF(at.x(), at.y() - 32, 210, 18), "support set D, with labels", align=LEFT)
        for slot in range(5):
            for shot in range(2):
                box = QRectF(at.x() + slot * TILE_STEP, at.y() + shot * TILE_STEP, TILE, TILE)
                self._paint_tile(painter, box, slot, 3 * slot + shot)

    def _paint_new(self, painter: QPainter, at: QPointF) -> None:
        paint_words(painter, QRectF(at.x() - 44, at.y() - 48, 130, 18), "a new image x")
        self._paint_tile(painter, QRectF(at.x() + 8, at.y(), TILE * 1.3, TILE * 1.3), None, 7)

    def _paint_tile(self, painter: QPainter, box: QRectF, slot: int | None, shape: int) -> None:
        """A scribble that is of the same kind for the same slot."""
        edge = theme.colour("faint") if slot is None else theme.curve_colour(slot)
        painter.setPen(QPen(edge, 2))
        painter.setBrush(theme.colour("page"))
        painter.drawRect(box)
        painter.setPen(QPen(theme.colour("text"), 1.6))
        inner, kind, lean = box.adjusted(6, 6, -6, -6), shape // 3, (shape % 3) * 1.5
        if kind % 3 == 0:
            painter.drawArc(inner.adjusted(lean, 0, 0, -lean), 16 * 20 * (shape % 3), 16 * 250)
        elif kind % 3 == 1:
            painter.drawLine(inner.topLeft() + QPointF(lean, 0), inner.bottomRight())
            painter.drawLine(inner.center(), inner.topRight() + QPointF(0, lean))
        else:
            painter.drawLine(inner.bottomLeft(), inner.topLeft() + QPointF(lean, 0))
            painter.drawArc(inner.adjusted(0, 0, 0, -3), 16 * 270, 16 * 180)
            painter.drawLine(inner.bottomLeft(), inner.bottomRight() - QPointF(lean, 0))
