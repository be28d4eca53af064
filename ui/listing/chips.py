"""Tags as coloured words, painted where runs are listed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme

PAD, GAP, RADIUS = 5, 4, 4
GROUND = 0.22  # how strongly a tag's colour shows behind its word


def widths(tags: Sequence[str]) -> list[int]:
    metrics = QFontMetrics(theme.font("small"))
    return [metrics.horizontalAdvance(tag) + 2 * PAD for tag in tags]


def room(tags: Sequence[str]) -> int:
    """How wide all of them are beside each other."""
    return sum(widths(tags)) + GAP * max(0, len(tags) - 1)


def paint_tags(painter: QPainter, box: QRectF, tags: Sequence[str]) -> None:
    """As many as fit from the left; "+2" stands for those that do not."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(theme.font("small"))
    left = box.left()
    for place, (tag, width) in enumerate(zip(tags, widths(tags), strict=True)):
        rest = f"+{len(tags) - place}"
        needed = width + (widths([rest])[0] + GAP if place + 1 < len(tags) else 0)
        if left + needed > box.right() + 1:
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(left, box.top(), box.right() - left, box.height()), _AT, rest)
            break
        _paint_chip(painter, QRectF(left, box.top(), width, box.height()), tag)
        left += width + GAP
    painter.restore()


_AT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def _paint_chip(painter: QPainter, box: QRectF, tag: str) -> None:
    ground = theme.run_colour(tag.casefold())
    ground.setAlphaF(GROUND)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, RADIUS, RADIUS)
    painter.setPen(theme.colour("text"))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), tag)


class TagLine(QWidget):
    """The tags of one run; hidden while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tags: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_tags(self, tags: tuple[str, ...]) -> None:
        self._tags = tags
        self.setVisible(bool(tags))
        self.setAccessibleName(f"Tags: {', '.join(tags)}" if tags else "No tags")
        self.setToolTip(" ".join(tags))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, QFontMetrics(theme.font("small")).height() + 4)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_tags(QPainter(self), QRectF(self.rect()), self._tags)
