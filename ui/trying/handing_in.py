"""How images come to the page: chosen, dropped or pasted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from ui.background import Background
from ui.trying.lot import Handed
from ui.widgets.drops import Drops
from ui.widgets.saving import last_folder

WORDS = "Drop images, folders or zips"


class HandingIn(QObject):
    """given(Handed): images to be answered. refused(sentence)."""

    given, refused = Signal(object), Signal(str)

    def __init__(self, page: QWidget, background: Background) -> None:
        super().__init__(page)
        self._page, self._background = page, background
        self.drops = Drops(page, WORDS, many=True)
        self.drops.brought.connect(lambda paths: self.given.emit(tuple(paths)))
        self.drops.refused.connect(self.refused.emit)

    def ask_for_images(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self._page, "Images or zips", last_folder())
        if paths:
            self.given.emit(tuple(paths))

    def ask_for_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self._page, "Folder of images", last_folder()):
            self.given.emit((path,))

    def paste(self) -> None:
        """Files that were copied, or an image."""
        held = QApplication.clipboard().mimeData()
        if held.hasUrls():
            self.drops.take([url.toLocalFile() for url in held.urls()])
        elif held.hasImage() and isinstance(image := held.imageData(), QImage) and not image.isNull():
            self._background.run(_encoding(image), self._hand_on)
        else:
            self.refused.emit("There is no image to paste. Copy an image, or image files, first.")

    def _hand_on(self, bodies: Handed) -> None:
        self.given.emit(bodies)


def _encoding(image: QImage) -> Callable[[Callable[[], bool]], Mapping[str, bytes]]:
    """Off the window's thread: a large one takes a while."""
    name = f"pasted {datetime.now():%Y-%m-%d %H.%M.%S}.png"

    def encode(cancelled: Callable[[], bool]) -> Mapping[str, bytes]:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        return {name: bytes(buffer.data().data())}

    return encode
