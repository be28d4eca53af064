"""The parts of a graphical model: nodes, arrows and plates, in the palette in use."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from ui import theme

RADIUS = 21.0
HEAD = 8.0  # length of an arrow's head


@dataclass(frozen=True)
class Variable:
    """A variable. letter with its index below; seen: observed, drawn shaded."""

    at: QPointF
    letter: str
    index: str = ""
    seen: bool = False
    radius: float = RADIUS


def paint_node(painter: QPainter, node: Variable, edge: str = "text") -> None:
    ground = theme.colour("accent")
    ground.setAlphaF(0.28)
    painter.setPen(QPen(theme.colour(edge), 1.6))
    painter.setBrush(theme.colour("card"))
    painter.drawEllipse(node.at, node.radius, node.radius)
    if node.seen:
        painter.setBrush(ground)
        painter.drawEllipse(node.at, node.radius, node.radius)
    paint_symbol(painter, node.at, node.letter, node.index)


def paint_symbol(painter: QPainter, at: QPointF, letter: str, index: str = "") -> None:
    """A letter with a small index, centred on `at`."""
    large, small = symbol_font("heading"), symbol_font("small")
    wide, fine = QFontMetricsF(large), QFontMetricsF(small)
    first, second = wide.horizontalAdvance(letter), fine.horizontalAdvance(index) if index else 0.0
    left, base = at.x() - (first + second) / 2, at.y() + wide.capHeight() / 2
    painter.setPen(theme.colour("text"))
    painter.setFont(large)
    painter.drawText(QPointF(left, base), letter)
    painter.setFont(small)
    painter.drawText(QPointF(left + first, base + fine.height() * 0.28), index)


def symbol_font(size: str) -> QFont:
    font = theme.font(size)
    font.setItalic(True)
    return font


def paint_arrow(painter: QPainter, start: QPointF, end: QPointF, colour: QColor | None = None, width: float = 1.6,
                gap: tuple[float, float] = (RADIUS, RADIUS), dashed: bool = False) -> None:  # fmt: skip
    """From one point to another, leaving `gap` pixels free at both ends."""
    ink = colour or theme.colour("text")
    length = math.hypot(end.x() - start.x(), end.y() - start.y())
    if length < 1:
        return
    along = QPointF((end.x() - start.x()) / length, (end.y() - start.y()) / length)
    across = QPointF(-along.y(), along.x())
    tip, tail = end - along * (gap[1] + 1.5), start + along * gap[0]
    painter.setPen(QPen(ink, width, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
    painter.drawLine(tail, tip - along * HEAD * 0.8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawPolygon(QPolygonF([tip, tip - along * HEAD + across * HEAD / 2.2, tip - along * HEAD
                                   - across * HEAD / 2.2]))  # fmt: skip


def paint_plate(painter: QPainter, box: QRectF, words: str, ground: str = "") -> None:
    """A rounded frame that stands for repetition; what is repeated is said at its lower right."""
    painter.setPen(QPen(theme.colour("faint"), 1.3))
    painter.setBrush(theme.colour(ground) if ground else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 8, 8)
    painter.setFont(theme.font("small"))
    painter.setPen(theme.colour("muted"))
    right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
    painter.drawText(box.adjusted(8, 4, -8, -5), right, words)


def paint_words(painter: QPainter, box: QRectF, words: str, role: str = "muted", bold: bool = False,
                align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter) -> None:  # fmt: skip
    """A few words that wrap inside a box, from its top."""
    painter.setFont(theme.font("small", bold=bold))
    painter.setPen(theme.colour(role))
    painter.drawText(box, int(align | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap), words)
