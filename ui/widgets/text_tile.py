"""A text where an image of the data would stand. It travels as a picture of one pixel that carries its text, and is
painted as text, in the font and colours of the moment: Qt shapes every script, and a long one ends in an ellipsis."""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QPainter, QPen, QTextLayout, QTextOption

from ui import theme

KEY = "text of the data"
LEAST_SIDE = 56  # pixels of a tile from which on a text can be read in it
EDGE = 4
BARS = (0.9, 0.7, 0.85, 0.4)  # lengths of the lines that stand for a text where it cannot be read


def text_image(text: str) -> QImage:
    """What stands for a text among images."""
    image = QImage(1, 1, QImage.Format.Format_Grayscale8)
    image.fill(0)
    image.setText(KEY, text)
    return image


def is_text(image: QImage) -> bool:
    return KEY in image.textKeys()


def text_of(image: QImage) -> str:
    return image.text(KEY)


def draw_text_tile(painter: QPainter, text: str, place: QRect) -> None:
    """A card with as much of the text as fits, or with lines that stand for it where it is too small to read."""
    painter.setPen(QPen(theme.colour("border"), 1))
    painter.setBrush(theme.colour("card"))
    painter.drawRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5))
    inner = place.adjusted(EDGE, EDGE, -EDGE, -EDGE)
    painter.setPen(theme.colour("text"))
    if place.width() >= LEAST_SIDE:
        draw_text(painter, text, inner, theme.font("small"))
        return
    step = inner.height() / len(BARS)
    for row, length in enumerate(BARS):
        bar = QRectF(inner.left(), inner.top() + (row + 0.3) * step, length * inner.width(), max(1.0, step / 3))
        painter.fillRect(bar, theme.colour("muted"))


def draw_text(painter: QPainter, text: str, place: QRect, font: QFont) -> None:
    """Wrapped into its place, from the side that its script begins on; what does not fit ends in an ellipsis."""
    metrics = QFontMetrics(font)
    rows = max(1, place.height() // metrics.lineSpacing())
    words = " ".join(text[: rows * place.width()].split())  # a letter is wider than a pixel
    layout = laid_out(words, font, place.width(), rows)
    painter.save()
    painter.setFont(font)
    shown = layout.lineCount()
    ends = layout.lineAt(shown - 1).textStart() + layout.lineAt(shown - 1).textLength() if shown else 0
    for row in range(shown):
        line = layout.lineAt(row)
        if row == shown - 1 and ends < len(words):
            rest = words[line.textStart() :]
            last = QRect(place.left(), place.top() + row * metrics.lineSpacing(), place.width(), metrics.lineSpacing())
            painter.drawText(last, side_of(rest), metrics.elidedText(rest, Qt.TextElideMode.ElideRight, place.width()))
        else:
            line.draw(painter, QPointF(place.topLeft()))
    painter.restore()


def laid_out(words: str, font: QFont, width: int, rows: int) -> QTextLayout:
    """At most so many lines of a text."""
    layout = QTextLayout(words, font)
    option = QTextOption(side_of(words))
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    turned = is_right_to_left(words)
    option.setTextDirection(Qt.LayoutDirection.RightToLeft if turned else Qt.LayoutDirection.LeftToRight)
    layout.setTextOption(option)
    step = QFontMetrics(font).lineSpacing()
    layout.beginLayout()
    for row in range(rows):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        line.setPosition(QPointF(0, row * step))
    layout.endLayout()
    return layout


def side_of(text: str) -> Qt.AlignmentFlag:
    """Where one line of this text begins."""
    side = Qt.AlignmentFlag.AlignRight if is_right_to_left(text) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter


def is_right_to_left(text: str) -> bool:
    """By its first letter."""
    first = next((unicodedata.bidirectional(letter) for letter in text if letter.isalpha()), "L")
    return first in ("R", "AL")
