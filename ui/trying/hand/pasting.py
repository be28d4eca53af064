"""What lies on the clipboard, for classes by hand: files that were copied, an image, or a text for each line."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from ui.background import Background
from ui.trying.hand.work import HandWork
from ui.trying.handing_in import NOTHING_TO_PASTE, encoding
from ui.trying.lot import TypedTexts


def paste(work: HandWork, background: Background, place: int | None = None) -> None:
    """To the class at this place, or to what is to be classified."""
    give = work.ask if place is None else partial(work.add_examples, place)
    held = QApplication.clipboard().mimeData()
    paths = [url.toLocalFile() for url in held.urls() if url.isLocalFile()]
    if paths:
        give(paths)
    elif held.hasImage() and isinstance(image := held.imageData(), QImage) and not image.isNull():
        background.run(encoding(image), give)
    elif texts := tuple(one for one in held.text().split("\n") if one.strip()):
        give(TypedTexts(texts))
    else:
        work.refused.emit(NOTHING_TO_PASTE)
