"""One image as large as it fits, with where it lies; the arrow keys go to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QPushButton, QSizePolicy, QWidget

from ui.widgets.buttons import button
from ui.widgets.folders import show_folder
from ui.widgets.images import to_image
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

WAYS = {int(Qt.Key.Key_Left): -1, int(Qt.Key.Key_Right): 1}
CRISP = 64  # pixels up to which an image is shown with its pixels visible


class Found(NamedTuple):
    """pixels: uint8 [height, width, channels]. name: short, for the list. file: where it lies, None in memory or in a
    zip."""

    pixels: np.ndarray
    name: str
    file: Path | None = None


class Picture(QWidget):
    """An image in its own proportions, as large as there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = QImage()
        self.setAccessibleName("Image")
        self.setMinimumSize(240, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(520, 440)

    def show_pixels(self, pixels: np.ndarray) -> None:
        self.image = to_image(pixels)
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


class LargeImage(QDialog):
    """read(index, answer): whoever has the data calls `answer` with the large image; until then the small one is
    shown."""

    def __init__(
        self, title: str, found: Sequence[Found], read: Callable[[int, Callable[[Sequence[Found]], None]], None],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._found, self._read, self.index = found, read, -1
        self.setWindowTitle("Test image")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.picture = Picture()
        self.classes, self.place = Text(title, bold=True), Text("", role="muted")
        self.place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.before = button("Previous", tip="The image before (Left)", clicked=lambda: self.show_image(self.index - 1))
        self.after = button("Next", tip="The image after (Right)", clicked=lambda: self.show_image(self.index + 1))
        self.folder = button("Show in folder", "folder", "The file's folder in the system's file manager", self._open)
        self._lay_out()

    def _lay_out(self) -> None:
        row = in_row(self.before, self.after, self.folder, ..., button("Close", clicked=self.reject), gap=8)
        in_column(self.classes, (self.picture, 1), self.place, row, owner=self, gap=8, edges=16)
        for one in self.findChildren(QPushButton):
            one.installEventFilter(self)  # on which the arrow keys would only move the focus

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        return isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._goes(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._goes(event):
            super().keyPressEvent(event)

    def _goes(self, event: QKeyEvent) -> bool:
        """Whether this key goes to another image."""
        way = WAYS.get(event.key(), 0)
        self.show_image(self.index + way)
        return bool(way)

    def show_image(self, index: int) -> None:
        """One of the images; nothing before the first and after the last."""
        if not 0 <= index < len(self._found) or index == self.index:
            return
        self.index, shown = index, self._found[index]
        self.picture.show_pixels(shown.pixels)
        where = str(shown.file) if shown.file is not None else shown.name
        self.place.setText(f"{index + 1} of {len(self._found)}: {where}")
        self.picture.setAccessibleDescription(f"{self.classes.text()}. {self.place.text()}")
        self.before.setEnabled(index > 0)
        self.after.setEnabled(index + 1 < len(self._found))
        self.folder.setEnabled(shown.file is not None)
        self._read(index, lambda found: self._take(index, found))

    def _take(self, index: int, found: Sequence[Found]) -> None:
        if found and index == self.index:
            self.picture.show_pixels(found[0].pixels)

    def _open(self) -> None:
        open_folder_of(self._found[self.index])


def open_folder_of(found: Found) -> None:
    """The folder in which the file lies, in the system's file manager."""
    if found.file is not None:
        show_folder(found.file.parent)
