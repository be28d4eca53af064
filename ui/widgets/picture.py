"""An image in its own proportions, as large as there is room."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.widgets.images import to_image

CRISP = 64  # pixels up to which an image is shown with its pixels visible


class Picture(QWidget):
    """least, usual: its size in pixels."""

    def __init__(self, least: QSize, usual: QSize, name: str = "Image", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image, self._usual = QImage(), usual
        self.setAccessibleName(name)
        self.setMinimumSize(least)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return self._usual

    def show_pixels(self, pixels: np.ndarray | None) -> None:
        """uint8 [height, width, channels]; None for none."""
        self.image = QImage() if pixels is None else to_image(pixels)
        self.update()

    def show_file(self, body: bytes) -> None:
        """A whole image file; of what is none nothing is seen."""
        self.image = QImage.fromData(body)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.image.isNull():
            return
        painter = QPainter(self)
        small = max(self.image.width(), self.image.height()) <= CRISP
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not small)
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        painter.drawImage(QRectF(left, top, size.width(), size.height()), self.image)
