"""The one way by which frames come in, whoever gives them."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

SOONEST = 0.08  # seconds between two frames that are shown


class FramePort(QObject):
    """came(QImage): a frame to show."""

    came = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._last = float("-inf")

    def offer(self, image: Callable[[], QImage]) -> None:
        """image: makes an image of the frame. It is not even asked to where the frame before came just now."""
        now = time.monotonic()
        if now - self._last < SOONEST:
            return
        found = image()
        if not found.isNull():
            self._last = now
            self.came.emit(found)
