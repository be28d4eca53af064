"""How images and texts come to the page: chosen, dropped or pasted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import compress
from operator import not_
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from ui.background import Background
from ui.trying.lot import Handed, TypedTexts
from ui.widgets.drops import Drops
from ui.widgets.picking import pick_files, pick_folder

NOTHING_TO_PASTE = "There is nothing to paste. Copy an image, a text, or files of them, first."
WORDS = "Drop images or texts, folders or zips, or a folder that was exported"


class HandingIn(QObject):
    """given(Handed): images or texts to be answered. exported(path): a folder that answers. refused(sentence)."""

    given, exported, refused = Signal(object), Signal(str), Signal(str)

    def __init__(self, page: QWidget, background: Background) -> None:
        super().__init__(page)
        self._page, self._background = page, background
        self.drops = Drops(page, WORDS, many=True)
        self.drops.brought.connect(self._sort)
        self.drops.refused.connect(self.refused.emit)

    def ask_for_images(self) -> None:
        if paths := pick_files(self._page, "Images, texts or zips"):
            self.given.emit(paths)

    def ask_for_folder(self) -> None:
        if path := pick_folder(self._page, "Folder of images or texts"):
            self.given.emit((path,))

    def ask_for_exported(self) -> None:
        if path := pick_folder(self._page, "Folder that was exported"):
            self.exported.emit(path)

    def _sort(self, paths: Sequence[str]) -> None:
        """A folder that says that it was exported holds a model, be it edited or whole; all else is images or texts."""
        self._background.run(lambda cancelled: tuple(map(holds_a_model, paths)), partial(self._give, paths))

    def _give(self, paths: Sequence[str], models: Sequence[bool]) -> None:
        for path in compress(paths, models):
            self.exported.emit(path)
        if images := tuple(compress(paths, map(not_, models))):
            self.given.emit(images)

    def paste(self) -> None:
        """Files that were copied, an image, or a text for each line."""
        held = QApplication.clipboard().mimeData()
        if held.hasUrls():
            self.drops.take([url.toLocalFile() for url in held.urls()])
        elif held.hasImage() and isinstance(image := held.imageData(), QImage) and not image.isNull():
            self._background.run(encoding(image), self._hand_on)
        elif texts := tuple(one for one in held.text().split("\n") if one.strip()):
            self.given.emit(TypedTexts(texts))
        else:
            self.refused.emit(NOTHING_TO_PASTE)

    def _hand_on(self, bodies: Handed) -> None:
        self.given.emit(bodies)


def holds_a_model(path: str) -> bool:
    from engine.backbones.own.exported import is_exported

    return is_exported(Path(path))


def encoding(image: QImage, how: str = "pasted") -> Callable[[Callable[[], bool]], Mapping[str, bytes]]:
    """Off the window's thread: a large one takes a while. how: it came, for its name."""
    name = f"{how} {datetime.now():%Y-%m-%d %H.%M.%S}.png"

    def encode(cancelled: Callable[[], bool]) -> Mapping[str, bytes]:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        return {name: bytes(buffer.data().data())}

    return encode
