"""The network as a chain of blocks, each in the colour and pattern of what the method does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ui import theme
from ui.widgets.words import count

# Treatment -> (colour: a role or the index of a curve colour, pattern drawn over it, what it means)
LOOKS: dict[str, tuple[str | int, Qt.BrushStyle, str]] = {
    "frozen": ("faint", Qt.BrushStyle.BDiagPattern, "kept as it is"),
    "trained": (0, Qt.BrushStyle.SolidPattern, "trained from the start"),
    "trained later": (0, Qt.BrushStyle.FDiagPattern, "trained in the second stage"),
    "adapted": (2, Qt.BrushStyle.CrossPattern, "learned, and adapted to each episode"),
    "new": (4, Qt.BrushStyle.VerPattern, "starts random, then trained"),
}
CHAIN = 44  # height of the chain
LINE = 20  # height of a legend line


class BlockPicture(QWidget):
    """`set_blocks` says which blocks there are and what happens to each; the head is last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks: tuple[tuple[str, str, int | None], ...] = ()
        self._treatments: dict[str, str] = {}
        self.setFont(theme.font("small"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What happens to each block of the network")

    def set_blocks(self, blocks: Sequence[tuple[str, str, int | None]], treatments: Mapping[str, str]) -> None:
        """blocks: (name, title, parameters or None) in order; treatments: name -> a key of `LOOKS`."""
        self._blocks, self._treatments = tuple(blocks), dict(treatments)
        parts = [f"{word}: {', '.join(titles)}" for word, titles in self.legend()]
        self.setAccessibleDescription(". ".join(parts))
        self.updateGeometry()
        self.update()

    def legend(self) -> list[tuple[str, list[str]]]:
        """Each treatment in use with the titles of its blocks, in the chain's order."""
        found: dict[str, list[str]] = {}
        for name, title, _ in self._blocks:
            found.setdefault(self._treatments.get(name, "frozen"), []).append(title)
        return list(found.items())

    def sizeHint(self) -> QSize:
        return QSize(220, CHAIN + 8 + LINE * len(self.legend()))

    minimumSizeHint = sizeHint

    def _places(self) -> list[QRect]:
        gap = 6 if len(self._blocks) <= 8 else 3
        width = (self.width() - gap * (len(self._blocks) - 1)) / max(1, len(self._blocks))
        return [QRect(round(i * (width + gap)), 2, round(width), CHAIN - 4) for i in range(len(self._blocks))]

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._blocks:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self._places()
        painter.setPen(QPen(theme.colour("faint"), 1.5))
        painter.drawLine(places[0].center(), places[-1].center())
        for (name, title, _), place in zip(self._blocks, places, strict=True):
            paint_swatch(painter, place, self._treatments.get(name, "frozen"))
            self._paint_title(painter, title, place)
        self._paint_legend(painter)

    def _paint_title(self, painter: QPainter, title: str, place: QRect) -> None:
        metrics = self.fontMetrics()
        short = title if metrics.horizontalAdvance(title) + 6 <= place.width() else title.split()[-1]
        width = metrics.horizontalAdvance(short) + 6
        if width > place.width():
            return
        plate = QRectF(place.center().x() - width / 2 + 0.5, place.center().y() - 8, width, 17)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("card"))
        painter.drawRoundedRect(plate, 3, 3)
        painter.setPen(theme.colour("text"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, short)

    def _paint_legend(self, painter: QPainter) -> None:
        top = CHAIN + 8
        for word, titles in self.legend():
            paint_swatch(painter, QRect(0, top + 4, 20, 12), word)
            text = f"{word}: {_together(titles)}"
            painter.setPen(theme.colour("text"))
            room = QRect(28, top, self.width() - 28, LINE)
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
            top += LINE

    def tip_at(self, position: QPoint) -> str:
        """Title, parameters and treatment of the block under the position, or nothing."""
        for (name, title, parameters), place in zip(self._blocks, self._places(), strict=True):
            if place.contains(position):
                word = self._treatments.get(name, "frozen")
                size = f", {count(parameters, 'parameter')}" if parameters else ""
                return f"{title}{size}: {word} ({LOOKS[word][2]})"
        return ""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return super().event(event)


def paint_swatch(painter: QPainter, place: QRect, treatment: str) -> None:
    """One rectangle in the treatment's colour and pattern."""
    key, pattern, _ = LOOKS[treatment]
    hue = theme.curve_colour(key) if isinstance(key, int) else theme.colour(key)
    box = QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5)
    pale = theme.colour("card")
    painter.setPen(QPen(hue, 1.5))
    painter.setBrush(pale)
    painter.drawRoundedRect(box, 3, 3)
    tint = QColor(hue)
    tint.setAlphaF(0.16)
    painter.setBrush(tint)
    painter.drawRoundedRect(box, 3, 3)
    painter.setBrush(QBrush(hue, pattern))
    painter.drawRoundedRect(box, 3, 3)


def _together(titles: Sequence[str]) -> str:
    """Block 1, Block 2, Block 3 -> "Block 1 to Block 3"."""
    return f"{titles[0]} to {titles[-1]}" if len(titles) > 2 else " and ".join(titles)
