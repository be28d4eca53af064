"""Texts shortened to a width and laid out, once each: a list that is painted anew with every key shows most of them
again, and laying out takes longer than drawing."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics, QStaticText

MOST = 4096  # kept at once


class ShortTexts:
    """What is kept is of one font; another one begins anew."""

    def __init__(self) -> None:
        self._font = QFont()
        self._metrics = QFontMetrics(self._font)
        self._kept: dict[tuple[str, int], tuple[QStaticText, int]] = {}
        self.laid_out = 0  # so far, for whoever counts

    def use(self, font: QFont) -> None:
        """The font of what is asked for from now on."""
        if font != self._font:
            self._font, self._metrics = font, QFontMetrics(font)
            self._kept.clear()

    def of(self, text: str, width: int) -> tuple[QStaticText, int]:
        """The text with an ellipsis where it is wider, and the pixels it takes of `width`."""
        found = self._kept.get((text, width))
        return found if found is not None else self._lay_out(text, width)

    def _lay_out(self, text: str, width: int) -> tuple[QStaticText, int]:
        if len(self._kept) >= MOST:
            self._kept.clear()
        short = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        laid = QStaticText(short)
        laid.setTextFormat(Qt.TextFormat.PlainText)
        laid.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
        self.laid_out += 1
        self._kept[text, width] = found = laid, self._metrics.horizontalAdvance(short)
        return found
