"""Cards of texts as they were painted once: laying a text out takes a hundred times as long as showing it again."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from ui.widgets.text_tile import draw_text_tile, text_of

KEPT_BYTES = 48 * 2**20

Key = tuple[int, int, int, float]


class LaidTiles:
    """`get` what was laid out, `lay` what was not; `clear` when fonts or colours are others."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, QPixmap] = OrderedDict()
        self._bytes = 0

    def get(self, image: QImage, place: QRect, ratio: float) -> QPixmap | None:
        """image: what stands for a text. ratio: pixels of the screen to one of the window."""
        found = self._kept.get(key := _key(image, place, ratio))
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def lay(self, image: QImage, place: QRect, ratio: float) -> QPixmap:
        drawn = QPixmap(round(place.width() * ratio), round(place.height() * ratio))
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        draw_text_tile(painter, text_of(image), QRect(0, 0, place.width(), place.height()))
        painter.end()
        self._kept[_key(image, place, ratio)] = drawn
        self._bytes += _bytes(drawn)
        while self._bytes > KEPT_BYTES:
            self._bytes -= _bytes(self._kept.popitem(last=False)[1])
        return drawn

    def clear(self) -> None:
        self._kept.clear()
        self._bytes = 0


def _key(image: QImage, place: QRect, ratio: float) -> Key:
    return image.cacheKey(), place.width(), place.height(), ratio


def _bytes(drawn: QPixmap) -> int:
    return drawn.width() * drawn.height() * drawn.depth() // 8
