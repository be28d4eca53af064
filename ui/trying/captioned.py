"""A picture over a few words."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.widgets.layouts import in_column
from ui.widgets.picture import Picture
from ui.widgets.text import Elided

SIDE = 150  # pixels of a picture's height


class CaptionedPicture(QWidget):
    """words: what is to be seen."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.picture = Picture(QSize(64, SIDE), QSize(SIDE, SIDE), words or "What the network sees")
        self.words = Elided(words, "small", "muted")
        self.picture.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        in_column(self.picture, self.words, owner=self, gap=2)

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE + self.words.sizeHint().height() + 2)
